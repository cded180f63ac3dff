/*
 * SEV: encrypted memory, where it is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "ranges.h"

static SevRangeList *new_list(unsigned num)
{
    SevRangeList *list = g_malloc0(sizeof(*list) +
                                   num * sizeof(list->all[0]));

    list->num = num;
    return list;
}

static const SevRange *new_range(uint64_t addr, void *host, uint64_t size,
                                 bool stored)
{
    SevRange *range = g_new0(SevRange, 1);

    range->addr = addr;
    range->size = size;
    range->host = host;
    range->stored = stored;
    range->pages = host ? g_new0(SevPageState, size / SEV_MEMORY_PAGE) : NULL;
    return range;
}

static void free_range(SevRange *range)
{
    g_free(range->pages);
    g_free(range);
}

void sev_ranges_init(SevRanges *ranges)
{
    ranges->list = new_list(0);
}

void sev_ranges_clear(SevRanges *ranges)
{
    for (unsigned i = 0; i < ranges->list->num; i++) {
        free_range((SevRange *)ranges->list->all[i]);
    }
    g_free(ranges->list);
    ranges->list = NULL;
}

/* Returns: how many ranges of @list begin below @addr */
static unsigned count_below(const SevRangeList *list, uint64_t addr)
{
    unsigned low = 0, high = list->num;

    while (low < high) {
        unsigned middle = low + (high - low) / 2;

        if (list->all[middle]->addr < addr) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void replace_list(SevRanges *ranges, SevRangeList *list)
{
    SevRangeList *old = ranges->list;

    qatomic_rcu_set(&ranges->list, list);
    g_free_rcu(old, rcu);
}

void sev_ranges_add(SevRanges *ranges, uint64_t addr, void *host,
                    uint64_t size, bool stored)
{
    const SevRangeList *old = ranges->list;
    SevRangeList *list = new_list(old->num + 1);
    unsigned at = count_below(old, addr);

    memcpy(list->all, old->all, at * sizeof(list->all[0]));
    list->all[at] = new_range(addr, host, size, stored);
    memcpy(list->all + at + 1, old->all + at,
           (old->num - at) * sizeof(list->all[0]));
    replace_list(ranges, list);
}

void sev_ranges_remove(SevRanges *ranges, uint64_t addr)
{
    const SevRangeList *old = ranges->list;
    unsigned at = count_below(old, addr);
    SevRange *range;
    SevRangeList *list;

    if (at == old->num || old->all[at]->addr != addr) {
        return;
    }
    range = (SevRange *)old->all[at];
    list = new_list(old->num - 1);
    memcpy(list->all, old->all, at * sizeof(list->all[0]));
    memcpy(list->all + at, old->all + at + 1,
           (list->num - at) * sizeof(list->all[0]));
    replace_list(ranges, list);
    call_rcu(range, free_range, rcu);
}

const SevRange *sev_range_list_search(SevRangeList *list, uint64_t addr)
{
    unsigned at = count_below(list, addr + 1);
    const SevRange *range = at ? list->all[at - 1] : NULL;

    if (!range || !sev_range_covers(range, addr)) {
        return NULL;
    }
    qatomic_set(&list->recent, range);
    return range;
}
