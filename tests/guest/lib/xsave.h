/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The XSAVE feature set: areas and the instructions that fill and load them.
 */
#ifndef GUEST_XSAVE_H
#define GUEST_XSAVE_H

#include "trap.h"

#define CPUID_XSAVE             0xdu
#define XSAVE_EAX_XSAVEC        (1u << 1)
#define XSAVE_EAX_XGETBV1       (1u << 2)
#define XSAVE_EAX_XSAVES        (1u << 3)
#define MSR_XSS                 0xda0u

#define XSTATE_X87              (1ull << 0)
#define XSTATE_SSE              (1ull << 1)
#define XCOMP_COMPACTED         (1ull << 63)

#define CR0_TS                  (1ul << 3)
#define CR4_OSFXSR              (1ul << 9)
#define CR4_OSXSAVE             (1ul << 18)
#define CR4_PKE                 (1ul << 22)

#define MXCSR_INIT              0x1f80u

#define XSAVE_HEADER            512
#define XSAVE_EXTENDED          576
#define XSAVE_ROOM              4096

/* An area in memory, large enough for each component and either format. */
struct __attribute__((aligned(64))) xsave_area {
    union {
        uint8_t bytes[XSAVE_ROOM];
        struct {
            uint8_t legacy[24];
            uint32_t mxcsr;
            uint32_t mxcsr_mask;
            uint8_t registers[XSAVE_HEADER - 32];
            uint64_t xstate_bv;
            uint64_t xcomp_bv;
            uint64_t reserved[6];
        };
    };
};

/*
 * Let the CPU use the feature set with all components that these tests know.
 * Returns XCR0, or 0 if there is no XSAVE.
 */
uint64_t xsave_start(void);

/* EAX of CPUID leaf 0Dh, subleaf 1 */
uint32_t xsave_features(void);

/* Where component @bit is in an area of this layout, and how large it is. */
unsigned xsave_standard_offset(unsigned bit);
unsigned xsave_compacted_offset(uint64_t layout, unsigned bit);
unsigned xsave_component_size(unsigned bit);

/* How many bytes a compacted area with these components has. */
unsigned xsave_compacted_size(uint64_t layout);

/* An area in the 2 MiB from PRIVATE_BASE; there are 8 of them. */
struct xsave_area *xsave_area(unsigned number);

void xsave_fill(struct xsave_area *area, uint8_t byte);
bool xsave_same(const struct xsave_area *a, const struct xsave_area *b,
                unsigned from, unsigned to);

/*
 * A standard area with values in the components @which that are not their
 * initial ones; another @seed makes others.
 */
void xsave_make(struct xsave_area *area, uint64_t which, uint8_t seed);

typedef struct trap (*xsave_fn)(void *area, uint64_t mask);

#define XSAVE_INSTRUCTION(name, bytes)                                  \
    static inline struct trap name(void *area, uint64_t mask)           \
    {                                                                   \
        trap_expect();                                                  \
        asm volatile(TRAP_NOTE ".byte " bytes "\n1:"                    \
                     : [resume] "+m" (trap_resume)                      \
                     : "D" (area), "a" ((uint32_t)mask),                \
                       "d" ((uint32_t)(mask >> 32)) : "memory");        \
        return trap_outcome();                                          \
    }

XSAVE_INSTRUCTION(xsave, "0x0f, 0xae, 0x27")
XSAVE_INSTRUCTION(xrstor, "0x0f, 0xae, 0x2f")
XSAVE_INSTRUCTION(xsavec, "0x0f, 0xc7, 0x27")
XSAVE_INSTRUCTION(xsaves, "0x0f, 0xc7, 0x2f")
XSAVE_INSTRUCTION(xrstors, "0x0f, 0xc7, 0x1f")

static inline uint64_t xgetbv(uint32_t number)
{
    uint32_t low, high;

    asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (number));
    return low | (uint64_t)high << 32;
}

static inline struct trap xsetbv(uint32_t number, uint64_t value)
{
    trap_expect();
    asm volatile(TRAP_NOTE "xsetbv\n1:"
                 : [resume] "+m" (trap_resume)
                 : "c" (number), "a" ((uint32_t)value),
                   "d" ((uint32_t)(value >> 32)) : "memory");
    return trap_outcome();
}

#endif
