/*
 * SEV formats: the bits of guest policies
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_FORMATS_POLICY_BITS_H
#define I386_SEV_FORMATS_POLICY_BITS_H

/* A bit of a policy; the last row of a table is all 0 */
typedef struct SevPolicyBit {
    uint64_t bit;
    const char *name;           /* for programs: "no-debug" */
    const char *meaning;        /* in a sentence: "no debugging" */
} SevPolicyBit;

/* SEV API, chapter 3 */
extern const SevPolicyBit sev_policy_bits[];

/* SNP firmware ABI, "guest policy" */
extern const SevPolicyBit sev_snp_policy_bits[];

#endif
