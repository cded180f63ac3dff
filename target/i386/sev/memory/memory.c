/*
 * SEV: encrypted memory, the model
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/lockable.h"
#include "qemu/memalign.h"
#include "qemu/thread.h"
#include "sev/asp/memcrypt.h"
#include "memory.h"
#include "test-point.h"

#define NUM_STRIPES     16

/*
 * SevPageState.word: flags, and in the upper bits the epoch in which a vCPU
 * last put the page into a TLB.  61 bits of epochs never come round.
 */
#define PAGE_PRIVATE    (1ull << 0)     /* kept in the private view */
#define PAGE_USED       (1ull << 1)     /* turned since the model was made */
#define PAGE_SEVERAL    (1ull << 2)     /* mappings, and more than one key */
#define PAGE_EPOCH      (1ull << 3)
#define PAGE_FLAGS      (PAGE_EPOCH - 1)

/* Pages with the same number modulo NUM_STRIPES; an engine has a state */
typedef struct SevStripe {
    QemuMutex lock;
    bool locked;
    AspMemCrypt *engine;
    GHashTable *pins;           /* how often, by page number */
    SevMemoryStats stats;
} QEMU_ALIGNED(64) SevStripe;

struct SevMemory {
    SevStripe stripes[NUM_STRIPES];
    uint64_t epoch;
    unsigned stopped;           /* sev_memory_stop() without _go() */
    bool sealing;
    uint64_t use;               /* what SevPageState.device is set to */
    uint64_t used_up;           /* uses up to this number are over */
    SevRanges ranges;
};

/* A page of a range */
typedef struct SevPage {
    uint64_t addr;
    uint8_t *host;
    SevPageState *state;
    bool stored;
    SevStripe *stripe;
} SevPage;

SevMemory *sev_memory_new(void)
{
    SevMemory *mem = qemu_memalign(64, sizeof(*mem));

    memset(mem, 0, sizeof(*mem));
    mem->epoch = 1;
    mem->use = 1;
    sev_ranges_init(&mem->ranges);
    for (unsigned i = 0; i < NUM_STRIPES; i++) {
        qemu_mutex_init(&mem->stripes[i].lock);
        mem->stripes[i].pins = g_hash_table_new(NULL, NULL);
    }
    return mem;
}

/* NULL: none */
static void replace_key(SevMemory *mem, const uint8_t *vek)
{
    for (unsigned i = 0; i < NUM_STRIPES; i++) {
        SevStripe *stripe = &mem->stripes[i];

        qemu_mutex_lock(&stripe->lock);
        asp_memcrypt_free(stripe->engine);
        stripe->engine = vek ? asp_memcrypt_new(vek) : NULL;
        qemu_mutex_unlock(&stripe->lock);
    }
}

void sev_memory_free(SevMemory *mem)
{
    if (!mem) {
        return;
    }
    replace_key(mem, NULL);
    for (unsigned i = 0; i < NUM_STRIPES; i++) {
        qemu_mutex_destroy(&mem->stripes[i].lock);
        g_hash_table_destroy(mem->stripes[i].pins);
    }
    sev_ranges_clear(&mem->ranges);
    qemu_vfree(mem);
}

void sev_memory_set_key(SevMemory *mem, const uint8_t *vek)
{
    replace_key(mem, vek);
}

bool sev_memory_has_key(const SevMemory *mem)
{
    return mem->stripes[0].engine;
}

void sev_memory_add(SevMemory *mem, uint64_t addr, void *host, uint64_t size,
                    bool stored)
{
    g_assert(addr % SEV_MEMORY_PAGE == 0 && size % SEV_MEMORY_PAGE == 0);
    sev_ranges_add(&mem->ranges, addr, host, size, stored);
}

static gboolean is_in(gpointer key, gpointer count, gpointer opaque)
{
    const SevRange *range = opaque;

    return sev_range_covers(range, (uintptr_t)key * SEV_MEMORY_PAGE);
}

/* A device that still has them will not get them back */
static void forget_pins(SevMemory *mem, const SevRange *range)
{
    for (unsigned i = 0; i < NUM_STRIPES; i++) {
        QEMU_LOCK_GUARD(&mem->stripes[i].lock);
        g_hash_table_foreach_remove(mem->stripes[i].pins, is_in,
                                    (gpointer)range);
    }
}

