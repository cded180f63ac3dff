/*
 * SEV: the model of encrypted memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Beside the model runs another one: memory in the shared view as a plain
 * array, ciphered by XTS-AES-128 straight from libgcrypt.
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/rcu.h"
#include "qemu/thread.h"
#include <gcrypt.h>
#include "sev/asp/crypto.h"
#include "sev/asp/memcrypt.h"
#include "sev/memory/memory.h"
#include "sev/memory/test-point.h"

#define PAGE            SEV_MEMORY_PAGE
#define NUM_PAGES       8
#define BASE            0x140000000ULL

static const uint8_t vek[16] = "a key to nothing";

typedef struct Fixture {
    SevMemory *mem;
    uint8_t *host;
    uint8_t dram[NUM_PAGES * PAGE];
    gcry_cipher_hd_t xts;
} Fixture;

static gcry_cipher_hd_t reference_cipher(void)
{
    gcry_cipher_hd_t xts;
    uint8_t keys[32];

    memcpy(keys, vek, 16);
    asp_kdf(vek, 16, "sev-emulated-memory-tweak", NULL, 0, keys + 16, 16);
    g_assert(!gcry_cipher_open(&xts, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_XTS,
                               0));
    g_assert(!gcry_cipher_setkey(xts, keys, sizeof(keys)));
    return xts;
}

static void setup_range(Fixture *f, bool stored)
{
    f->host = g_malloc(NUM_PAGES * PAGE);
    for (size_t i = 0; i < NUM_PAGES * PAGE; i++) {
        f->host[i] = f->dram[i] = g_test_rand_int();
    }
    f->mem = sev_memory_new();
    sev_memory_add(f->mem, BASE, f->host, NUM_PAGES * PAGE, stored);
    sev_memory_set_key(f->mem, vek);
    f->xts = reference_cipher();
}

static void setup(Fixture *f, gconstpointer unused)
{
    setup_range(f, false);
}

static void teardown(Fixture *f, gconstpointer unused)
{
    gcry_cipher_close(f->xts);
    sev_memory_free(f->mem);
    g_free(f->host);
}

/* The reference: one page of DRAM, as @view shows it */
static void reference_page(Fixture *f, unsigned page, SevView view,
                           uint8_t *out)
{
    uint64_t tweak[2] = { GUINT64_TO_LE(BASE / PAGE + page), 0 };

    memcpy(out, f->dram + page * PAGE, PAGE);
    if (view == SEV_VIEW_PRIVATE) {
        gcry_cipher_setiv(f->xts, tweak, sizeof(tweak));
        g_assert(!gcry_cipher_decrypt(f->xts, out, PAGE, NULL, 0));
    }
}

static void reference_store(Fixture *f, unsigned page, SevView view,
                            const uint8_t *in)
{
    uint64_t tweak[2] = { GUINT64_TO_LE(BASE / PAGE + page), 0 };

    memcpy(f->dram + page * PAGE, in, PAGE);
    if (view == SEV_VIEW_PRIVATE) {
        gcry_cipher_setiv(f->xts, tweak, sizeof(tweak));
        g_assert(!gcry_cipher_encrypt(f->xts, f->dram + page * PAGE, PAGE,
                                      NULL, 0));
    }
}

static void reference_write(Fixture *f, unsigned page, SevView view,
                            size_t offset, const void *buf, size_t len)
{
    uint8_t bytes[PAGE];

    reference_page(f, page, view, bytes);
    memcpy(bytes + offset, buf, len);
    reference_store(f, page, view, bytes);
}

static void check_page(Fixture *f, unsigned page, SevView view)
{
    uint8_t want[PAGE], got[PAGE];

    reference_page(f, page, view, want);
    sev_memory_read(f->mem, BASE + page * PAGE, got, PAGE, view);
    g_assert_cmpmem(got, PAGE, want, PAGE);
}

static uint64_t address(unsigned page)
{
    return BASE + page * PAGE;
}

/* Keys: of the vCPU that maps, and of two others */
enum { KEY = 1, OTHER, THIRD };

static SevMapping map(Fixture *f, unsigned page, SevView view, uint64_t key)
{
    uint64_t holder;

    return sev_memory_map(f->mem, address(page), view, key, &holder);
}

static void check_map(Fixture *f, unsigned page, SevView view, uint64_t key,
                      SevMapping want)
{
    g_assert_cmpint(map(f, page, view, key), ==, want);
}

static void new_epoch(Fixture *f)
{
    sev_memory_stop(f->mem);
    sev_memory_new_epoch(f->mem);
    sev_memory_go(f->mem);
}

static bool turn(Fixture *f, unsigned page, SevView view)
{
    bool turned;

    sev_memory_stop(f->mem);
    turned = sev_memory_turn(f->mem, address(page), view);
    sev_memory_go(f->mem);
    return turned;
}

static void wait_for_devices(Fixture *f)
{
    sev_memory_end_wait(f->mem, sev_memory_begin_wait(f->mem));
}

static SevView other_view(SevView view)
{
    return view == SEV_VIEW_SHARED ? SEV_VIEW_PRIVATE : SEV_VIEW_SHARED;
}

