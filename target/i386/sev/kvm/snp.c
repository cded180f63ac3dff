/*
 * SEV-SNP: commands to the guest through KVM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kernel's Documentation/virt/kvm/x86/amd-memory-encryption.rst.  Memory has
 * two sides: what QEMU maps is the shared one; the private one is in a
 * guest_memfd that nobody maps.  KVM copies from the one to the other, page by
 * page, and has the firmware encrypt it there.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "system/cpus.h"
#include "system/kvm.h"
#include <linux/kvm_para.h>
#include "command.h"
#include "snp.h"

bool sev_kvm_snp_init(Error **errp)
{
    int ret = kvm_vm_enable_cap(kvm_state, KVM_CAP_EXIT_HYPERCALL, 0,
                                1ULL << KVM_HC_MAP_GPA_RANGE);

    if (ret < 0) {
        error_setg(errp, "KVM refused KVM_CAP_EXIT_HYPERCALL: %s (errno %d); "
                   "without it a SEV-SNP guest cannot share memory: use a "
                   "newer kernel", strerror(-ret), -ret);
        return false;
    }
    return true;
}

bool sev_kvm_snp_start(int sev_fd, const SevSnpLaunchStart *start,
                       Error **errp)
{
    struct kvm_sev_snp_launch_start cmd = { .policy = start->policy };

    QEMU_BUILD_BUG_ON(sizeof(cmd.gosvw) != sizeof(start->gosvw));
    memcpy(cmd.gosvw, start->gosvw, sizeof(cmd.gosvw));
    return sev_kvm_command(sev_fd, KVM_SEV_SNP_LAUNCH_START, &cmd, errp);
}

bool sev_kvm_snp_update(int sev_fd, hwaddr gpa, void *hva, uint64_t len,
                        SnpPageType type, Error **errp)
{
    struct kvm_sev_snp_launch_update cmd = {
        .gfn_start = gpa / SNP_PAGE_SIZE,
        .uaddr = type == SNP_PAGE_ZERO ? 0 : (uintptr_t)hva,
        .len = len,
        .type = type,
    };
    uint64_t left = len;
    int ret = kvm_set_memory_attributes_private(gpa, len);

    if (ret < 0) {
        error_setg(errp, "KVM_SET_MEMORY_ATTRIBUTES refused to make 0x%" PRIx64
                   " bytes at gpa 0x%" HWADDR_PRIx " private: %s (errno %d)",
                   len, gpa, strerror(-ret), -ret);
        return false;
    }
    while (left) {
        if (!sev_kvm_command_again(sev_fd, KVM_SEV_SNP_LAUNCH_UPDATE, &cmd,
                                   errp)) {
            return false;
        }
        if (cmd.len >= left) {
            error_setg(errp, "KVM_SEV_SNP_LAUNCH_UPDATE took none of 0x%" PRIx64
                       " bytes; see the kernel's log", left);
            return false;
        }
        left = cmd.len;
    }
    return true;
}

bool sev_kvm_snp_finish(int sev_fd, const SevSnpLaunchFinish *finish,
                        Error **errp)
{
    struct kvm_sev_snp_launch_finish cmd = {
        .id_block_uaddr = (uintptr_t)finish->id_block,
        .id_auth_uaddr = (uintptr_t)finish->id_auth,
        .id_block_en = !!finish->id_block,
        .auth_key_en = finish->author_key_enabled,
        .vcek_disabled = finish->vcek_disabled,
    };

    QEMU_BUILD_BUG_ON(sizeof(cmd.host_data) != sizeof(finish->host_data));
    memcpy(cmd.host_data, finish->host_data, sizeof(cmd.host_data));
    /* Who looked at registers has taken them from KVM: give them back first */
    cpu_synchronize_all_post_init();
    if (!sev_kvm_command(sev_fd, KVM_SEV_SNP_LAUNCH_FINISH, &cmd, errp)) {
        return false;
    }
    kvm_mark_guest_state_protected();
    return true;
}
