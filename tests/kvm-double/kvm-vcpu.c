/*
 * A double of /dev/kvm and /dev/sev: vCPUs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A vCPU keeps the registers that it is given and executes nothing.
 */

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "double.h"

#define RUN_POLL_US     2000
#define MSR_PAT         0x277

/*
 * A signal ends KVM_RUN, also one that userspace has blocked but for its mask
 * of KVM_SET_SIGNAL_MASK: QEMU's is SIGUSR1
 */
static bool is_kicked(const DoubleVcpu *vcpu)
{
    sigset_t pending;

    return __atomic_load_n(&vcpu->run->immediate_exit, __ATOMIC_ACQUIRE) ||
           (sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1);
}

/* KVM_RUN: nothing happens but what a test wants to happen */
static int run(DoubleVcpu *vcpu)
{
    int ret;

    if (double_vm.active && !double_vm.finished) {
        return double_fail(double_refuse("the guest runs before its launch is "
                                         "finished"));
    }
    double_exit_done(vcpu);
    while (!is_kicked(vcpu)) {
        if (double_exit_next(vcpu, &ret)) {
            return ret;
        }
        usleep(RUN_POLL_US);
    }
    return double_fail(-EINTR);
}

static int set_msrs(DoubleVcpu *vcpu, const struct kvm_msrs *msrs)
{
    for (unsigned i = 0; i < msrs->nmsrs; i++) {
        if (msrs->entries[i].index == MSR_PAT) {
            vcpu->pat = msrs->entries[i].data;
        }
    }
    return msrs->nmsrs;
}

static int get_msrs(const DoubleVcpu *vcpu, struct kvm_msrs *msrs)
{
    for (unsigned i = 0; i < msrs->nmsrs; i++) {
        msrs->entries[i].data = msrs->entries[i].index == MSR_PAT ?
                                vcpu->pat : 0;
    }
    return msrs->nmsrs;
}

#define AT(name)    offsetof(DoubleVcpu, name)
#define SIZE(name)  sizeof(((DoubleVcpu *)0)->name)

/* What a pair of SET and GET keeps */
static const struct {
    unsigned long set, get;
    size_t offset, size;
} fields[] = {
    { KVM_SET_REGS, KVM_GET_REGS, AT(regs), SIZE(regs) },
    { KVM_SET_SREGS2, KVM_GET_SREGS2, AT(sregs), SIZE(sregs) },
    { KVM_SET_XSAVE, KVM_GET_XSAVE, AT(xsave), SIZE(xsave) },
    { KVM_SET_XCRS, KVM_GET_XCRS, AT(xcrs), SIZE(xcrs) },
    { KVM_SET_DEBUGREGS, KVM_GET_DEBUGREGS, AT(debugregs), SIZE(debugregs) },
    { KVM_SET_MP_STATE, KVM_GET_MP_STATE, AT(mp_state), SIZE(mp_state) },
};

/* Userspace may still say whether a processor waits */
static bool is_encrypted(unsigned long request)
{
    return double_vm.registers_encrypted && double_vm.init2 &&
           request != KVM_SET_MP_STATE && request != KVM_GET_MP_STATE;
}

/* Whether @request is one of a pair; then it was carried out */
static bool keep(DoubleVcpu *vcpu, unsigned long request, void *arg, int *ret)
{
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        void *field = (char *)vcpu + fields[i].offset;
        bool set = request == fields[i].set;

        if (!set && request != fields[i].get) {
            continue;
        }
        *ret = 0;
        if (is_encrypted(request)) {
            double_log("REFUSED: registers of vCPU %u are encrypted",
                       vcpu->index);
            *ret = double_fail(-EINVAL);
        } else {
            memcpy(set ? field : arg, set ? arg : field, fields[i].size);
        }
        return true;
    }
    return false;
}

static int set_guest_debug(DoubleVcpu *vcpu, const struct kvm_guest_debug *dbg)
{
    if (double_vm.registers_encrypted) {
        return double_fail(-EINVAL);
    }
    vcpu->debug = dbg->control;
    return 0;
}

int double_vcpu_ioctl(DoubleVcpu *vcpu, unsigned long request, void *arg)
{
    int ret;

    if (keep(vcpu, request, arg, &ret)) {
        return ret;
    }
    switch (request) {
    case KVM_RUN:
        return run(vcpu);
    case KVM_SET_MSRS:
        return set_msrs(vcpu, arg);
    case KVM_GET_MSRS:
        return get_msrs(vcpu, arg);
    case KVM_SET_CPUID2:
        return double_set_cpuid(vcpu, arg);
    case KVM_GET_CPUID2:
        return double_get_cpuid(vcpu, arg);
    case KVM_SET_GUEST_DEBUG:
        return set_guest_debug(vcpu, arg);
    case KVM_GET_TSC_KHZ:
        return 2000000;
    default:
        if (_IOC_DIR(request) == _IOC_READ) {
            memset(arg, 0, _IOC_SIZE(request));
        }
        return 0;
    }
}
