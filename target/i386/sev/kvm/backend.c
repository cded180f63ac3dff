/*
 * SEV backends: the host's processor, through KVM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Written from the kernel's interface: asm-x86/kvm.h, and the kernel's
 * Documentation/virt/kvm/x86/amd-memory-encryption.rst.  The guest belongs to
 * the VM: KVM deactivates and decommissions it when the VM goes.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "cpu.h"
#include "kvm/kvm_i386.h"
#include "system/kvm.h"
#include "sev/backend.h"
#include "kvm.h"
#include "command.h"
#include "regions.h"
#include "snp.h"
#include "device.h"

#define CPUID_SEV               0x8000001f
#define CPUID_SEV_EAX_SEV       (1u << 1)

/*
 * What a guest loses: the C-bit.  The number in the host's CPUID is that of
 * the host's own addresses; management layers know this one, from
 * query-sev-capabilities.
 */
#define REDUCED_PHYS_BITS       1

typedef struct SevBackendKvm {
    SevBackend parent;
    int sev_fd;
    int vm_type;
    SevKvmRegions regions;
} SevBackendKvm;

static SevBackendKvm *kvm_of(SevBackend *parent)
{
    return container_of(parent, SevBackendKvm, parent);
}

int sev_kvm_vm_type(bool es, OnOffAuto legacy, Error **errp)
{
    int type = es ? KVM_X86_SEV_ES_VM : KVM_X86_SEV_VM;

    if (legacy != ON_OFF_AUTO_OFF) {
        return KVM_X86_DEFAULT_VM;
    }
    if (!kvm_is_vm_type_supported(type)) {
        error_setg(errp, "legacy-vm-type=off is not possible: KVM on this "
                   "host has no VMs of type %s, which Linux has since 6.10; "
                   "leave it out", es ? "SEV-ES" : "SEV");
        return -1;
    }
    return type;
}

int sev_kvm_snp_vm_type(Error **errp)
{
    if (!kvm_is_vm_type_supported(KVM_X86_SNP_VM)) {
        error_setg(errp, "KVM on this host has no VMs of type SEV-SNP, which "
                   "Linux has since 6.11: the host needs an EPYC of the third "
                   "generation or later with SEV-SNP switched on in its "
                   "firmware and in the module kvm_amd; use sev-guest for SEV "
                   "or SEV-ES");
        return -1;
    }
    return KVM_X86_SNP_VM;
}

/*
 * EBX of leaf 0x8000001F.  KVM tells it where it can; older kernels leave the
 * leaf empty, but then the processor still has it.
 */
static bool host_leaf(uint32_t *ebx)
{
    uint32_t eax, ecx, edx, limit;

    eax = kvm_arch_get_supported_cpuid(kvm_state, CPUID_SEV, 0, R_EAX);
    *ebx = kvm_arch_get_supported_cpuid(kvm_state, CPUID_SEV, 0, R_EBX);
    if (eax & CPUID_SEV_EAX_SEV) {
        return true;
    }
    host_cpuid(0x80000000, 0, &limit, ebx, &ecx, &edx);
    if (limit < CPUID_SEV || limit > 0x8fffffff) {
        return false;
    }
    host_cpuid(CPUID_SEV, 0, &eax, ebx, &ecx, &edx);
    return eax & CPUID_SEV_EAX_SEV;
}

static bool backend_kvm_platform(SevBackend *parent, SevPlatform *platform,
                                 Error **errp)
{
    uint32_t ebx;

    *platform = (SevPlatform) {};
    if (!sev_device_status(kvm_of(parent)->sev_fd, platform, errp)) {
        return false;
    }
    if (!host_leaf(&ebx)) {
        error_setg(errp, "the host's CPUID has no leaf 0x8000001F with SEV, so "
                   "the C-bit is unknown; -accel tcg emulates SEV on any host");
        return false;
    }
    platform->cbitpos = ebx & 0x3f;
    platform->cbitpos_min = platform->cbitpos;
    platform->cbitpos_max = platform->cbitpos;
    platform->reduced_phys_bits = REDUCED_PHYS_BITS;
    return true;
}

static bool backend_kvm_certs(SevBackend *parent, SevCerts *certs,
                              Error **errp)
{
    return sev_device_certs(kvm_of(parent)->sev_fd, certs, errp);
}

