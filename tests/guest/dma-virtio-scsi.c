/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A disk at a virtio SCSI adapter: a copy is a write to its next block of a
 * page and a read of what was written.
 */
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/virtio.h"

const char guest_name[] = "dma-virtio-scsi";

#define REQUESTS        2               /* the queue; 0 and 1 are others */

#define TEST_UNIT_READY 0x00
#define READ_10         0x28
#define WRITE_10        0x2a

#define BLOCKS          (4096 / 512)
#define REQUEST         0x3000          /* within the control area */
#define REQUEST_SIZE    51
#define REQUEST_LUN     0
#define REQUEST_CDB     19
#define RESPONSE        0x3100
#define RESPONSE_SIZE   108
#define RESPONSE_STATUS 10              /* of the disk, and of the adapter */
#define RESPONSE_CODE   11

static struct dma_memory memory;

static void fill_request(uint8_t operation, uint32_t block, uint16_t blocks)
{
    mem8 *request = memory.at + REQUEST;
    mem8 *cdb = request + REQUEST_CDB;

    for (unsigned i = 0; i < REQUEST_SIZE; i++) {
        request[i] = 0;
    }
    request[REQUEST_LUN] = 1;           /* target 0, LUN 0 */
    request[REQUEST_LUN + 2] = 0x40;
    cdb[0] = operation;
    for (unsigned i = 0; i < 4; i++) {
        cdb[2 + i] = block >> (24 - 8 * i);
    }
    cdb[7] = blocks >> 8;
    cdb[8] = blocks;
    memory.at[RESPONSE + RESPONSE_STATUS] = 0xff;
    memory.at[RESPONSE + RESPONSE_CODE] = 0xff;
}

/* @physical: a page, or 0: the command has no data */
static bool run(uint8_t operation, uint32_t page, uint64_t physical,
                unsigned seconds)
{
    bool read = operation == READ_10;
    struct virtio_buffer request = {
        memory.physical + REQUEST, REQUEST_SIZE, false,
    };
    struct virtio_buffer response = {
        memory.physical + RESPONSE, RESPONSE_SIZE, true,
    };
    struct virtio_buffer data = { physical, 4096, read };
    struct virtio_buffer buffers[3] = {
        request, read ? response : data, read ? data : response,
    };

    if (!physical) {
        buffers[1] = response;
    }
    fill_request(operation, page * BLOCKS, physical ? BLOCKS : 0);
    virtio_submit(buffers, physical ? 3 : 2);
    return virtio_wait(seconds) != VIRTIO_BROKEN &&
           memory.at[RESPONSE + RESPONSE_STATUS] == 0 &&
           memory.at[RESPONSE + RESPONSE_CODE] == 0;
}

static bool start(mem8 *registers, struct dma_memory control)
{
    memory = control;
    if (!virtio_start_queue(VIRTIO_SCSI, REQUESTS, registers, control)) {
        return false;
    }
    /* The first command after a reset is told of the reset */
    return run(TEST_UNIT_READY, 0, 0, 5) || run(TEST_UNIT_READY, 0, 0, 5);
}

static bool copy(uint64_t to, uint64_t from, unsigned seconds)
{
    static uint32_t page;

    page = (page + 1) % DMA_DISK_PAGES;
    return run(WRITE_10, page, from, seconds) &&
           run(READ_10, page, to, seconds);
}

const struct dma_device dma_device = {
    .size = 4096, .start = start, .copy = copy,
};
