/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A request of many pages that the guest forgot to share, all but the ring and
 * the request's header: the disk does it, and what it moves is ciphertext.
 */
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/paging.h"
#include "lib/virtio-blk.h"

const char guest_name[] = "dma-large";

#define SECRET          (SHARED_BASE + 0x000000)
#define TARGET          (SHARED_BASE + 0x080000)
#define CONTROL         (SHARED_BASE + 0x140000)
#define PAGES           64u
#define WORDS           (PAGES * VIRTIO_BLK_PAGE / 8)
#define PATIENCE        60              /* seconds */
#define SEED            0x9c1ce70000000000ull

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

static unsigned equal_words(const mem64 *a, const mem64 *b)
{
    unsigned count = 0;

    settle();
    for (unsigned i = 0; i < WORDS; i++) {
        count += a[i] == b[i];
    }
    return count;
}

static unsigned matches(const mem64 *from)
{
    unsigned count = 0;

    settle();
    for (unsigned i = 0; i < WORDS; i++) {
        count += from[i] == SEED + i;
    }
    return count;
}

static void fill(mem64 *to)
{
    for (unsigned i = 0; i < WORDS; i++) {
        to[i] = SEED + i;
    }
    settle();
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

    map_all(c_bit);
    memset((void *)shared_view(CONTROL), 0, DMA_CONTROL);
    report_true("the disk gets ready",
                virtio_blk_start((mem8 *)(shared_window + LARGE_PAGE),
                                 (struct dma_memory) {
                                     (mem8 *)shared_view(CONTROL), CONTROL,
                                 }));
    fill(private_view(SECRET));
    virtio_blk_write(0, SECRET, PAGES);
    report_true("the disk writes private pages", virtio_blk_wait(PATIENCE));
    virtio_blk_read(0, TARGET, PAGES);
    report_true("the disk reads to shared pages", virtio_blk_wait(PATIENCE));
    report_equal("it wrote something else", matches(shared_view(TARGET)),
                 c_bit ? 0 : WORDS);
    report_equal("which is what C=0 shows",
                 equal_words(shared_view(TARGET), shared_view(SECRET)), WORDS);
    fill(private_view(TARGET));
    memset((void *)private_view(SECRET), 0, PAGES * VIRTIO_BLK_PAGE);
    settle();
    virtio_blk_read(0, SECRET, PAGES);
    report_true("the disk reads to private pages", virtio_blk_wait(PATIENCE));
    report_equal("ciphertext comes back to where it was from",
                 matches(private_view(SECRET)), WORDS);
}
