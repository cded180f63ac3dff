/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Two million page walks and little else, for who wants to know what one
 * costs.
 */
#include "lib/guest.h"
#include "lib/paging.h"

const char guest_name[] = "page-walks";

#define PAGES           4096ull
#define ROUNDS          500
#define PAGE            page_size(PAGE_4K)

/* Many virtual pages of few physical ones; each holds its number. */
static void map_pages(struct paging *paging, uint64_t window, uint64_t c_bit)
{
    uint64_t physical_pages = LARGE_PAGE / PAGE;

    for (uint64_t i = 0; i < PAGES; i++) {
        uint64_t at = PRIVATE_BASE + i % physical_pages * PAGE;

        paging_map(paging, window + i * PAGE, at, PAGE_4K,
                   PTE_P | PTE_W | c_bit);
        *(mem64 *)(uintptr_t)at = i % physical_pages;
    }
}

static uint64_t sum_of_pages(uint64_t window)
{
    uint64_t sum = 0;

    for (uint64_t i = 0; i < PAGES; i++) {
        sum += *(mem64 *)(uintptr_t)(window + i * PAGE);
    }
    return sum;
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t window = paging_window(PAGING_4_LEVEL);
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);
    uint64_t last = LARGE_PAGE / PAGE - 1;
    uint64_t sum = 0;

    paging_map_identity(&paging, 0x1000000, c_bit);
    map_pages(&paging, window, c_bit);
    for (unsigned i = 0; i < ROUNDS; i++) {
        write_cr3((unsigned long)paging.root | c_bit);    /* and so: flush */
        sum += sum_of_pages(window);
    }
    report_info("walks", ROUNDS * PAGES);
    report_equal("every walk led to its page", sum,
                 ROUNDS * PAGES * last / 2);
}
