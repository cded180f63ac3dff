/*
 * SEV: commands to the guest through KVM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kernel's Documentation/virt/kvm/x86/amd-memory-encryption.rst.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/timer.h"
#include "system/kvm.h"
#include "kernel-error.h"
#include "command.h"
#include "sev/trace.h"

/* KVM's commands and the mailbox commands behind them */
static const struct {
    uint32_t id;
    const char *name;
    AspCommand firmware;
} commands[] = {
    { KVM_SEV_INIT, "KVM_SEV_INIT", ASP_CMD_INIT },
    { KVM_SEV_ES_INIT, "KVM_SEV_ES_INIT", ASP_CMD_INIT },
    { KVM_SEV_INIT2, "KVM_SEV_INIT2", ASP_CMD_INIT },
    { KVM_SEV_LAUNCH_START, "KVM_SEV_LAUNCH_START", ASP_CMD_LAUNCH_START },
    { KVM_SEV_LAUNCH_UPDATE_DATA, "KVM_SEV_LAUNCH_UPDATE_DATA",
      ASP_CMD_LAUNCH_UPDATE_DATA },
    { KVM_SEV_LAUNCH_UPDATE_VMSA, "KVM_SEV_LAUNCH_UPDATE_VMSA",
      ASP_CMD_LAUNCH_UPDATE_VMSA },
    { KVM_SEV_LAUNCH_MEASURE, "KVM_SEV_LAUNCH_MEASURE",
      ASP_CMD_LAUNCH_MEASURE },
    { KVM_SEV_LAUNCH_SECRET, "KVM_SEV_LAUNCH_SECRET", ASP_CMD_LAUNCH_SECRET },
    { KVM_SEV_LAUNCH_FINISH, "KVM_SEV_LAUNCH_FINISH", ASP_CMD_LAUNCH_FINISH },
    { KVM_SEV_GUEST_STATUS, "KVM_SEV_GUEST_STATUS", ASP_CMD_GUEST_STATUS },
    { KVM_SEV_GET_ATTESTATION_REPORT, "KVM_SEV_GET_ATTESTATION_REPORT",
      ASP_CMD_ATTESTATION },
    { KVM_SEV_DBG_DECRYPT, "KVM_SEV_DBG_DECRYPT", ASP_CMD_DBG_DECRYPT },
    { KVM_SEV_DBG_ENCRYPT, "KVM_SEV_DBG_ENCRYPT", ASP_CMD_DBG_ENCRYPT },
    { KVM_SEV_SNP_LAUNCH_START, "KVM_SEV_SNP_LAUNCH_START",
      ASP_CMD_SNP_LAUNCH_START },
    { KVM_SEV_SNP_LAUNCH_UPDATE, "KVM_SEV_SNP_LAUNCH_UPDATE",
      ASP_CMD_SNP_LAUNCH_UPDATE },
    { KVM_SEV_SNP_LAUNCH_FINISH, "KVM_SEV_SNP_LAUNCH_FINISH",
      ASP_CMD_SNP_LAUNCH_FINISH },
};

/* How often a command is repeated that the kernel was too busy for */
#define TRIES       1000
#define TRY_AGAIN_US 1000

#define DBG_PAGE    4096u

static unsigned index_of(uint32_t id)
{
    for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
        if (commands[i].id == id) {
            return i;
        }
    }
    g_assert_not_reached();
}

bool sev_kvm_usable(Error **errp)
{
    int ret = kvm_vm_ioctl(kvm_state, KVM_MEMORY_ENCRYPT_OP, NULL);

    if (ret < 0) {
        error_setg(errp, "KVM on this host does not offer SEV: %s; the host "
                   "needs an AMD EPYC processor with SEV switched on in its "
                   "firmware and in the module kvm_amd; -accel tcg emulates "
                   "SEV on any host", strerror(-ret));
        return false;
    }
    return true;
}

/* Returns 0 or a negative errno; @status: out: what the firmware answered */
static int issue(int sev_fd, unsigned index, void *data, uint32_t *status)
{
    struct kvm_sev_cmd cmd = {
        .id = commands[index].id,
        .data = (uintptr_t)data,
        .error = SEV_NO_FW_STATUS,
        .sev_fd = sev_fd,
    };
    int64_t start = get_clock();
    int ret = kvm_vm_ioctl(kvm_state, KVM_MEMORY_ENCRYPT_OP, &cmd);

    *status = cmd.error;
    trace_sev_kernel_command(commands[index].name, ret, cmd.error,
                             (get_clock() - start) / SCALE_US);
    return ret;
}

/* The firmware says only that the state is wrong: say which one it is */
static void add_state(int sev_fd, Error **errp)
{
    struct kvm_sev_guest_status guest = {};
    uint32_t status;

    if (issue(sev_fd, index_of(KVM_SEV_GUEST_STATUS), &guest, &status) == 0) {
        error_prepend(errp, "the firmware has the guest in state %" PRIu32
                      " (SEV API, GSTATE): ", guest.state);
    }
}

static bool refused(int sev_fd, unsigned index, int ret, uint32_t status,
                    Error **errp)
{
    ERRP_GUARD();

    sev_error_kernel(errp, commands[index].name, commands[index].firmware,
                     -ret, status);
    if (status == ASP_INVALID_GUEST_STATE) {
        add_state(sev_fd, errp);
    }
    return false;
}

bool sev_kvm_command(int sev_fd, uint32_t id, void *data, Error **errp)
{
    unsigned index = index_of(id);
    uint32_t status;
    int ret = issue(sev_fd, index, data, &status);

    return ret == 0 || refused(sev_fd, index, ret, status, errp);
}

bool sev_kvm_command_again(int sev_fd, uint32_t id, void *data, Error **errp)
{
    unsigned index = index_of(id);
    uint32_t status;
    int ret;

    for (unsigned i = 0; i < TRIES; i++) {
        ret = issue(sev_fd, index, data, &status);
        if (ret != -EAGAIN) {
            break;
        }
        g_usleep(TRY_AGAIN_US);
    }
    return ret == 0 || refused(sev_fd, index, ret, status, errp);
}

/*
 * Kernels look for the end of the source's page, but not of the destination's:
 * what goes beyond it lands in whatever page of the host's memory comes next.
 */
bool sev_kvm_dbg(int sev_fd, uint32_t id, const void *src, const void *dst,
                 uint64_t len, Error **errp)
{
    for (uint64_t done = 0, chunk; done < len; done += chunk) {
        struct kvm_sev_dbg cmd = {
            .src_uaddr = (uintptr_t)src + done,
            .dst_uaddr = (uintptr_t)dst + done,
        };

        chunk = MIN(len - done, MIN(DBG_PAGE - cmd.src_uaddr % DBG_PAGE,
                                    DBG_PAGE - cmd.dst_uaddr % DBG_PAGE));
        cmd.len = chunk;
        if (!sev_kvm_command(sev_fd, id, &cmd, errp)) {
            return false;
        }
    }
    return true;
}

bool sev_kvm_query_length(int sev_fd, uint32_t id, void *data,
                          const uint32_t *len, uint32_t expected,
                          Error **errp)
{
    unsigned index = index_of(id);
    uint32_t status;
    int ret = issue(sev_fd, index, data, &status);

    if (ret < 0 && status != ASP_INVALID_LENGTH) {
        return refused(sev_fd, index, ret, status, errp);
    }
    if (*len != expected) {
        error_setg(errp, "%s: the firmware's answer has %" PRIu32 " bytes "
                   "instead of %" PRIu32 "; this firmware is not supported",
                   commands[index].name, *len, expected);
        return false;
    }
    return true;
}
