/*
 * A double of /dev/kvm and /dev/sev: the system and its VM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kernel's Documentation/virt/kvm/api.rst.  What has no meaning for a VM that
 * never runs is accepted.
 */

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "double.h"

/* kvm_run, port data, coalesced MMIO: a page each */
#define VCPU_PAGES      3
#define PAGE            4096

#define CPUID_SEV       0x8000001f

DoubleVm double_vm;

static const struct {
    int capability;
    int value;
} capabilities[] = {
    { KVM_CAP_ADJUST_CLOCK, 1 },
    { KVM_CAP_COALESCED_MMIO, 2 },
    { KVM_CAP_DEBUGREGS, 1 },
    { KVM_CAP_DESTROY_MEMORY_REGION_WORKS, 1 },
    { KVM_CAP_EXT_CPUID, 1 },
    { KVM_CAP_GET_TSC_KHZ, 1 },
    { KVM_CAP_IMMEDIATE_EXIT, 1 },
    { KVM_CAP_INTERNAL_ERROR_DATA, 1 },
    { KVM_CAP_IOEVENTFD, 1 },
    { KVM_CAP_IOEVENTFD_ANY_LENGTH, 1 },
    { KVM_CAP_IRQCHIP, 1 },
    { KVM_CAP_IRQFD, 1 },
    { KVM_CAP_IRQ_INJECT_STATUS, 1 },
    { KVM_CAP_IRQ_ROUTING, 4096 },
    { KVM_CAP_JOIN_MEMORY_REGIONS_WORKS, 1 },
    { KVM_CAP_MAX_VCPUS, DOUBLE_MAX_VCPUS },
    { KVM_CAP_MAX_VCPU_ID, DOUBLE_MAX_VCPUS },
    { KVM_CAP_MCE, 32 },
    { KVM_CAP_MP_STATE, 1 },
    { KVM_CAP_MULTI_ADDRESS_SPACE, 2 },
    { KVM_CAP_NR_MEMSLOTS, 509 },
    { KVM_CAP_NR_VCPUS, DOUBLE_MAX_VCPUS },
    { KVM_CAP_PIT2, 1 },
    { KVM_CAP_PIT_STATE2, 1 },
    { KVM_CAP_READONLY_MEM, 1 },
    { KVM_CAP_SET_IDENTITY_MAP_ADDR, 1 },
    { KVM_CAP_SET_TSS_ADDR, 1 },
    { KVM_CAP_SIGNAL_MSI, 1 },
    { KVM_CAP_SPLIT_IRQCHIP, 1 },
    { KVM_CAP_SREGS2, 1 },
    { KVM_CAP_SYNC_MMU, 1 },
    { KVM_CAP_USER_MEMORY, 1 },
    { KVM_CAP_VCPU_EVENTS, 1 },
    { KVM_CAP_X86_ROBUST_SINGLESTEP, 1 },
    { KVM_CAP_XCRS, 1 },
    { KVM_CAP_XSAVE, 1 },
};

static int check_extension(int capability)
{
    if (capability == KVM_CAP_VM_TYPES) {
        return double_vm_types();
    }
    /* Encrypted registers leave no way into SMM */
    if (capability == KVM_CAP_X86_SMM) {
        return !double_vm.es;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++) {
        if (capabilities[i].capability == capability) {
            return capabilities[i].value;
        }
    }
    return 0;
}

/*
 * A processor with all features, so that QEMU takes none away; of the extended
 * states only those that fit into struct kvm_xsave
 */
static const struct kvm_cpuid_entry2 all_features[] = {
#define ALL .eax = ~0u, .ebx = ~0u, .ecx = ~0u, .edx = ~0u
    { .function = 0, ALL },
    { .function = 1, ALL },
    { .function = 6, ALL },
    { .function = 7, ALL },
    { .function = 0xd, .eax = 7, .ebx = 0x340, .ecx = 0x340 },
    { .function = 0xd, .index = 1, .eax = 0xf, .ebx = 0x340 },
    { .function = 0xd, .index = 2, .eax = 0x100, .ebx = 0x240 },
    { .function = 0x40000001, ALL },
    { .function = 0x80000000, ALL },
    { .function = 0x80000001, ALL },
    { .function = 0x80000007, ALL },
    { .function = 0x80000008, ALL },
    { .function = 0x8000000a, ALL },
    { .function = 0x80000021, ALL },
#undef ALL
};

