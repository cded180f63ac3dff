/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two windows on the same memory and, behind them, one on a device.
 */
#include "guest.h"
#include "views.h"

#define PRIVATE_WINDOW  paging_window(PAGING_4_LEVEL)
#define SHARED_WINDOW   (PRIVATE_WINDOW + LARGE_PAGE)
#define DEVICE_WINDOW   (SHARED_WINDOW + LARGE_PAGE)

struct paging views_map(enum page_level level)
{
    uint64_t c_bit = sev_c_bit();
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);

    paging_map_identity(&paging, 0x1000000, c_bit);
    for (uint64_t at = 0; at < LARGE_PAGE; at += page_size(level)) {
        paging_map(&paging, PRIVATE_WINDOW + at, SHARED_BASE + at, level,
                   PTE_P | PTE_W | c_bit);
        paging_map(&paging, SHARED_WINDOW + at, SHARED_BASE + at, level,
                   PTE_P | PTE_W);
    }
    paging_map(&paging, DEVICE_WINDOW, DMA_MMIO, PAGE_2M, PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);
    return paging;
}

static mem64 *view_at(uint64_t window, uint64_t address)
{
    return (mem64 *)(unsigned long)(window + address - SHARED_BASE);
}

mem64 *private_view(uint64_t address)
{
    return view_at(PRIVATE_WINDOW, address);
}

mem64 *shared_view(uint64_t address)
{
    return view_at(SHARED_WINDOW, address);
}

mem8 *device_registers(void)
{
    return (mem8 *)(unsigned long)DEVICE_WINDOW;
}

struct dma_memory control_area(uint64_t address, mem64 *view)
{
    memset((void *)view, 0, DMA_CONTROL);
    settle();
    return (struct dma_memory) { (mem8 *)view, address };
}

void fill(mem64 *to, uint64_t seed, unsigned words)
{
    settle();
    for (unsigned i = 0; i < words; i++) {
        to[i] = seeded_word(seed, i);
    }
    settle();
}

unsigned matches(const mem64 *from, uint64_t seed, unsigned words)
{
    unsigned count = 0;

    settle();
    for (unsigned i = 0; i < words; i++) {
        count += from[i] == seeded_word(seed, i);
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