void sev_memory_remove(SevMemory *mem, uint64_t addr)
{
    WITH_RCU_READ_LOCK_GUARD() {
        const SevRange *range = sev_ranges_find(&mem->ranges, addr);

        if (range) {
            forget_pins(mem, range);
        }
    }
    sev_ranges_remove(&mem->ranges, addr);
}

bool sev_memory_knows(SevMemory *mem, uint64_t addr)
{
    RCU_READ_LOCK_GUARD();
    return sev_ranges_find(&mem->ranges, addr);
}

bool sev_memory_encrypts(SevMemory *mem, uint64_t addr)
{
    const SevRange *range;

    RCU_READ_LOCK_GUARD();
    range = sev_ranges_find(&mem->ranges, addr);
    return range && range->host;
}

static SevPageState *state_of(const SevRange *range, uint64_t addr)
{
    return &range->pages[(addr - range->addr) / SEV_MEMORY_PAGE];
}

static SevPage page_in(SevMemory *mem, const SevRange *range, uint64_t addr)
{
    uint64_t number = addr / SEV_MEMORY_PAGE;

    addr -= addr % SEV_MEMORY_PAGE;
    return (SevPage) {
        .addr = addr,
        .host = range->host + (addr - range->addr),
        .state = state_of(range, addr),
        .stored = range->stored,
        .stripe = &mem->stripes[number % NUM_STRIPES],
    };
}

/*
 * In the RCU critical section in which @page is used.
 *
 * Returns: false if the page is not under the model or not encrypted
 */
static bool page_of(SevMemory *mem, uint64_t addr, SevPage *page)
{
    const SevRange *range = sev_ranges_find(&mem->ranges, addr);

    if (!range || !range->host) {
        return false;
    }
    *page = page_in(mem, range, addr);
    return true;
}

static void lock_page(const SevPage *page)
{
    qemu_mutex_lock(&page->stripe->lock);
    page->stripe->locked = true;
}

static void unlock_page(const SevPage *page)
{
    page->stripe->locked = false;
    qemu_mutex_unlock(&page->stripe->lock);
}

static uint64_t flag_of(SevView view)
{
    return view == SEV_VIEW_PRIVATE ? PAGE_PRIVATE : 0;
}

static bool is_kept(uint64_t word, SevView view)
{
    return (word & PAGE_PRIVATE) == flag_of(view);
}

static bool is_mapped(SevMemory *mem, uint64_t word)
{
    return word / PAGE_EPOCH == qatomic_read(&mem->epoch);
}

/* With the page's lock.  All that can be known of it changes here. */
static void set_state(const SevPage *page, uint64_t flags, uint64_t epoch)
{
    g_assert(page->stripe->locked);
    g_assert(!(flags & ~PAGE_FLAGS));
    g_assert(!(flags & PAGE_SEVERAL) || epoch);
    qatomic_store_release(&page->state->word, flags | epoch * PAGE_EPOCH);
}

/* Bytes that are in one view, to the other; whole blocks */
static void transform(SevStripe *stripe, uint64_t addr, void *data, size_t len,
                      SevView to)
{
    g_assert(stripe->locked);
    g_assert(stripe->engine);
    if (to == SEV_VIEW_PRIVATE) {
        asp_memcrypt_decrypt(stripe->engine, addr, data, len);
    } else {
        asp_memcrypt_encrypt(stripe->engine, addr, data, len);
    }
}

static gpointer pin_key(const SevPage *page)
{
    return (gpointer)(uintptr_t)(page->addr / SEV_MEMORY_PAGE);
}

/* With the page's lock */
static uintptr_t pins_of(const SevPage *page)
{
    g_assert(page->stripe->locked);
    return (uintptr_t)g_hash_table_lookup(page->stripe->pins, pin_key(page));
}

/* With the page's lock */
static bool stays(const SevPage *page, SevView view)
{
    return pins_of(page) || (page->stored && view == SEV_VIEW_PRIVATE);
}

/* With the page's lock */
static bool may_be_in_use(SevMemory *mem, const SevPage *page)
{
    g_assert(page->stripe->locked);
    return page->state->device > qatomic_read(&mem->used_up);
}