static void test_fresh(Fixture *f, gconstpointer unused)
{
    uint8_t want[PAGE];

    g_assert_true(sev_memory_kept(f->mem, address(1)) == SEV_VIEW_SHARED);
    reference_page(f, 1, SEV_VIEW_PRIVATE, want);
    check_map(f, 1, SEV_VIEW_PRIVATE, KEY, SEV_MAP_TURNED);
    g_assert_cmpmem(f->host + PAGE, PAGE, want, PAGE);
    check_map(f, 1, SEV_VIEW_PRIVATE, KEY, SEV_MAP_DIRECT);
    check_page(f, 1, SEV_VIEW_SHARED);
    check_page(f, 1, SEV_VIEW_PRIVATE);
}

/* Same plaintext: another place, other ciphertext; same place, the same */
static void test_tweak(Fixture *f, gconstpointer unused)
{
    uint8_t plain[32] = "the same in two places, 32 bytes";
    uint8_t cipher[4][32];

    for (unsigned i = 0; i < 4; i++) {
        uint64_t addr = address(i / 2) + (i % 2) * 32;

        sev_memory_write(f->mem, addr, plain, 32, SEV_VIEW_PRIVATE);
        sev_memory_read(f->mem, addr, cipher[i], 32, SEV_VIEW_SHARED);
        g_assert_true(memcmp(cipher[i], plain, 32));
        for (unsigned j = 0; j < i; j++) {
            g_assert_true(memcmp(cipher[i], cipher[j], 32));
        }
    }
    sev_memory_write(f->mem, address(0), "something else  ", 16,
                     SEV_VIEW_PRIVATE);
    sev_memory_write(f->mem, address(0), plain, 32, SEV_VIEW_PRIVATE);
    sev_memory_read(f->mem, address(0), plain, 32, SEV_VIEW_SHARED);
    g_assert_cmpmem(plain, 32, cipher[0], 32);
}

/*
 * The table of memory.h, arrow by arrow: a page in each state meets each event.
 * What is expected is put down here once more, by other rules.
 */
typedef enum Mapped { NONE, ONE, SEVERAL } Mapped;
typedef enum Device { NEVER, USES, USED, PINS } Device;
typedef enum Event {
    MAP, MAP_OTHER, HELD, HELD_OTHER, TURN, EPOCH, WRITE, MAP_DEVICE, SEAL,
    NUM_EVENTS,
} Event;

typedef struct Case {
    SevView kept;
    Mapped mapped;
    Device device;
    bool stored;
    Event event;
    SevView view;
} Case;

/* What a case ends with; @result: of the call */
typedef struct Outcome {
    int result;
    SevView kept;
    Mapped mapped;
} Outcome;

static bool is_possible(const Case *c)
{
    return c->device == NEVER || c->kept == SEV_VIEW_SHARED;
}

static bool may_be_turned(const Case *c)
{
    return c->device != PINS && c->device != USES &&
           !(c->stored && c->view == SEV_VIEW_PRIVATE);
}

static SevMapping expect_refusal(const Case *c)
{
    if (c->device == PINS || (c->stored && c->view == SEV_VIEW_PRIVATE)) {
        return SEV_MAP_COPY;
    }
    return c->device == USES ? SEV_MAP_WAIT :
           c->mapped == ONE ? SEV_MAP_HELD : SEV_MAP_BUSY;
}

static Outcome expect_map(const Case *c, bool same_key)
{
    if (c->kept == c->view) {
        return (Outcome) {
            SEV_MAP_DIRECT, c->kept,
            c->mapped == NONE || (c->mapped == ONE && same_key) ? ONE : SEVERAL,
        };
    }
    if (c->mapped == NONE && may_be_turned(c)) {
        return (Outcome) { SEV_MAP_TURNED, c->view, ONE };
    }
    return (Outcome) { expect_refusal(c), c->kept, c->mapped };
}

static Outcome expect_turn(const Case *c, bool possible)
{
    if (c->kept != c->view && possible && may_be_turned(c)) {
        return (Outcome) { true, c->view, NONE };
    }
    return (Outcome) { false, c->kept, c->mapped };
}

static Outcome expected(const Case *c)
{
    bool has_users = c->mapped != NONE || c->device == USES ||
                     c->device == PINS;

    switch (c->event) {
    case MAP:
    case MAP_OTHER:
        return expect_map(c, c->event == MAP);
    case HELD:
        return expect_turn(c, c->mapped == ONE);
    case HELD_OTHER:
        return expect_turn(c, false);
    case TURN:
        return expect_turn(c, true);
    case EPOCH:
        return (Outcome) { 0, c->kept, NONE };
    case WRITE:
        return (Outcome) { 0, has_users ? c->kept : c->view, c->mapped };
    case MAP_DEVICE:
        return (Outcome) { c->kept == SEV_VIEW_SHARED, c->kept, c->mapped };
    case SEAL:
        return (Outcome) { 0, SEV_VIEW_SHARED, NONE };
    default:
        g_assert_not_reached();
    }
}

static void ignore_page(uint64_t addr, uint64_t len)
{
}

static void keep_and_write(Fixture *f, unsigned page, SevView view)
{
    uint8_t bytes[PAGE];

    memset(bytes, 0x33, PAGE);
    sev_memory_write(f->mem, address(page), bytes, PAGE, view);
    reference_store(f, page, view, bytes);
}

