/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A virtio disk: a copy is a write to its next page and a read of what was
 * written.
 */
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/virtio-blk.h"

const char guest_name[] = "dma-virtio-blk";

static bool copy(uint64_t to, uint64_t from, unsigned seconds)
{
    static uint32_t page;

    page = (page + 1) % DMA_DISK_PAGES;
    virtio_blk_write(page, from, 1);
    if (!virtio_blk_wait(seconds)) {
        return false;
    }
    virtio_blk_read(page, to, 1);
    return virtio_blk_wait(seconds);
}

const struct dma_device dma_device = {
    .size = VIRTIO_BLK_PAGE, .start = virtio_blk_start, .copy = copy,
};