/* With the page's lock; it is kept in the other view, and has no users */
static void turn(SevMemory *mem, const SevPage *page, SevView view)
{
    g_assert(!is_kept(page->state->word, view));
    g_assert(!stays(page, view) && !may_be_in_use(mem, page));
    transform(page->stripe, page->addr, page->host, SEV_MEMORY_PAGE, view);
    page->state->device = 0;
    set_state(page, flag_of(view) | PAGE_USED, 0);
}

/*
 * With the page's lock; it is kept as the vCPU wants it.  The key comes before
 * the word that makes it valid, see is_mapped_by().
 */
static void add_mapping(SevMemory *mem, const SevPage *page, uint64_t key)
{
    uint64_t word = page->state->word;
    uint64_t epoch = qatomic_read(&mem->epoch);

    if (!is_mapped(mem, word)) {
        qatomic_set(&page->state->key, key);
        set_state(page, word & (PAGE_PRIVATE | PAGE_USED), epoch);
    } else if (page->state->key != key) {
        set_state(page, (word & PAGE_FLAGS) | PAGE_SEVERAL, epoch);
    }
}

/* With the page's lock.  Returns: SEV_MAP_DIRECT if it may be turned now */
static SevMapping hindrance(SevMemory *mem, const SevPage *page, SevView view)
{
    if (stays(page, view)) {
        return SEV_MAP_COPY;
    }
    if (may_be_in_use(mem, page)) {
        return SEV_MAP_WAIT;
    }
    if (!is_mapped(mem, page->state->word)) {
        return SEV_MAP_DIRECT;
    }
    return page->state->word & PAGE_SEVERAL ? SEV_MAP_BUSY : SEV_MAP_HELD;
}

/* With the page's lock */
static SevMapping map_page(SevMemory *mem, const SevPage *page, SevView view,
                           uint64_t key, uint64_t *holder)
{
    SevMapping mapping = SEV_MAP_DIRECT;

    if (!is_kept(page->state->word, view)) {
        mapping = hindrance(mem, page, view);
        if (mapping != SEV_MAP_DIRECT) {
            *holder = page->state->key;
            return mapping;
        }
        turn(mem, page, view);
        page->stripe->stats.first++;
        mapping = SEV_MAP_TURNED;
    }
    add_mapping(mem, page, key);
    return mapping;
}

static SevMapping map(SevMemory *mem, const SevRange *range, uint64_t addr,
                      SevView view, uint64_t key, uint64_t *holder)
{
    SevPage page = page_in(mem, range, addr);
    SevMapping mapping;

    lock_page(&page);
    mapping = map_page(mem, &page, view, key, holder);
    unlock_page(&page);
    return mapping;
}

/*
 * Without the lock, for a vCPU that runs.  A page with several mappings is not
 * turned before all vCPUs have stopped, so what the word says is true until
 * this vCPU stops.  One with a single mapping is turned by the vCPU that has
 * it.  If the word is of this epoch, the key that is read after it is of this
 * epoch, or a later key of it, and if that is @key then this vCPU stored it.
 */
static bool is_mapped_by(SevMemory *mem, const SevPageState *state,
                         SevView view, uint64_t key)
{
    uint64_t word = qatomic_load_acquire(&state->word);

    sev_reach_test_point("is_mapped_by");
    return is_kept(word, view) && is_mapped(mem, word) &&
           (word & PAGE_SEVERAL || qatomic_read(&state->key) == key);
}

SevMapping sev_memory_map(SevMemory *mem, uint64_t addr, SevView view,
                          uint64_t key, uint64_t *holder)
{
    const SevRange *range = sev_ranges_find(&mem->ranges, addr);

    g_assert(!qatomic_read(&mem->stopped));
    if (!range) {
        return SEV_MAP_UNKNOWN;
    }
    if (!range->host ||
        is_mapped_by(mem, state_of(range, addr), view, key)) {
        return SEV_MAP_DIRECT;
    }
    return map(mem, range, addr, view, key, holder);
}

