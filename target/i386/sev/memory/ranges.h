/*
 * SEV: encrypted memory, where it is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The ranges that the model of memory.h covers, as many as there are.  One
 * thread at a time changes them, while any number of others look things up, in
 * RCU critical sections: the list is replaced as a whole, and what was removed
 * is freed when no reader has it any more.
 */

#ifndef I386_SEV_MEMORY_RANGES_H
#define I386_SEV_MEMORY_RANGES_H

#include "qemu/rcu.h"

#define SEV_MEMORY_PAGE         4096u

/**
 * struct SevPageState - what the model knows of a page
 * @word: the view that it is kept in, and when and how it was mapped
 * @key: of its mapping, where @word says that there is one
 * @device: when a device took its host address last; 0: none since it was
 *   turned
 *
 * All 0: as DRAM has it, and never used.  The model changes it.
 */
typedef struct SevPageState {
    uint64_t word;
    uint64_t key;
    uint64_t device;
} SevPageState;

/**
 * struct SevRange - memory with addresses in a row
 * @rcu: to free it
 * @addr: physical address
 * @size: bytes
 * @host: where it is in this process; NULL: not encrypted
 * @stored: by a device, in the shared view
 * @pages: the state of each page; NULL without @host
 */
typedef struct SevRange {
    struct rcu_head rcu;
    uint64_t addr;
    uint64_t size;
    uint8_t *host;
    bool stored;
    SevPageState *pages;
} SevRange;

/**
 * struct SevRangeList - all of them at some time
 * @rcu: to free it
 * @num: how many of @all there are
 * @recent: the range in which a page was found last, one of @all or NULL
 * @all: by their addresses
 */
typedef struct SevRangeList {
    struct rcu_head rcu;
    unsigned num;
    const SevRange *recent;
    const SevRange *all[];
} SevRangeList;

/**
 * struct SevRanges - the list as it is now
 */
typedef struct SevRanges {
    SevRangeList *list;
} SevRanges;

/**
 * sev_ranges_init - an empty list; sev_ranges_clear() frees what is added
 *
 * Nobody may look things up in a list that is cleared.
 */
void sev_ranges_init(SevRanges *ranges);
void sev_ranges_clear(SevRanges *ranges);

/**
 * sev_ranges_add - see sev_memory_add(); its pages' states are 0
 */
void sev_ranges_add(SevRanges *ranges, uint64_t addr, void *host,
                    uint64_t size, bool stored);

/**
 * sev_ranges_remove - forget the range that begins at @addr, if there is one
 */
void sev_ranges_remove(SevRanges *ranges, uint64_t addr);

/**
 * sev_ranges_list - all ranges, in an RCU critical section
 */
static inline SevRangeList *sev_ranges_list(SevRanges *ranges)
{
    return qatomic_rcu_read(&ranges->list);
}

/**
 * sev_range_list_search - sev_ranges_find() where the recent one does not help
 */
const SevRange *sev_range_list_search(SevRangeList *list, uint64_t addr);

static inline bool sev_range_covers(const SevRange *range, uint64_t addr)
{
    return addr - range->addr < range->size;
}

/**
 * sev_ranges_find - the range that has @addr, or NULL
 *
 * In an RCU critical section, in which the range is good.  On the path of each
 * page walk.
 */
static inline const SevRange *sev_ranges_find(SevRanges *ranges, uint64_t addr)
{
    SevRangeList *list = sev_ranges_list(ranges);
    const SevRange *recent = qatomic_read(&list->recent);

    return recent && sev_range_covers(recent, addr)
           ? recent : sev_range_list_search(list, addr);
}

#endif