static void make_state(Fixture *f, const Case *c)
{
    keep_and_write(f, 0, c->kept);
    if (c->mapped != NONE) {
        check_map(f, 0, c->kept, KEY, SEV_MAP_DIRECT);
    }
    if (c->mapped == SEVERAL) {
        check_map(f, 0, c->kept, OTHER, SEV_MAP_DIRECT);
    }
    if (c->device != NEVER) {
        g_assert_true(sev_memory_map_device(f->mem, address(0)));
    }
    if (c->device == USED || c->device == PINS) {
        wait_for_devices(f);
    }
    if (c->device == PINS) {
        sev_memory_pin(f->mem, address(0), 1);
    }
}

static int do_event(Fixture *f, const Case *c)
{
    switch (c->event) {
    case MAP:
        return map(f, 0, c->view, KEY);
    case MAP_OTHER:
        return map(f, 0, c->view, THIRD);
    case HELD:
        return sev_memory_turn_held(f->mem, address(0), c->view, KEY);
    case HELD_OTHER:
        return sev_memory_turn_held(f->mem, address(0), c->view, OTHER);
    case TURN:
        return turn(f, 0, c->view);
    case EPOCH:
        new_epoch(f);
        return 0;
    case WRITE:
        keep_and_write(f, 0, c->view);
        return 0;
    case MAP_DEVICE:
        return sev_memory_map_device(f->mem, address(0));
    case SEAL:
        sev_memory_stop(f->mem);
        sev_memory_seal(f->mem, ignore_page);
        sev_memory_go(f->mem);
        sev_memory_set_key(f->mem, vek);
        return 0;
    default:
        g_assert_not_reached();
    }
}

/* As only a vCPU that wants the other view is told, without devices */
static void check_mapped(Fixture *f, const Case *c, const Outcome *want)
{
    static const SevMapping told[] = {
        [NONE] = SEV_MAP_TURNED, [ONE] = SEV_MAP_HELD, [SEVERAL] = SEV_MAP_BUSY,
    };
    uint64_t holder = 0;
    SevMapping got;

    if (c->device == PINS) {
        sev_memory_unpin(f->mem, address(0), 1);
    }
    wait_for_devices(f);
    if (c->stored && want->kept == SEV_VIEW_SHARED) {
        return;
    }
    got = sev_memory_map(f->mem, address(0), other_view(want->kept), 77,
                         &holder);
    g_assert_cmpint(got, ==, told[want->mapped]);
    if (got == SEV_MAP_HELD) {
        g_assert_cmpint(holder, ==, c->event == MAP_OTHER && c->mapped == NONE
                                    ? THIRD : KEY);
    }
}

static void check_case(Fixture *f, const Case *c)
{
    Outcome want = expected(c);

    g_test_message("kept %d, mapped %d, device %d, stored %d: event %d, %d",
                   c->kept, c->mapped, c->device, c->stored, c->event,
                   c->view);
    setup_range(f, c->stored);
    make_state(f, c);
    g_assert_cmpint(do_event(f, c), ==, want.result);
    g_assert_cmpint(sev_memory_kept(f->mem, address(0)), ==, want.kept);
    check_page(f, 0, SEV_VIEW_SHARED);
    check_page(f, 0, SEV_VIEW_PRIVATE);
    check_mapped(f, c, &want);
    check_page(f, 0, SEV_VIEW_SHARED);
    teardown(f, NULL);
}

/* All of them, as numbers with a digit for each choice */
static void test_table(void)
{
    unsigned cases = 0;

    for (unsigned n = 0; n < 2 * 3 * 4 * 2 * NUM_EVENTS * 2; n++) {
        unsigned digits = n;
        Case c;
        Fixture f;

        c.kept = digits % 2, digits /= 2;
        c.mapped = digits % 3, digits /= 3;
        c.device = digits % 4, digits /= 4;
        c.stored = digits % 2, digits /= 2;
        c.view = digits % 2, digits /= 2;
        c.event = digits;
        if (is_possible(&c)) {
            check_case(&f, &c);
            cases++;
        }
    }
    g_assert_cmpuint(cases, ==, (1 + 4) * 3 * 2 * 2 * NUM_EVENTS);
}

/* Pages that are turned in a row while all are stopped pay for one flush */
static void test_epochs(Fixture *f, gconstpointer unused)
{
    uint64_t before;

    for (unsigned page = 0; page < NUM_PAGES; page++) {
        check_map(f, page, SEV_VIEW_PRIVATE, KEY, SEV_MAP_TURNED);
        check_map(f, page, SEV_VIEW_PRIVATE, OTHER, SEV_MAP_DIRECT);
    }
    before = sev_memory_epoch(f->mem);
    g_assert_cmpuint(before, >, 0);
    for (unsigned page = 0; page < NUM_PAGES; page++) {
        g_assert_true(turn(f, page, SEV_VIEW_SHARED));
        g_assert_false(turn(f, page, SEV_VIEW_SHARED));
    }
    g_assert_cmpuint(sev_memory_epoch(f->mem), ==, before + 1);
    g_assert_true(turn(f, 0, SEV_VIEW_PRIVATE));
    g_assert_cmpuint(sev_memory_epoch(f->mem), ==, before + 1);
}

