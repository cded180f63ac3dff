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
#include "ranges.h"

#define NUM_STRIPES     16

/*
 * What is known of a page: flags, and in the upper bits the epoch in which a
 * vCPU last put it into a TLB.  A flush of all TLBs begins a new epoch, which
 * frees all pages from their vCPUs at once.  Epoch 0: never in a TLB.
 */
#define PAGE_PRIVATE    (1u << 0)       /* kept in the private view */
#define PAGE_DEVICE     (1u << 1)       /* a device may have its address */
#define PAGE_TURNING    (1u << 2)       /* somebody will call turn() */
#define PAGE_USED       (1u << 3)       /* turned since the model was made */
#define PAGE_STAYS      (1u << 4)       /* turn() is to leave it as it is */
#define PAGE_EPOCH      (1u << 5)
#define PAGE_FLAGS      (PAGE_EPOCH - 1)

/* Pages with the same number modulo NUM_STRIPES; an engine has a state */
typedef struct SevStripe {
    QemuMutex lock;
    AspMemCrypt *engine;
    GHashTable *pins;           /* how often, by page number */
    SevMemoryStats stats;
} QEMU_ALIGNED(64) SevStripe;

struct SevMemory {
    SevStripe stripes[NUM_STRIPES];
    uint32_t epoch;             /* a multiple of PAGE_EPOCH */
    SevRanges ranges;
};

/* A page of a range */
typedef struct SevPage {
    uint64_t addr;
    uint8_t *host;
    uint32_t *word;
    bool stored;
    SevStripe *stripe;
} SevPage;

