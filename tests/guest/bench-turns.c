/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pages that are used with and without C-bit in turn.  For "make bench".
 */
#include "lib/fw-cfg.h"
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "bench-turns";

#define PAGES           512
#define ROUNDS          2

/* Forget the TLB, then touch all pages through a view. */
static uint64_t touch(const mem64 *view)
{
    uint64_t sum = 0;

    write_cr3(read_cr3());
    for (unsigned page = 0; page < PAGES; page++) {
        sum += view[page * 512];
    }
    return sum;
}

void guest_main(void)
{
    uint64_t rounds = fw_cfg_number("opt/sev/rounds", ROUNDS);
    mem64 *private = private_view(SHARED_BASE);
    mem64 *shared = shared_view(SHARED_BASE);
    uint64_t first, same = 0;

    views_map(PAGE_2M);
    first = touch(private);
    for (uint64_t round = 0; round < rounds; round++) {
        touch(shared);
        same += touch(private) == first;
    }
    report_info("turns", 2 * rounds * PAGES);
    report_equal("what was private comes back each time", same, rounds);
}
