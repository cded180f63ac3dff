/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmos.h"
#include "cpu.h"

#define CMOS_INDEX      0x70
#define CMOS_DATA       0x71
#define CMOS_SECONDS    0x00
#define DELAY_PORT      0x80

uint8_t cmos_read(uint8_t index)
{
    outb(CMOS_INDEX, index);
    return inb(CMOS_DATA);
}

void delay(unsigned microseconds)
{
    while (microseconds--) {
        outb(DELAY_PORT, 0);
    }
}

struct timer timer_start(unsigned seconds)
{
    return (struct timer) { seconds, cmos_read(CMOS_SECONDS) };
}

bool timer_expired(struct timer *timer)
{
    uint8_t now = cmos_read(CMOS_SECONDS);

    if (now != timer->last && timer->seconds) {
        timer->last = now;
        timer->seconds--;
    }
    return !timer->seconds;
}
