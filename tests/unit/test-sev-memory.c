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
#include "qemu/thread.h"
#include <gcrypt.h>
#include "sev/asp/crypto.h"
#include "sev/asp/memcrypt.h"
#include "sev/memory/memory.h"

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

static void setup(Fixture *f, gconstpointer unused)
{
    f->host = g_malloc(NUM_PAGES * PAGE);
    for (size_t i = 0; i < NUM_PAGES * PAGE; i++) {
        f->host[i] = f->dram[i] = g_test_rand_int();
    }
    f->mem = sev_memory_new();
    sev_memory_add(f->mem, BASE, f->host, NUM_PAGES * PAGE, false);
    sev_memory_set_key(f->mem, vek);
    f->xts = reference_cipher();
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

static void test_fresh(Fixture *f, gconstpointer unused)
{
    uint8_t want[PAGE];

    g_assert_true(sev_memory_kept(f->mem, address(1)) == SEV_VIEW_SHARED);
    reference_page(f, 1, SEV_VIEW_PRIVATE, want);
    g_assert_true(sev_memory_map(f->mem, address(1), SEV_VIEW_PRIVATE) ==
                  SEV_MAP_TURNED);
    g_assert_cmpmem(f->host + PAGE, PAGE, want, PAGE);
    g_assert_true(sev_memory_map(f->mem, address(1), SEV_VIEW_PRIVATE) ==
                  SEV_MAP_DIRECT);
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

/* A page in somebody's TLB is turned by turn() only */
static void test_mapped(Fixture *f, gconstpointer unused)
{
    uint8_t before[PAGE];

    sev_memory_map(f->mem, address(2), SEV_VIEW_PRIVATE);
    memcpy(before, f->host + 2 * PAGE, PAGE);
    g_assert_true(sev_memory_map(f->mem, address(2), SEV_VIEW_SHARED) ==
                  SEV_MAP_TURN);
    g_assert_true(sev_memory_map(f->mem, address(2), SEV_VIEW_SHARED) ==
                  SEV_MAP_COPY);
    g_assert_true(sev_memory_map(f->mem, address(2), SEV_VIEW_PRIVATE) ==
                  SEV_MAP_DIRECT);
    g_assert_cmpmem(f->host + 2 * PAGE, PAGE, before, PAGE);
    g_assert_true(sev_memory_map(f->mem, address(2), SEV_VIEW_SHARED) ==
                  SEV_MAP_COPY);
    sev_memory_flushed(f->mem);
    g_assert_true(sev_memory_turn(f->mem, address(2), SEV_VIEW_SHARED));
    g_assert_cmpmem(f->host + 2 * PAGE, PAGE, f->dram + 2 * PAGE, PAGE);
    g_assert_false(sev_memory_turn(f->mem, address(2), SEV_VIEW_SHARED));
}

/* After a flush pages are free again, however often they were mapped */
static void test_flushed(Fixture *f, gconstpointer unused)
{
    sev_memory_map(f->mem, address(3), SEV_VIEW_PRIVATE);
    sev_memory_flushed(f->mem);
    g_assert_true(sev_memory_map(f->mem, address(3), SEV_VIEW_SHARED) ==
                  SEV_MAP_TURNED);
    g_assert_cmpmem(f->host + 3 * PAGE, PAGE, f->dram + 3 * PAGE, PAGE);
}

static void test_device(Fixture *f, gconstpointer unused)
{
    g_assert_true(sev_memory_map_device(f->mem, address(4)));
    g_assert_true(sev_memory_in_use(f->mem, address(4)));
    g_assert_true(sev_memory_map(f->mem, address(4), SEV_VIEW_PRIVATE) ==
                  SEV_MAP_TURN);
    /* No new users while the old ones are waited for */
    g_assert_false(sev_memory_map_device(f->mem, address(4)));
    sev_memory_flushed(f->mem);
    g_assert_true(sev_memory_turn(f->mem, address(4), SEV_VIEW_PRIVATE));
    g_assert_false(sev_memory_in_use(f->mem, address(4)));
    g_assert_false(sev_memory_map_device(f->mem, address(4)));
    check_page(f, 4, SEV_VIEW_SHARED);
}

static unsigned changed_pages;

static void count_page(uint64_t addr, uint64_t len)
{
    g_assert_cmpuint(len, ==, PAGE);
    changed_pages++;
}

static void wants_turn(Fixture *f, unsigned page, SevView view)
{
    g_assert_true(sev_memory_map(f->mem, address(page), view) ==
                  SEV_MAP_TURN);
}

/* As long as a device has its address it stays where it is */
static void test_pinned(Fixture *f, gconstpointer unused)
{
    uint8_t before[2 * PAGE];

    memcpy(before, f->host + 4 * PAGE, sizeof(before));
    for (unsigned page = 4; page <= 5; page++) {
        g_assert_true(sev_memory_map_device(f->mem, address(page)));
        wants_turn(f, page, SEV_VIEW_PRIVATE);
    }
    sev_memory_pin(f->mem, address(4) + 100, PAGE);
    sev_memory_pin(f->mem, address(4), 1);
    for (unsigned page = 4; page <= 5; page++) {
        sev_memory_flushed(f->mem);
        g_assert_false(sev_memory_turn(f->mem, address(page),
                                       SEV_VIEW_PRIVATE));
        g_assert_true(sev_memory_map(f->mem, address(page),
                                     SEV_VIEW_PRIVATE) == SEV_MAP_COPY);
        g_assert_true(sev_memory_kept(f->mem, address(page)) ==
                      SEV_VIEW_SHARED);
        check_page(f, page, SEV_VIEW_PRIVATE);
    }
    g_assert_cmpmem(f->host + 4 * PAGE, sizeof(before), before,
                    sizeof(before));
    sev_memory_unpin(f->mem, address(4) + 100, PAGE);
    g_assert_true(sev_memory_map(f->mem, address(4), SEV_VIEW_PRIVATE) ==
                  SEV_MAP_COPY);
    wants_turn(f, 5, SEV_VIEW_PRIVATE);
    g_assert_true(sev_memory_turn(f->mem, address(5), SEV_VIEW_PRIVATE));
    sev_memory_unpin(f->mem, address(4), 1);
    wants_turn(f, 4, SEV_VIEW_PRIVATE);
    g_assert_true(sev_memory_turn(f->mem, address(4), SEV_VIEW_PRIVATE));
    check_page(f, 4, SEV_VIEW_SHARED);
}

/* Not even a launch that writes all of a page takes it from a device */
static void test_pinned_whole(Fixture *f, gconstpointer unused)
{
    uint8_t plain[PAGE] = "what is launched";

    g_assert_true(sev_memory_map_device(f->mem, address(2)));
    sev_memory_pin(f->mem, address(2), PAGE);
    sev_memory_seal(f->mem, count_page);
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

    /* One that somebody has in a TLB stays as it is */
    sev_memory_map(f->mem, address(0), SEV_VIEW_SHARED);
    sev_memory_write(f->mem, address(0), plain, PAGE, SEV_VIEW_PRIVATE);
    g_assert_true(sev_memory_kept(f->mem, address(0)) == SEV_VIEW_SHARED);
    check_page(f, 0, SEV_VIEW_PRIVATE);
    check_page(f, 0, SEV_VIEW_SHARED);
}

static void check_used(Fixture *f, unsigned page, SevView view)
{
    SevView other = view == SEV_VIEW_SHARED ? SEV_VIEW_PRIVATE
                                            : SEV_VIEW_SHARED;

    g_assert_false(sev_memory_changes_view(f->mem, address(page), view));
    g_assert_true(sev_memory_changes_view(f->mem, address(page), other));
}

/* A page that waits to be turned was used with the view that it will get */
static void test_used(Fixture *f, gconstpointer unused)
{
    g_assert_false(sev_memory_changes_view(f->mem, address(1),
                                           SEV_VIEW_PRIVATE));
    sev_memory_map(f->mem, address(1), SEV_VIEW_PRIVATE);
    check_used(f, 1, SEV_VIEW_PRIVATE);
    wants_turn(f, 1, SEV_VIEW_SHARED);
    g_assert_true(sev_memory_kept(f->mem, address(1)) == SEV_VIEW_PRIVATE);
    check_used(f, 1, SEV_VIEW_SHARED);
    sev_memory_flushed(f->mem);
    g_assert_true(sev_memory_turn(f->mem, address(1), SEV_VIEW_SHARED));
    check_used(f, 1, SEV_VIEW_SHARED);
}

/* Who comes late to turn a page leaves it to who used it since */
static void test_stays(Fixture *f, gconstpointer unused)
{
    sev_memory_map(f->mem, address(1), SEV_VIEW_SHARED);
    wants_turn(f, 1, SEV_VIEW_PRIVATE);
    g_assert_true(sev_memory_map(f->mem, address(1), SEV_VIEW_SHARED) ==
                  SEV_MAP_DIRECT);
    check_used(f, 1, SEV_VIEW_SHARED);
    g_assert_false(sev_memory_map_device(f->mem, address(1)));
    sev_memory_flushed(f->mem);
    g_assert_false(sev_memory_turn(f->mem, address(1), SEV_VIEW_PRIVATE));
    g_assert_true(sev_memory_kept(f->mem, address(1)) == SEV_VIEW_SHARED);

    /* And turns it if it was used the other way after that */
    sev_memory_map(f->mem, address(1), SEV_VIEW_SHARED);
    wants_turn(f, 1, SEV_VIEW_PRIVATE);
    sev_memory_map(f->mem, address(1), SEV_VIEW_SHARED);
    g_assert_true(sev_memory_map(f->mem, address(1), SEV_VIEW_PRIVATE) ==
                  SEV_MAP_COPY);
    sev_memory_flushed(f->mem);
    g_assert_true(sev_memory_turn(f->mem, address(1), SEV_VIEW_PRIVATE));
    check_used(f, 1, SEV_VIEW_PRIVATE);
}

static void test_seal(Fixture *f, gconstpointer unused)
{
    static const uint8_t other_key[16] = "nobody's key";
    uint8_t before[PAGE], after[PAGE];

    for (unsigned page = 0; page < NUM_PAGES; page += 2) {
        sev_memory_map(f->mem, address(page), SEV_VIEW_PRIVATE);
    }
    sev_memory_read(f->mem, address(0), before, PAGE, SEV_VIEW_PRIVATE);
    sev_memory_flushed(f->mem);
    sev_memory_seal(f->mem, count_page);
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

/* Who was to turn a page comes when the guest is gone, and the next there */
static void test_seal_late(Fixture *f, gconstpointer unused)
{
    sev_memory_map(f->mem, address(1), SEV_VIEW_SHARED);
    wants_turn(f, 1, SEV_VIEW_PRIVATE);
    sev_memory_flushed(f->mem);
    sev_memory_seal(f->mem, count_page);
    g_assert_false(sev_memory_turn(f->mem, address(1), SEV_VIEW_PRIVATE));
    sev_memory_set_key(f->mem, vek);
    g_assert_false(sev_memory_turn(f->mem, address(1), SEV_VIEW_PRIVATE));
    g_assert_true(sev_memory_kept(f->mem, address(1)) == SEV_VIEW_SHARED);
    g_assert_cmpmem(f->host, NUM_PAGES * PAGE, f->dram, NUM_PAGES * PAGE);
}

/* Memory that comes and goes, at the same place, as often as it likes */
static void test_again(Fixture *f, gconstpointer unused)
{
    uint64_t addr = 0x200000000;

    for (unsigned i = 0; i < 1000; i++) {
        uint64_t size = i % 2 ? PAGE : 2 * PAGE;

        sev_memory_add(f->mem, addr, f->host, size, false);
        g_assert_true(sev_memory_encrypts(f->mem, addr));
        g_assert_true(sev_memory_encrypts(f->mem, addr + PAGE) == !(i % 2));
        g_assert_true(sev_memory_kept(f->mem, addr) == SEV_VIEW_SHARED);
        sev_memory_map(f->mem, addr, SEV_VIEW_PRIVATE);
        g_assert_true(sev_memory_kept(f->mem, addr) == SEV_VIEW_PRIVATE);
        sev_memory_remove(f->mem, addr);
        g_assert_false(sev_memory_knows(f->mem, addr));
    }
}

/* A page that a launch wrote stays private until it is used otherwise */
static void test_stored(Fixture *f, gconstpointer unused)
{
    uint64_t addr = 0x2000000;
    uint8_t *host = g_malloc0(2 * PAGE);
    uint8_t page[PAGE] = "measured", got[16];

    sev_memory_add(f->mem, addr, host, 2 * PAGE, true);
    g_assert_true(sev_memory_map(f->mem, addr, SEV_VIEW_PRIVATE) ==
                  SEV_MAP_COPY);
    g_assert_true(sev_memory_kept(f->mem, addr) == SEV_VIEW_SHARED);
    sev_memory_write(f->mem, addr, page, 16, SEV_VIEW_PRIVATE);
    g_assert_true(memcmp(host, page, 16));
    sev_memory_read(f->mem, addr, got, 16, SEV_VIEW_PRIVATE);
    g_assert_cmpmem(got, 16, page, 16);

    sev_memory_write(f->mem, addr + PAGE, page, PAGE, SEV_VIEW_PRIVATE);
    g_assert_true(sev_memory_map(f->mem, addr + PAGE, SEV_VIEW_PRIVATE) ==
                  SEV_MAP_DIRECT);
    g_assert_cmpmem(host + PAGE, PAGE, page, PAGE);
    sev_memory_flushed(f->mem);
    g_assert_true(sev_memory_map(f->mem, addr + PAGE, SEV_VIEW_SHARED) ==
                  SEV_MAP_TURNED);
    sev_memory_flushed(f->mem);
    g_assert_true(sev_memory_map(f->mem, addr + PAGE, SEV_VIEW_PRIVATE) ==
                  SEV_MAP_COPY);
    sev_memory_remove(f->mem, addr);
    g_free(host);
}

/* Memory without encryption is the same to all */
static void test_open(Fixture *f, gconstpointer unused)
{
    uint64_t addr = 0x1000000;

    g_assert_false(sev_memory_knows(f->mem, addr));
    g_assert_true(sev_memory_map(f->mem, addr, SEV_VIEW_PRIVATE) ==
                  SEV_MAP_UNKNOWN);
    sev_memory_add(f->mem, addr, NULL, PAGE, false);
    g_assert_true(sev_memory_knows(f->mem, addr));
    g_assert_false(sev_memory_encrypts(f->mem, addr));
    g_assert_true(sev_memory_map(f->mem, addr, SEV_VIEW_PRIVATE) ==
                  SEV_MAP_DIRECT);
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
            sev_memory_map(f->mem, address(page), view);
            break;
        case 1:
            sev_memory_flushed(f->mem);
            sev_memory_turn(f->mem, address(page), view);
            break;
        case 2:
            sev_memory_map_device(f->mem, address(page));
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
 * page, in the view in which it wrote it last; a rwlock stands for QEMU's
 * exclusive sections.
 */
typedef struct Worker {
    Fixture *f;
    unsigned id;
    unsigned rounds;
    QemuThread thread;
} Worker;

static pthread_rwlock_t running = PTHREAD_RWLOCK_INITIALIZER;

static void turn_page(Fixture *f, uint64_t addr, SevView view)
{
    pthread_rwlock_wrlock(&running);
    sev_memory_flushed(f->mem);
    sev_memory_turn(f->mem, addr, view);
    pthread_rwlock_unlock(&running);
}

/* An access as a vCPU does it: by host address if it may */
static void vcpu_access(Fixture *f, uint64_t addr, uint8_t *buf, SevView view,
                        bool write)
{
    SevMapping mapping;
    bool copy;

    pthread_rwlock_rdlock(&running);
    mapping = sev_memory_map(f->mem, addr, view);
    copy = mapping != SEV_MAP_DIRECT && mapping != SEV_MAP_TURNED;
    if (copy && write) {
        sev_memory_write(f->mem, addr, buf, SEV_MEMORY_BLOCK, view);
    } else if (copy) {
        sev_memory_read(f->mem, addr, buf, SEV_MEMORY_BLOCK, view);
    } else if (write) {
        memcpy(f->host + (addr - BASE), buf, SEV_MEMORY_BLOCK);
    } else {
        memcpy(buf, f->host + (addr - BASE), SEV_MEMORY_BLOCK);
    }
    pthread_rwlock_unlock(&running);
    if (mapping == SEV_MAP_TURN) {
        turn_page(f, addr, view);
    }
}

static void device_access(Fixture *f, uint64_t addr, uint8_t *buf, bool write)
{
    bool direct;

    pthread_rwlock_rdlock(&running);    /* the RCU critical section */
    direct = sev_memory_map_device(f->mem, addr);
    if (!direct && write) {
        sev_memory_write(f->mem, addr, buf, SEV_MEMORY_BLOCK,
                         SEV_VIEW_SHARED);
    } else if (!direct) {
        sev_memory_read(f->mem, addr, buf, SEV_MEMORY_BLOCK,
                        SEV_VIEW_SHARED);
    } else if (write) {
        memcpy(f->host + (addr - BASE), buf, SEV_MEMORY_BLOCK);
    } else {
        memcpy(buf, f->host + (addr - BASE), SEV_MEMORY_BLOCK);
    }
    pthread_rwlock_unlock(&running);
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
            vcpu_access(f, addr, buf, view, write);
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
    return NULL;
}

static void test_threads(Fixture *f, gconstpointer unused)
{
    Worker workers[5];
    SevMemoryStats stats;

    for (unsigned i = 0; i < G_N_ELEMENTS(workers); i++) {
        workers[i] = (Worker) {
            .f = f, .id = i, .rounds = g_test_slow() ? 1000000 : 20000,
        };
        qemu_thread_create(&workers[i].thread, "worker", work, &workers[i],
                           QEMU_THREAD_JOINABLE);
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(workers); i++) {
        qemu_thread_join(&workers[i].thread);
    }
    sev_memory_stats(f->mem, &stats);
    g_test_message("%" PRIu64 " turned free, %" PRIu64 " turned, %" PRIu64
                   " copies", stats.first, stats.turned, stats.copies);
    g_assert_cmpuint(stats.turned, >, 0);
    g_assert_cmpuint(stats.copies, >, 0);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *f, gconstpointer unused);
    } tests[] = {
        { "/sev/memory/fresh", test_fresh },
        { "/sev/memory/tweak", test_tweak },
        { "/sev/memory/mapped", test_mapped },
        { "/sev/memory/flushed", test_flushed },
        { "/sev/memory/device", test_device },
        { "/sev/memory/pinned", test_pinned },
        { "/sev/memory/pinned/whole", test_pinned_whole },
        { "/sev/memory/whole", test_whole },
        { "/sev/memory/used", test_used },
        { "/sev/memory/stays", test_stays },
        { "/sev/memory/seal", test_seal },
        { "/sev/memory/seal/late", test_seal_late },
        { "/sev/memory/again", test_again },
        { "/sev/memory/open", test_open },
        { "/sev/memory/stored", test_stored },
        { "/sev/memory/random", test_random },
        { "/sev/memory/threads", test_threads },
    };

    g_test_init(&argc, &argv, NULL);
    asp_crypto_init();
    for (unsigned i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_test_add(tests[i].path, Fixture, NULL, setup, tests[i].func,
                   teardown);
    }
    return g_test_run();
}
