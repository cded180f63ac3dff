/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A virtio disk: a copy is a write to its next page and a read of what was
 * written.
 */
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/virtio.h"

const char guest_name[] = "dma-virtio-blk";

#define READ            0
#define WRITE           1

#define SIZE            4096
#define SECTORS         (SIZE / 512)
#define REQUEST         0x3000          /* within the control area */
#define REQUEST_SIZE    16
#define STATUS          0x3010
#define STATUS_PENDING  0xff

static struct dma_memory control;

static bool start(mem8 *registers, struct dma_memory memory)
{
    control = memory;
    return virtio_start(VIRTIO_BLOCK, registers, memory);
}

/* The disk's page @page, from or to memory */
static bool transfer(uint32_t type, uint32_t page, uint64_t physical,
                     unsigned seconds)
{
    struct virtio_buffer buffers[] = {
        { control.physical + REQUEST, REQUEST_SIZE, false },
        { physical, SIZE, type == READ },
        { control.physical + STATUS, 1, true },
    };
    mem32 *request = (mem32 *)(control.at + REQUEST);

    request[0] = type;
    request[1] = request[3] = 0;
    request[2] = page * SECTORS;
    control.at[STATUS] = STATUS_PENDING;
    return virtio_run(buffers, 3, seconds) == (type == READ ? SIZE + 1 : 1) &&
           control.at[STATUS] == 0;
}

static bool copy(uint64_t to, uint64_t from, unsigned seconds)
{
    static uint32_t page;

    page++;
    return transfer(WRITE, page, from, seconds) &&
           transfer(READ, page, to, seconds);
}

const struct dma_device dma_device = { SIZE, start, copy, false };