/* Epochs of a long life: far beyond 32 bits, and none comes again */
static void test_epochs_many(Fixture *f, gconstpointer unused)
{
    for (unsigned i = 0; i < 300; i++) {
        check_map(f, 0, i % 2, i, i ? SEV_MAP_TURNED : SEV_MAP_DIRECT);
        sev_memory_stop(f->mem);
        for (unsigned n = 0; n < 1000; n++) {
            sev_memory_new_epoch(f->mem);
        }
        sev_memory_go(f->mem);
    }
}

/*
 * A vCPU reads the word, and then the key of a page.  Another one maps the page
 * between the two: the first must not take its own old key for a new one.
 */
void (*sev_test_point)(const char *where);
static Fixture *at_point;

static void map_at_point(const char *where)
{
    Fixture *f = at_point;

    at_point = NULL;
    if (f) {
        check_map(f, 0, SEV_VIEW_SHARED, OTHER, SEV_MAP_DIRECT);
    }
}

static void test_old_key(Fixture *f, gconstpointer unused)
{
    check_map(f, 0, SEV_VIEW_SHARED, KEY, SEV_MAP_DIRECT);
    new_epoch(f);
    at_point = f;
    sev_test_point = map_at_point;
    check_map(f, 0, SEV_VIEW_SHARED, KEY, SEV_MAP_DIRECT);
    sev_test_point = NULL;
    g_assert_null(at_point);
    check_map(f, 0, SEV_VIEW_PRIVATE, KEY, SEV_MAP_BUSY);
}

/* A use is over when a grace period is that began after it */
static void test_device_waits(Fixture *f, gconstpointer unused)
{
    uint64_t first, second;

    g_assert_true(sev_memory_map_device(f->mem, address(4)));
    first = sev_memory_begin_wait(f->mem);
    second = sev_memory_begin_wait(f->mem);
    g_assert_true(sev_memory_map_device(f->mem, address(5)));
    check_map(f, 4, SEV_VIEW_PRIVATE, KEY, SEV_MAP_WAIT);
    sev_memory_end_wait(f->mem, second);
    check_map(f, 4, SEV_VIEW_PRIVATE, KEY, SEV_MAP_TURNED);
    check_map(f, 5, SEV_VIEW_PRIVATE, KEY, SEV_MAP_WAIT);
    /* One that began earlier and ends later does not take that back */
    g_assert_true(sev_memory_map_device(f->mem, address(6)));
    wait_for_devices(f);
    sev_memory_end_wait(f->mem, first);
    check_map(f, 5, SEV_VIEW_PRIVATE, KEY, SEV_MAP_TURNED);
    check_map(f, 6, SEV_VIEW_PRIVATE, KEY, SEV_MAP_TURNED);
}

static unsigned changed_pages;

static void count_page(uint64_t addr, uint64_t len)
{
    g_assert_cmpuint(len, ==, PAGE);
    changed_pages++;
}

static void seal(Fixture *f)
{
    changed_pages = 0;
    sev_memory_stop(f->mem);
    sev_memory_seal(f->mem, count_page);
    sev_memory_go(f->mem);
}

/* As long as a device has its address a page stays where it is */
static void test_pinned(Fixture *f, gconstpointer unused)
{
    uint8_t before[2 * PAGE];

    memcpy(before, f->host + 4 * PAGE, sizeof(before));
    for (unsigned page = 4; page <= 5; page++) {
        g_assert_true(sev_memory_map_device(f->mem, address(page)));
    }
    sev_memory_pin(f->mem, address(4) + 100, PAGE);
    sev_memory_pin(f->mem, address(4), 1);
    wait_for_devices(f);
    for (unsigned page = 4; page <= 5; page++) {
        g_assert_false(turn(f, page, SEV_VIEW_PRIVATE));
        check_map(f, page, SEV_VIEW_PRIVATE, KEY, SEV_MAP_COPY);
        g_assert_true(sev_memory_kept(f->mem, address(page)) ==
                      SEV_VIEW_SHARED);
        check_page(f, page, SEV_VIEW_PRIVATE);
    }
    g_assert_cmpmem(f->host + 4 * PAGE, sizeof(before), before,
                    sizeof(before));
    sev_memory_unpin(f->mem, address(4) + 100, PAGE);
    check_map(f, 4, SEV_VIEW_PRIVATE, KEY, SEV_MAP_COPY);
    check_map(f, 5, SEV_VIEW_PRIVATE, KEY, SEV_MAP_TURNED);
    sev_memory_unpin(f->mem, address(4), 1);
    check_map(f, 4, SEV_VIEW_PRIVATE, KEY, SEV_MAP_TURNED);
    check_page(f, 4, SEV_VIEW_SHARED);
}

/* Not even a launch that writes all of a page takes it from a device */
static void test_pinned_whole(Fixture *f, gconstpointer unused)
{
    uint8_t plain[PAGE] = "what is launched";

    g_assert_true(sev_memory_map_device(f->mem, address(2)));
    sev_memory_pin(f->mem, address(2), PAGE);
    seal(f);
    sev_memory_set_key(f->mem, vek);
    sev_memory_write(f->mem, address(2), plain, PAGE, SEV_VIEW_PRIVATE);
    g_assert_true(sev_memory_kept(f->mem, address(2)) == SEV_VIEW_SHARED);
    reference_store(f, 2, SEV_VIEW_PRIVATE, plain);
    g_assert_cmpmem(f->host + 2 * PAGE, PAGE, f->dram + 2 * PAGE, PAGE);
    sev_memory_unpin(f->mem, address(2), PAGE);
}

