/*
 * SEV: encrypted memory, where it is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "memory.h"
#include "ranges.h"

void sev_ranges_init(SevRanges *ranges)
{
    ranges->num = 0;
    ranges->recent = ranges->all;
    ranges->all[0] = (SevRange) {};
}

void sev_ranges_clear(SevRanges *ranges)
{
    for (unsigned i = 0; i < ranges->num; i++) {
        g_free(ranges->all[i].pages);
    }
    sev_ranges_init(ranges);
}

/*
 * Memory that was removed and comes again, as when it is plugged in anew.  A
 * reader may be on its way through the list, so only its old place will do.
 */
static SevRange *find_removed(SevRanges *ranges, uint64_t addr,
                              const void *host, uint64_t size)
{
    for (unsigned i = 0; i < ranges->num; i++) {
        SevRange *range = &ranges->all[i];

        if (!range->size && range->addr == addr && range->room >= size &&
            !range->host == !host) {
            return range;
        }
    }
    return NULL;
}

/* It becomes visible with its size */
static void add_again(SevRange *range, void *host, uint64_t size, bool stored)
{
    if (host) {
        memset(range->pages, 0,
               size / SEV_MEMORY_PAGE * sizeof(*range->pages));
    }
    range->host = host;
    range->stored = stored;
    qatomic_store_release(&range->size, size);
}

bool sev_ranges_add(SevRanges *ranges, uint64_t addr, void *host,
                    uint64_t size, bool stored)
{
    SevRange *removed = find_removed(ranges, addr, host, size);
    unsigned num = ranges->num;

    if (removed) {
        add_again(removed, host, size, stored);
        return true;
    }
    if (num == SEV_RANGES_MAX) {
        return false;
    }
    ranges->all[num] = (SevRange) {
        .addr = addr,
        .size = size,
        .room = size,
        .host = host,
        .stored = stored,
        .pages = host ? g_new0(uint32_t, size / SEV_MEMORY_PAGE) : NULL,
    };
    qatomic_store_release(&ranges->num, num + 1);
    return true;
}

void sev_ranges_remove(SevRanges *ranges, uint64_t addr)
{
    SevRange *range = sev_ranges_find(ranges, addr);

    if (range) {
        qatomic_set(&range->size, 0);
    }
}

SevRange *sev_ranges_search(SevRanges *ranges, uint64_t addr)
{
    unsigned num = qatomic_load_acquire(&ranges->num);

    for (unsigned i = 0; i < num; i++) {
        SevRange *range = &ranges->all[i];

        if (sev_range_covers(range, addr)) {
            qatomic_store_release(&ranges->recent, range);
            return range;
        }
    }
    return NULL;
}
