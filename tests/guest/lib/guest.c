/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The frame around every guest, called by the assembly at its start.
 */
#include "guest.h"

void guest_run(void)
{
    report_start(guest_name);
    trap_init();
    report_info("sev-status", sev_status());
    report_info("c-bit", sev_c_bit());
    guest_main();
    report_done();
}

/* The compiler calls these for structures and loops. */
void *memset(void *to, int value, size_t size)
{
    void *at = to;

    asm volatile("rep stosb"
                 : "+D" (at), "+c" (size) : "a" (value) : "memory");
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    void *at = to;

    asm volatile("rep movsb"
                 : "+D" (at), "+S" (from), "+c" (size) : : "memory");
    return to;
}