static int supported_cpuid(struct kvm_cpuid2 *cpuid)
{
    struct kvm_cpuid_entry2 *sev;

    if (cpuid->nent < G_N_ELEMENTS(all_features) + 1) {
        return double_fail(-E2BIG);
    }
    memcpy(cpuid->entries, all_features, sizeof(all_features));
    sev = &cpuid->entries[G_N_ELEMENTS(all_features)];
    *sev = (struct kvm_cpuid_entry2) { .function = CPUID_SEV };
    if (double_has_sev()) {
        sev->eax = 1u << 1 | (double_has_es() ? 1u << 3 : 0);
        sev->ebx = double_cbitpos() | 5u << 6;
        sev->ecx = ASP_ASID_MAX;
        sev->edx = ASP_ASID_MIN_SEV;
    }
    cpuid->nent = G_N_ELEMENTS(all_features) + 1;
    return 0;
}

static int create_vm(unsigned long type)
{
    if (type != KVM_X86_DEFAULT_VM &&
        (type >= 32 || !(double_vm_types() & 1ul << type))) {
        double_log("KVM_CREATE_VM type %lu: no such type", type);
        return double_fail(-EINVAL);
    }
    double_log("KVM_CREATE_VM type %lu", type);
    double_vm.type = type;
    double_vm.regions = g_array_new(false, false,
                                    sizeof(struct kvm_enc_region));
    return double_fd_new(DOUBLE_VM, 0, 0);
}

int double_kvm_ioctl(unsigned long request, void *arg)
{
    switch (request) {
    case KVM_GET_API_VERSION:
        return KVM_API_VERSION;
    case KVM_CHECK_EXTENSION:
        return check_extension((uintptr_t)arg);
    case KVM_CREATE_VM:
        return create_vm((uintptr_t)arg);
    case KVM_GET_VCPU_MMAP_SIZE:
        return VCPU_PAGES * PAGE;
    case KVM_GET_SUPPORTED_CPUID:
        return supported_cpuid(arg);
    case KVM_GET_MSR_INDEX_LIST:
    case KVM_GET_MSR_FEATURE_INDEX_LIST:
        ((struct kvm_msr_list *)arg)->nmsrs = 0;
        return 0;
    case KVM_X86_GET_MCE_CAP_SUPPORTED:
        *(uint64_t *)arg = ~0ull;
        return 0;
    default:
        return double_fail(-EINVAL);
    }
}

static int create_vcpu(void)
{
    DoubleVcpu *vcpu = &double_vm.vcpus[double_vm.num_vcpus];

    if (double_vm.num_vcpus == DOUBLE_MAX_VCPUS) {
        return double_fail(-EINVAL);
    }
    vcpu->index = double_vm.num_vcpus;
    vcpu->pat = 0x0007040600070406;
    vcpu->fd = double_fd_new(DOUBLE_VCPU, vcpu->index, VCPU_PAGES * PAGE);
    if (vcpu->fd < 0) {
        return -1;
    }
    vcpu->run = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd,
                     0);
    double_vm.num_vcpus++;
    double_log("KVM_CREATE_VCPU %u", vcpu->index);
    return vcpu->fd;
}

int double_vm_ioctl(unsigned long request, void *arg)
{
    switch (request) {
    case KVM_CHECK_EXTENSION:
        return check_extension((uintptr_t)arg);
    case KVM_CREATE_VCPU:
        return create_vcpu();
    case KVM_MEMORY_ENCRYPT_OP:
        return double_encrypt_op(arg);
    case KVM_MEMORY_ENCRYPT_REG_REGION:
        return double_region(true, arg);
    case KVM_MEMORY_ENCRYPT_UNREG_REGION:
        return double_region(false, arg);
    default:
        if (_IOC_DIR(request) == _IOC_READ) {
            memset(arg, 0, _IOC_SIZE(request));
        }
        return 0;
    }
}
