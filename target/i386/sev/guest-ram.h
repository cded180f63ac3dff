/*
 * SEV: guest memory as the host sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_GUEST_RAM_H
#define I386_SEV_GUEST_RAM_H

#include "exec/memory.h"
#include "exec/ramblock.h"

/**
 * sev_ram_can_be_private - whether a guest could encrypt a block at all
 *
 * Memory of a device is not the guest's to encrypt, nor is what nobody may
 * write to.
 */
static inline bool sev_ram_can_be_private(const RAMBlock *block)
{
    return !(block->flags & RAM_READONLY) &&
           !memory_region_is_ram_device(block->mr);
}

/**
 * sev_ram_is_guests - whether a block is memory that a guest encrypts
 *
 * Also where this process does not do it: a device's memory never is.
 */
bool sev_ram_is_guests(const RAMBlock *block);

/**
 * sev_guest_ram - host address of a range of guest memory
 * @gpa: guest physical address, a multiple of 16
 * @len: bytes, a positive multiple of 16
 * @errp: set when the range is not aligned, or not in one piece of RAM
 *
 * The address is good for as long as the machine's RAM does not change, that
 * is for the current command.
 */
void *sev_guest_ram(hwaddr gpa, uint64_t len, Error **errp);

#endif
