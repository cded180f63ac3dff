/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A page with C=0 is what the host sees, so the host can look at it.
 */
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "shared";

#define WORDS           512
#define PRIVATE_SEED    0x9c1ce70000000000ull

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t window = paging_window(PAGING_4_LEVEL);
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);
    mem64 *shared = (mem64 *)window;
    mem64 *private = (mem64 *)PRIVATE_BASE;

    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, window, SHARED_BASE, PAGE_4K, PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);

    fill(shared, SHARED_SEED, WORDS);
    report_true("a shared page reads back as written",
                matches(shared, SHARED_SEED, WORDS) == WORDS);
    fill(private, PRIVATE_SEED, WORDS);
    report_true("a private page reads back as written",
                matches(private, PRIVATE_SEED, WORDS) == WORDS);
    report_info("shared-physical", SHARED_BASE);
    report_info("shared-virtual", window);
    report_info("private-physical", PRIVATE_BASE);
    report_info("private-virtual", PRIVATE_BASE);
}
