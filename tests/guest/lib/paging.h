/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Page tables of the modes with 64-bit entries: 5-level, 4-level and PAE.
 */
#ifndef GUEST_PAGING_H
#define GUEST_PAGING_H

#include <stdint.h>

#define PTE_P           (1ull << 0)
#define PTE_W           (1ull << 1)
#define PTE_U           (1ull << 2)
#define PTE_A           (1ull << 5)
#define PTE_D           (1ull << 6)
#define PTE_LARGE       (1ull << 7)

enum page_level { PAGE_4K = 1, PAGE_2M = 2, PAGE_1G = 3 };

enum paging_levels { PAGING_PAE = 3, PAGING_4_LEVEL = 4, PAGING_5_LEVEL = 5 };

struct paging {
    enum paging_levels levels;
    uint64_t node_c;            /* C-bit or 0 for all entries but leaves */
    uint64_t *root;
};

/* An empty tree of tables; they come from a pool that is never returned. */
struct paging paging_new(enum paging_levels levels, uint64_t node_c);

/*
 * Map one page of the given level; @address and @physical are multiples of
 * its size.  @flags are those of the leaf, PTE_LARGE excepted.  Returns the
 * leaf for closer inspection.
 */
uint64_t *paging_map(struct paging *paging, uint64_t address,
                     uint64_t physical, enum page_level level,
                     uint64_t flags);

/*
 * Map memory below @end and, in long mode, MMIO one to one.  @more are the
 * flags of memory beside P and W: the C-bit, or PTE_U.
 */
void paging_map_identity(struct paging *paging, uint64_t end, uint64_t more);

/* A window for tests, 1 GiB large and reached by entries of its own. */
uint64_t paging_window(enum paging_levels levels);

/* From 4-level to 5-level paging with these tables; in entry64.S. */
void paging_set_la57(uint64_t cr3);

static inline uint64_t page_size(enum page_level level)
{
    return 4096ull << (9 * (level - 1));
}

#endif
