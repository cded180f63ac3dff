/*
 * AMD SEV under TCG: exits of a guest with encrypted registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * AMD64 Architecture Programmer's Manual, volume 2, 15.35: what a hypervisor
 * intercepts is either an automatic exit, which it sees, or becomes a #VC
 * exception in the guest, which then asks the hypervisor for what it needs.
 */

#ifndef I386_TCG_SEV_EXIT_H
#define I386_TCG_SEV_EXIT_H

#include "cpu.h"

/* #VC, and error codes that are no exit codes of a plain guest */
#define EXCP1D_VC               29
#define SEV_EXIT_NPF            0x400   /* of an address that is no memory */
#define SEV_EXIT_VMGEXIT        0x403
#define SEV_VC_NOT_VALIDATED    0x404

/**
 * sev_tcg_exit - an instruction or exception that can be intercepted
 * @type: SVM_EXIT_*
 * @param: EXITINFO1
 * @retaddr: where in the translated code, 0 if nowhere
 *
 * Only for a vCPU with HF_SEV_ES_MASK.  Does not return where the hypervisor
 * intercepts it and the guest gets a #VC.
 */
void sev_tcg_exit(CPUX86State *env, uint32_t type, uint64_t param,
                  uintptr_t retaddr);

/**
 * sev_tcg_vc - raise #VC
 * @code: its error code
 */
G_NORETURN void sev_tcg_vc(CPUX86State *env, uint32_t code, uintptr_t retaddr);

/**
 * sev_tcg_msr - RDMSR or WRMSR on behalf of the hypervisor
 * @value: in or out
 *
 * The vCPU must not be in the middle of an instruction.
 *
 * Returns: false if the vCPU has no such register, or not this value of it
 */
bool sev_tcg_msr(X86CPU *cpu, bool write, uint32_t msr, uint64_t *value);

#endif
