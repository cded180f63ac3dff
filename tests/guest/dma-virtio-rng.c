/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A virtio source of entropy that is not random at all: it repeats one page.
 */
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/virtio.h"

const char guest_name[] = "dma-virtio-rng";

#define SIZE            4096

static bool start(mem8 *registers, struct dma_memory memory)
{
    return virtio_start(VIRTIO_RNG, registers, memory);
}

static bool copy(uint64_t to, uint64_t from, unsigned seconds)
{
    struct virtio_buffer buffer = { to, SIZE, true };

    (void)from;
    virtio_submit(&buffer, 1);
    return virtio_wait(seconds) == SIZE;
}

const struct dma_device dma_device = {
    .size = SIZE, .start = start, .copy = copy, .writes_only = true,
};
