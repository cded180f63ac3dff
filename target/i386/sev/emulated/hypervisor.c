/*
 * SEV hypervisor: intercepts, the MSR protocol, and how vCPUs start
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "hw/i386/apic.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "system/runstate.h"
#include "sev.h"
#include "sev/trace.h"
#include "tcg/sev/sev-tcg.h"
#include "hypervisor.h"

/* Requests and answers of the MSR protocol: GHCB specification, 2.3.1 */
#define MSR_DEBUGCTL            0x1d9
#define CODE_MASK               0xfffULL
#define MSR_SEV_INFO            0x001
#define MSR_SEV_INFO_REQ        0x002
#define MSR_CPUID_REQ           0x004
#define MSR_CPUID               0x005
#define MSR_RESET_HOLD_REQ      0x006
#define MSR_RESET_HOLD          0x007
#define MSR_FEATURES_REQ        0x080
#define MSR_FEATURES            0x081
#define MSR_TERMINATE           0x100

/* As KVM passes them through for guests with encrypted registers */
bool sev_hv_passes_msr(uint32_t msr)
{
    switch (msr) {
    case MSR_STAR:
    case MSR_LSTAR:
    case MSR_CSTAR:
    case MSR_FMASK:
    case MSR_IA32_SYSENTER_CS:
    case MSR_IA32_SYSENTER_ESP:
    case MSR_IA32_SYSENTER_EIP:
    case MSR_FSBASE:
    case MSR_GSBASE:
    case MSR_KERNELGSBASE:
    case MSR_EFER:
    case MSR_PAT:
    case MSR_TSC_AUX:
    case MSR_IA32_XSS:
    case MSR_IA32_SPEC_CTRL:
    case MSR_IA32_PRED_CMD:
    case MSR_DEBUGCTL:
    case MSR_AMD64_SEV_ES_GHCB:
    case MSR_AMD64_SEV_STATUS:
        return true;
    default:
        return false;
    }
}

/* Those of KVM 6.12; automatic exits and write traps need no exit here */
static bool intercepts(X86CPU *cpu, uint32_t code, uint64_t info)
{
    switch (code) {
    case SVM_EXIT_MSR:
        return !sev_hv_passes_msr(cpu->env.regs[R_ECX]);
    case SVM_EXIT_READ_DR7:
    case SVM_EXIT_WRITE_DR7:
    case SVM_EXIT_EXCP_BASE + EXCP01_DB:
    case SVM_EXIT_EXCP_BASE + EXCP11_ALGN:
    case SVM_EXIT_RDPMC:
    case SVM_EXIT_CPUID:
    case SVM_EXIT_RSM:
    case SVM_EXIT_INVD:
    case SVM_EXIT_INVLPGA:
    case SVM_EXIT_IOIO:
    case SVM_EXIT_TASK_SWITCH:
    case SVM_EXIT_VMRUN:
    case SVM_EXIT_VMMCALL:
    case SVM_EXIT_VMLOAD:
    case SVM_EXIT_VMSAVE:
    case SVM_EXIT_STGI:
    case SVM_EXIT_CLGI:
    case SVM_EXIT_SKINIT:
    case SVM_EXIT_WBINVD:
    case SVM_EXIT_MONITOR:
    case SVM_EXIT_MWAIT:
        return true;
    default:
        return false;
    }
}

uint64_t sev_hv_features(void)
{
    return 0;
}

uint64_t sev_hv_info(void)
{
    return (uint64_t)SEV_GHCB_VERSION_MAX << 48 | 1ULL << 32 |
           (uint64_t)sev_get_cbit_position() << 24 | MSR_SEV_INFO;
}

static uint64_t cpuid(X86CPU *cpu, uint64_t request)
{
    uint32_t regs[4];
    unsigned reg = (request >> 30) & 3;

    cpu_x86_cpuid(&cpu->env, request >> 32, 0, &regs[0], &regs[1], &regs[2],
                  &regs[3]);
    return (uint64_t)regs[reg] << 32 | (uint64_t)reg << 30 | MSR_CPUID;
}

