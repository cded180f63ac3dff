/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A request of many pages that the guest forgot to share, all but the ring and
 * the request's header: the disk does it, and what it moves is ciphertext.
 */
#include "lib/guest.h"
#include "lib/views.h"
#include "lib/virtio-blk.h"

const char guest_name[] = "dma-large";

#define SECRET          (SHARED_BASE + 0x000000)
#define TARGET          (SHARED_BASE + 0x080000)
#define CONTROL         (SHARED_BASE + 0x140000)
#define PAGES           64u
#define WORDS           (PAGES * VIRTIO_BLK_PAGE / 8)
#define PATIENCE        60              /* seconds */
#define SEED            0x9c1ce70000000000ull

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();

    views_map(PAGE_2M);
    report_true("the disk gets ready",
                virtio_blk_start(device_registers(),
                                 control_area(CONTROL, shared_view(CONTROL))));
    fill(private_view(SECRET), SEED, WORDS);
    virtio_blk_write(0, SECRET, PAGES);
    report_true("the disk writes private pages", virtio_blk_wait(PATIENCE));
    virtio_blk_read(0, TARGET, PAGES);
    report_true("the disk reads to shared pages", virtio_blk_wait(PATIENCE));
    report_equal("it wrote something else",
                 matches(shared_view(TARGET), SEED, WORDS),
                 c_bit ? 0 : WORDS);
    report_equal("which is what C=0 shows",
                 equal_words(shared_view(TARGET), shared_view(SECRET), WORDS),
                 WORDS);
    fill(private_view(TARGET), SEED, WORDS);
    memset((void *)private_view(SECRET), 0, PAGES * VIRTIO_BLK_PAGE);
    settle();
    virtio_blk_read(0, SECRET, PAGES);
    report_true("the disk reads to private pages", virtio_blk_wait(PATIENCE));
    report_equal("ciphertext comes back to where it was from",
                 matches(private_view(SECRET), SEED, WORDS), WORDS);
}