/* A page that nobody uses takes the view of who writes all of it */
static void test_whole(Fixture *f, gconstpointer unused)
{
    uint8_t plain[PAGE];

    memset(plain, 0x11, PAGE);
    sev_memory_write(f->mem, address(0), plain, PAGE, SEV_VIEW_PRIVATE);
    g_assert_true(sev_memory_kept(f->mem, address(0)) == SEV_VIEW_PRIVATE);
    g_assert_cmpmem(f->host, PAGE, plain, PAGE);
    reference_store(f, 0, SEV_VIEW_PRIVATE, plain);
    check_page(f, 0, SEV_VIEW_SHARED);
    sev_memory_write(f->mem, address(0), plain, PAGE, SEV_VIEW_SHARED);
    g_assert_true(sev_memory_kept(f->mem, address(0)) == SEV_VIEW_SHARED);

    /* One that a vCPU has in its TLB stays as it is */
    map(f, 0, SEV_VIEW_SHARED, KEY);
    sev_memory_write(f->mem, address(0), plain, PAGE, SEV_VIEW_PRIVATE);
    g_assert_true(sev_memory_kept(f->mem, address(0)) == SEV_VIEW_SHARED);
    check_page(f, 0, SEV_VIEW_PRIVATE);
    check_page(f, 0, SEV_VIEW_SHARED);
}

static void check_used(Fixture *f, unsigned page, SevView view)
{
    g_assert_false(sev_memory_changes_view(f->mem, address(page), view));
    g_assert_true(sev_memory_changes_view(f->mem, address(page),
                                          other_view(view)));
}

static void test_used(Fixture *f, gconstpointer unused)
{
    g_assert_false(sev_memory_changes_view(f->mem, address(1),
                                           SEV_VIEW_PRIVATE));
    map(f, 1, SEV_VIEW_PRIVATE, KEY);
    check_used(f, 1, SEV_VIEW_PRIVATE);
    check_map(f, 1, SEV_VIEW_SHARED, KEY, SEV_MAP_HELD);
    check_used(f, 1, SEV_VIEW_PRIVATE);
    g_assert_true(turn(f, 1, SEV_VIEW_SHARED));
    check_used(f, 1, SEV_VIEW_SHARED);
}

/* One step, in a page that is kept in either view, and all else stays */
static void test_cmpxchg(Fixture *f, gconstpointer unused)
{
    uint64_t addr = address(3) + 44;
    uint32_t was, got;

    for (unsigned n = 0; n < 4; n++) {
        SevView kept = n / 2, view = n % 2;
        uint32_t new = 0x11223344 + n;

        keep_and_write(f, 3, kept);
        sev_memory_read(f->mem, addr, &was, sizeof(was), view);
        g_assert_false(sev_memory_cmpxchg(f->mem, addr, ~was, new, view));
        sev_memory_read(f->mem, addr, &got, sizeof(got), view);
        g_assert_cmphex(got, ==, was);
        g_assert_true(sev_memory_cmpxchg(f->mem, addr, was, new, view));
        reference_write(f, 3, view, 44, &new, sizeof(new));
        g_assert_true(sev_memory_kept(f->mem, address(3)) == kept);
        check_page(f, 3, SEV_VIEW_SHARED);
        check_page(f, 3, SEV_VIEW_PRIVATE);
    }
}

static void test_seal(Fixture *f, gconstpointer unused)
{
    static const uint8_t other_key[16] = "nobody's key";
    uint8_t before[PAGE], after[PAGE];

    for (unsigned page = 0; page < NUM_PAGES; page += 2) {
        map(f, page, SEV_VIEW_PRIVATE, KEY);
    }
    sev_memory_read(f->mem, address(0), before, PAGE, SEV_VIEW_PRIVATE);
    seal(f);
    g_assert_cmpuint(changed_pages, ==, NUM_PAGES / 2);
    g_assert_false(sev_memory_has_key(f->mem));
    g_assert_cmpmem(f->host, NUM_PAGES * PAGE, f->dram, NUM_PAGES * PAGE);

    /* The next guest finds nothing of what was there */
    sev_memory_set_key(f->mem, other_key);
    sev_memory_read(f->mem, address(0), after, PAGE, SEV_VIEW_PRIVATE);
    for (size_t i = 0; i < PAGE; i += SEV_MEMORY_BLOCK) {
        g_assert_true(memcmp(after + i, before + i, SEV_MEMORY_BLOCK));
    }
}

/* A vCPU that was to turn a page does so when the guest is gone */
static void test_seal_late(Fixture *f, gconstpointer unused)
{
    map(f, 1, SEV_VIEW_SHARED, KEY);
    seal(f);
    g_assert_false(turn(f, 1, SEV_VIEW_PRIVATE));
    g_assert_true(sev_memory_kept(f->mem, address(1)) == SEV_VIEW_SHARED);
    g_assert_cmpmem(f->host, NUM_PAGES * PAGE, f->dram, NUM_PAGES * PAGE);
}

static Fixture *being_sealed;

