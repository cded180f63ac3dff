/*
 * SEV: what the CPU leaves to the hypervisor
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A vCPU of a guest with encrypted registers knows what the architecture says
 * of an exit.  What becomes of it is up to the hypervisor that the guest has:
 * QEMU's own (emulated/hypervisor.h), or one that runs in the emulated machine.
 */

#ifndef I386_SEV_HYPERVISOR_H
#define I386_SEV_HYPERVISOR_H

#include "cpu.h"

#define SEV_VMPLS       4

/**
 * struct SevHypervisor - a hypervisor of guests under SEV-ES and SEV-SNP
 * @intercepts: whether it wants to know of an instruction or exception that the
 *   architecture lets it intercept; @code: SVM_EXIT_*; @info: EXITINFO1
 * @vmgexit: the guest executed VMGEXIT, of which its RIP is past already; may
 *   put the vCPU to sleep
 * @init: an INIT came for the vCPU, whose registers it must leave alone
 * @sipi: a start-up IPI came for a vCPU that waits for one
 */
typedef struct SevHypervisor {
    bool (*intercepts)(X86CPU *cpu, uint32_t code, uint64_t info);
    void (*vmgexit)(X86CPU *cpu);
    void (*init)(X86CPU *cpu);
    void (*sipi)(X86CPU *cpu);
} SevHypervisor;

/**
 * struct SevVmpl - what belongs to one privilege level of a vCPU
 * @ghcb: MSR C001_0130, the GHCB's address or a request and its answer
 * @registered: the page that the guest registered as its GHCB; -1: none
 * @features: SEV_FEATURES of its save area
 */
typedef struct SevVmpl {
    uint64_t ghcb;
    uint64_t registered;
    uint64_t features;
} SevVmpl;

/**
 * struct SevVcpu - a vCPU of a guest with encrypted registers
 * @hypervisor: who runs it
 * @vmpl: which of @vmpls runs
 * @wait: how the vCPU asked to be held until it is reset, SEV_WAIT_*
 * @started: it was run since its launch
 * @in_hypervisor: what the vCPU does now is done by the hypervisor for it
 */
typedef struct SevVcpu {
    const SevHypervisor *hypervisor;
    unsigned vmpl;
    SevVmpl vmpls[SEV_VMPLS];
    enum { SEV_WAIT_NONE, SEV_WAIT_MSR, SEV_WAIT_GHCB } wait;
    bool started;
    bool in_hypervisor;
} SevVcpu;

static inline SevVmpl *sev_vcpu_vmpl(X86CPU *cpu)
{
    SevVcpu *vcpu = cpu->env.sev_vcpu;

    return &vcpu->vmpls[vcpu->vmpl];
}

#endif
