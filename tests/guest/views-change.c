/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A page that is used with the C-bit first and without it then, by an
 * instruction whose address the host is told.
 */
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "views-change";

#define WORDS           512
#define SEED            0xd1a60005e0000000ull

/* Load a word; @rip: the instruction that does it */
static uint64_t touch_page(uint64_t address, uint64_t *rip)
{
    uint64_t value;

    asm volatile("lea 1f(%%rip), %1\n"
                 "1: mov (%2), %0"
                 : "=r" (value), "=&r" (*rip) : "r" (address) : "memory");
    return value;
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t window = paging_window(PAGING_4_LEVEL);
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);
    mem64 *page = (mem64 *)PRIVATE_BASE;
    uint64_t value, rip;

    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, window, PRIVATE_BASE, PAGE_4K, PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);

    fill(page, SEED, WORDS);
    report_info("page", PRIVATE_BASE);
    report_info("window", window);
    value = touch_page(window, &rip);
    report_info("touch", rip);
    report_true("the page is something else without the C-bit",
                (value == SEED) == !c_bit);
    settle();
    report_equal("and what it was with it", page[0], SEED);
}