/* With the page's lock */
static bool turn_held(SevMemory *mem, const SevPage *page, SevView view,
                      uint64_t holder)
{
    if (is_kept(page->state->word, view) ||
        hindrance(mem, page, view) != SEV_MAP_HELD ||
        page->state->key != holder) {
        return false;
    }
    turn(mem, page, view);
    page->stripe->stats.held++;
    return true;
}

bool sev_memory_turn_held(SevMemory *mem, uint64_t addr, SevView view,
                          uint64_t holder)
{
    SevPage page;
    bool turned;

    RCU_READ_LOCK_GUARD();
    g_assert(!qatomic_read(&mem->stopped));
    if (!page_of(mem, addr, &page)) {
        return false;
    }
    lock_page(&page);
    turned = turn_held(mem, &page, view, holder);
    unlock_page(&page);
    return turned;
}

uint64_t sev_memory_epoch(SevMemory *mem)
{
    return qatomic_read(&mem->epoch);
}

void sev_memory_stop(SevMemory *mem)
{
    qatomic_inc(&mem->stopped);
}

void sev_memory_go(SevMemory *mem)
{
    unsigned before = qatomic_fetch_dec(&mem->stopped);

    g_assert(before);
}

void sev_memory_new_epoch(SevMemory *mem)
{
    g_assert(qatomic_read(&mem->stopped));
    qatomic_inc(&mem->epoch);
}

/* With the page's lock */
static bool turn_stopped(SevMemory *mem, const SevPage *page, SevView view)
{
    if (is_kept(page->state->word, view) || stays(page, view) ||
        may_be_in_use(mem, page) ||
        !page->stripe->engine || qatomic_read(&mem->sealing)) {
        return false;
    }
    if (is_mapped(mem, page->state->word)) {
        sev_memory_new_epoch(mem);
    }
    turn(mem, page, view);
    page->stripe->stats.turned++;
    return true;
}

bool sev_memory_turn(SevMemory *mem, uint64_t addr, SevView view)
{
    SevPage page;
    bool turned;

    RCU_READ_LOCK_GUARD();
    g_assert(qatomic_read(&mem->stopped));
    if (!page_of(mem, addr, &page)) {
        return false;
    }
    lock_page(&page);
    turned = turn_stopped(mem, &page, view);
    unlock_page(&page);
    return turned;
}

bool sev_memory_map_device(SevMemory *mem, uint64_t addr)
{
    SevPage page;
    bool direct;

    RCU_READ_LOCK_GUARD();
    if (!page_of(mem, addr, &page)) {
        return true;
    }
    lock_page(&page);
    direct = is_kept(page.state->word, SEV_VIEW_SHARED);
    if (direct) {
        page.state->device = qatomic_read(&mem->use);
    }
    unlock_page(&page);
    return direct;
}

uint64_t sev_memory_begin_wait(SevMemory *mem)
{
    return qatomic_fetch_inc(&mem->use);
}

void sev_memory_end_wait(SevMemory *mem, uint64_t number)
{
    uint64_t before = qatomic_read(&mem->used_up), seen;

    g_assert(number < qatomic_read(&mem->use));
    while (before < number) {
        seen = qatomic_cmpxchg(&mem->used_up, before, number);
        if (seen == before) {
            break;
        }
        before = seen;
    }
}

/* With the page's lock */
static void set_pins(const SevPage *page, uintptr_t count)
{
    g_assert(page->stripe->locked);
    if (count) {
        g_hash_table_insert(page->stripe->pins, pin_key(page),
                            (gpointer)count);
    } else {
        g_hash_table_remove(page->stripe->pins, pin_key(page));
    }
}

/* With the page's lock */
static void pin(const SevPage *page)
{
    g_assert(is_kept(page->state->word, SEV_VIEW_SHARED));
    set_pins(page, pins_of(page) + 1);
}

/* With the page's lock.  Memory that was removed has forgotten its pins. */
static void unpin(const SevPage *page)
{
    uintptr_t count = pins_of(page);

    set_pins(page, count - (count > 0));
}

static void change_pins(SevMemory *mem, uint64_t addr, uint64_t len,
                        void (*change)(const SevPage *page))
{
    uint64_t end = addr + len;
    SevPage page;

    RCU_READ_LOCK_GUARD();
    for (addr -= addr % SEV_MEMORY_PAGE; addr < end; addr += SEV_MEMORY_PAGE) {
        if (page_of(mem, addr, &page)) {
            lock_page(&page);
            change(&page);
            unlock_page(&page);
        }
    }
}

