/*
 * SEV: encrypted memory, where it is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The list of ranges that the model of memory.h covers.  One thread at a time
 * changes it, while any number of others look things up in it.
 */

#ifndef I386_SEV_MEMORY_RANGES_H
#define I386_SEV_MEMORY_RANGES_H

#include "qemu/atomic.h"

#define SEV_RANGES_MAX  256

/**
 * struct SevRange - memory with addresses in a row
 * @addr: physical address
 * @size: bytes; 0: it was removed
 * @room: the most that @size may be when it comes again
 * @host: where it is in this process; NULL: not encrypted
 * @stored: by a device, in the shared view
 * @pages: a word for each page, for the model to use; NULL without @host
 */
typedef struct SevRange {
    uint64_t addr;
    uint64_t size;
    uint64_t room;
    uint8_t *host;
    bool stored;
    uint32_t *pages;
} SevRange;

/**
 * struct SevRanges - all of them
 * @num: how many of @all are in use
 * @recent: where somebody found his page last
 */
typedef struct SevRanges {
    unsigned num;
    SevRange *recent;
    SevRange all[SEV_RANGES_MAX];
} SevRanges;

/**
 * sev_ranges_init - an empty list; sev_ranges_clear() frees what is added
 */
void sev_ranges_init(SevRanges *ranges);
void sev_ranges_clear(SevRanges *ranges);

/**
 * sev_ranges_add - see sev_memory_add(); the words of its pages are 0
 */
bool sev_ranges_add(SevRanges *ranges, uint64_t addr, void *host,
                    uint64_t size, bool stored);

/**
 * sev_ranges_remove - forget the range at @addr; its place stays
 */
void sev_ranges_remove(SevRanges *ranges, uint64_t addr);

/**
 * sev_ranges_search - sev_ranges_find() where @recent does not help
 */
SevRange *sev_ranges_search(SevRanges *ranges, uint64_t addr);

static inline bool sev_range_covers(const SevRange *range, uint64_t addr)
{
    return addr - range->addr < qatomic_load_acquire(&range->size);
}

/**
 * sev_ranges_find - the range that has @addr, or NULL
 *
 * On the path of each page walk.
 */
static inline SevRange *sev_ranges_find(SevRanges *ranges, uint64_t addr)
{
    SevRange *recent = qatomic_load_acquire(&ranges->recent);

    return sev_range_covers(recent, addr) ? recent
                                          : sev_ranges_search(ranges, addr);
}

#endif
