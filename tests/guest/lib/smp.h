/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The other CPUs of a long-mode guest.
 */
#ifndef GUEST_SMP_H
#define GUEST_SMP_H

#include <stdint.h>

/* How many CPUs the machine has, by the RTC's memory. */
unsigned smp_cpus(void);

/*
 * Start all other CPUs by INIT and SIPI; each runs smp_main() on the tables
 * that the guest started with, then halts.  Returns how many came within ten
 * seconds.
 */
unsigned smp_start(void);

/* Wait for smp_main() to end on @count CPUs, at most a minute. */
unsigned smp_wait(unsigned count);

/* What the guest wants done on CPU @number, 1 and up. */
void smp_main(unsigned number);

/* Between the assembly of ap.S and C. */
extern const uint8_t ap_start[], ap_start_end[];
extern uint32_t ap_next;
void ap_run(unsigned number);

#endif