SevMemory *sev_memory_new(void)
{
    SevMemory *mem = qemu_memalign(64, sizeof(*mem));

    memset(mem, 0, sizeof(*mem));
    mem->epoch = PAGE_EPOCH;
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

static uint32_t *word_of(const SevRange *range, uint64_t addr)
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
        .word = word_of(range, addr),
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

static uint32_t flag_of(SevView view)
{
    return view == SEV_VIEW_PRIVATE ? PAGE_PRIVATE : 0;
}

static bool is_kept(uint32_t word, SevView view)
{
    return (word & PAGE_PRIVATE) == flag_of(view);
}

static bool is_mapped(SevMemory *mem, uint32_t word)
{
    return (word & ~PAGE_FLAGS) == qatomic_read(&mem->epoch);
}

/* Somebody was told to turn it, and nobody used it as it is kept since */
static bool is_to_be_turned(uint32_t word)
{
    return (word & (PAGE_TURNING | PAGE_STAYS)) == PAGE_TURNING;
}

/* Somebody may have its host address, or is about to turn it */
static bool has_users(SevMemory *mem, uint32_t word)
{
    return is_mapped(mem, word) || (word & (PAGE_DEVICE | PAGE_TURNING));
}

/* Bytes that are in one view, to the other; whole blocks */
static void transform(SevStripe *stripe, uint64_t addr, void *data, size_t len,
                      SevView to)
{
    g_assert(stripe->engine);
    if (to == SEV_VIEW_PRIVATE) {
        asp_memcrypt_decrypt(stripe->engine, addr, data, len);
    } else {
        asp_memcrypt_encrypt(stripe->engine, addr, data, len);
    }
}

/* With the stripe's lock; the page has no users */
static void turn(const SevPage *page, SevView view)
{
    transform(page->stripe, page->addr, page->host, SEV_MEMORY_PAGE, view);
    qatomic_set(page->word, flag_of(view) | PAGE_USED);
}

static gpointer pin_key(const SevPage *page)
{
    return (gpointer)(uintptr_t)(page->addr / SEV_MEMORY_PAGE);
}

/* With the stripe's lock */
static uintptr_t pins_of(const SevPage *page)
{
    return (uintptr_t)g_hash_table_lookup(page->stripe->pins, pin_key(page));
}

/* With the stripe's lock */
static bool may_turn(const SevPage *page, SevView view)
{
    return !pins_of(page) && !(page->stored && view == SEV_VIEW_PRIVATE);
}

/* With the stripe's lock */
static SevMapping map_page(SevMemory *mem, const SevPage *page, SevView view)
{
    uint32_t word = *page->word, pending;
    bool differs = !is_kept(word, view);

    if (differs) {
        if (!may_turn(page, view)) {
            return SEV_MAP_COPY;
        }
        if (is_mapped(mem, word) || (word & PAGE_DEVICE)) {
            qatomic_set(page->word, (word & ~PAGE_STAYS) | PAGE_TURNING);
            return word & PAGE_TURNING ? SEV_MAP_COPY : SEV_MAP_TURN;
        }
        turn(page, view);
        page->stripe->stats.first++;
    }
    /* Who was told to turn it does not know, and will still come */
    pending = word & PAGE_TURNING ? PAGE_TURNING | PAGE_STAYS : 0;
    qatomic_set(page->word, (*page->word & PAGE_PRIVATE) |
                            (word & PAGE_DEVICE) | pending | mem->epoch);
    return differs ? SEV_MAP_TURNED : SEV_MAP_DIRECT;
}

static SevMapping map(SevMemory *mem, const SevRange *range, uint64_t addr,
                      SevView view)
{
    SevPage page = page_in(mem, range, addr);

    QEMU_LOCK_GUARD(&page.stripe->lock);
    return map_page(mem, &page, view);
}

/*
 * Without the lock when a vCPU has the page mapped already: as this vCPU is
 * not stopped, nobody can turn the page before it returns.
 */
SevMapping sev_memory_map(SevMemory *mem, uint64_t addr, SevView view)
{
    const SevRange *range = sev_ranges_find(&mem->ranges, addr);
    uint32_t word;

    if (!range) {
        return SEV_MAP_UNKNOWN;
    }
    if (!range->host) {
        return SEV_MAP_DIRECT;
    }
    word = qatomic_read(word_of(range, addr));
    return is_kept(word, view) && is_mapped(mem, word) &&
           !is_to_be_turned(word)
           ? SEV_MAP_DIRECT : map(mem, range, addr, view);
}

bool sev_memory_map_device(SevMemory *mem, uint64_t addr)
{
    SevPage page;
    uint32_t word;
    bool direct;

    RCU_READ_LOCK_GUARD();
    if (!page_of(mem, addr, &page)) {
        return true;
    }
    qemu_mutex_lock(&page.stripe->lock);
    word = *page.word;
    direct = !(word & (PAGE_PRIVATE | PAGE_TURNING));
    if (direct) {
        qatomic_set(page.word, word | PAGE_DEVICE);
    }
    qemu_mutex_unlock(&page.stripe->lock);
    return direct;
}

/* With the stripe's lock */
static void set_pins(const SevPage *page, uintptr_t count)
{
    if (count) {
        g_hash_table_insert(page->stripe->pins, pin_key(page),
                            (gpointer)count);
    } else {
        g_hash_table_remove(page->stripe->pins, pin_key(page));
    }
}

static void change_pins(SevMemory *mem, uint64_t addr, uint64_t len, bool pin)
{
    uint64_t end = addr + len;
    SevPage page;

    RCU_READ_LOCK_GUARD();
    for (addr -= addr % SEV_MEMORY_PAGE; addr < end; addr += SEV_MEMORY_PAGE) {
        if (page_of(mem, addr, &page)) {
            QEMU_LOCK_GUARD(&page.stripe->lock);
            uintptr_t count = pins_of(&page);

            set_pins(&page, pin ? count + 1 : count - (count > 0));
        }
    }
}

void sev_memory_pin(SevMemory *mem, uint64_t addr, uint64_t len)
{
    change_pins(mem, addr, len, true);
}

void sev_memory_unpin(SevMemory *mem, uint64_t addr, uint64_t len)
{
    change_pins(mem, addr, len, false);
}

bool sev_memory_in_use(SevMemory *mem, uint64_t addr)
{
    SevPage page;

    RCU_READ_LOCK_GUARD();
    return page_of(mem, addr, &page) &&
           (qatomic_read(page.word) & PAGE_DEVICE);
}

/* Epochs have come round: forget all the old ones */
static void forget_epochs(SevMemory *mem)
{
    SevRangeList *list;

    RCU_READ_LOCK_GUARD();
    list = sev_ranges_list(&mem->ranges);
    for (unsigned i = 0; i < list->num; i++) {
        const SevRange *range = list->all[i];

        for (uint64_t n = 0; range->host &&
             n < range->size / SEV_MEMORY_PAGE; n++) {
            qatomic_set(&range->pages[n], range->pages[n] & PAGE_FLAGS);
        }
    }
}

void sev_memory_flushed(SevMemory *mem)
{
    uint32_t epoch = mem->epoch + PAGE_EPOCH;

    if (!epoch) {
        forget_epochs(mem);
        epoch = PAGE_EPOCH;
    }
    qatomic_set(&mem->epoch, epoch);
}

bool sev_memory_turn(SevMemory *mem, uint64_t addr, SevView view)
{
    bool differs;
    SevPage page;

    RCU_READ_LOCK_GUARD();
    if (!page_of(mem, addr, &page)) {
        return false;
    }
    qemu_mutex_lock(&page.stripe->lock);
    differs = is_to_be_turned(*page.word) && !is_kept(*page.word, view) &&
              !pins_of(&page);
    if (differs) {
        turn(&page, view);
        page.stripe->stats.turned++;
    } else {
        qatomic_set(page.word, *page.word & ~(PAGE_TURNING | PAGE_STAYS));
    }
    qemu_mutex_unlock(&page.stripe->lock);
    return differs;
}

SevView sev_memory_kept(SevMemory *mem, uint64_t addr)
{
    SevPage page;

    RCU_READ_LOCK_GUARD();
    return page_of(mem, addr, &page) &&
           (qatomic_read(page.word) & PAGE_PRIVATE)
           ? SEV_VIEW_PRIVATE : SEV_VIEW_SHARED;
}

/* A page that is to be turned was used last with the view it will get */
static SevView used_view(uint32_t word)
{
    return !(word & PAGE_PRIVATE) == !is_to_be_turned(word)
           ? SEV_VIEW_SHARED : SEV_VIEW_PRIVATE;
}

/* A page that nobody used has no flags and no epoch */
bool sev_memory_changes_view(SevMemory *mem, uint64_t addr, SevView view)
{
    SevPage page;
    uint32_t word;

    RCU_READ_LOCK_GUARD();
    if (!page_of(mem, addr, &page)) {
        return false;
    }
    word = qatomic_read(page.word);
    return word && used_view(word) != view;
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

/* With the stripe's lock; the page is kept in the other view */
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

void sev_memory_read(SevMemory *mem, uint64_t addr, void *buf, size_t len,
                     SevView view)
{
    size_t offset = addr % SEV_MEMORY_PAGE;
    SevPage page;
    bool known;

    RCU_READ_LOCK_GUARD();
    known = page_of(mem, addr, &page);
    g_assert(known && len <= SEV_MEMORY_PAGE - offset);
    qemu_mutex_lock(&page.stripe->lock);
    if (is_kept(*page.word, view)) {
        memcpy(buf, page.host + offset, len);
    } else {
        copy_from(&page, offset, buf, len, view);
    }
    qemu_mutex_unlock(&page.stripe->lock);
}

void sev_memory_write(SevMemory *mem, uint64_t addr, const void *buf,
                      size_t len, SevView view)
{
    size_t offset = addr % SEV_MEMORY_PAGE;
    SevPage page;
    bool known;

    RCU_READ_LOCK_GUARD();
    known = page_of(mem, addr, &page);
    g_assert(known && len <= SEV_MEMORY_PAGE - offset);
    qemu_mutex_lock(&page.stripe->lock);
    if (len == SEV_MEMORY_PAGE && !has_users(mem, *page.word) &&
        !pins_of(&page)) {
        qatomic_set(page.word, flag_of(view));
    }
    if (is_kept(*page.word, view)) {
        memcpy(page.host + offset, buf, len);
    } else {
        copy_to(&page, offset, buf, len, view);
    }
    qemu_mutex_unlock(&page.stripe->lock);
}

/*
 * In an RCU critical section.
 *
 * Returns: whether it was turned.  Who was told to turn it will find it so.
 */
static bool seal_page(SevMemory *mem, uint64_t addr)
{
    SevPage page;
    bool differs;

    if (!page_of(mem, addr, &page)) {
        return false;
    }
    QEMU_LOCK_GUARD(&page.stripe->lock);
    differs = !is_kept(*page.word, SEV_VIEW_SHARED);
    if (differs) {
        turn(&page, SEV_VIEW_SHARED);
        page.stripe->stats.turned++;
    }
    qatomic_set(page.word, 0);
    return differs;
}

static void seal_range(SevMemory *mem, const SevRange *range,
                       SevMemoryChanged *changed)
{
    for (uint64_t at = 0; range->host && at < range->size;
         at += SEV_MEMORY_PAGE) {
        if (qatomic_read(&range->pages[at / SEV_MEMORY_PAGE]) &&
            seal_page(mem, range->addr + at)) {
            changed(range->addr + at, SEV_MEMORY_PAGE);
        }
    }
}

void sev_memory_seal(SevMemory *mem, SevMemoryChanged *changed)
{
    WITH_RCU_READ_LOCK_GUARD() {
        SevRangeList *list = sev_ranges_list(&mem->ranges);

        for (unsigned i = 0; i < list->num; i++) {
            seal_range(mem, list->all[i], changed);
        }
    }
    replace_key(mem, NULL);
}

void sev_memory_stats(SevMemory *mem, SevMemoryStats *stats)
{
    memset(stats, 0, sizeof(*stats));
    for (unsigned i = 0; i < NUM_STRIPES; i++) {
        SevStripe *stripe = &mem->stripes[i];

        qemu_mutex_lock(&stripe->lock);
        stats->first += stripe->stats.first;
        stats->turned += stripe->stats.turned;
        stats->copies += stripe->stats.copies;
        qemu_mutex_unlock(&stripe->lock);
    }
}