static bool backend_kvm_init(SevBackend *parent, bool es, Error **errp)
{
    SevBackendKvm *be = kvm_of(parent);
    struct kvm_sev_init init = {};

    if (es && !kvm_kernel_irqchip_allowed()) {
        error_setg(errp, "SEV-ES guests need KVM's irqchip: leave out "
                   "kernel-irqchip=off");
        return false;
    }
    if (be->vm_type == KVM_X86_DEFAULT_VM) {
        return sev_kvm_command(be->sev_fd,
                               es ? KVM_SEV_ES_INIT : KVM_SEV_INIT, NULL,
                               errp);
    }
    return sev_kvm_command(be->sev_fd, KVM_SEV_INIT2, &init, errp) &&
           (be->vm_type != KVM_X86_SNP_VM || sev_kvm_snp_init(errp));
}

static bool backend_kvm_launch_start(SevBackend *parent,
                                     const SevLaunchStart *start,
                                     uint32_t *handle, Error **errp)
{
    SevBackendKvm *be = kvm_of(parent);
    struct kvm_sev_launch_start cmd = {
        .handle = start->handle,
        .policy = start->policy,
    };

    if (start->godh) {
        cmd.dh_uaddr = (uintptr_t)start->godh;
        cmd.dh_len = SEV_CERT_SIZE;
        cmd.session_uaddr = (uintptr_t)start->session;
        cmd.session_len = SEV_SESSION_SIZE;
    }
    if (!sev_kvm_command(be->sev_fd, KVM_SEV_LAUNCH_START, &cmd, errp)) {
        return false;
    }
    sev_kvm_regions_start(&be->regions);
    *handle = cmd.handle;
    return true;
}

static bool backend_kvm_accepts_memory(SevBackend *parent, void *host,
                                       Error **errp)
{
    SevBackendKvm *be = kvm_of(parent);

    return sev_kvm_regions_accept(&be->regions, host, errp);
}

static bool backend_kvm_launch_update_data(SevBackend *parent, hwaddr gpa,
                                           void *hva, uint64_t len,
                                           Error **errp)
{
    struct kvm_sev_launch_update_data cmd = {
        .uaddr = (uintptr_t)hva,
        .len = len,
    };

    if (len > UINT32_MAX) {
        error_setg(errp, "0x%" PRIx64 " bytes are more than "
                   "KVM_SEV_LAUNCH_UPDATE_DATA takes", len);
        return false;
    }
    return sev_kvm_command(kvm_of(parent)->sev_fd, KVM_SEV_LAUNCH_UPDATE_DATA,
                           &cmd, errp);
}

/* From here on nobody but the guest can read or change its registers */
static bool backend_kvm_launch_update_vmsa(SevBackend *parent, Error **errp)
{
    if (!sev_kvm_command(kvm_of(parent)->sev_fd, KVM_SEV_LAUNCH_UPDATE_VMSA,
                         NULL, errp)) {
        return false;
    }
    kvm_mark_guest_state_protected();
    return true;
}

static bool backend_kvm_launch_measure(SevBackend *parent, uint8_t *blob,
                                       Error **errp)
{
    int sev_fd = kvm_of(parent)->sev_fd;
    struct kvm_sev_launch_measure cmd = {};

    if (!sev_kvm_query_length(sev_fd, KVM_SEV_LAUNCH_MEASURE, &cmd, &cmd.len,
                              SEV_MEASURE_BLOB_SIZE, errp)) {
        return false;
    }
    cmd.uaddr = (uintptr_t)blob;
    return sev_kvm_command(sev_fd, KVM_SEV_LAUNCH_MEASURE, &cmd, errp);
}

static bool backend_kvm_launch_secret(SevBackend *parent,
                                      const SevLaunchSecret *secret,
                                      Error **errp)
{
    struct kvm_sev_launch_secret cmd = {
        .hdr_uaddr = (uintptr_t)secret->header,
        .hdr_len = SEV_PACKET_HEADER_SIZE,
        .guest_uaddr = (uintptr_t)secret->hva,
        .guest_len = secret->len,
        .trans_uaddr = (uintptr_t)secret->data,
        .trans_len = secret->len,
    };

    return sev_kvm_command(kvm_of(parent)->sev_fd, KVM_SEV_LAUNCH_SECRET, &cmd,
                           errp);
}

static bool backend_kvm_launch_finish(SevBackend *parent, Error **errp)
{
    return sev_kvm_command(kvm_of(parent)->sev_fd, KVM_SEV_LAUNCH_FINISH, NULL,
                           errp);
}

