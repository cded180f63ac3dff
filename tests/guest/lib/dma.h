/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A device that moves bytes of memory by itself, and what an SEV guest may
 * expect of it: it sees what C=0 shows.
 */
#ifndef GUEST_DMA_H
#define GUEST_DMA_H

#include "cpu.h"

#define DMA_MMIO        0xd0000000      /* for the device's registers */
#define DMA_MMIO_SIZE   0x00200000
#define DMA_CONTROL     0x10000         /* bytes of a control area */
#define DMA_DISK_PAGES  64u             /* that a disk has at least */

/* Of the words in shared memory; nothing that comes by accident. */
#define SHARED_SEED     0x5ea5ed0000000000ull

/* Memory for queues, descriptors and the like; all zero at first. */
struct dma_memory {
    mem8 *at;
    uint64_t physical;
};

struct dma_device {
    /* Bytes that one copy moves, at most a page. */
    unsigned size;
    /*
     * Reset the device, tell it of its control area and make it ready.
     * Returns false if there is no such device or it does not get ready.
     */
    bool (*start)(mem8 *registers, struct dma_memory control);
    /*
     * Let the device read memory at @from and write the same to @to, by
     * whatever detour.  Returns false if it reports an error or does not come
     * to an end within some seconds.
     */
    bool (*copy)(uint64_t to, uint64_t from, unsigned seconds);
    /* It does not read memory, but always writes the words of SHARED_SEED. */
    bool writes_only;
    /* What it takes for a descriptor may keep it busy for a long time. */
    bool takes_anything;
};

/* Each guest has one. */
extern const struct dma_device dma_device;

#endif
