/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The 2 MiB from SHARED_BASE through both settings of the C-bit, and words in
 * memory to compare.
 */
#ifndef GUEST_VIEWS_H
#define GUEST_VIEWS_H

#include "cpu.h"
#include "dma.h"
#include "paging.h"

/*
 * Make new page tables and use them: private memory one to one, both views by
 * leaves of @level (at most PAGE_2M), and a device's registers.
 */
struct paging views_map(enum page_level level);

/* Where @address, within these 2 MiB, is seen with C=1 and with C=0. */
mem64 *private_view(uint64_t address);
mem64 *shared_view(uint64_t address);

/* Where DMA_MMIO is seen. */
mem8 *device_registers(void);

/* The control area at @address, seen at @view, with zeroes in it. */
struct dma_memory control_area(uint64_t address, mem64 *view);

/*
 * A cache may hold both views of the same memory, unless CPUID says that it is
 * coherent: write all back before the other one is used.
 */
static inline void settle(void)
{
    asm volatile("wbinvd" : : : "memory");
}

/* Word @i of a pattern without repeats, which hosts know as well. */
static inline uint64_t seeded_word(uint64_t seed, unsigned i)
{
    return seed + i * 0x0101010101010101ull;
}

/* Write the words of @seed; settles before and after. */
void fill(mem64 *to, uint64_t seed, unsigned words);

/* How many words are those of @seed, or those at @b?  Settles before. */
unsigned matches(const mem64 *from, uint64_t seed, unsigned words);
unsigned equal_words(const mem64 *a, const mem64 *b, unsigned words);

#endif