static bool backend_kvm_attestation(SevBackend *parent, const uint8_t *mnonce,
                                    uint8_t *report, Error **errp)
{
    int sev_fd = kvm_of(parent)->sev_fd;
    struct kvm_sev_attestation_report cmd = {};

    memcpy(cmd.mnonce, mnonce, sizeof(cmd.mnonce));
    if (!sev_kvm_query_length(sev_fd, KVM_SEV_GET_ATTESTATION_REPORT, &cmd,
                              &cmd.len, SEV_REPORT_SIZE, errp)) {
        return false;
    }
    cmd.uaddr = (uintptr_t)report;
    return sev_kvm_command(sev_fd, KVM_SEV_GET_ATTESTATION_REPORT, &cmd, errp);
}

static bool dbg_command(SevBackendKvm *be, uint32_t id, const void *src,
                        const void *dst, uint64_t len, Error **errp)
{
    if (be->vm_type == KVM_X86_SNP_VM) {
        error_setg(errp, "KVM does not debug SEV-SNP guests, whatever their "
                   "policy");
        return false;
    }
    return sev_kvm_dbg(be->sev_fd, id, src, dst, len, errp);
}

static bool backend_kvm_dbg_decrypt(SevBackend *parent, hwaddr gpa, void *hva,
                                    void *buf, uint64_t len, Error **errp)
{
    return dbg_command(kvm_of(parent), KVM_SEV_DBG_DECRYPT, hva, buf, len,
                       errp);
}

static bool backend_kvm_dbg_encrypt(SevBackend *parent, hwaddr gpa, void *hva,
                                    const void *buf, uint64_t len,
                                    Error **errp)
{
    return dbg_command(kvm_of(parent), KVM_SEV_DBG_ENCRYPT, buf, hva, len,
                       errp);
}

static bool backend_kvm_snp_launch_start(SevBackend *parent,
                                         const SevSnpLaunchStart *start,
                                         Error **errp)
{
    return sev_kvm_snp_start(kvm_of(parent)->sev_fd, start, errp);
}

static bool backend_kvm_snp_cpuid(SevBackend *parent, SnpCpuidPage *page,
                                  Error **errp)
{
    return sev_kvm_snp_cpuid(page, errp);
}

static bool backend_kvm_snp_launch_update(SevBackend *parent, hwaddr gpa,
                                          void *hva, uint64_t len,
                                          SnpPageType type, Error **errp)
{
    return sev_kvm_snp_update(kvm_of(parent)->sev_fd, gpa, hva, len, type,
                              errp);
}

static bool backend_kvm_snp_launch_finish(SevBackend *parent,
                                          const SevSnpLaunchFinish *finish,
                                          Error **errp)
{
    return sev_kvm_snp_finish(kvm_of(parent)->sev_fd, finish, errp);
}

static void backend_kvm_free(SevBackend *parent)
{
    SevBackendKvm *be = kvm_of(parent);

    sev_kvm_regions_stop(&be->regions);
    close(be->sev_fd);
    g_free(be);
}

static const SevBackendOps backend_kvm_ops = {
    .name = "host's",
    .platform = backend_kvm_platform,
    .certs = backend_kvm_certs,
    .init = backend_kvm_init,
    .launch_start = backend_kvm_launch_start,
    .launch_update_data = backend_kvm_launch_update_data,
    .launch_update_vmsa = backend_kvm_launch_update_vmsa,
    .launch_measure = backend_kvm_launch_measure,
    .launch_secret = backend_kvm_launch_secret,
    .launch_finish = backend_kvm_launch_finish,
    .accepts_memory = backend_kvm_accepts_memory,
    .attestation = backend_kvm_attestation,
    .dbg_decrypt = backend_kvm_dbg_decrypt,
    .dbg_encrypt = backend_kvm_dbg_encrypt,
    .snp_launch_start = backend_kvm_snp_launch_start,
    .snp_cpuid = backend_kvm_snp_cpuid,
    .snp_launch_update = backend_kvm_snp_launch_update,
    .snp_launch_finish = backend_kvm_snp_launch_finish,
    .free = backend_kvm_free,
};

SevBackend *sev_backend_kvm_new(const SevBackendConfig *config, Error **errp)
{
    SevBackendKvm *be;
    int sev_fd;

    if (config->state_file) {
        error_setg(errp, "state-file '%s' cannot be used: the platform is the "
                   "host's processor, which has its own identity; leave it "
                   "out, or use -accel tcg", config->state_file);
        return NULL;
    }
    if (!sev_kvm_usable(errp)) {
        return NULL;
    }
    sev_fd = sev_device_open(config->sev_device, errp);
    if (sev_fd < 0) {
        return NULL;
    }
    be = g_new0(SevBackendKvm, 1);
    be->parent.ops = &backend_kvm_ops;
    be->sev_fd = sev_fd;
    be->vm_type = config->kvm_vm_type;
    return &be->parent;
}
