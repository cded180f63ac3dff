/*
 * SEV: the way of devices to encrypted memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_MEMORY_IOMMU_H
#define I386_SEV_MEMORY_IOMMU_H

#include "exec/memory.h"

/**
 * SevMemoryChoose - where an access to a page goes
 * @gpa: guest physical address
 *
 * Returns: the address space to look in, at the same address
 */
typedef AddressSpace *SevMemoryChoose(hwaddr gpa);

/**
 * sev_memory_iommu_lay_over - let every access choose its way
 * @as: an address space that nobody took the root of yet
 * @choose: asked for each page of each access
 */
void sev_memory_iommu_lay_over(AddressSpace *as, SevMemoryChoose *choose);

#endif
