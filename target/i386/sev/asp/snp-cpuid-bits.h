/*
 * SEV-SNP: CPUID features that no guest may have
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The hypervisor leaves them out of a CPUID page, and firmware refuses a page
 * that has one.
 */

#ifndef I386_SEV_ASP_SNP_CPUID_BITS_H
#define I386_SEV_ASP_SNP_CPUID_BITS_H

#include <stdint.h>

typedef enum AspCpuidReg {
    ASP_CPUID_EAX, ASP_CPUID_EBX, ASP_CPUID_ECX, ASP_CPUID_EDX,
} AspCpuidReg;

/* Bits of one register of a CPUID leaf */
typedef struct AspCpuidBits {
    uint32_t leaf, subleaf;
    AspCpuidReg reg;
    uint32_t mask;
} AspCpuidBits;

/* Nothing that the hypervisor could virtualise for such a guest */
static const AspCpuidBits snp_cpuid_never[] = {
    { 0x1, 0, ASP_CPUID_ECX, 1u << 24 },        /* TSC deadline timer */
    { 0x7, 0, ASP_CPUID_EBX, 1u << 1 },         /* TSC_ADJUST */
    { 0x7, 0, ASP_CPUID_EDX, 1u << 26 |         /* SPEC_CTRL */
                             1u << 27 |         /* STIBP */
                             1u << 28 |         /* FLUSH_L1D */
                             1u << 29 |         /* ARCH_CAPABILITIES */
                             1u << 30 |         /* CORE_CAPABILITIES */
                             1u << 31 },        /* SSBD */
    { 0x80000008, 0, ASP_CPUID_EBX, 1u << 25 }, /* VIRT_SSBD */
};

#endif
