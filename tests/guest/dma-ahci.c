/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An AHCI controller with a disk: a copy is a write to the disk's next page and
 * a read of what was written.
 */
#include "lib/cmos.h"
#include "lib/dma.h"
#include "lib/guest.h"
#include "lib/pci.h"

const char guest_name[] = "dma-ahci";

#define BAR             5

/* Registers of the controller, and of each port */
#define HBA_GHC         0x04
#define GHC_RESET       (1u << 0)
#define GHC_AHCI        (1u << 31)
#define HBA_PORTS       0x0c
#define PORT_BASE       0x100
#define PORT_SIZE       0x80
#define PORT_LIST       0x00
#define PORT_FIS        0x08
#define PORT_STATUS     0x10            /* interrupt status */
#define PORT_COMMAND    0x18
#define COMMAND_START   (1u << 0)
#define COMMAND_FIS     (1u << 4)
#define PORT_TASK       0x20
#define TASK_ERROR      (1u << 0)
#define PORT_LINK       0x28
#define LINK_READY      3
#define PORT_ERRORS     0x30
#define PORT_ISSUE      0x38

/* Within the control area */
#define LIST            0x0000
#define FIS             0x1000
#define TABLE           0x2000
#define PRDT            0x80            /* in the table */

#define FIS_H2D         0x27
#define FIS_COMMAND     0x80
#define FIS_LBA_MODE    0x40
#define ATA_READ_DMA    0x25
#define ATA_WRITE_DMA   0x35

#define SECTORS         (4096 / 512)
#define HEADER_WORDS    5               /* of the command FIS, 4 bytes each */
#define HEADER_WRITE    (1u << 6)
#define HEADER_ONE_PRD  (1u << 16)

static struct dma_memory control;
static mem8 *port;

static mem32 *reg(mem8 *base, unsigned offset)
{
    return (mem32 *)(base + offset);
}

static mem8 *find_port(mem8 *hba)
{
    for (unsigned i = 0; i < 32; i++) {
        mem8 *at = hba + PORT_BASE + i * PORT_SIZE;

        if (*reg(hba, HBA_PORTS) >> i & 1 &&
            (*reg(at, PORT_LINK) & 15) == LINK_READY) {
            return at;
        }
    }
    return NULL;
}

static bool start(mem8 *hba, struct dma_memory memory)
{
    int device = pci_find_class(PCI_CLASS_SATA);
    struct timer timer;

    if (device == PCI_NONE) {
        return false;
    }
    control = memory;
    pci_enable(device, BAR, DMA_MMIO);
    *reg(hba, HBA_GHC) = GHC_RESET;
    for (timer = timer_start(5); *reg(hba, HBA_GHC) & GHC_RESET; ) {
        if (timer_expired(&timer)) {
            return false;
        }
    }
    *reg(hba, HBA_GHC) = GHC_AHCI;
    port = find_port(hba);
    if (!port) {
        return false;
    }
    *reg(port, PORT_LIST) = control.physical + LIST;
    *reg(port, PORT_LIST + 4) = 0;
    *reg(port, PORT_FIS) = control.physical + FIS;
    *reg(port, PORT_FIS + 4) = 0;
    *reg(port, PORT_ERRORS) = ~0u;
    *reg(port, PORT_COMMAND) |= COMMAND_FIS;
    *reg(port, PORT_COMMAND) |= COMMAND_START;
    return true;
}

/* The disk's page @page, from or to memory */
static void prepare(uint8_t command, uint8_t page, uint64_t physical)
{
    mem32 *header = (mem32 *)(control.at + LIST);
    mem8 *fis = control.at + TABLE;
    mem32 *prd = (mem32 *)(control.at + TABLE + PRDT);

    fis[0] = FIS_H2D;
    fis[1] = FIS_COMMAND;
    fis[2] = command;
    fis[4] = page * SECTORS;
    fis[5] = page * SECTORS >> 8;
    fis[7] = FIS_LBA_MODE;
    fis[12] = SECTORS;
    prd[0] = physical;
    prd[1] = physical >> 32;
    prd[3] = dma_device.size - 1;
    header[0] = HEADER_WORDS | HEADER_ONE_PRD |
                (command == ATA_WRITE_DMA ? HEADER_WRITE : 0);
    header[1] = 0;
    header[2] = control.physical + TABLE;
    header[3] = 0;
}

static bool run(uint8_t command, uint8_t page, uint64_t physical,
                unsigned seconds)
{
    struct timer timer = timer_start(seconds);

    prepare(command, page, physical);
    *reg(port, PORT_STATUS) = ~0u;
    *reg(port, PORT_ISSUE) = 1;
    while (*reg(port, PORT_ISSUE) & 1) {
        if (timer_expired(&timer)) {
            return false;
        }
    }
    return !(*reg(port, PORT_TASK) & TASK_ERROR);
}

static bool copy(uint64_t to, uint64_t from, unsigned seconds)
{
    static uint8_t page;

    page = (page + 1) % DMA_DISK_PAGES;
    return run(ATA_WRITE_DMA, page, from, seconds) &&
           run(ATA_READ_DMA, page, to, seconds);
}

const struct dma_device dma_device = {
    .size = 4096, .start = start, .copy = copy,
};
