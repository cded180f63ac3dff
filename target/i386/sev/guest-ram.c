/*
 * SEV: guest memory as the host sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "system/hostmem.h"
#include "guest-ram.h"

#define BLOCK_SIZE 16           /* of the cipher */

static bool is_plain_ram(const MemoryRegionSection *section)
{
    return section->mr && memory_region_is_ram(section->mr) &&
           !memory_region_is_ram_device(section->mr) && !section->readonly;
}

bool sev_ram_is_guests(const RAMBlock *block)
{
    const MemoryRegion *mr = block->mr;

    return sev_ram_can_be_private(block) &&
           (!mr->owner || mr->readonly || mr->rom_device ||
            object_dynamic_cast(mr->owner, TYPE_MEMORY_BACKEND));
}

void *sev_guest_ram(hwaddr gpa, uint64_t len, Error **errp)
{
    MemoryRegionSection section;
    void *host = NULL;

    if (gpa % BLOCK_SIZE || len % BLOCK_SIZE || !len) {
        error_setg(errp, "0x%" PRIx64 " bytes at gpa 0x%" HWADDR_PRIx
                   ": both must be multiples of %d, and some memory",
                   len, gpa, BLOCK_SIZE);
        return NULL;
    }
    if (len - 1 > UINT64_MAX - gpa) {
        error_setg(errp, "0x%" PRIx64 " bytes at gpa 0x%" HWADDR_PRIx
                   " reach past the last address there is", len, gpa);
        return NULL;
    }
    section = memory_region_find(get_system_memory(), gpa, len);
    if (is_plain_ram(&section) &&
        section.offset_within_address_space == gpa &&
        int128_ge(section.size, int128_make64(len))) {
        host = (uint8_t *)memory_region_get_ram_ptr(section.mr) +
               section.offset_within_region;
    } else {
        error_setg(errp, "0x%" PRIx64 " bytes at gpa 0x%" HWADDR_PRIx
                   " are not all in guest RAM", len, gpa);
    }
    if (section.mr) {
        memory_region_unref(section.mr);
    }
    return host;
}
