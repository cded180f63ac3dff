/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * 32-bit paging without PAE: there is no C-bit, all memory is private.
 */
#include "lib/guest.h"

const char guest_name[] = "paging-32bit";

#define P_W             3u
#define LARGE           0x80u
#define LARGE_4M        0x400000u

static uint32_t directory[1024] __attribute__((aligned(4096)));
static uint32_t table[1024] __attribute__((aligned(4096)));
static mem32 early;

/* 4 MiB pages one to one, and a window of 4 KiB pages onto PRIVATE_BASE. */
static void build(void)
{
    for (uint32_t i = 0; i < 4; i++) {
        directory[i] = i * LARGE_4M | LARGE | P_W;
    }
    for (uint32_t i = 0; i < 1024; i++) {
        table[i] = (PRIVATE_BASE + i * 4096) | P_W;
    }
    directory[4] = (uint32_t)table | P_W;
}

void guest_main(void)
{
    mem32 *identity = (uint32_t *)PRIVATE_BASE;
    mem32 *window = (uint32_t *)(4 * LARGE_4M);

    early = 0x600dc0de;
    identity[0] = 0x5eed0001;
    build();
    write_cr4(read_cr4() | CR4_PSE);
    write_cr3((unsigned long)directory);
    write_cr0(read_cr0() | CR0_PG);

    report_equal("a 4M page shows what paging off wrote", early, 0x600dc0de);
    report_equal("a 4K page shows what paging off wrote",
                 window[0], 0x5eed0001);
    window[1] = 0x5eed0002;
    report_equal("a 4M page shows what a 4K page wrote",
                 identity[1], 0x5eed0002);
    write_cr0(read_cr0() & ~CR0_PG);
    report_equal("paging off shows what a 4K page wrote",
                 identity[1], 0x5eed0002);
}
