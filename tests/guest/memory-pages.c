/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A large page that is split into small ones with and without C-bit, and
 * merged again: what a small page holds in which view stays the same.
 */
#include "lib/guest.h"
#include "lib/paging.h"

const char guest_name[] = "memory-pages";

#define REGION          SHARED_BASE
#define PAGES           512u
#define EVEN_SEED       0x9c1ce70000000000ull
#define ODD_SEED        0x5ea5ed0000000000ull

static struct paging paging;
static uint64_t window, c_bit;
static uint64_t *directory;             /* the entry for the window */

/* Caches and TLBs forget what they know. */
static void settle(void)
{
    asm volatile("wbinvd" : : : "memory");
    write_cr3((unsigned long)paging.root | c_bit);
}

/* Some word of a small page; not the same in all of them. */
static mem64 *word(uint64_t base, unsigned page)
{
    return (mem64 *)(base + page * 4096 + page * 8);
}

static void fill(unsigned first, uint64_t seed)
{
    for (unsigned page = first; page < PAGES; page += 2) {
        *word(window, page) = seed + page;
    }
}

static unsigned matches(uint64_t base, unsigned first, uint64_t seed)
{
    unsigned count = 0;

    for (unsigned page = first; page < PAGES; page += 2) {
        count += *word(base, page) == seed + page;
    }
    return count;
}

static void merge(uint64_t flags)
{
    *directory = REGION | PTE_P | PTE_W | PTE_LARGE | flags;
    settle();
}

/* Flags of the even and the odd pages */
static void split(uint64_t even, uint64_t odd)
{
    *directory = 0;
    for (unsigned page = 0; page < PAGES; page++) {
        paging_map(&paging, window + page * 4096, REGION + page * 4096,
                   PAGE_4K, PTE_P | PTE_W | (page % 2 ? odd : even));
    }
    settle();
}

/* @base shows even and odd pages through these views. */
static void check(const char *even_text, const char *odd_text, uint64_t base,
                  bool even_private, bool odd_private)
{
    report_equal(even_text, matches(base, 0, EVEN_SEED),
                 even_private || !c_bit ? PAGES / 2 : 0);
    report_equal(odd_text, matches(base, 1, ODD_SEED),
                 odd_private && c_bit ? 0 : PAGES / 2);
}

static void check_small_and_large(void)
{
    merge(c_bit);
    fill(0, EVEN_SEED);
    fill(1, EVEN_SEED);
    split(c_bit, 0);
    report_equal("split: pages that were left private are as they were",
                 matches(window, 0, EVEN_SEED), PAGES / 2);
    report_equal("split: pages that were shared are something else",
                 matches(window, 1, EVEN_SEED), c_bit ? 0 : PAGES / 2);
    fill(1, ODD_SEED);
    check("split: private pages", "split: shared pages", window, true, false);
    merge(c_bit);
    check("merged with C=1: private pages", "merged with C=1: shared pages",
          window, true, true);
    split(0, c_bit);
    check("split with C=0: private pages", "split with C=1: shared pages",
          window, false, true);
    merge(0);
    check("merged with C=0: private pages", "merged with C=0: shared pages",
          window, false, false);
    split(c_bit, 0);
    check("split again: private pages", "split again: shared pages", window,
          true, false);
}

/* All sizes at the same time, and all RAM in one page */
static void check_huge(void)
{
    uint64_t private_huge = window + (1ull << 30);
    uint64_t shared_huge = window + (2ull << 30);

    if (!cpu_has_1g_pages()) {
        report_skip("pages of 1 GiB");
        return;
    }
    paging_map(&paging, private_huge, 0, PAGE_1G, PTE_P | PTE_W | c_bit);
    paging_map(&paging, shared_huge, 0, PAGE_1G, PTE_P | PTE_W);
    for (unsigned i = 0; i < 3; i++) {
        settle();
        check("1 GiB with C=1: private pages", "1 GiB with C=1: shared pages",
              private_huge + REGION, true, true);
        settle();
        check("1 GiB with C=0: private pages", "1 GiB with C=0: shared pages",
              shared_huge + REGION, false, false);
    }
    settle();
    check("below them: private pages", "below them: shared pages", window,
          true, false);
}

void guest_main(void)
{
    c_bit = sev_c_bit();
    paging = paging_new(PAGING_4_LEVEL, c_bit);
    window = paging_window(PAGING_4_LEVEL);
    paging_map_identity(&paging, 0x1000000, c_bit);
    directory = paging_map(&paging, window, REGION, PAGE_2M, PTE_P | PTE_W);
    check_small_and_large();
    check_huge();
}
