/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vector.h"

#define CR0_MP          (1ul << 1)
#define CR0_EM          (1ul << 2)
#define CR4_OSFXSR      (1ul << 9)
#define CR4_OSXMMEXCPT  (1ul << 10)
#define CR4_OSXSAVE     (1ul << 18)

static uint8_t state[1024] __attribute__((aligned(64)));

bool vector_has_xsave(void)
{
    return cpuid(1, 0).ecx & (1u << 26);
}

bool vector_has_avx(void)
{
    return vector_has_xsave() && (cpuid(1, 0).ecx & (1u << 28));
}

bool vector_has_avx2(void)
{
    return vector_has_avx() && cpuid(0, 0).eax >= 7 &&
           (cpuid(7, 0).ebx & (1u << 5));
}

static bool has_xsave_feature(uint32_t bit)
{
    return vector_has_xsave() && cpuid(0, 0).eax >= 13 &&
           (cpuid(13, 1).eax & bit);
}

bool vector_has_xsaveopt(void)
{
    return has_xsave_feature(1u << 0);
}

bool vector_has_xsavec(void)
{
    return has_xsave_feature(1u << 1);
}

bool vector_has_xsaves(void)
{
    return has_xsave_feature(1u << 3);
}

void vector_enable(void)
{
    write_cr0((read_cr0() | CR0_MP) & ~CR0_EM);
    write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT);
    if (vector_has_xsave()) {
        write_cr4(read_cr4() | CR4_OSXSAVE);
        asm volatile("xsetbv" : : "c" (0), "d" (0),
                     "a" (vector_has_avx() ? XSTATE_ALL : 3));
    }
}

#ifdef __x86_64__
#define SUFFIX          "64"
#else
#define SUFFIX
#endif

/* By FXRSTOR, as every CPU has it; then the upper halves */
void vector_load(void)
{
    memset(state, 0, sizeof(state));
    asm volatile("fninit\n\t"
                 "fldpi\n\t"
                 "fld1\n\t"
                 "fldl2e\n\t"
                 "fxsave" SUFFIX " (%0)" : : "r" (state) : "memory");
    for (unsigned i = 160; i < 416; i++) {
        state[i] = i * 59 + 1;
    }
    asm volatile("fxrstor" SUFFIX " (%0)" : : "r" (state) : "memory");
    if (vector_has_avx()) {
        asm volatile("vinsertf128 $1, %%xmm1, %%ymm0, %%ymm0\n\t"
                     "vinsertf128 $1, %%xmm2, %%ymm1, %%ymm1\n\t"
                     "vinsertf128 $1, %%xmm3, %%ymm2, %%ymm2\n\t"
                     "vinsertf128 $1, %%xmm4, %%ymm7, %%ymm7" : : : "memory");
    }
}

void vector_store(uint8_t *to)
{
    if (vector_has_avx()) {
        asm volatile("xsave" SUFFIX " (%0)"
                     : : "r" (to), "a" (XSTATE_ALL), "d" (0) : "memory");
    } else {
        asm volatile("fxsave" SUFFIX " (%0)" : : "r" (to) : "memory");
    }
}
