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
#include <linux/kvm_para.h>

/* kvm_run, port data, coalesced MMIO: a page each */
#define VCPU_PAGES      3

/* Hypercalls that userspace can have */
#define EXIT_HYPERCALLS (1ull << KVM_HC_MAP_GPA_RANGE)

DoubleVm double_vm;

static const struct {
    int capability;
    int value;
} capabilities[] = {
    { KVM_CAP_ADJUST_CLOCK, 1 },
    { KVM_CAP_COALESCED_MMIO, 2 },
    { KVM_CAP_DEBUGREGS, 1 },
    { KVM_CAP_DESTROY_MEMORY_REGION_WORKS, 1 },
    { KVM_CAP_EXIT_HYPERCALL, EXIT_HYPERCALLS },
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
    { KVM_CAP_MEMORY_FAULT_INFO, 1 },
    { KVM_CAP_MP_STATE, 1 },
    { KVM_CAP_NR_MEMSLOTS, 509 },
    { KVM_CAP_NR_VCPUS, DOUBLE_MAX_VCPUS },
    { KVM_CAP_PIT2, 1 },
    { KVM_CAP_PIT_STATE2, 1 },
    { KVM_CAP_SET_GUEST_DEBUG, 1 },
    { KVM_CAP_SET_IDENTITY_MAP_ADDR, 1 },
    { KVM_CAP_SET_TSS_ADDR, 1 },
    { KVM_CAP_SIGNAL_MSI, 1 },
    { KVM_CAP_SPLIT_IRQCHIP, 1 },
    { KVM_CAP_SREGS2, 1 },
    { KVM_CAP_SYNC_MMU, 1 },
    { KVM_CAP_SYS_ATTRIBUTES, 1 },
    { KVM_CAP_USER_MEMORY, 1 },
    { KVM_CAP_USER_MEMORY2, 1 },
    { KVM_CAP_VCPU_EVENTS, 1 },
    { KVM_CAP_X86_ROBUST_SINGLESTEP, 1 },
    { KVM_CAP_XCRS, 1 },
    { KVM_CAP_XSAVE, 1 },
};

/* What depends on the VM; before there is one, what a VM may have at best */
static int check_vm_extension(int capability, bool vm)
{
    bool private = !vm || double_has_private_memory();
    bool protected = vm && (double_vm.type == KVM_X86_SEV_ES_VM ||
                            double_vm.type == KVM_X86_SNP_VM);

    switch (capability) {
    case KVM_CAP_VM_TYPES:
        return double_vm_types();
    case KVM_CAP_X86_SMM:
        /* Encrypted registers leave no way into SMM */
        return !double_vm.es;
    case KVM_CAP_READONLY_MEM:
        /* Nor can a write by such a guest be emulated */
        return !protected;
    case KVM_CAP_MULTI_ADDRESS_SPACE:
        return private && vm ? 1 : 2;
    case KVM_CAP_GUEST_MEMFD:
        return private;
    case KVM_CAP_MEMORY_ATTRIBUTES:
        return private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0;
    default:
        return -1;
    }
}

static int check_extension(int capability, bool vm)
{
    int value = check_vm_extension(capability, vm);

    if (value >= 0) {
        return value;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++) {
        if (capabilities[i].capability == capability) {
            return capabilities[i].value;
        }
    }
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

/* The one attribute of the system that has to do with SEV */
static int get_attribute(const struct kvm_device_attr *attr, bool get)
{
    uint64_t features = double_vmsa_features();

    if (attr->group != KVM_X86_GRP_SEV || attr->flags ||
        attr->attr != KVM_X86_SEV_VMSA_FEATURES || !double_has_sev()) {
        return double_fail(-ENXIO);
    }
    if (get && !double_user_write(attr->addr, &features, sizeof(features))) {
        return double_fail(-EFAULT);
    }
    return 0;
}

int double_kvm_ioctl(unsigned long request, void *arg)
{
    switch (request) {
    case KVM_GET_API_VERSION:
        return KVM_API_VERSION;
    case KVM_CHECK_EXTENSION:
        return check_extension((uintptr_t)arg, false);
    case KVM_HAS_DEVICE_ATTR:
        return get_attribute(arg, false);
    case KVM_GET_DEVICE_ATTR:
        return get_attribute(arg, true);
    case KVM_CREATE_VM:
        return create_vm((uintptr_t)arg);
    case KVM_GET_VCPU_MMAP_SIZE:
        return VCPU_PAGES * DOUBLE_PAGE;
    case KVM_GET_SUPPORTED_CPUID:
        return double_supported_cpuid(arg);
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
    vcpu->fd = double_fd_new(DOUBLE_VCPU, vcpu->index,
                             VCPU_PAGES * DOUBLE_PAGE);
    if (vcpu->fd < 0) {
        return -1;
    }
    vcpu->run = mmap(NULL, DOUBLE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
                     vcpu->fd, 0);
    double_vm.num_vcpus++;
    double_log("KVM_CREATE_VCPU %u", vcpu->index);
    return vcpu->fd;
}

static int enable_cap(const struct kvm_enable_cap *cap)
{
    if (cap->cap != KVM_CAP_EXIT_HYPERCALL) {
        return 0;
    }
    double_log("KVM_ENABLE_CAP KVM_CAP_EXIT_HYPERCALL 0x%llx", cap->args[0]);
    if (cap->flags || cap->args[0] & ~EXIT_HYPERCALLS) {
        return double_refuse("struct kvm_enable_cap");
    }
    double_vm.exit_hypercalls = cap->args[0];
    return 0;
}

/* 0 or more as it is, a negative errno as ioctl() has it */
static int result(int ret)
{
    return ret < 0 ? double_fail(ret) : ret;
}

int double_vm_ioctl(unsigned long request, void *arg)
{
    switch (request) {
    case KVM_CHECK_EXTENSION:
        return check_extension((uintptr_t)arg, true);
    case KVM_CREATE_VCPU:
        return create_vcpu();
    case KVM_ENABLE_CAP:
        return result(enable_cap(arg));
    case KVM_SET_USER_MEMORY_REGION:
        return result(double_set_slot(arg));
    case KVM_SET_USER_MEMORY_REGION2:
        return result(double_set_slot2(arg));
    case KVM_CREATE_GUEST_MEMFD:
        return result(double_create_guest_memfd(arg));
    case KVM_SET_MEMORY_ATTRIBUTES:
        return result(double_set_attributes(arg));
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
