/*
 * SEV: where encrypted memory is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"
#include "sev/memory/memory.h"
#include "sev/memory/ranges.h"

#define PAGE    SEV_MEMORY_PAGE
#define NUM     1000
#define SIZE    (2 * PAGE)
#define STEP    (3 * PAGE)              /* so there is a page between two */
#define BASE    0x100000000ULL

static uint64_t address(unsigned i)
{
    return BASE + (uint64_t)i * STEP;
}

static void add(SevRanges *ranges, unsigned i)
{
    static uint8_t host[SIZE];

    sev_ranges_add(ranges, address(i), host, SIZE, i & 1);
}

static bool finds(SevRanges *ranges, uint64_t addr, unsigned i)
{
    const SevRange *range;

    RCU_READ_LOCK_GUARD();
    range = sev_ranges_find(ranges, addr);
    return range && range->addr == address(i) && range->size == SIZE &&
           range->stored == (i & 1);
}

static bool finds_none(SevRanges *ranges, uint64_t addr)
{
    RCU_READ_LOCK_GUARD();
    return !sev_ranges_find(ranges, addr);
}

/* Its first and last bytes are found, and not what is beside it */
static void check(SevRanges *ranges, unsigned i)
{
    g_assert_true(finds(ranges, address(i), i));
    g_assert_true(finds(ranges, address(i) + SIZE - 1, i));
    g_assert_true(finds_none(ranges, address(i) + SIZE));
    g_assert_true(finds_none(ranges, address(i) - 1));
}

static void test_none(void)
{
    SevRanges ranges;

    sev_ranges_init(&ranges);
    g_assert_true(finds_none(&ranges, 0));
    g_assert_true(finds_none(&ranges, UINT64_MAX));
    sev_ranges_remove(&ranges, BASE);
    sev_ranges_clear(&ranges);
}

/* Many, in an order that is neither up nor down */
static void test_many(void)
{
    SevRanges ranges;

    sev_ranges_init(&ranges);
    for (unsigned n = 0; n < NUM; n++) {
        add(&ranges, n * 7 % NUM);
        check(&ranges, n * 7 % NUM);
    }
    for (unsigned i = 0; i < NUM; i++) {
        check(&ranges, i);
    }
    for (unsigned i = 0; i < NUM; i += 3) {
        check(&ranges, i);      /* so it is the recent one */
        sev_ranges_remove(&ranges, address(i));
        g_assert_true(finds_none(&ranges, address(i)));
    }
    for (unsigned i = 0; i < NUM; i++) {
        if (i % 3) {
            check(&ranges, i);
        } else {
            g_assert_true(finds_none(&ranges, address(i) + SIZE - 1));
        }
    }
    sev_ranges_clear(&ranges);
}

/* It has other pages when it comes again: no word survives */
static void test_again(void)
{
    SevRanges ranges;

    sev_ranges_init(&ranges);
    for (unsigned n = 0; n < 100; n++) {
        add(&ranges, 1);
        WITH_RCU_READ_LOCK_GUARD() {
            const SevRange *range = sev_ranges_find(&ranges, address(1));

            g_assert_cmpuint(range->pages[0].word, ==, 0);
            g_assert_cmpuint(range->pages[1].word, ==, 0);
            range->pages[0].word = range->pages[1].word = n + 1;
        }
        sev_ranges_remove(&ranges, address(1));
    }
    sev_ranges_clear(&ranges);
}

static SevRanges shared;
static bool stop;
static unsigned looked_up;              /* how often, by all readers */

/* What stays is found at all times, and what comes and goes is good if found */
static void *look_up(void *unused)
{
    rcu_register_thread();
    for (unsigned n = 0; !qatomic_read(&stop); n++) {
        unsigned i = n % 8;

        RCU_READ_LOCK_GUARD();
        const SevRange *range = sev_ranges_find(&shared, address(i) + PAGE);

        g_assert_true(range || i % 2);
        if (range) {
            g_assert_cmpuint(range->addr, ==, address(i));
            g_assert_cmpuint(qatomic_read(&range->pages[1].word), ==, 0);
        }
        qatomic_inc(&looked_up);
    }
    rcu_unregister_thread();
    return NULL;
}

static void test_threads(void)
{
    unsigned rounds = g_test_slow() ? 100000 : 5000;
    QemuThread readers[2];

    sev_ranges_init(&shared);
    for (unsigned i = 0; i < 8; i += 2) {
        add(&shared, i);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(readers); i++) {
        qemu_thread_create(&readers[i], "reader", look_up, NULL,
                           QEMU_THREAD_JOINABLE);
    }
    /* On a busy machine readers may begin late */
    for (unsigned n = 0; n < rounds || qatomic_read(&looked_up) < rounds;
         n++) {
        add(&shared, n % 8 | 1);
        sev_ranges_remove(&shared, address(n % 8 | 1));
    }
    qatomic_set(&stop, true);
    for (unsigned i = 0; i < G_N_ELEMENTS(readers); i++) {
        qemu_thread_join(&readers[i]);
    }
    sev_ranges_clear(&shared);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sev/ranges/none", test_none);
    g_test_add_func("/sev/ranges/many", test_many);
    g_test_add_func("/sev/ranges/again", test_again);
    g_test_add_func("/sev/ranges/threads", test_threads);
    return g_test_run();
}
