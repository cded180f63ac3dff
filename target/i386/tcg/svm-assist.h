/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a #VMEXIT tells a hypervisor, so that it need not decode the guest's
 * instruction itself, and what it tells back.
 */
#ifndef I386_TCG_SVM_ASSIST_H
#define I386_TCG_SVM_ASSIST_H

#include "cpu.h"

/*
 * The vCPU leaves its nested guest for @exit_code; its registers are those
 * at the instruction that exits, whose length is env->insn_len.  Stores the
 * next RIP and the bytes of the instruction in the VMCB as far as CPUID
 * promises them.  Returns EXITINFO1: @exit_info_1, or what the instruction
 * says.
 */
uint64_t svm_assist_exit(CPUX86State *env, uint64_t exit_code,
                         uint64_t exit_info_1);

/*
 * The nested guest executes INTn, INT3 or INTO, @length bytes long.  Does not
 * return if its hypervisor intercepts that.
 */
void svm_assist_software_interrupt(CPUX86State *env, int vector, int length);

/*
 * VMRUN injects a software interrupt, or an exception as INT3 or INTO raise
 * it: where the guest goes on afterwards.
 */
target_ulong svm_assist_injected_next_rip(CPUX86State *env);

/* Is the injection of this exception that of an instruction? */
bool svm_assist_injects_instruction(CPUX86State *env, int vector);

#endif