void sev_hv_hold(X86CPU *cpu, int wait)
{
    CPUState *cs = CPU(cpu);

    cpu->env.sev_vcpu->wait = wait;
    cs->halted = 1;
    cs->exception_index = EXCP_HLT;
}

static const char *reason_of(unsigned set, unsigned code)
{
    static const char *const general[] = {
        "a general reason", "no common version of the GHCB protocol",
        "SEV-SNP features that it does not support",
    };
    static const char *const linux_reasons[] = {
        "GHCB registration", "a page state change", "PVALIDATE",
        "it does not run at VMPL 0", "its CPUID table",
        "CPUID from the hypervisor", "its secrets page", "there is no SVSM",
        "an SVSM at VMPL 0", "a misaligned SVSM calling area",
    };

    if (set == 0 && code < ARRAY_SIZE(general)) {
        return general[code];
    }
    if (set == 1 && code < ARRAY_SIZE(linux_reasons)) {
        return linux_reasons[code];
    }
    return "a reason that is not known here";
}

void sev_hv_terminate(X86CPU *cpu, uint64_t request)
{
    unsigned set = (request >> 12) & 0xf, code = (request >> 16) & 0xff;

    BQL_LOCK_GUARD();
    error_report("the SEV guest asks for its end (vCPU %d, reason set %u, code "
                 "%u): %s", CPU(cpu)->cpu_index, set, code,
                 reason_of(set, code));
    qemu_system_guest_panicked(NULL);
    CPU(cpu)->halted = 1;
    CPU(cpu)->exception_index = EXCP_HLT;
}

/* A request that is not known is left as it is: so the guest can tell */
static void msr_protocol(X86CPU *cpu, uint64_t *msr)
{
    uint64_t request = *msr;

    switch (request & CODE_MASK) {
    case MSR_SEV_INFO_REQ:
        *msr = sev_hv_info();
        break;
    case MSR_CPUID_REQ:
        *msr = cpuid(cpu, request);
        break;
    case MSR_RESET_HOLD_REQ:
        *msr = MSR_RESET_HOLD;
        sev_hv_hold(cpu, SEV_WAIT_MSR);
        break;
    case MSR_FEATURES_REQ:
        *msr = sev_hv_features() << 12 | MSR_FEATURES;
        break;
    case MSR_TERMINATE:
        sev_hv_terminate(cpu, request);
        break;
    }
    trace_sev_hv_msr(CPU(cpu)->cpu_index, request, *msr);
}

static void vmgexit(X86CPU *cpu)
{
    uint64_t *msr = &sev_vcpu_vmpl(cpu)->ghcb;

    if (*msr & CODE_MASK) {
        msr_protocol(cpu, msr);
    } else {
        sev_hv_event(cpu, *msr);
    }
}

/* The registers are the guest's; an INIT resets what the host has */
static void init(X86CPU *cpu)
{
    CPU(cpu)->interrupt_request &= CPU_INTERRUPT_SIPI;
    apic_init_reset(cpu->apic_state);
}

/*
 * The first one starts the vCPU where its measured registers say; later ones
 * wake one that waits for them, and tell it so.
 */
static void sipi(X86CPU *cpu)
{
    SevVcpu *vcpu = cpu->env.sev_vcpu;
    SevVmpl *vmpl = sev_vcpu_vmpl(cpu);

    if (!vcpu->started) {
        vcpu->started = true;
    } else if (vcpu->wait == SEV_WAIT_MSR) {
        vmpl->ghcb = 1 << 12 | MSR_RESET_HOLD;
    } else if (vcpu->wait == SEV_WAIT_GHCB) {
        address_space_stq_le(&address_space_memory,
                             vmpl->ghcb + SEV_GHCB_EXITINFO2, 1,
                             MEMTXATTRS_UNSPECIFIED, NULL);
    } else if (!CPU(cpu)->halted) {
        return;
    }
    vcpu->wait = SEV_WAIT_NONE;
    CPU(cpu)->halted = 0;
}

const SevHypervisor sev_hv_ops = {
    .intercepts = intercepts,
    .vmgexit = vmgexit,
    .init = init,
    .sipi = sipi,
};