static void turn_back(uint64_t addr, uint64_t len)
{
    Fixture *f = being_sealed;

    g_assert_false(turn(f, (addr - BASE) / PAGE, SEV_VIEW_PRIVATE));
}

/* Or while its memory is being sealed: the page must stay so */
static void test_seal_meanwhile(Fixture *f, gconstpointer unused)
{
    map(f, 1, SEV_VIEW_PRIVATE, KEY);
    being_sealed = f;
    sev_memory_stop(f->mem);
    sev_memory_seal(f->mem, turn_back);
    sev_memory_go(f->mem);
    g_assert_true(sev_memory_kept(f->mem, address(1)) == SEV_VIEW_SHARED);
    g_assert_cmpmem(f->host, NUM_PAGES * PAGE, f->dram, NUM_PAGES * PAGE);
}

/* Memory that comes and goes, at the same place, as often as it likes */
static void test_again(Fixture *f, gconstpointer unused)
{
    uint64_t addr = 0x200000000, holder;

    for (unsigned i = 0; i < 1000; i++) {
        uint64_t size = i % 2 ? PAGE : 2 * PAGE;

        sev_memory_add(f->mem, addr, f->host, size, false);
        g_assert_true(sev_memory_encrypts(f->mem, addr));
        g_assert_true(sev_memory_encrypts(f->mem, addr + PAGE) == !(i % 2));
        g_assert_true(sev_memory_kept(f->mem, addr) == SEV_VIEW_SHARED);
        sev_memory_map(f->mem, addr, SEV_VIEW_PRIVATE, KEY, &holder);
        g_assert_true(sev_memory_kept(f->mem, addr) == SEV_VIEW_PRIVATE);
        sev_memory_remove(f->mem, addr);
        g_assert_false(sev_memory_knows(f->mem, addr));
    }
}

/* A page that a launch wrote stays private until it is used otherwise */
static void test_stored(Fixture *f, gconstpointer unused)
{
    uint64_t addr = 0x2000000, holder;
    uint8_t *host = g_malloc0(2 * PAGE);
    uint8_t page[PAGE] = "measured", got[16];

    sev_memory_add(f->mem, addr, host, 2 * PAGE, true);
    g_assert_true(sev_memory_map(f->mem, addr, SEV_VIEW_PRIVATE, KEY,
                                 &holder) == SEV_MAP_COPY);
    g_assert_true(sev_memory_kept(f->mem, addr) == SEV_VIEW_SHARED);
    sev_memory_write(f->mem, addr, page, 16, SEV_VIEW_PRIVATE);
    g_assert_true(memcmp(host, page, 16));
    sev_memory_read(f->mem, addr, got, 16, SEV_VIEW_PRIVATE);
    g_assert_cmpmem(got, 16, page, 16);

    sev_memory_write(f->mem, addr + PAGE, page, PAGE, SEV_VIEW_PRIVATE);
    g_assert_true(sev_memory_map(f->mem, addr + PAGE, SEV_VIEW_PRIVATE, KEY,
                                 &holder) == SEV_MAP_DIRECT);
    g_assert_cmpmem(host + PAGE, PAGE, page, PAGE);
    g_assert_true(sev_memory_turn_held(f->mem, addr + PAGE, SEV_VIEW_SHARED,
                                       KEY));
    g_assert_true(sev_memory_map(f->mem, addr + PAGE, SEV_VIEW_PRIVATE, KEY,
                                 &holder) == SEV_MAP_COPY);
    sev_memory_remove(f->mem, addr);
    drain_call_rcu();
    g_free(host);
}

/* Memory without encryption is the same to all */
static void test_open(Fixture *f, gconstpointer unused)
{
    uint64_t addr = 0x1000000, holder;

    g_assert_false(sev_memory_knows(f->mem, addr));
    g_assert_true(sev_memory_map(f->mem, addr, SEV_VIEW_PRIVATE, KEY,
                                 &holder) == SEV_MAP_UNKNOWN);
    sev_memory_add(f->mem, addr, NULL, PAGE, false);
    g_assert_true(sev_memory_knows(f->mem, addr));
    g_assert_false(sev_memory_encrypts(f->mem, addr));
    g_assert_true(sev_memory_map(f->mem, addr, SEV_VIEW_PRIVATE, KEY,
                                 &holder) == SEV_MAP_DIRECT);
    g_assert_true(sev_memory_map_device(f->mem, addr));
    sev_memory_remove(f->mem, addr);
    g_assert_false(sev_memory_knows(f->mem, addr));
}

/* Pages in all states, accesses of all sizes; each compared */
static void test_random(Fixture *f, gconstpointer unused)
{
    unsigned rounds = g_test_slow() ? 1000000 : 30000;
    uint8_t buf[256], want[PAGE], got[PAGE];

    for (unsigned i = 0; i < rounds; i++) {
        unsigned page = g_test_rand_int_range(0, NUM_PAGES);
        SevView view = g_test_rand_int() & 1;
        size_t len = g_test_rand_int_range(1, sizeof(buf));
        size_t offset = g_test_rand_int_range(0, PAGE - len);

        switch (g_test_rand_int_range(0, 6)) {
        case 0:
            map(f, page, view, i % 3);
            break;
        case 1:
            turn(f, page, view);
            break;
        case 2:
            sev_memory_map_device(f->mem, address(page));
            wait_for_devices(f);
            break;
        case 3:
        case 4:
            memset(buf, i, len);
            sev_memory_write(f->mem, address(page) + offset, buf, len, view);
            reference_write(f, page, view, offset, buf, len);
            break;
        case 5:
            reference_page(f, page, view, want);
            sev_memory_read(f->mem, address(page) + offset, got, len, view);
            g_assert_cmpmem(got, len, want + offset, len);
            break;
        }
    }
}

