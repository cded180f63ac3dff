/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The shared 2 MiB in two windows.
 */
#include "guest.h"
#include "paging.h"
#include "views.h"

static uint64_t private_window, shared_window;

void views_map(uint64_t c_bit)
{
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);

    private_window = paging_window(PAGING_4_LEVEL);
    shared_window = private_window + LARGE_PAGE;
    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, private_window, SHARED_BASE, PAGE_2M,
               PTE_P | PTE_W | c_bit);
    paging_map(&paging, shared_window, SHARED_BASE, PAGE_2M, PTE_P | PTE_W);
    paging_map(&paging, shared_window + LARGE_PAGE, DMA_MMIO, PAGE_2M,
               PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);
}

mem64 *private_view(uint64_t at)
{
    return (mem64 *)(private_window + (at & (LARGE_PAGE - 1)));
}

mem64 *shared_view(uint64_t at)
{
    return (mem64 *)(shared_window + (at & (LARGE_PAGE - 1)));
}

mem8 *device_registers(void)
{
    return (mem8 *)(shared_window + LARGE_PAGE);
}

struct dma_memory control_area(mem64 *view, uint64_t at)
{
    memset((void *)view, 0, DMA_CONTROL);
    settle();
    return (struct dma_memory) { (mem8 *)view, at };
}

static uint64_t pattern(uint64_t seed, unsigned i)
{
    return seed + dma_pattern(i) - dma_pattern(0);
}

void fill(mem64 *to, uint64_t seed, unsigned words)
{
    settle();
    for (unsigned i = 0; i < words; i++) {
        to[i] = pattern(seed, i);
    }
    settle();
}

unsigned matches(const mem64 *from, uint64_t seed, unsigned words)
{
    unsigned count = 0;

    settle();
    for (unsigned i = 0; i < words; i++) {
        count += from[i] == pattern(seed, i);
    }
    return count;
}

unsigned equal_words(const mem64 *a, const mem64 *b, unsigned words)
{
    unsigned count = 0;

    settle();
    for (unsigned i = 0; i < words; i++) {
        count += a[i] == b[i];
    }
    return count;
}
