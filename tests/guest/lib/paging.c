/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tables are made in memory that the running tables map one to one as
 * private, which is how the CPU walks them.
 */
#include "guest.h"
#include "paging.h"

#define ENTRIES         512
#define ADDRESS_BITS    0x000ffffffffff000ull

static uint64_t *new_table(void)
{
    static unsigned long next = POOL_BASE;
    uint64_t *table = (uint64_t *)next;

    if (next >= POOL_END) {
        report_abort("no room for page tables at", next);
    }
    next += 4096;
    for (int i = 0; i < ENTRIES; i++) {
        table[i] = 0;
    }
    return table;
}

struct paging paging_new(enum paging_levels levels, uint64_t node_c)
{
    return (struct paging) { levels, node_c, new_table() };
}

/*
 * PAE's top level has neither W nor U: they are reserved there.  Elsewhere the
 * leaf decides.
 */
static uint64_t node_flags(const struct paging *paging, int level)
{
    bool pdpte = paging->levels == PAGING_PAE && level == PAGE_1G;

    return paging->node_c | PTE_P | (pdpte ? 0 : PTE_W | PTE_U);
}

static uint64_t *next_table(struct paging *paging, uint64_t *entry, int level)
{
    if (!*entry) {
        *entry = (unsigned long)new_table() | node_flags(paging, level);
    }
    return (uint64_t *)(unsigned long)(*entry & ADDRESS_BITS
                                       & ~sev_c_bit());
}

uint64_t *paging_map(struct paging *paging, uint64_t address,
                     uint64_t physical, enum page_level level,
                     uint64_t flags)
{
    uint64_t *table = paging->root;

    for (int at = paging->levels; ; at--) {
        uint64_t *entry = &table[(address >> (12 + 9 * (at - 1))) & 511];

        if (at == (int)level) {
            *entry = physical | flags | (level > PAGE_4K ? PTE_LARGE : 0);
            return entry;
        }
        table = next_table(paging, entry, at);
    }
}

void paging_map_identity(struct paging *paging, uint64_t end, uint64_t more)
{
    uint64_t at;

    for (at = 0; at < end; at += LARGE_PAGE) {
        paging_map(paging, at, at, PAGE_2M, PTE_P | PTE_W | more);
    }
    if (paging->levels > PAGING_PAE) {
        at = 0xfee00000;
        paging_map(paging, at, at, PAGE_2M, PTE_P | PTE_W);
    }
}

uint64_t paging_window(enum paging_levels levels)
{
    switch (levels) {
    case PAGING_5_LEVEL:
        return 1ull << 48;
    case PAGING_4_LEVEL:
        return 1ull << 39;
    default:
        return 1ull << 30;
    }
}
