/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The real-time clock and its memory: the only clock that every machine has
 * right from the start.
 */
#ifndef GUEST_CMOS_H
#define GUEST_CMOS_H

#include <stdbool.h>
#include <stdint.h>

#define CMOS_CPUS       0x5f            /* how many, without the first one */

uint8_t cmos_read(uint8_t index);

/* Wait about so long; a write to the POST port takes about a microsecond. */
void delay(unsigned microseconds);

struct timer {
    unsigned seconds;                   /* that are left */
    uint8_t last;
};

/* A timer that expires after this many seconds, the first one cut short. */
struct timer timer_start(unsigned seconds);

/* To be asked more often than once a second. */
bool timer_expired(struct timer *timer);

#endif
