/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest around a device driver: the device copies from and to pages that
 * are shared with it, or that somebody forgot to share.
 */
#include "dma.h"
#include "guest.h"
#include "paging.h"

#define SOURCE          (SHARED_BASE + 0x100000)
#define TARGET          (SHARED_BASE + 0x101000)
#define SECRET          (SHARED_BASE + 0x102000)
#define CONTROL         (SHARED_BASE + 0x140000)
#define WRONG_CONTROL   (SHARED_BASE + 0x160000)

#define PATIENCE        30              /* seconds */
#define IMPATIENCE      2               /* where it is not meant to work */

#define SHARED_SEED     dma_pattern(0)
#define SECRET_SEED     0x9c1ce70000000000ull

static uint64_t private_window, shared_window;

static mem64 *private_view(uint64_t page)
{
    return (mem64 *)(private_window + (page & (LARGE_PAGE - 1)));
}

static mem64 *shared_view(uint64_t page)
{
    return (mem64 *)(shared_window + (page & (LARGE_PAGE - 1)));
}

static unsigned words(void)
{
    return dma_device.size / 8;
}

/* A cache may hold both views of the same memory. */
static void settle(void)
{
    asm volatile("wbinvd" : : : "memory");
}

static uint64_t pattern(uint64_t seed, unsigned i)
{
    return seed + dma_pattern(i) - dma_pattern(0);
}

static void fill(mem64 *to, uint64_t seed)
{
    settle();
    for (unsigned i = 0; i < words(); i++) {
        to[i] = pattern(seed, i);
    }
    settle();
}

static unsigned matches(const mem64 *from, uint64_t seed)
{
    unsigned count = 0;

    settle();
    for (unsigned i = 0; i < words(); i++) {
        count += from[i] == pattern(seed, i);
    }
    return count;
}

static unsigned equal_words(const mem64 *a, const mem64 *b)
{
    unsigned count = 0;

    settle();
    for (unsigned i = 0; i < words(); i++) {
        count += a[i] == b[i];
    }
    return count;
}

static void copy(uint64_t to, uint64_t from)
{
    report_true("the device copies", dma_device.copy(to, from, PATIENCE));
}

static bool start(uint64_t control, uint64_t window)
{
    struct dma_memory memory = {
        (mem8 *)(window + (control & (LARGE_PAGE - 1))), control,
    };

    memset((void *)memory.at, 0, DMA_CONTROL);
    settle();
    return dma_device.start((mem8 *)(shared_window + LARGE_PAGE), memory);
}

static void check_shared(void)
{
    fill(shared_view(SOURCE), SHARED_SEED);
    fill(shared_view(TARGET), 0);
    copy(TARGET, SOURCE);
    report_equal("what went from shared to shared memory is the same",
                 matches(shared_view(TARGET), SHARED_SEED), words());
}

/* @other: how many words may be the same in both views */
static void check_private_source(unsigned other)
{
    fill(private_view(SECRET), SECRET_SEED);
    copy(TARGET, SECRET);
    report_equal("from private memory the device reads something else",
                 matches(shared_view(TARGET), SECRET_SEED), other);
    report_equal("which is what C=0 shows",
                 equal_words(shared_view(TARGET), shared_view(SECRET)),
                 words());
    report_equal("the private memory is still as it was",
                 matches(private_view(SECRET), SECRET_SEED), words());
}

static void check_private_target(unsigned other)
{
    fill(shared_view(SOURCE), SHARED_SEED);
    fill(private_view(SECRET), SECRET_SEED);
    copy(SECRET, SOURCE);
    report_equal("what the device wrote to private memory is garbage",
                 matches(private_view(SECRET), SHARED_SEED), other);
    report_equal("that memory has changed",
                 matches(private_view(SECRET), SECRET_SEED), 0);
    report_equal("C=0 shows what it wrote",
                 matches(shared_view(SECRET), SHARED_SEED), words());
}

/* Whoever has the ciphertext can put it back. */
static void check_ciphertext(void)
{
    fill(private_view(SECRET), SECRET_SEED);
    copy(TARGET, SECRET);
    fill(private_view(SECRET), SHARED_SEED);
    copy(SECRET, TARGET);
    report_equal("ciphertext that the device put back is plaintext again",
                 matches(private_view(SECRET), SECRET_SEED), words());
}

/* A driver that shares its buffers, but not what describes them. */
static void check_private_control(uint64_t c_bit)
{
    bool works;

    fill(shared_view(SOURCE), SHARED_SEED);
    fill(shared_view(TARGET), 0);
    works = start(WRONG_CONTROL, private_window) &&
            dma_device.copy(TARGET, SOURCE, IMPATIENCE) &&
            matches(shared_view(TARGET), SHARED_SEED) == words();
    report_true("with private descriptors nothing gets through",
                works == !c_bit);
    report_true("after a reset the device gets ready again",
                start(CONTROL, shared_window));
    check_shared();
}

static void map_all(uint64_t c_bit)
{
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);

    private_window = paging_window(PAGING_4_LEVEL);
    shared_window = private_window + LARGE_PAGE;
    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, private_window, SHARED_BASE, PAGE_2M,
               PTE_P | PTE_W | c_bit);
    paging_map(&paging, shared_window, SHARED_BASE, PAGE_2M, PTE_P | PTE_W);
    paging_map(&paging, shared_window + LARGE_PAGE, DMA_MMIO, PAGE_2M,
               PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    unsigned other = c_bit ? 0 : words();

    map_all(c_bit);
    report_info("secret-physical", SECRET);
    if (!start(CONTROL, shared_window)) {
        report_abort("the device does not get ready", 0);
    }
    check_shared();
    check_private_target(other);
    if (!dma_device.writes_only) {
        check_private_source(other);
        check_ciphertext();
    }
    if (!dma_device.takes_anything) {
        check_private_control(c_bit);
    }
}
