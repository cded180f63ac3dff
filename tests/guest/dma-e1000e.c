/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An 82574L network controller that talks to itself: a copy is a frame that is
 * sent and, in loopback mode, received.
 */
#include "lib/cmos.h"
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/pci.h"

const char guest_name[] = "dma-e1000e";

#define DEVICE_ID       0x10d38086u
#define BAR             0

#define CTRL            0x0000
#define CTRL_LINK_UP    (1u << 6)
#define CTRL_RESET      (1u << 26)
#define RCTL            0x0100
#define RCTL_ENABLE     (1u << 1)
#define RCTL_ALL        (3u << 3)       /* unicast and multicast */
#define RCTL_LOOPBACK   (1u << 6)
#define RCTL_STRIP_CRC  (1u << 26)
#define TCTL            0x0400
#define TCTL_ENABLE     (1u << 1)
#define RX_RING         0x2800          /* low, high, length */
#define RX_HEAD         0x2810
#define RX_TAIL         0x2818
#define TX_RING         0x3800
#define TX_HEAD         0x3810
#define TX_TAIL         0x3818

/* Within the control area */
#define RX              0x0000
#define TX              0x1000

#define DESCRIPTORS     8
#define TX_COMMAND      (0x0bu << 24)   /* a whole frame, CRC, report status */
#define DONE            (1u << 0)
#define FRAME           1024

static struct dma_memory control;
static mem8 *regs;
static unsigned next;

static mem32 *reg(unsigned offset)
{
    return (mem32 *)(regs + offset);
}

static void set_ring(unsigned offset, uint64_t physical)
{
    *reg(offset) = physical;
    *reg(offset + 4) = physical >> 32;
    *reg(offset + 8) = 16 * DESCRIPTORS;
}

static bool start(mem8 *registers, struct dma_memory memory)
{
    int device = pci_find_id(DEVICE_ID);

    if (device == PCI_NONE) {
        return false;
    }
    control = memory;
    regs = registers;
    next = 0;
    pci_enable(device, BAR, DMA_MMIO);
    *reg(CTRL) = CTRL_RESET;
    delay(1000);
    *reg(CTRL) = CTRL_LINK_UP;
    set_ring(RX_RING, control.physical + RX);
    set_ring(TX_RING, control.physical + TX);
    *reg(RX_HEAD) = *reg(RX_TAIL) = 0;
    *reg(TX_HEAD) = *reg(TX_TAIL) = 0;
    *reg(TCTL) = TCTL_ENABLE;
    *reg(RCTL) = RCTL_ENABLE | RCTL_ALL | RCTL_LOOPBACK | RCTL_STRIP_CRC;
    return true;
}

static mem32 *set_descriptor(uint64_t ring, uint64_t physical, uint32_t word)
{
    mem32 *descriptor = (mem32 *)(control.at + ring + 16 * next);

    descriptor[0] = physical;
    descriptor[1] = physical >> 32;
    descriptor[2] = word;
    descriptor[3] = 0;
    return descriptor;
}

static bool copy(uint64_t to, uint64_t from, unsigned seconds)
{
    mem32 *received = set_descriptor(RX, to, 0);
    mem32 *sent = set_descriptor(TX, from, TX_COMMAND | FRAME);
    struct timer timer = timer_start(seconds);

    next = (next + 1) % DESCRIPTORS;
    *reg(RX_TAIL) = next;
    *reg(TX_TAIL) = next;
    while (!(sent[3] & DONE) || !(received[3] & DONE)) {
        if (timer_expired(&timer)) {
            return false;
        }
    }
    return (received[2] & 0xffff) == FRAME;
}

const struct dma_device dma_device = {
    .size = FRAME, .start = start, .copy = copy,
};
