/*
 * AMD SEV under TCG: the VM save area, registers of a vCPU in memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A guest under SEV-ES or SEV-SNP keeps the registers of each of its vCPUs in
 * a page that is encrypted with its key (AMD64 Architecture Programmer's
 * Manual, volume 2, appendix B, "layout of VMSA").
 */

#ifndef I386_TCG_SEV_VMSA_H
#define I386_TCG_SEV_VMSA_H

#include "cpu.h"

/* Bytes of the page that have a meaning; the rest is 0 */
#define SEV_VMSA_USED           0x670

/* Fields that others than the registers' owner look at */
#define SEV_VMSA_VMPL           0x0ca
#define SEV_VMSA_CPL            0x0cb
#define SEV_VMSA_EFER           0x0d0
#define SEV_VMSA_FEATURES       0x3b0
#define SEV_VMSA_EXITCODE       0x3c0

/**
 * sev_vmsa_store - write a vCPU's registers to a save area
 * @page: SEV_VMSA_SIZE bytes; what is not a register of the vCPU is kept
 */
void sev_vmsa_store(CPUX86State *env, uint8_t *page);

/**
 * sev_vmsa_load - take a vCPU's registers from a save area
 *
 * As VMRUN does it: the vCPU must not be in the middle of an instruction, and
 * its TLB is flushed.
 */
void sev_vmsa_load(CPUX86State *env, const uint8_t *page);

#endif
