/*
 * AMD SEV under TCG: pages that vCPUs use with another C-bit than before
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_TCG_SEV_DIAGNOSE_H
#define I386_TCG_SEV_DIAGNOSE_H

#include "cpu.h"

/**
 * sev_tcg_diagnose_start: let reports on devices say which instruction it was
 */
void sev_tcg_diagnose_start(void);

/**
 * sev_tcg_diagnose: look at a translation before it is used
 * @va: virtual address of the access
 * @gpa: guest physical address, without the C-bit
 * @private: the C-bit of this access
 * @fetch: it is for an instruction at @va
 * @retaddr: where in the translated code, 0 if nowhere
 *
 * Only if sev_diagnosing.
 */
void sev_tcg_diagnose(CPUState *cs, vaddr va, hwaddr gpa, bool private,
                      bool fetch, uintptr_t retaddr);

#endif
