/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "guest.h"
#include "smp.h"

#define CMOS_INDEX      0x70
#define CMOS_DATA       0x71
#define CMOS_SECONDS    0x00
#define CMOS_CPUS       0x5f
#define DELAY_PORT      0x80

#define APIC_BASE       0xfee00000ul
#define APIC_ICR_LOW    0x300
#define ICR_INIT        0x000c4500      /* all but self, assert */
#define ICR_STARTUP     0x000c4600
#define ICR_PENDING     0x00001000

static mem32 started;
static mem32 finished;

void ap_run(unsigned number)
{
    trap_init();
    __atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
    smp_main(number);
    __atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
}

static uint8_t cmos(uint8_t index)
{
    outb(CMOS_INDEX, index);
    return inb(CMOS_DATA);
}

unsigned smp_cpus(void)
{
    return cmos(CMOS_CPUS) + 1;
}

/* A write to the POST port takes about a microsecond. */
static void delay(unsigned microseconds)
{
    while (microseconds--) {
        outb(DELAY_PORT, 0);
    }
}

static void send(uint32_t command)
{
    mem32 *icr = (uint32_t *)(APIC_BASE + APIC_ICR_LOW);

    *icr = command;
    while (*icr & ICR_PENDING) {
        cpu_relax();
    }
}

static uint32_t wait_for(mem32 *counter, uint32_t count,
                         unsigned seconds)
{
    uint8_t last = cmos(CMOS_SECONDS);

    while (*counter < count && seconds) {
        uint8_t now = cmos(CMOS_SECONDS);

        if (now != last) {
            last = now;
            seconds--;
        }
        cpu_relax();
    }
    return *counter;
}

unsigned smp_start(void)
{
    for (long i = 0; i < ap_start_end - ap_start; i++) {
        ((mem8 *)AP_BASE)[i] = ap_start[i];
    }
    send(ICR_INIT);
    delay(10000);
    send(ICR_STARTUP | AP_VECTOR);
    return wait_for(&started, smp_cpus() - 1, 10);
}

unsigned smp_wait(unsigned count)
{
    return wait_for(&finished, count, 60);
}
