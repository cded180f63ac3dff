/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A page with C=0 is what the host sees, so the host can look at it.
 */
#include "lib/guest.h"
#include "lib/paging.h"

const char guest_name[] = "shared";

#define WORDS           512

/* Words that the host knows how to make as well. */
static void fill(mem64 *to, uint64_t seed)
{
    for (uint64_t i = 0; i < WORDS; i++) {
        to[i] = seed + i * 0x0101010101010101ull;
    }
}

static bool is_filled(const mem64 *from, uint64_t seed)
{
    for (uint64_t i = 0; i < WORDS; i++) {
        if (from[i] != seed + i * 0x0101010101010101ull) {
            return false;
        }
    }
    return true;
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t window = paging_window(PAGING_4_LEVEL);
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);

    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, window, SHARED_BASE, PAGE_4K, PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);

    fill((uint64_t *)window, 0x5ea5ed0000000000ull);
    report_true("a shared page reads back as written",
                is_filled((uint64_t *)window, 0x5ea5ed0000000000ull));
    fill((uint64_t *)PRIVATE_BASE, 0x9c1ce70000000000ull);
    report_true("a private page reads back as written",
                is_filled((uint64_t *)PRIVATE_BASE, 0x9c1ce70000000000ull));
    report_info("shared-physical", SHARED_BASE);
    report_info("shared-virtual", window);
    report_info("private-physical", PRIVATE_BASE);
    report_info("private-virtual", PRIVATE_BASE);
}
