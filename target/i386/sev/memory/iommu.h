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
 * @flag: what is wanted; none if somebody only asks
 * @who: the device, or NULL if it is not known
 *
 * Returns: the address space to look in, at the same address
 */
typedef AddressSpace *SevMemoryChoose(hwaddr gpa, IOMMUAccessFlags flag,
                                      const char *who);

/**
 * SevMemoryWho - the name of the device that uses a region; NULL if unknown
 */
typedef const char *SevMemoryWho(void *opaque);

/**
 * sev_memory_iommu_new - a region in which every access chooses its way
 * @choose: asked for each page of each access
 * @who: told to @choose; may be NULL
 * @opaque: for @who
 *
 * Returns: the region, for good
 */
MemoryRegion *sev_memory_iommu_new(SevMemoryChoose *choose, SevMemoryWho *who,
                                   void *opaque);

/**
 * sev_memory_iommu_lay_over - give an address space another root
 * @as: an address space that nobody took the root of yet
 */
void sev_memory_iommu_lay_over(AddressSpace *as, MemoryRegion *root);

#endif