void sev_memory_pin(SevMemory *mem, uint64_t addr, uint64_t len)
{
    change_pins(mem, addr, len, pin);
}

void sev_memory_unpin(SevMemory *mem, uint64_t addr, uint64_t len)
{
    change_pins(mem, addr, len, unpin);
}

SevView sev_memory_kept(SevMemory *mem, uint64_t addr)
{
    SevPage page;

    RCU_READ_LOCK_GUARD();
    return page_of(mem, addr, &page) &&
           !is_kept(qatomic_read(&page.state->word), SEV_VIEW_SHARED)
           ? SEV_VIEW_PRIVATE : SEV_VIEW_SHARED;
}

bool sev_memory_changes_view(SevMemory *mem, uint64_t addr, SevView view)
{
    SevPage page;
    uint64_t word;

    RCU_READ_LOCK_GUARD();
    if (!page_of(mem, addr, &page)) {
        return false;
    }
    word = qatomic_read(&page.state->word);
    return word && !is_kept(word, view);
}

/* The blocks that hold @len bytes from @offset on */
typedef struct SevBlocks {
    uint8_t data[SEV_MEMORY_PAGE];
    size_t start;
    size_t len;
} SevBlocks;

static void load_blocks(SevBlocks *blocks, const SevPage *page,
                        size_t offset, size_t len, SevView view)
{
    blocks->start = QEMU_ALIGN_DOWN(offset, SEV_MEMORY_BLOCK);
    blocks->len = QEMU_ALIGN_UP(offset + len, SEV_MEMORY_BLOCK) -
                  blocks->start;
    memcpy(blocks->data, page->host + blocks->start, blocks->len);
    transform(page->stripe, page->addr + blocks->start, blocks->data,
              blocks->len, view);
}

static void store_blocks(SevBlocks *blocks, const SevPage *page, SevView view)
{
    transform(page->stripe, page->addr + blocks->start, blocks->data,
              blocks->len,
              view == SEV_VIEW_PRIVATE ? SEV_VIEW_SHARED : SEV_VIEW_PRIVATE);
    memcpy(page->host + blocks->start, blocks->data, blocks->len);
}

/* With the page's lock; it is kept in the other view */
static void copy_from(const SevPage *page, size_t offset, void *buf,
                      size_t len, SevView view)
{
    SevBlocks blocks;

    load_blocks(&blocks, page, offset, len, view);
    memcpy(buf, blocks.data + offset - blocks.start, len);
    page->stripe->stats.copies++;
}

static void copy_to(const SevPage *page, size_t offset, const void *buf,
                    size_t len, SevView view)
{
    SevBlocks blocks;

    load_blocks(&blocks, page, offset, len, view);
    memcpy(blocks.data + offset - blocks.start, buf, len);
    store_blocks(&blocks, page, view);
    page->stripe->stats.copies++;
}

/* Returns: the page that has @len bytes at @addr, locked */
static SevPage lock_bytes(SevMemory *mem, uint64_t addr, size_t len)
{
    SevPage page;
    bool known = page_of(mem, addr, &page);

    g_assert(known && len <= SEV_MEMORY_PAGE - addr % SEV_MEMORY_PAGE);
    lock_page(&page);
    return page;
}

void sev_memory_read(SevMemory *mem, uint64_t addr, void *buf, size_t len,
                     SevView view)
{
    size_t offset = addr % SEV_MEMORY_PAGE;
    SevPage page;

    RCU_READ_LOCK_GUARD();
    page = lock_bytes(mem, addr, len);
    if (is_kept(page.state->word, view)) {
        memcpy(buf, page.host + offset, len);
    } else {
        copy_from(&page, offset, buf, len, view);
    }
    unlock_page(&page);
}

/* With the page's lock */
static bool has_users(SevMemory *mem, const SevPage *page)
{
    return is_mapped(mem, page->state->word) || may_be_in_use(mem, page) ||
           pins_of(page);
}

