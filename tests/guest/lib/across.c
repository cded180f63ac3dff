/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "across.h"
#include "guest.h"
#include "paging.h"

#define PAGE            4096u
#define REACH           2048u           /* how far from the boundary */

#ifdef __x86_64__
#define LEVELS          PAGING_4_LEVEL
#else
#define LEVELS          PAGING_PAE
#endif

/*
 * Virtual pages: the two, then another way to see any page of the test.  Below
 * 4 GiB, so that a stack of 16 or 32 bits may be there, too.
 */
#define WINDOW          0x40000000ul
#define BOUNDARY        (WINDOW + PAGE)
#define TOUCHED         (WINDOW + 4 * PAGE)

/* Physical pages */
#define POOL            (SHARED_BASE + 0x180000)
#define REFERENCE       (POOL + 0x10000)
#define FAR             (POOL + 0x5000)

/* Where the second page is, seen from the first */
enum layout { NEXT, APART, SAME, LAYOUTS };

struct setting {
    enum layout layout;
    bool private[2];            /* C-bits of the two pages */
    bool before[2];             /* those with which they were used last */
};

struct outcome {
    uint8_t memory[2 * REACH];
    uint8_t plain[PAGE];
    uint8_t out[ACROSS_OUT];
};

static struct paging paging;
static uint64_t c_bit;
static struct outcome want, got;
static uint8_t plain[PAGE] __attribute__((aligned(4096)));

uint8_t *across_boundary(void)
{
    return (uint8_t *)BOUNDARY;
}

uint8_t *across_plain(void)
{
    return plain;
}

static void settle(void)
{
    asm volatile("wbinvd" : : : "memory");
}

static void map(unsigned long address, uint64_t physical, bool private)
{
    paging_map(&paging, address, physical, PAGE_4K,
               PTE_P | PTE_W | PTE_U | (private ? c_bit : 0));
    invlpg(address);
}

static uint64_t second_page(enum layout layout)
{
    switch (layout) {
    case NEXT:
        return POOL + PAGE;
    case APART:
        return FAR;
    default:
        return POOL;
    }
}

/* Use a page with the C-bit set or not, and change nothing in it */
static void touch(uint64_t physical, bool private)
{
    settle();
    map(TOUCHED, physical, private);
    (void)*(mem8 *)TOUCHED;
    settle();
}

static void fill(uint8_t *to, unsigned size, unsigned seed)
{
    for (unsigned i = 0; i < size; i++) {
        to[i] = (i + seed) * 167 + (i >> 4);
    }
}

static void run(const struct across_op *op, uint8_t *at)
{
    memset(got.out, 0, ACROSS_OUT);
    op->run(at, got.out);
    settle();
    memcpy(got.memory, across_boundary() - REACH, 2 * REACH);
    memcpy(got.plain, plain, PAGE);
}

static void prepare(const struct across_op *op, uint8_t *at)
{
    fill(plain, PAGE, 5);
    fill(across_boundary() - REACH, 2 * REACH, 0);
    if (op->prepare) {
        op->prepare(at);
    }
}

static void run_plain(const struct across_op *op, uint8_t *at)
{
    map(WINDOW, REFERENCE, true);
    map(BOUNDARY, REFERENCE + PAGE, true);
    prepare(op, at);
    run(op, at);
    memcpy(&want, &got, sizeof(want));
}

static bool same(const uint8_t *a, const uint8_t *b, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static bool right(const struct across_op *op, uint8_t *at,
                  const struct setting *set)
{
    uint64_t second = second_page(set->layout);

    map(WINDOW, POOL, set->private[0]);
    map(BOUNDARY, second, set->private[1]);
    settle();
    prepare(op, at);
    touch(POOL, set->before[0]);
    touch(second, set->before[1]);
    run(op, at);
    return same((uint8_t *)&got, (uint8_t *)&want, sizeof(got));
}

/*
 * A page twice, with both C-bits: no byte of it is used through both, as the
 * instruction ends where its first half began.
 */
static bool makes_sense(const struct setting *set)
{
    return set->layout != SAME || (set->private[0] != set->private[1] &&
                                   set->before[0] == set->before[1]);
}

static void check_split(const struct across_op *op, unsigned split,
                        unsigned *tried, unsigned *good)
{
    uint8_t *at = across_boundary() - split;

    run_plain(op, at);
    for (unsigned i = 0; i < 16 * LAYOUTS; i++) {
        struct setting set = {
            .layout = i / 16,
            .private = { i & 1, i & 2 },
            .before = { i & 4, i & 8 },
        };

        if (makes_sense(&set)) {
            *tried += 1;
            *good += right(op, at, &set);
        }
    }
}

void across_check(const struct across_op *op)
{
    unsigned middle = op->size / 2 / op->align * op->align;
    unsigned last = op->size - op->align;
    unsigned tried = 0, good = 0;

    if (op->missing) {
        report_skip(op->name);
        return;
    }
    check_split(op, op->align, &tried, &good);
    if (middle > op->align && middle < last) {
        check_split(op, middle, &tried, &good);
    }
    if (last != op->align) {
        check_split(op, last, &tried, &good);
    }
    report_equal(op->name, good, tried);
}

void across_check_all(const struct across_op *ops, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        across_check(&ops[i]);
    }
}

void across_start(void)
{
    c_bit = sev_c_bit();
    paging = paging_new(LEVELS, c_bit);
    paging_map_identity(&paging, 0x1000000, c_bit | PTE_U);
#ifdef __x86_64__
    write_cr3((unsigned long)paging.root | c_bit);
#else
    write_cr4(read_cr4() | CR4_PAE);
    write_cr3((unsigned long)paging.root);
    write_cr0(read_cr0() | CR0_PG);
#endif
}
