/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Devices that are told to read from private memory and to write to it, by
 * instructions whose addresses the host is told.
 */
#include "lib/guest.h"
#include "lib/pci.h"
#include "lib/views.h"

const char guest_name[] = "dma-private";

#define CARD_ID         0x100e8086      /* a network card, e1000 */
#define TCTL            0x0400
#define TCTL_ENABLE     (1u << 1)
#define TDBAL           0x3800
#define TDLEN           0x3808
#define TDT             0x3818
#define SEND_PACKET     (1u << 24)      /* in a descriptor, with the length */
#define FRAME           64

#define FW_CFG_DMA      0x518
#define FW_CFG_READ     (1u << 1 | 1u << 3)
#define SIGNATURE       0x554d4551u     /* item 0: "QEMU" */

/* @rip: the instruction that does it */
static void store(mem32 *at, uint32_t value, uint64_t *rip)
{
    asm volatile("lea 1f(%%rip), %0\n"
                 "1: movl %1, (%2)"
                 : "=&r" (*rip) : "r" (value), "r" (at) : "memory");
}

static void output(uint16_t port, uint32_t value, uint64_t *rip)
{
    asm volatile("lea 1f(%%rip), %0\n"
                 "1: outl %1, %2"
                 : "=&r" (*rip) : "a" (value), "d" (port) : "memory");
}

static mem32 *card_register(unsigned offset)
{
    return (mem32 *)(device_registers() + offset);
}

/* It sends a frame that is in private memory, to nowhere. */
static void let_card_read(mem32 *descriptor, uint64_t private)
{
    int card = pci_find_id(CARD_ID);
    uint64_t rip;

    if (card == PCI_NONE) {
        report_skip("there is no network card");
        return;
    }
    pci_enable(card, 0, DMA_MMIO);
    descriptor[0] = private;
    descriptor[1] = 0;
    descriptor[2] = SEND_PACKET | FRAME;
    descriptor[3] = 0;
    *card_register(TDBAL) = SHARED_BASE;
    *card_register(TDLEN) = 4096;
    *card_register(TCTL) = TCTL_ENABLE;
    store(card_register(TDT), 1, &rip);
    report_info("store", rip);
}

/* It copies its signature to private memory. */
static void let_fw_cfg_write(mem32 *control, uint64_t private)
{
    uint64_t rip;

    control[0] = __builtin_bswap32(FW_CFG_READ);
    control[1] = __builtin_bswap32(4);
    control[2] = 0;
    control[3] = __builtin_bswap32(private);
    output(FW_CFG_DMA, __builtin_bswap32(SHARED_BASE), &rip);
    report_info("output", rip);
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    mem32 *shared = (mem32 *)shared_view(SHARED_BASE);
    mem32 *private = (mem32 *)PRIVATE_BASE;

    views_map(PAGE_4K);
    *private = 0;
    report_info("page", PRIVATE_BASE);
    let_card_read(shared, PRIVATE_BASE);
    let_fw_cfg_write(shared, PRIVATE_BASE);
    report_true("what a device writes is not what private memory shows",
                (*private == SIGNATURE) == !c_bit);
}
