/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each combination gets tables of its own with a window onto a test page and
 * is judged by what memory then shows.  A page that was written through one
 * setting of the leaf's C-bit is never expected to read the same through the
 * other: on hardware that gives ciphertext.
 */
#include "check-paging.h"
#include "guest.h"

struct combination {
    enum page_level level;
    bool leaf, nodes, cr3;      /* where the C-bit is set */
};

static const char *const level_names[] = {
    [PAGE_4K] = "4K", [PAGE_2M] = "2M", [PAGE_1G] = "1G",
};

static char *append(char *to, const char *text)
{
    while (*text) {
        *to++ = *text++;
    }
    *to = '\0';
    return to;
}

/* "2M leaf C=1, nodes C=0, CR3 C=0: " and the property. */
static const char *describe(const struct combination *c, const char *what)
{
    static char text[128];
    char *at = append(text, level_names[c->level]);

    at = append(at, c->leaf ? " leaf C=1" : " leaf C=0");
    at = append(at, c->nodes ? ", nodes C=1" : ", nodes C=0");
    at = append(at, c->cr3 ? ", CR3 C=1: " : ", CR3 C=0: ");
    append(at, what);
    return text;
}

static uint64_t pattern(void)
{
    static uint64_t last = 0x0123456789abcdefull;

    last = last * 6364136223846793005ull + 1442695040888963407ull;
    return last;
}

/* A fresh leaf: the walker sets A on a read and D on a write only. */
static void check_accessed_dirty(const struct combination *c,
                                 mem64 *window,
                                 mem64 *leaf)
{
    uint64_t before = *leaf;
    uint64_t value = *window;

    report_equal(describe(c, "a read sets A alone"), *leaf, before | PTE_A);
    *window = value;
    report_equal(describe(c, "a write sets D as well"), *leaf,
                 before | PTE_A | PTE_D);
}

/* The same memory by the identity map, which is private. */
static void check_private(const struct combination *c,
                          mem64 *window,
                          mem64 *identity)
{
    uint64_t first = pattern(), second = pattern();

    *identity = first;
    report_equal(describe(c, "reads what was written privately"),
                 *window, first);
    *window = second;
    report_equal(describe(c, "writes for private reading"),
                 *identity, second);
}

static void check_shared(const struct combination *c,
                         mem64 *window)
{
    uint64_t first = pattern(), second = pattern();

    window[0] = first;
    window[1] = second;
    report_true(describe(c, "reads back what it wrote"),
                window[0] == first && window[1] == second);
}

static void check_combination(enum paging_levels levels,
                              const struct combination *c)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t base = c->leaf || !c_bit ? PRIVATE_BASE : SHARED_BASE;
    uint64_t offset = base & (page_size(c->level) - 1);
    uint64_t address = paging_window(levels);
    unsigned long before = read_cr3();
    struct paging paging = paging_new(levels, c->nodes ? c_bit : 0);
    mem64 *window;
    mem64 *leaf;

    paging_map_identity(&paging, 0x1000000, c_bit);
    leaf = paging_map(&paging, address, base - offset, c->level,
                      PTE_P | PTE_W | (c->leaf ? c_bit : 0));
    write_cr3((unsigned long)paging.root | (c->cr3 ? c_bit : 0));

    window = (uint64_t *)(unsigned long)(address + offset);
    check_accessed_dirty(c, window, leaf);
    if (c->leaf || !c_bit) {
        check_private(c, window, (uint64_t *)(unsigned long)base);
    } else {
        check_shared(c, window);
    }
    report_equal(describe(c, "CR3 reads as written"), read_cr3(),
                 (unsigned long)paging.root | (c->cr3 ? c_bit : 0));
    write_cr3(before);
}

/* PAE's CR3 has only 32 bits, its page directory pointers map nothing. */
static void check_level(enum paging_levels levels, enum page_level level)
{
    int places = sev_c_bit() ? 8 : 1;

    for (int set = 0; set < places; set++) {
        struct combination c = {
            .level = level, .leaf = set & 1, .nodes = set & 2, .cr3 = set & 4,
        };

        if (levels != PAGING_PAE || !c.cr3) {
            check_combination(levels, &c);
        }
    }
}

/* One page, looked at through either setting in turn, keeps its content. */
static void check_toggle(enum paging_levels levels)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t address = paging_window(levels);
    mem64 *window = (uint64_t *)(unsigned long)address;
    unsigned long before = read_cr3();
    struct paging paging = paging_new(levels, c_bit);
    uint64_t value = pattern();
    mem64 *leaf;
    bool kept = true;

    paging_map_identity(&paging, 0x1000000, c_bit);
    leaf = paging_map(&paging, address, PRIVATE_BASE, PAGE_4K,
                      PTE_P | PTE_W | c_bit);
    write_cr3((unsigned long)paging.root);
    *window = value;
    for (int i = 0; i < 64; i++) {
        *leaf ^= c_bit;
        invlpg((unsigned long)window);
        if (*leaf & c_bit) {
            kept &= *window == value;
        } else {
            (void)*window;
        }
    }
    write_cr3(before);
    report_true("a private page survives reads with C=0 in between", kept);
}

void check_paging(enum paging_levels levels)
{
    check_level(levels, PAGE_4K);
    check_level(levels, PAGE_2M);
    if (levels != PAGING_PAE) {
        if (cpu_has_1g_pages()) {
            check_level(levels, PAGE_1G);
        } else {
            report_skip("1G leaves: this CPU has none");
        }
    }
    check_toggle(levels);
}
