/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A virtio disk, page by page.
 */
#ifndef GUEST_VIRTIO_BLK_H
#define GUEST_VIRTIO_BLK_H

#include "dma.h"

#define VIRTIO_BLK_PAGE 4096

/* As virtio_start(); needs one more page of @control. */
bool virtio_blk_start(mem8 *registers, struct dma_memory control);

/* Begin to read pages of the disk to memory, or to write them from there. */
void virtio_blk_read(uint32_t page, uint64_t physical, unsigned pages);
void virtio_blk_write(uint32_t page, uint64_t physical, unsigned pages);

/* Wait for that.  Returns whether the disk did it. */
bool virtio_blk_wait(unsigned seconds);

#endif
