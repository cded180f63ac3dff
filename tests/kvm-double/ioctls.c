/*
 * A double of /dev/kvm and /dev/sev: names of ioctls
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <linux/psp-sev.h>
#include "double.h"

#define NAME(ioctl) { ioctl, #ioctl }

/* What QEMU uses; those without a name have one for each command */
static const struct {
    unsigned long request;
    const char *name;
} ioctls[] = {
    { KVM_MEMORY_ENCRYPT_OP, NULL },
    { SEV_ISSUE_CMD, NULL },
    NAME(KVM_CHECK_EXTENSION),
    NAME(KVM_CREATE_GUEST_MEMFD),
    NAME(KVM_CREATE_IRQCHIP),
    NAME(KVM_CREATE_PIT2),
    NAME(KVM_CREATE_VCPU),
    NAME(KVM_CREATE_VM),
    NAME(KVM_ENABLE_CAP),
    NAME(KVM_GET_API_VERSION),
    NAME(KVM_GET_CLOCK),
    NAME(KVM_GET_CPUID2),
    NAME(KVM_GET_DEBUGREGS),
    NAME(KVM_GET_DEVICE_ATTR),
    NAME(KVM_GET_LAPIC),
    NAME(KVM_GET_MP_STATE),
    NAME(KVM_GET_MSRS),
    NAME(KVM_GET_MSR_INDEX_LIST),
    NAME(KVM_GET_PIT2),
    NAME(KVM_GET_REGS),
    NAME(KVM_GET_SREGS2),
    NAME(KVM_GET_STATS_FD),
    NAME(KVM_GET_SUPPORTED_CPUID),
    NAME(KVM_GET_TSC_KHZ),
    NAME(KVM_GET_VCPU_EVENTS),
    NAME(KVM_GET_VCPU_MMAP_SIZE),
    NAME(KVM_GET_XCRS),
    NAME(KVM_GET_XSAVE),
    NAME(KVM_IRQ_LINE_STATUS),
    NAME(KVM_MEMORY_ENCRYPT_REG_REGION),
    NAME(KVM_MEMORY_ENCRYPT_UNREG_REGION),
    NAME(KVM_RUN),
    NAME(KVM_SET_CLOCK),
    NAME(KVM_SET_CPUID2),
    NAME(KVM_SET_DEBUGREGS),
    NAME(KVM_SET_GSI_ROUTING),
    NAME(KVM_SET_GUEST_DEBUG),
    NAME(KVM_SET_IDENTITY_MAP_ADDR),
    NAME(KVM_SET_IRQCHIP),
    NAME(KVM_SET_LAPIC),
    NAME(KVM_SET_MEMORY_ATTRIBUTES),
    NAME(KVM_SET_MP_STATE),
    NAME(KVM_SET_MSRS),
    NAME(KVM_SET_PIT2),
    NAME(KVM_SET_REGS),
    NAME(KVM_SET_SREGS2),
    NAME(KVM_SET_TSC_KHZ),
    NAME(KVM_SET_TSS_ADDR),
    NAME(KVM_SET_USER_MEMORY_REGION),
    NAME(KVM_SET_USER_MEMORY_REGION2),
    NAME(KVM_SET_VAPIC_ADDR),
    NAME(KVM_SET_VCPU_EVENTS),
    NAME(KVM_SET_XCRS),
    NAME(KVM_SET_XSAVE),
    NAME(KVM_TPR_ACCESS_REPORTING),
    NAME(KVM_X86_GET_MCE_CAP_SUPPORTED),
    NAME(KVM_X86_SETUP_MCE),
};

const char *double_ioctl_name(unsigned long request)
{
    g_autofree char *number = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(ioctls); i++) {
        if (ioctls[i].request == request) {
            return ioctls[i].name;
        }
    }
    number = g_strdup_printf("0x%lx", request);
    return g_intern_string(number);
}
