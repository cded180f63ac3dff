/*
 * SEV: encrypted memory in the guest's address space
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Joins the model (memory.h) to QEMU's memory regions while a guest runs
 * whose memory this process encrypts:
 *
 * - address_space_memory, through which devices, the monitor and all other
 *   users of guest memory look, gets an IOMMU as its root.  It lets them use
 *   the host memory of pages that are kept in the shared view and sends them
 *   to an I/O region that encrypts on copy for all others.
 * - The tree below get_system_memory() is left as it is: vCPUs use it, and
 *   find I/O regions for both views of all memory in windows above it.
 */

#ifndef I386_SEV_MEMORY_SPACE_H
#define I386_SEV_MEMORY_SPACE_H

#include "exec/memory.h"
#include "memory.h"

/**
 * sev_memory_space_start - encrypt the guest's memory from now on
 *
 * Once per process, before the machine and its devices are made.
 */
void sev_memory_space_start(void);

/**
 * sev_memory_space_model - the guest's memory
 *
 * Returns: the model, or NULL if this process encrypts no guest's memory;
 * borrowed
 */
SevMemory *sev_memory_space_model(void);

/**
 * sev_memory_space_find_host - the model's address of host memory
 * @host: within a RAMBlock
 * @addr: out
 *
 * Returns: whether that memory has two views
 */
bool sev_memory_space_find_host(void *host, uint64_t *addr);

/**
 * sev_memory_space_rw - copy from or to guest memory by its host address
 * @host: of guest memory, @len bytes within one RAMBlock
 *
 * Returns: false if it is not memory that has two views
 */
bool sev_memory_space_rw(void *host, void *buf, uint64_t len, SevView view,
                         bool write);

/**
 * sev_memory_space_seal - the guest is gone: wipe its key
 *
 * Memory shows to all what DRAM holds then.  vCPUs are stopped, and flush their
 * TLBs before they run again.
 */
void sev_memory_space_seal(void);

/**
 * sev_memory_space_find - the model's address of guest memory
 * @as: the address space without the devices' IOMMU
 * @gpa: where in it
 * @addr: out
 *
 * Returns: whether there is memory that has two views
 */
bool sev_memory_space_find(AddressSpace *as, hwaddr gpa, MemTxAttrs attrs,
                           uint64_t *addr);

/**
 * sev_memory_space_map - a vCPU is about to put a page into its TLB
 * @as: its address space
 * @gpa: where in it
 * @key: as for sev_memory_map()
 * @addr: out: the model's address, except for SEV_MAP_DIRECT
 * @holder: as for sev_memory_map()
 *
 * sev_memory_space_find() and sev_memory_map() with a single look-up, as every
 * page walk comes here.  In an RCU critical section.
 *
 * Returns: as sev_memory_map(), and SEV_MAP_DIRECT for all that is not memory
 */
SevMapping sev_memory_space_map(AddressSpace *as, hwaddr gpa,
                                MemTxAttrs attrs, SevView view, uint64_t key,
                                uint64_t *addr, uint64_t *holder);

/**
 * sev_memory_space_cmpxchg - replace a word of a vCPU's page tables
 * @as: the vCPU's address space
 * @gpa: where in it; a multiple of 4
 * @old: what is expected there in the private view, as the guest reads it
 * @new: what shall be there
 *
 * In one step where it is guest memory, see sev_memory_cmpxchg().
 *
 * Returns: whether it was replaced
 */
bool sev_memory_space_cmpxchg(AddressSpace *as, hwaddr gpa, MemTxAttrs attrs,
                              uint32_t old, uint32_t new);

/**
 * sev_memory_space_changed - bytes of memory are not what they were
 * @addr: the model's address
 * @len: bytes, within one page
 *
 * Drops the code that was translated from their blocks and marks them dirty.
 */
void sev_memory_space_changed(uint64_t addr, uint64_t len);

/**
 * sev_memory_space_add_windows - show both views of all memory to a vCPU
 * @owner: of the aliases
 * @root: of an address space of a vCPU
 */
void sev_memory_space_add_windows(Object *owner, MemoryRegion *root);

/**
 * sev_memory_space_window - where a vCPU finds a view of guest memory
 * @gpa: guest physical address
 *
 * Returns: an address in an address space that has the windows
 */
hwaddr sev_memory_space_window(hwaddr gpa, SevView view);

/**
 * sev_memory_space_gpa - which guest memory a vCPU's address leads to
 * @address: guest physical, or of sev_memory_space_window()
 *
 * Returns: the guest physical address
 */
hwaddr sev_memory_space_gpa(hwaddr address);

/**
 * sev_memory_space_view - a region that shows one view of all memory
 */
MemoryRegion *sev_memory_space_view(SevView view);

/**
 * sev_memory_space_shared - the devices' root
 */
MemoryRegion *sev_memory_space_shared(void);

/**
 * sev_memory_space_dram - all guest memory as RAM, for those who want to know
 *   where it is
 *
 * Its bytes are in the view that the model keeps them in: nobody may use them.
 */
AddressSpace *sev_memory_space_dram(void);

#endif
