/*
 * SEV: encrypted memory as each PCI device sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_MEMORY_PCI_H
#define I386_SEV_MEMORY_PCI_H

#include "iommu.h"

/**
 * sev_memory_pci_start - let accesses of PCI devices bear their names
 * @choose: asked for each page of each access
 *
 * Before any PCI device is made.  It changes nothing but what @choose is told.
 */
void sev_memory_pci_start(SevMemoryChoose *choose);

/**
 * sev_memory_pci_check - refuse devices that find a way around us
 * @errp: set when the machine has an IOMMU of its own, which would show memory
 *   as it is kept
 *
 * When the machine is complete.
 */
bool sev_memory_pci_check(Error **errp);

#endif
