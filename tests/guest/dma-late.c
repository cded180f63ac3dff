/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A page that becomes private while a device is still at work on it.  The host
 * holds the requests of the virtio disk up and says by a word in a shared page
 * when it lets them go on.
 */
#include "lib/cmos.h"
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/paging.h"
#include "lib/virtio-blk.h"

const char guest_name[] = "dma-late";

#define READ_BUFFER     (SHARED_BASE + 0x100000)
#define WRITE_BUFFER    (SHARED_BASE + 0x102000)
#define CONTROL         (SHARED_BASE + 0x140000)
#define TOLD            (SHARED_BASE + 0x180000)
#define WORDS           512u
#define PATIENCE        60              /* seconds */

#define READ_PAGE       1               /* of the disk */
#define WRITE_PAGE      2

#define SECRET_SEED     0x9c1ce70000000000ull
#define PUBLIC_SEED     0x7e57000000000000ull

static uint64_t private_window, shared_window;

static mem64 *private_view(uint64_t page)
{
    return (mem64 *)(private_window + (page & (LARGE_PAGE - 1)));
}

static mem64 *shared_view(uint64_t page)
{
    return (mem64 *)(shared_window + (page & (LARGE_PAGE - 1)));
}

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
    for (unsigned i = 0; i < WORDS; i++) {
        to[i] = pattern(seed, i);
    }
    settle();
}

static unsigned matches(const mem64 *from, uint64_t seed)
{
    unsigned count = 0;

    settle();
    for (unsigned i = 0; i < WORDS; i++) {
        count += from[i] == pattern(seed, i);
    }
    return count;
}

static void wait_for_host(uint64_t number)
{
    struct timer timer = timer_start(PATIENCE);

    report_info("waits", number);
    while (*shared_view(TOLD) != number) {
        if (timer_expired(&timer)) {
            report_abort("the host says nothing but", *shared_view(TOLD));
        }
    }
}

/* The guest takes its buffer back too early and puts a secret there. */
static void take_back(uint64_t page)
{
    fill(private_view(page), SECRET_SEED);
    report_equal("the page is private while the device has it",
                 matches(private_view(page), SECRET_SEED), WORDS);
}

static void check_read(uint64_t c_bit)
{
    fill(shared_view(READ_BUFFER), PUBLIC_SEED);
    wait_for_host(1);
    virtio_blk_read(READ_PAGE, READ_BUFFER, 1);
    take_back(READ_BUFFER);
    wait_for_host(2);
    report_true("the disk was read", virtio_blk_wait(PATIENCE));
    report_equal("what came is there with C=0",
                 matches(shared_view(READ_BUFFER), dma_pattern(0)), WORDS);
    report_equal("with C=1 it is garbage",
                 matches(private_view(READ_BUFFER), dma_pattern(0)),
                 c_bit ? 0 : WORDS);
    report_equal("and the secret is lost",
                 matches(private_view(READ_BUFFER), SECRET_SEED), 0);
}

static void check_write(void)
{
    fill(shared_view(WRITE_BUFFER), PUBLIC_SEED);
    wait_for_host(3);
    virtio_blk_write(WRITE_PAGE, WRITE_BUFFER, 1);
    take_back(WRITE_BUFFER);
    wait_for_host(4);
    report_true("the disk was written", virtio_blk_wait(PATIENCE));
    report_equal("the page is still private",
                 matches(private_view(WRITE_BUFFER), SECRET_SEED), WORDS);
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
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

    *shared_view(TOLD) = 0;
    report_info("told", TOLD);
    report_info("secret-physical", WRITE_BUFFER);
    memset((void *)shared_view(CONTROL), 0, DMA_CONTROL);
    report_true("the disk gets ready",
                virtio_blk_start((mem8 *)(shared_window + LARGE_PAGE),
                                 (struct dma_memory) {
                                     (mem8 *)shared_view(CONTROL), CONTROL,
                                 }));
    check_read(c_bit);
    check_write();
}
