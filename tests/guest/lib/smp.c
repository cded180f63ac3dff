/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmos.h"
#include "guest.h"
#include "smp.h"

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

unsigned smp_cpus(void)
{
    return cmos_read(CMOS_CPUS) + 1;
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
    struct timer timer = timer_start(seconds);

    while (*counter < count && !timer_expired(&timer)) {
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
