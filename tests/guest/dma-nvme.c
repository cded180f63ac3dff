/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An NVMe controller with a namespace: a copy is a write to its next page and a
 * read of what was written.
 */
#include "lib/cmos.h"
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/pci.h"

const char guest_name[] = "dma-nvme";

#define BAR             0

/* Registers of the controller */
#define CAP_HIGH        0x04
#define CC              0x14
#define CC_ENABLE       (1u << 0)
#define CC_ENTRY_SIZES  (6u << 16 | 4u << 20)   /* 64 and 16 bytes */
#define CSTS            0x1c
#define CSTS_READY      (1u << 0)
#define AQA             0x24
#define ASQ             0x28
#define ACQ             0x30
#define DOORBELLS       0x1000

#define ADMIN_NEW_SQ    0x01
#define ADMIN_NEW_CQ    0x05
#define IO_WRITE        0x01
#define IO_READ         0x02
#define CONTIGUOUS      1u

#define ENTRIES         16
#define PHASE           (1u << 16)
#define NAMESPACE       1
#define BLOCKS          (4096 / 512)

/* A pair of queues, in two pages of the control area */
struct queue {
    unsigned id;
    unsigned tail, head;
    uint32_t phase;
};

/* What differs between commands */
struct command {
    uint32_t opcode;
    uint32_t namespace;
    uint64_t physical;
    uint32_t dword[3];                  /* 10 to 12 */
};

static struct dma_memory control;
static mem8 *regs;
static struct queue admin, io;

static mem32 *reg(unsigned offset)
{
    return (mem32 *)(regs + offset);
}

static mem32 *doorbell(unsigned queue, bool completion)
{
    unsigned stride = 4u << (*reg(CAP_HIGH) & 15);

    return reg(DOORBELLS + (2 * queue + completion) * stride);
}

static uint64_t submissions(unsigned queue)
{
    return 8192 * queue;
}

static uint64_t completions(unsigned queue)
{
    return 8192 * queue + 4096;
}

static bool wait_ready(uint32_t ready)
{
    struct timer timer = timer_start(5);

    while ((*reg(CSTS) & CSTS_READY) != ready) {
        if (timer_expired(&timer)) {
            return false;
        }
    }
    return true;
}

static void submit(struct queue *queue, const struct command *command)
{
    mem32 *entry = (mem32 *)(control.at + submissions(queue->id) +
                             64 * queue->tail);

    for (unsigned i = 0; i < 16; i++) {
        entry[i] = 0;
    }
    entry[0] = command->opcode | queue->tail << 16;
    entry[1] = command->namespace;
    entry[6] = command->physical;
    entry[7] = command->physical >> 32;
    for (unsigned i = 0; i < 3; i++) {
        entry[10 + i] = command->dword[i];
    }
    queue->tail = (queue->tail + 1) % ENTRIES;
    *doorbell(queue->id, false) = queue->tail;
}

static bool run(struct queue *queue, struct command command, unsigned seconds)
{
    mem32 *entry = (mem32 *)(control.at + completions(queue->id) +
                             16 * queue->head);
    struct timer timer = timer_start(seconds);
    uint32_t status;

    submit(queue, &command);
    while (((status = entry[3]) & PHASE) != queue->phase) {
        if (timer_expired(&timer)) {
            return false;
        }
    }
    queue->head = (queue->head + 1) % ENTRIES;
    if (!queue->head) {
        queue->phase ^= PHASE;
    }
    *doorbell(queue->id, true) = queue->head;
    return status >> 17 == 0;
}

static bool new_io_queue(void)
{
    uint32_t size_and_id = (ENTRIES - 1) << 16 | io.id;

    return run(&admin, (struct command) {
                   .opcode = ADMIN_NEW_CQ,
                   .physical = control.physical + completions(io.id),
                   .dword = { size_and_id, CONTIGUOUS },
               }, 5) &&
           run(&admin, (struct command) {
                   .opcode = ADMIN_NEW_SQ,
                   .physical = control.physical + submissions(io.id),
                   .dword = { size_and_id, io.id << 16 | CONTIGUOUS },
               }, 5);
}

static bool start(mem8 *registers, struct dma_memory memory)
{
    int device = pci_find_class(PCI_CLASS_NVME);

    if (device == PCI_NONE) {
        return false;
    }
    control = memory;
    regs = registers;
    pci_enable(device, BAR, DMA_MMIO);
    *reg(CC) = 0;
    if (!wait_ready(0)) {
        return false;
    }
    *reg(AQA) = (ENTRIES - 1) << 16 | (ENTRIES - 1);
    *reg(ASQ) = control.physical + submissions(0);
    *reg(ASQ + 4) = 0;
    *reg(ACQ) = control.physical + completions(0);
    *reg(ACQ + 4) = 0;
    *reg(CC) = CC_ENTRY_SIZES | CC_ENABLE;
    admin = (struct queue) { .id = 0, .phase = PHASE };
    io = (struct queue) { .id = 1, .phase = PHASE };
    return wait_ready(CSTS_READY) && new_io_queue();
}

/* The namespace's page @page, from or to memory */
static bool transfer(uint32_t opcode, uint32_t page, uint64_t physical,
                     unsigned seconds)
{
    return run(&io, (struct command) {
                   .opcode = opcode,
                   .namespace = NAMESPACE,
                   .physical = physical,
                   .dword = { page * BLOCKS, 0, BLOCKS - 1 },
               }, seconds);
}

static bool copy(uint64_t to, uint64_t from, unsigned seconds)
{
    static uint32_t page;

    page = (page + 1) % DMA_DISK_PAGES;
    return transfer(IO_WRITE, page, from, seconds) &&
           transfer(IO_READ, page, to, seconds);
}

const struct dma_device dma_device = {
    .size = 4096, .start = start, .copy = copy,
};
