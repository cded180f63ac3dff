/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "virtio-blk.h"
#include "virtio.h"

#define READ            0
#define WRITE           1

#define SECTORS         (VIRTIO_BLK_PAGE / 512)
#define REQUEST         0x3000          /* within the control area */
#define REQUEST_SIZE    16
#define STATUS          0x3010
#define STATUS_PENDING  0xff

static struct dma_memory memory;
static int64_t expected;                /* bytes that the device writes */

bool virtio_blk_start(mem8 *registers, struct dma_memory control)
{
    memory = control;
    return virtio_start(VIRTIO_BLOCK, registers, control);
}

static void submit(uint32_t type, uint32_t page, uint64_t physical,
                   uint32_t size)
{
    struct virtio_buffer buffers[] = {
        { memory.physical + REQUEST, REQUEST_SIZE, false },
        { physical, size, type == READ },
        { memory.physical + STATUS, 1, true },
    };
    mem32 *request = (mem32 *)(memory.at + REQUEST);

    request[0] = type;
    request[1] = request[3] = 0;
    request[2] = page * SECTORS;
    memory.at[STATUS] = STATUS_PENDING;
    expected = 1 + (type == READ ? size : 0);
    virtio_submit(buffers, 3);
}

void virtio_blk_read(uint32_t page, uint64_t physical, unsigned pages)
{
    submit(READ, page, physical, pages * VIRTIO_BLK_PAGE);
}

void virtio_blk_write(uint32_t page, uint64_t physical, unsigned pages)
{
    submit(WRITE, page, physical, pages * VIRTIO_BLK_PAGE);
}

bool virtio_blk_wait(unsigned seconds)
{
    return virtio_wait(seconds) == expected && memory.at[STATUS] == 0;
}
