/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pages that are used with and without C-bit in turn.  For "make bench".
 */
#include "lib/fw-cfg.h"
#include "lib/guest.h"
#include "lib/paging.h"

const char guest_name[] = "bench-turns";

#define PAGES           512
#define ROUNDS          2

/* Forget the TLB, then touch all pages through a window. */
static uint64_t touch(uint64_t window)
{
    uint64_t sum = 0;

    write_cr3(read_cr3());
    for (unsigned page = 0; page < PAGES; page++) {
        sum += *(mem64 *)(window + page * 4096);
    }
    return sum;
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t rounds = fw_cfg_number("opt/sev/rounds", ROUNDS);
    uint64_t private_window = paging_window(PAGING_4_LEVEL);
    uint64_t shared_window = private_window + LARGE_PAGE;
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);
    uint64_t first, same = 0;

    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, private_window, SHARED_BASE, PAGE_2M,
               PTE_P | PTE_W | c_bit);
    paging_map(&paging, shared_window, SHARED_BASE, PAGE_2M, PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);
    first = touch(private_window);
    for (uint64_t round = 0; round < rounds; round++) {
        touch(shared_window);
        same += touch(private_window) == first;
    }
    report_info("turns", 2 * rounds * PAGES);
    report_equal("what was private comes back each time", same, rounds);
}
