/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Instructions that C has no words for.
 */
#ifndef GUEST_CPU_H
#define GUEST_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Memory whose loads and stores are the test itself, or that the CPU changes:
 * none of them may be left out, doubled or moved.
 */
typedef volatile uint8_t mem8;
typedef volatile uint16_t mem16;    /* volatile: see above */
typedef volatile uint32_t mem32;    /* volatile: see above */
typedef volatile uint64_t mem64;    /* volatile: see above */

#define MSR_EFER            0xc0000080u
#define MSR_SEV_STATUS      0xc0010131u
#define EFER_NXE            (1u << 11)

#define CR0_PG              (1ul << 31)
#define CR4_PSE             (1ul << 4)
#define CR4_PAE             (1ul << 5)

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

/* In guest.c, for the compiler's own calls. */
void *memset(void *to, int value, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
    struct cpuid r;

    asm volatile("cpuid"
                 : "=a" (r.eax), "=b" (r.ebx), "=c" (r.ecx), "=d" (r.edx)
                 : "0" (leaf), "2" (subleaf));
    return r;
}

/* Zeroes for an extended leaf that the CPU does not have. */
static inline struct cpuid cpuid_extended(uint32_t leaf)
{
    return cpuid(0x80000000u, 0).eax < leaf ? (struct cpuid) {}
                                            : cpuid(leaf, 0);
}

static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t low, high;

    asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (msr));
    return low | (uint64_t)high << 32;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
    asm volatile("wrmsr"
                 : : "c" (msr), "a" ((uint32_t)value),
                     "d" ((uint32_t)(value >> 32)) : "memory");
}

#define CR_ACCESSORS(n)                                                 \
    static inline unsigned long read_cr##n(void)                        \
    {                                                                   \
        unsigned long value;                                            \
        asm volatile("mov %%cr" #n ", %0" : "=r" (value));              \
        return value;                                                   \
    }                                                                   \
    static inline void write_cr##n(unsigned long value)                 \
    {                                                                   \
        asm volatile("mov %0, %%cr" #n : : "r" (value) : "memory");     \
    }

CR_ACCESSORS(0)
CR_ACCESSORS(2)
CR_ACCESSORS(3)
CR_ACCESSORS(4)

static inline void invlpg(unsigned long address)
{
    asm volatile("invlpg (%0)" : : "r" (address) : "memory");
}

static inline void outb(uint16_t port, uint8_t value)
{
    asm volatile("outb %0, %1" : : "a" (value), "Nd" (port));
}

static inline void outw(uint16_t port, uint16_t value)
{
    asm volatile("outw %0, %1" : : "a" (value), "Nd" (port));
}

static inline void outl(uint16_t port, uint32_t value)
{
    asm volatile("outl %0, %1" : : "a" (value), "Nd" (port));
}

static inline uint8_t inb(uint16_t port)
{
    uint8_t value;

    asm volatile("inb %1, %0" : "=a" (value) : "Nd" (port));
    return value;
}

static inline uint32_t inl(uint16_t port)
{
    uint32_t value;

    asm volatile("inl %1, %0" : "=a" (value) : "Nd" (port));
    return value;
}

static inline void cpu_relax(void)
{
    asm volatile("pause" : : : "memory");
}

typedef uint32_t (*code_fn)(void);

/* Six bytes of code for a code_fn: mov $value, %eax; ret */
static inline void write_code(mem8 *to, uint32_t value)
{
    to[0] = 0xb8;
    for (int i = 0; i < 4; i++) {
        to[1 + i] = value >> (8 * i);
    }
    to[5] = 0xc3;
}

#endif
