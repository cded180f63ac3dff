/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cmos.h"
#include "cpu.h"
#include "pci.h"
#include "virtio.h"

#define VENDOR          0x1af4u
#define FIRST_ID        0x1040u
#define CAP_VENDOR      0x09
#define CAP_COMMON      1
#define CAP_NOTIFY      2

/* The common configuration */
#define FEATURE_SELECT  0x08            /* of the driver's */
#define FEATURES        0x0c
#define STATUS          0x14
#define QUEUE_SELECT    0x16
#define QUEUE_SIZE      0x18
#define QUEUE_ENABLE    0x1c
#define QUEUE_NOTIFY    0x1e
#define QUEUE_DESC      0x20
#define QUEUE_AVAIL     0x28
#define QUEUE_USED      0x30

#define STATUS_KNOWN    3               /* acknowledged, driver */
#define STATUS_FEATURES 8
#define STATUS_OK       4

/* Features 32 and 33: version 1, and memory behind an IOMMU */
#define FEATURES_HIGH   3

#define DESC            0x0000
#define AVAIL           0x1000
#define USED            0x2000
#define ENTRIES         8u

#define DESC_NEXT       1u
#define DESC_WRITE      2u

static struct dma_memory memory;
static mem8 *common;
static mem16 *notify;
static uint16_t queue, turns;

struct capability {
    uint8_t bar;
    uint32_t offset;
    uint32_t multiplier;
};

static bool find_capability(int device, uint8_t type, struct capability *cap)
{
    uint8_t at = 0;

    while ((at = pci_capability(device, CAP_VENDOR, at))) {
        if (pci_read(device, at) >> 24 == type) {
            cap->bar = pci_read(device, at + 4);
            cap->offset = pci_read(device, at + 8);
            cap->multiplier = pci_read(device, at + 16);
            return true;
        }
    }
    return false;
}

static void set8(unsigned reg, uint8_t value)
{
    common[reg] = value;
}

static void set16(unsigned reg, uint16_t value)
{
    *(mem16 *)(common + reg) = value;
}

static void set32(unsigned reg, uint32_t value)
{
    *(mem32 *)(common + reg) = value;
}

static bool set_features(void)
{
    set8(STATUS, STATUS_KNOWN);
    set32(FEATURE_SELECT, 0);
    set32(FEATURES, 0);
    set32(FEATURE_SELECT, 1);
    set32(FEATURES, FEATURES_HIGH);
    set8(STATUS, STATUS_KNOWN | STATUS_FEATURES);
    return common[STATUS] & STATUS_FEATURES;
}

static void set_address(unsigned reg, uint64_t physical)
{
    set32(reg, physical);
    set32(reg + 4, physical >> 32);
}

static void set_queue(void)
{
    set16(QUEUE_SELECT, queue);
    set16(QUEUE_SIZE, ENTRIES);
    set_address(QUEUE_DESC, memory.physical + DESC);
    set_address(QUEUE_AVAIL, memory.physical + AVAIL);
    set_address(QUEUE_USED, memory.physical + USED);
    set16(QUEUE_ENABLE, 1);
    set8(STATUS, STATUS_KNOWN | STATUS_FEATURES | STATUS_OK);
}

bool virtio_start(unsigned type, mem8 *registers, struct dma_memory control)
{
    return virtio_start_queue(type, 0, registers, control);
}

bool virtio_start_queue(unsigned type, unsigned number, mem8 *registers,
                        struct dma_memory control)
{
    int device = pci_find_id((FIRST_ID + type) << 16 | VENDOR);
    struct capability config, doorbell;

    if (device == PCI_NONE ||
        !find_capability(device, CAP_COMMON, &config) ||
        !find_capability(device, CAP_NOTIFY, &doorbell)) {
        return false;
    }
    memory = control;
    common = registers + config.offset;
    queue = number;
    turns = 0;
    pci_enable(device, config.bar, DMA_MMIO);
    set8(STATUS, 0);
    if (!set_features()) {
        return false;
    }
    set_queue();
    notify = (mem16 *)(registers + doorbell.offset + doorbell.multiplier *
                       *(mem16 *)(common + QUEUE_NOTIFY));
    return true;
}

static void set_descriptor(unsigned i, const struct virtio_buffer *buffer,
                           bool last)
{
    mem32 *descriptor = (mem32 *)(memory.at + DESC + 16 * i);

    descriptor[0] = buffer->physical;
    descriptor[1] = buffer->physical >> 32;
    descriptor[2] = buffer->size;
    descriptor[3] = (last ? 0 : DESC_NEXT | (i + 1) << 16) |
                    (buffer->write ? DESC_WRITE : 0);
}

void virtio_submit(const struct virtio_buffer *buffers, unsigned count)
{
    mem16 *avail = (mem16 *)(memory.at + AVAIL);

    for (unsigned i = 0; i < count; i++) {
        set_descriptor(i, &buffers[i], i == count - 1);
    }
    avail[2 + turns % ENTRIES] = 0;
    avail[1] = ++turns;
    *notify = queue;
}

int64_t virtio_wait(unsigned seconds)
{
    mem16 *used = (mem16 *)(memory.at + USED);
    mem32 *used_ring = (mem32 *)(memory.at + USED + 4);
    struct timer timer = timer_start(seconds);

    while (used[1] != turns) {
        if (timer_expired(&timer)) {
            return VIRTIO_BROKEN;
        }
    }
    return used_ring[2 * ((turns - 1) % ENTRIES) + 1];
}
