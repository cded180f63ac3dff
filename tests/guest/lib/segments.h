/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Descriptors of 32-bit protected mode, and a table of them.
 */
#ifndef GUEST_SEGMENTS_H
#define GUEST_SEGMENTS_H

#include "cpu.h"
#include "layout.h"

#define SEGMENT_RING_3      0x60        /* for the types below */
#define SEGMENT_CODE        0x9b
#define SEGMENT_DATA        0x93
#define SEGMENT_TSS         0x89
#define SEGMENT_TSS_16      0x81

#define SEGMENT_32          0x4         /* flags */
#define SEGMENT_FLAT        0xc         /* the limit in pages, too */

/* Gates */
#define GATE_CALL           0x8c
#define GATE_CALL_16        0x84
#define GATE_INTERRUPT_32   0x8e
#define GATE_INTERRUPT_16   0x86
#define GATE_TASK           0x85

struct __attribute__((packed)) segment_table {
    uint16_t limit;
    uint32_t base;
};

static inline uint64_t segment(uint32_t base, uint32_t limit, unsigned type,
                               unsigned flags)
{
    return (limit & 0xffff) | (uint64_t)(base & 0xffffff) << 16 |
           (uint64_t)type << 40 | (uint64_t)(limit >> 16 & 0xf) << 48 |
           (uint64_t)flags << 52 | (uint64_t)(base >> 24) << 56;
}

static inline uint64_t gate(uint16_t selector, uint32_t offset, unsigned type,
                            unsigned words)
{
    return (offset & 0xffff) | (uint64_t)selector << 16 |
           (uint64_t)words << 32 | (uint64_t)type << 40 |
           (uint64_t)(offset >> 16) << 48;
}

static inline void load_segments_from(const void *table, unsigned size)
{
    struct segment_table to = { size - 1, (uint32_t)(uintptr_t)table };

    asm volatile("lgdt %0" : : "m" (to) : "memory");
}

static inline uint64_t *interrupt_gates(void)
{
    struct segment_table table;

    asm volatile("sidt %0" : "=m" (table));
    return (uint64_t *)(uintptr_t)table.base;
}

#endif
