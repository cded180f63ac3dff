/*
 * SEV: which blocks of RAM are encrypted memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_MEMORY_BLOCKS_H
#define I386_SEV_MEMORY_BLOCKS_H

#include "exec/memory.h"

/**
 * sev_memory_blocks_start - let memory that is removed leave the model
 *
 * When there is a model, before there are blocks.
 */
void sev_memory_blocks_start(void);

/**
 * sev_memory_blocks_find - the model's address of memory in a region
 * @offset: in @mr
 * @addr: out
 *
 * In an RCU critical section.
 *
 * Returns: whether it is memory that has two views
 */
bool sev_memory_blocks_find(MemoryRegion *mr, hwaddr offset, uint64_t *addr);

#endif
