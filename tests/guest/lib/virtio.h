/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A virtio device of the PCI kind, version 1, with one queue.
 */
#ifndef GUEST_VIRTIO_H
#define GUEST_VIRTIO_H

#include "dma.h"

#define VIRTIO_BLOCK    2
#define VIRTIO_RNG      4
#define VIRTIO_BALLOON  5
#define VIRTIO_SCSI     8

/* A piece of memory that the device reads or writes. */
struct virtio_buffer {
    uint64_t physical;
    uint32_t size;
    bool write;
};

/*
 * Reset the device of this type and set up its first queue in the first three
 * pages of @control.  It is to respect that its memory is behind an IOMMU.
 */
bool virtio_start(unsigned type, mem8 *registers, struct dma_memory control);

/* The same with its queue @number. */
bool virtio_start_queue(unsigned type, unsigned number, mem8 *registers,
                        struct dma_memory control);

/* Give the device a chain of buffers; one at a time. */
void virtio_submit(const struct virtio_buffer *buffers, unsigned count);

/*
 * Wait until the device has used them.  Returns the number of bytes that it
 * says it wrote, or VIRTIO_BROKEN.
 */
#define VIRTIO_BROKEN   (-1)
int64_t virtio_wait(unsigned seconds);

#endif
