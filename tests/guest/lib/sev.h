/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the CPU says about SEV.
 */
#ifndef GUEST_SEV_H
#define GUEST_SEV_H

#include <stdbool.h>
#include <stdint.h>

#define CPUID_SEV           0x8000001fu
#define CPUID_SEV_EAX_SEV   (1u << 1)
#define CPUID_SEV_EAX_ES    (1u << 3)
#define CPUID_ADDRESS_SIZE  0x80000008u

#define SEV_STATUS_SEV      (1u << 0)

/* SEV_STATUS, 0 on a CPU that does not know SEV. */
uint64_t sev_status(void);

/* The C-bit as a mask for page table entries and CR3; 0 without SEV. */
uint64_t sev_c_bit(void);

/* How many bits a guest-physical address has. */
unsigned sev_physical_bits(void);

/* Can a leaf of the page tables map 1 GiB? */
bool cpu_has_1g_pages(void);

#endif
