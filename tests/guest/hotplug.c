/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Memory that comes, goes and comes again while the guest runs.  The host says
 * by a word in a shared page when it is there.
 */
#include "lib/cmos.h"
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "hotplug";

#define MEMORY          0x100000000ull
#define SIZE            (16ull << 20)
#define STEP            (64ull << 10)
#define TIMES           2
#define PATIENCE        60              /* seconds */
#define SEED            0x9c1ce70000000000ull

static uint64_t private_window, shared_window, c_bit;
static mem64 *told;

static mem64 *word(uint64_t base, uint64_t at)
{
    return (mem64 *)(base + at);
}

static unsigned count(uint64_t base, uint64_t seed, bool ascending)
{
    unsigned count = 0;

    settle();
    for (uint64_t at = 0; at < SIZE; at += STEP) {
        count += *word(base, at) == seed + (ascending ? at : 0);
    }
    return count;
}

static void fill_memory(uint64_t base)
{
    settle();
    for (uint64_t at = 0; at < SIZE; at += STEP) {
        *word(base, at) = SEED + at;
    }
}

static void check(void)
{
    const unsigned all = SIZE / STEP;

    report_equal("fresh memory is zero with C=0",
                 count(shared_window, 0, false), all);
    report_equal("it is not with C=1", count(private_window, 0, false),
                 c_bit ? 0 : all);
    fill_memory(private_window);
    report_equal("it holds private data", count(private_window, SEED, true),
                 all);
    report_equal("which is something else with C=0",
                 count(shared_window, SEED, true), c_bit ? 0 : all);
    report_equal("and comes back with C=1",
                 count(private_window, SEED, true), all);
}

static void wait_for(uint64_t number)
{
    struct timer timer = timer_start(PATIENCE);

    report_info("waits", number);
    while (*told != number) {
        if (timer_expired(&timer)) {
            report_abort("nobody brings memory, told", *told);
        }
    }
}

void guest_main(void)
{
    struct paging paging;

    c_bit = sev_c_bit();
    paging = paging_new(PAGING_4_LEVEL, c_bit);
    private_window = paging_window(PAGING_4_LEVEL);
    shared_window = private_window + SIZE;
    told = (mem64 *)(shared_window + SIZE);
    paging_map_identity(&paging, 0x1000000, c_bit);
    for (uint64_t at = 0; at < SIZE; at += LARGE_PAGE) {
        paging_map(&paging, private_window + at, MEMORY + at, PAGE_2M,
                   PTE_P | PTE_W | c_bit);
        paging_map(&paging, shared_window + at, MEMORY + at, PAGE_2M,
                   PTE_P | PTE_W);
    }
    paging_map(&paging, (unsigned long)told, SHARED_BASE, PAGE_4K,
               PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);
    *told = 0;
    report_info("told", SHARED_BASE);
    for (uint64_t number = 1; number <= TIMES; number++) {
        wait_for(number);
        check();
    }
}
