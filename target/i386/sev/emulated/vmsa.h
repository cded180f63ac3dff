/*
 * SEV hypervisor: the save areas that vCPUs start from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_EMULATED_VMSA_H
#define I386_SEV_EMULATED_VMSA_H

#include "cpu.h"

/**
 * sev_hv_vmsa_prepare - write the save area of a vCPU as it comes from reset
 * @extended: with the state of x87 and SSE, as KVM's newer interface has it
 *
 * What is measured afterwards.  The first call for a vCPU settles what it
 * starts from; at a reset of the VM the page gets the same again.
 *
 * Returns: the page, SEV_VMSA_SIZE bytes of memory that has two views; borrowed
 */
void *sev_hv_vmsa_prepare(X86CPU *cpu, bool extended);

/**
 * sev_hv_vmsa_start - let all vCPUs begin with what their save areas hold
 *
 * With the BQL, and the VM stopped.
 */
void sev_hv_vmsa_start(void);

#endif
