/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pages in a balloon.  The host may take their memory, but not that of an
 * encrypted guest: there a page is as it was when it comes back.
 */
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/paging.h"
#include "lib/virtio.h"

const char guest_name[] = "balloon";

#define PRIVATE_PAGE    (SHARED_BASE + 0x100000)
#define SHARED_PAGE     (SHARED_BASE + 0x101000)
#define CONTROL         (SHARED_BASE + 0x140000)
#define LIST            0x3000          /* of pages, within the control area */
#define WORDS           512u
#define PATIENCE        30              /* seconds */
#define SEED            0x9c1ce70000000000ull

static uint64_t shared_window;

static mem64 *view(uint64_t window, uint64_t page)
{
    return (mem64 *)(window + (page & (LARGE_PAGE - 1)));
}

static void settle(void)
{
    asm volatile("wbinvd" : : : "memory");
}

static void fill(mem64 *to)
{
    for (unsigned i = 0; i < WORDS; i++) {
        to[i] = SEED + i;
    }
    settle();
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

/* Both pages, which are neighbours */
static bool inflate(void)
{
    struct virtio_buffer buffer = { CONTROL + LIST, 8, false };
    mem32 *list = (mem32 *)view(shared_window, CONTROL + LIST);

    list[0] = PRIVATE_PAGE >> 12;
    list[1] = SHARED_PAGE >> 12;
    virtio_submit(&buffer, 1);
    return virtio_wait(PATIENCE) == 0;
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);
    uint64_t private_window = paging_window(PAGING_4_LEVEL);
    mem64 *private, *shared;

    shared_window = private_window + LARGE_PAGE;
    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, private_window, SHARED_BASE, PAGE_2M,
               PTE_P | PTE_W | c_bit);
    paging_map(&paging, shared_window, SHARED_BASE, PAGE_2M, PTE_P | PTE_W);
    paging_map(&paging, shared_window + LARGE_PAGE, DMA_MMIO, PAGE_2M,
               PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);

    memset((void *)view(shared_window, CONTROL), 0, DMA_CONTROL);
    report_true("the balloon gets ready",
                virtio_start(VIRTIO_BALLOON,
                             (mem8 *)(shared_window + LARGE_PAGE),
                             (struct dma_memory) {
                                 (mem8 *)view(shared_window, CONTROL), CONTROL,
                             }));
    private = view(private_window, PRIVATE_PAGE);
    shared = view(shared_window, SHARED_PAGE);
    fill(private);
    fill(shared);
    report_true("it takes the pages", inflate());
    report_info("private-words", matches(private));
    report_info("shared-words", matches(shared));
    fill(private);
    fill(shared);
    report_equal("a private page can be used again", matches(private), WORDS);
    report_equal("a shared page too", matches(shared), WORDS);
}
