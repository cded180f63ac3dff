/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Interrupts that CPUs send each other by their local APICs.  The page tables
 * map these one to one.
 */
#ifndef GUEST_APIC_H
#define GUEST_APIC_H

#include <stdint.h>

/*
 * apic_init - let this CPU take interrupts, when it allows them
 *
 * Its interrupt table is replaced by one that counts interrupts, and goes on to
 * the handlers of trap.h for exceptions.
 */
void apic_init(void);

/* apic_id - the number of this CPU's APIC */
unsigned apic_id(void);

/* apic_send - interrupt a CPU */
void apic_send(unsigned id);

/* apic_count - how many interrupts a CPU has taken */
uint64_t apic_count(unsigned id);

#endif
