/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private code that runs over and over until the host writes to a shared page:
 * something for a debugger to stop at.
 */
#include "lib/guest.h"
#include "lib/paging.h"

const char guest_name[] = "breakpoint";

#define COUNTER         ((mem64 *)PRIVATE_BASE)

static void __attribute__((noinline)) visit(void)
{
    (*COUNTER)++;
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t window = paging_window(PAGING_4_LEVEL);
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);
    mem64 *flag = (mem64 *)window;

    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, window, SHARED_BASE, PAGE_4K, PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);

    *flag = 0;
    *COUNTER = 0;
    report_info("function", (unsigned long)visit);
    report_info("counter", PRIVATE_BASE);
    report_info("flag", window);
    while (!*flag) {
        visit();
    }
    report_true("the function ran", *COUNTER);
}
