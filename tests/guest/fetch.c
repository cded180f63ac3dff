/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Instruction fetches are private whatever the C-bit says.
 */
#include "lib/guest.h"
#include "lib/paging.h"

const char guest_name[] = "fetch";

/* CPUID serializes: code that was written by another address is seen. */
static uint32_t call(uint64_t address)
{
    cpuid(0, 0);
    return ((code_fn)address)();
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t window = paging_window(PAGING_4_LEVEL);
    mem8 *code = (uint8_t *)PRIVATE_BASE;
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);
    unsigned long before = read_cr3();

    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, window, PRIVATE_BASE, PAGE_4K, PTE_P | c_bit);
    paging_map(&paging, window + LARGE_PAGE, PRIVATE_BASE, PAGE_2M, PTE_P);
    write_cr3((unsigned long)paging.root);

    write_code(code, 0x11111111);
    report_equal("private code runs by a leaf with C=1",
                 call(window), 0x11111111);
    report_equal("private code runs by a leaf with C=0",
                 call(window + LARGE_PAGE), 0x11111111);
    write_code(code, 0x22222222);
    report_equal("changed code runs by a leaf with C=0",
                 call(window + LARGE_PAGE), 0x22222222);
    report_equal("changed code runs by a leaf with C=1",
                 call(window), 0x22222222);
    write_cr3(before);
}
