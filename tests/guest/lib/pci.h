/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Devices on the first PCI bus.  No firmware ran, so they have no addresses.
 */
#ifndef GUEST_PCI_H
#define GUEST_PCI_H

#include <stdbool.h>
#include <stdint.h>

/* Register numbers of the configuration space */
#define PCI_ID          0x00
#define PCI_COMMAND     0x04
#define PCI_CLASS       0x08
#define PCI_BAR         0x10
#define PCI_CAPABILITY  0x34

/* Class and subclass */
#define PCI_CLASS_SATA  0x0106
#define PCI_CLASS_NVME  0x0108

#define PCI_NONE        (-1)

/* The first device of a class, or with this vendor (low) and device id. */
int pci_find_class(uint16_t class);
int pci_find_id(uint32_t id);

/* @reg is a multiple of 4. */
uint32_t pci_read(int device, uint8_t reg);

/* Put memory BAR @bar at @address; then the device may use memory itself. */
void pci_enable(int device, unsigned bar, uint32_t address);

/* The next capability with this id after @after, or the first one for 0. */
uint8_t pci_capability(int device, uint8_t id, uint8_t after);

#endif
