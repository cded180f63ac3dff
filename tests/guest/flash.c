/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Flash memory below the firmware, as for variables: read with the C-bit and
 * without it, and written by commands, which go to the device.
 */
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "flash";

#define FLASH_BASE      (ROM_BASE - 0x10000)
#define PROGRAM_BYTE    0x40
#define READ_ARRAY      0xff
#define SHARED_OFFSET   8
#define SHARED_VALUE    0x5a
#define PRIVATE_OFFSET  9
#define PRIVATE_VALUE   0xc3

static uint64_t read_first(mem8 *page)
{
    settle();
    return *(mem64 *)page;
}

static void program(mem8 *at, uint8_t value)
{
    *at = PROGRAM_BYTE;
    *at = value;
    *at = READ_ARRAY;
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t window = paging_window(PAGING_4_LEVEL);
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);
    mem8 *private = (mem8 *)(uintptr_t)window;
    mem8 *shared = private + page_size(PAGE_4K);
    uint64_t first;

    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, window, FLASH_BASE, PAGE_4K, PTE_P | PTE_W | c_bit);
    paging_map(&paging, window + page_size(PAGE_4K), FLASH_BASE, PAGE_4K,
               PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);

    first = read_first(shared);
    report_info("first", first);
    report_true("flash is something else with the C-bit",
                (read_first(private) == first) == !c_bit);
    program(private + PRIVATE_OFFSET, PRIVATE_VALUE);
    program(shared + SHARED_OFFSET, SHARED_VALUE);
    report_equal("a byte is what was written", shared[SHARED_OFFSET],
                 SHARED_VALUE);
    report_equal("whatever the C-bit of the command", shared[PRIVATE_OFFSET],
                 PRIVATE_VALUE);
    report_equal("others are what they were", read_first(shared), first);
    report_true("and still something else with the C-bit",
                (read_first(private) == first) == !c_bit);
}