/*
 * Threads as vCPUs and one as a device.  Each owns one 16-byte block of every
 * page, in the view in which it wrote it last.  As a vCPU it has a TLB, and
 * behaves as sev-tcg.c does; a rwlock stands for QEMU's exclusive sections.
 */
typedef struct Worker {
    Fixture *f;
    unsigned id;
    unsigned rounds;
    QemuThread thread;
    uint64_t epoch;
    unsigned accesses;
    bool in_tlb[NUM_PAGES][2];      /* page, view */
} Worker;

#define MAX_TRIES   4

#define NUM_WORKERS 5

static pthread_rwlock_t running = PTHREAD_RWLOCK_INITIALIZER;
static unsigned ready;

/* A worker that is done before the others begin meets nobody */
static void begin_together(void)
{
    rcu_register_thread();
    qatomic_inc(&ready);
    while (qatomic_read(&ready) < NUM_WORKERS) {
        g_thread_yield();
    }
}

static uint64_t worker_key(const Worker *w, unsigned page, SevView view)
{
    return w->id * 100 + page * 2 + view;
}

static void begin_to_run(Worker *w)
{
    pthread_rwlock_rdlock(&running);
    if (w->epoch != sev_memory_epoch(w->f->mem)) {
        w->epoch = sev_memory_epoch(w->f->mem);
        memset(w->in_tlb, 0, sizeof(w->in_tlb));
    }
}

static void stop_running(void)
{
    pthread_rwlock_unlock(&running);
}

static void turn_exclusively(Worker *w, unsigned page, SevView view)
{
    stop_running();
    pthread_rwlock_wrlock(&running);
    turn(w->f, page, view);
    pthread_rwlock_unlock(&running);
    begin_to_run(w);
}

static void wait_for_rcu(Worker *w)
{
    uint64_t number = sev_memory_begin_wait(w->f->mem);

    stop_running();
    synchronize_rcu();
    sev_memory_end_wait(w->f->mem, number);
    begin_to_run(w);
}

/* Returns: whether the worker has it in its TLB; otherwise it was turned */
static bool fill(Worker *w, unsigned page, SevView view, SevMapping *mapping)
{
    uint64_t holder;

    *mapping = sev_memory_map(w->f->mem, address(page), view,
                              worker_key(w, page, view), &holder);
    switch (*mapping) {
    case SEV_MAP_DIRECT:
    case SEV_MAP_TURNED:
        w->in_tlb[page][view] = true;
        return true;
    case SEV_MAP_WAIT:
        wait_for_rcu(w);
        return false;
    case SEV_MAP_HELD:
        if (holder == worker_key(w, page, !view)) {
            w->in_tlb[page][!view] = false;
            sev_memory_turn_held(w->f->mem, address(page), view, holder);
            return false;
        }
        /* fall through */
    default:
        turn_exclusively(w, page, view);
        return false;
    }
}

static void access_host(Fixture *f, uint64_t addr, uint8_t *buf, bool write)
{
    uint8_t *host = f->host + (addr - BASE);

    memcpy(write ? host : buf, write ? buf : host, SEV_MEMORY_BLOCK);
}

static void access_copy(Fixture *f, uint64_t addr, uint8_t *buf, SevView view,
                        bool write)
{
    if (write) {
        sev_memory_write(f->mem, addr, buf, SEV_MEMORY_BLOCK, view);
    } else {
        sev_memory_read(f->mem, addr, buf, SEV_MEMORY_BLOCK, view);
    }
}

static void vcpu_access(Worker *w, uint64_t addr, uint8_t *buf, SevView view,
                        bool write)
{
    unsigned page = (addr - BASE) / PAGE;
    SevMapping mapping;

    begin_to_run(w);
    for (unsigned n = 0; !w->in_tlb[page][view] && n < MAX_TRIES; n++) {
        fill(w, page, view, &mapping);
    }
    if (++w->accesses % 16 == 0) {
        g_usleep(1);            /* with the host address, for others to act */
    }
    if (w->in_tlb[page][view]) {
        access_host(w->f, addr, buf, write);
    } else {
        access_copy(w->f, addr, buf, view, write);
    }
    stop_running();
}

static void device_access(Fixture *f, uint64_t addr, uint8_t *buf, bool write)
{
    RCU_READ_LOCK_GUARD();
    if (sev_memory_map_device(f->mem, addr)) {
        g_usleep(1);
        access_host(f, addr, buf, write);
    } else {
        access_copy(f, addr, buf, SEV_VIEW_SHARED, write);
    }
}

