/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cpu.h"
#include "pci.h"

#define PCI_ADDRESS     0xcf8
#define PCI_DATA        0xcfc
#define PCI_ENABLE      0x80000000u

#define COMMAND_MEMORY  (1u << 1)
#define COMMAND_MASTER  (1u << 2)
#define BAR_64BIT       (1u << 2)

#define FUNCTIONS       256             /* of a bus */

static void select(int device, uint8_t reg)
{
    outl(PCI_ADDRESS, PCI_ENABLE | device << 8 | reg);
}

uint32_t pci_read(int device, uint8_t reg)
{
    select(device, reg);
    return inl(PCI_DATA);
}

static void pci_write(int device, uint8_t reg, uint32_t value)
{
    select(device, reg);
    outl(PCI_DATA, value);
}

static int find(uint8_t reg, unsigned shift, uint32_t value)
{
    for (int device = 0; device < FUNCTIONS; device++) {
        if (pci_read(device, reg) >> shift == value) {
            return device;
        }
    }
    return PCI_NONE;
}

int pci_find_class(uint16_t class)
{
    return find(PCI_CLASS, 16, class);
}

int pci_find_id(uint32_t id)
{
    return find(PCI_ID, 0, id);
}

void pci_enable(int device, unsigned bar, uint32_t address)
{
    uint8_t reg = PCI_BAR + 4 * bar;

    if (pci_read(device, reg) & BAR_64BIT) {
        pci_write(device, reg + 4, 0);
    }
    pci_write(device, reg, address);
    pci_write(device, PCI_COMMAND, COMMAND_MEMORY | COMMAND_MASTER);
}

uint8_t pci_capability(int device, uint8_t id, uint8_t after)
{
    uint8_t at = after ? pci_read(device, after & ~3) >> 8
                       : pci_read(device, PCI_CAPABILITY);

    while (at && (pci_read(device, at & ~3) & 0xff) != id) {
        at = pci_read(device, at & ~3) >> 8;
    }
    return at & ~3;
}
