/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * IA32_XSS, which says what XSAVES may save of the supervisor's state.
 */
#ifndef I386_TCG_XSS_H
#define I386_TCG_XSS_H

#include "cpu.h"

/* The register exists on CPUs that have XSAVES. */
static inline bool x86_has_xss(CPUX86State *env)
{
    return env->features[FEAT_XSAVE] & CPUID_XSAVE_XSAVES;
}

/* Can the guest write @value? CPUID leaf 0Dh subleaf 1 lists the bits. */
static inline bool x86_xss_is_valid(CPUX86State *env, uint64_t value)
{
    uint64_t bits = env->features[FEAT_XSAVE_XSS_LO]
                    | env->features[FEAT_XSAVE_XSS_HI] << 32;

    return x86_has_xss(env) && !(value & ~bits);
}

#endif
