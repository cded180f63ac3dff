/*
 * SEV-SNP: CPUID as the guest gets it from the firmware
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A SNP guest does not trust the host's CPUID.  It takes the leaves from a
 * page that the firmware has compared with what the processor can do.
 */

#ifndef I386_SEV_CPUID_PAGE_H
#define I386_SEV_CPUID_PAGE_H

#include "confidential-guest.h"
#include "sev/asp/snp-abi.h"

/**
 * sev_cpuid_mask - take away what the firmware lets no SNP guest have
 *
 * A X86ConfidentialGuestClass.mask_cpuid_features.
 */
uint32_t sev_cpuid_mask(X86ConfidentialGuest *cg, uint32_t leaf,
                        uint32_t subleaf, int reg, uint32_t value);

/**
 * sev_cpuid_page_add - append a leaf
 * @page: not yet full: its count is below SNP_CPUID_MAX
 *
 * A leaf that is all 0 is left out: the guest takes it for 0 all the same.
 */
void sev_cpuid_page_add(SnpCpuidPage *page, uint32_t leaf, uint32_t subleaf,
                        const uint32_t regs[4]);

/**
 * sev_cpuid_page_explain - say which leaves the firmware refused
 * @page: as the firmware got it
 * @answer: as it came back, with the values that the firmware would accept
 * @errp: an error, which gets hints: leaf, register, bits, names of features
 */
void sev_cpuid_page_explain(const SnpCpuidPage *page,
                            const SnpCpuidPage *answer, Error *const *errp);

#endif