static void *work(void *opaque)
{
    Worker *w = opaque;
    Fixture *f = w->f;
    g_autoptr(GRand) rand = g_rand_new_with_seed(w->id);
    AspMemCrypt *engine = asp_memcrypt_new(vek);
    uint8_t dram[NUM_PAGES][SEV_MEMORY_BLOCK];
    uint8_t buf[SEV_MEMORY_BLOCK];
    bool device = w->id == 0;

    begin_together();
    for (unsigned page = 0; page < NUM_PAGES; page++) {
        memcpy(dram[page], f->dram + page * PAGE + w->id * SEV_MEMORY_BLOCK,
               SEV_MEMORY_BLOCK);
    }
    for (unsigned i = 0; i < w->rounds; i++) {
        unsigned page = g_rand_int_range(rand, 0, NUM_PAGES);
        SevView view = device ? SEV_VIEW_SHARED : g_rand_boolean(rand);
        bool write = g_rand_boolean(rand);
        uint64_t addr = address(page) + w->id * SEV_MEMORY_BLOCK;

        memset(buf, i, sizeof(buf));
        if (device) {
            device_access(f, addr, buf, write);
        } else {
            vcpu_access(w, addr, buf, view, write);
        }
        if (view == SEV_VIEW_PRIVATE) {
            asp_memcrypt_encrypt(engine, addr, buf, sizeof(buf));
        }
        if (write) {
            memcpy(dram[page], buf, sizeof(buf));
        } else {
            g_assert_cmpmem(buf, sizeof(buf), dram[page], sizeof(buf));
        }
    }
    asp_memcrypt_free(engine);
    rcu_unregister_thread();
    return NULL;
}

static void run_workers(Fixture *f, void *(*func)(void *), unsigned rounds)
{
    Worker workers[NUM_WORKERS];

    ready = 0;
    for (unsigned i = 0; i < NUM_WORKERS; i++) {
        workers[i] = (Worker) { .f = f, .id = i, .rounds = rounds };
        qemu_thread_create(&workers[i].thread, "worker", func, &workers[i],
                           QEMU_THREAD_JOINABLE);
    }
    for (unsigned i = 0; i < NUM_WORKERS; i++) {
        qemu_thread_join(&workers[i].thread);
    }
}

static void test_threads(Fixture *f, gconstpointer unused)
{
    SevMemoryStats stats;

    run_workers(f, work, g_test_slow() ? 300000 : 10000);
    sev_memory_stats(f->mem, &stats);
    g_test_message("%" PRIu64 " turned free, %" PRIu64 " by their holder, %"
                   PRIu64 " exclusively, %" PRIu64 " copies", stats.first,
                   stats.held, stats.turned, stats.copies);
    g_assert_cmpuint(stats.first, >, 0);
    g_assert_cmpuint(stats.held, >, 0);
    g_assert_cmpuint(stats.turned, >, 0);
    g_assert_cmpuint(stats.copies, >, 0);
}

/* All count with one word, while one turns its page over and over */
static void *count(void *opaque)
{
    Worker *w = opaque;
    uint32_t was;

    begin_together();
    for (unsigned i = 0; i < w->rounds; i++) {
        if (w->id == 0) {
            turn(w->f, 2, i % 2);
            continue;
        }
        do {
            sev_memory_read(w->f->mem, address(2) + 8, &was, sizeof(was),
                            SEV_VIEW_PRIVATE);
        } while (!sev_memory_cmpxchg(w->f->mem, address(2) + 8, was, was + 1,
                                     SEV_VIEW_PRIVATE));
    }
    rcu_unregister_thread();
    return NULL;
}

static void test_cmpxchg_threads(Fixture *f, gconstpointer unused)
{
    const unsigned rounds = 5000;
    uint32_t zero = 0, sum;

    sev_memory_write(f->mem, address(2) + 8, &zero, sizeof(zero),
                     SEV_VIEW_PRIVATE);
    run_workers(f, count, rounds);
    sev_memory_read(f->mem, address(2) + 8, &sum, sizeof(sum),
                    SEV_VIEW_PRIVATE);
    g_assert_cmpuint(sum, ==, 4 * rounds);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *f, gconstpointer unused);
    } tests[] = {
        { "/sev/memory/fresh", test_fresh },
        { "/sev/memory/tweak", test_tweak },
        { "/sev/memory/epochs", test_epochs },
        { "/sev/memory/epochs/many", test_epochs_many },
        { "/sev/memory/old-key", test_old_key },
        { "/sev/memory/device/waits", test_device_waits },
        { "/sev/memory/pinned", test_pinned },
        { "/sev/memory/pinned/whole", test_pinned_whole },
        { "/sev/memory/whole", test_whole },
        { "/sev/memory/used", test_used },
        { "/sev/memory/cmpxchg", test_cmpxchg },
        { "/sev/memory/seal", test_seal },
        { "/sev/memory/seal/late", test_seal_late },
        { "/sev/memory/seal/meanwhile", test_seal_meanwhile },
        { "/sev/memory/again", test_again },
        { "/sev/memory/open", test_open },
        { "/sev/memory/stored", test_stored },
        { "/sev/memory/random", test_random },
        { "/sev/memory/threads", test_threads },
        { "/sev/memory/threads/cmpxchg", test_cmpxchg_threads },
    };

    g_test_init(&argc, &argv, NULL);
    asp_crypto_init();
    g_test_add_func("/sev/memory/table", test_table);
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].func,
                   teardown);
    }
    return g_test_run();
}