void sev_memory_write(SevMemory *mem, uint64_t addr, const void *buf,
                      size_t len, SevView view)
{
    size_t offset = addr % SEV_MEMORY_PAGE;
    SevPage page;

    RCU_READ_LOCK_GUARD();
    page = lock_bytes(mem, addr, len);
    if (len == SEV_MEMORY_PAGE && !has_users(mem, &page)) {
        set_state(&page, flag_of(view), 0);
    }
    if (is_kept(page.state->word, view)) {
        memcpy(page.host + offset, buf, len);
    } else {
        copy_to(&page, offset, buf, len, view);
    }
    unlock_page(&page);
}

/* With the page's lock; it is kept in the other view */
static bool cmpxchg_copy(const SevPage *page, size_t offset, uint32_t old,
                         uint32_t new, SevView view)
{
    SevBlocks blocks;
    uint32_t *word;

    load_blocks(&blocks, page, offset, sizeof(*word), view);
    page->stripe->stats.copies++;
    word = (uint32_t *)(blocks.data + offset - blocks.start);
    if (*word != old) {
        return false;
    }
    *word = new;
    store_blocks(&blocks, page, view);
    return true;
}

/* Other vCPUs may have the page's host address if it is kept in @view */
bool sev_memory_cmpxchg(SevMemory *mem, uint64_t addr, uint32_t old,
                        uint32_t new, SevView view)
{
    size_t offset = addr % SEV_MEMORY_PAGE;
    SevPage page;
    bool done;

    RCU_READ_LOCK_GUARD();
    g_assert(addr % sizeof(old) == 0);
    page = lock_bytes(mem, addr, sizeof(old));
    if (is_kept(page.state->word, view)) {
        done = qatomic_cmpxchg((uint32_t *)(page.host + offset), old,
                               new) == old;
    } else {
        done = cmpxchg_copy(&page, offset, old, new, view);
    }
    unlock_page(&page);
    return done;
}

/*
 * With the page's lock.  Pins are of devices that are idle now, and end later.
 *
 * Returns: whether it was turned
 */
static bool seal_page(const SevPage *page)
{
    bool differs = !is_kept(page->state->word, SEV_VIEW_SHARED);

    if (differs) {
        transform(page->stripe, page->addr, page->host, SEV_MEMORY_PAGE,
                  SEV_VIEW_SHARED);
        page->stripe->stats.turned++;
    }
    page->state->device = 0;
    set_state(page, 0, 0);
    return differs;
}

static void seal_range(SevMemory *mem, const SevRange *range,
                       SevMemoryChanged *changed)
{
    for (uint64_t at = 0; range->host && at < range->size;
         at += SEV_MEMORY_PAGE) {
        SevPage page = page_in(mem, range, range->addr + at);
        bool turned;

        if (!qatomic_read(&page.state->word)) {
            continue;
        }
        lock_page(&page);
        turned = seal_page(&page);
        unlock_page(&page);
        if (turned) {
            changed(page.addr, SEV_MEMORY_PAGE);
        }
    }
}

/*
 * A vCPU's thread may still serve what it was asked for before it stopped: as
 * it looks at @sealing with the page's lock, it turns no page back.
 */
void sev_memory_seal(SevMemory *mem, SevMemoryChanged *changed)
{
    qatomic_set(&mem->sealing, true);
    sev_memory_new_epoch(mem);
    WITH_RCU_READ_LOCK_GUARD() {
        SevRangeList *list = sev_ranges_list(&mem->ranges);

        for (unsigned i = 0; i < list->num; i++) {
            seal_range(mem, list->all[i], changed);
        }
    }
    replace_key(mem, NULL);
    qatomic_set(&mem->sealing, false);
}

void sev_memory_stats(SevMemory *mem, SevMemoryStats *stats)
{
    memset(stats, 0, sizeof(*stats));
    for (unsigned i = 0; i < NUM_STRIPES; i++) {
        SevStripe *stripe = &mem->stripes[i];

        qemu_mutex_lock(&stripe->lock);
        stats->first += stripe->stats.first;
        stats->held += stripe->stats.held;
        stats->turned += stripe->stats.turned;
        stats->copies += stripe->stats.copies;
        qemu_mutex_unlock(&stripe->lock);
    }
}
