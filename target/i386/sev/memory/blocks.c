/*
 * SEV: which blocks of RAM are encrypted memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A block is put under the model when it is first looked at: when it is made
 * nobody knows yet whose memory it is and whether it is a ROM.  It leaves the
 * model when it is freed.  Until then whoever can look at it has a reference
 * to its region: a flat view, also an old one that a reader still has; a
 * mapping of a device; a dump.  So nothing brings it back after that.
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "exec/ramblock.h"
#include "sev/guest-ram.h"
#include "blocks.h"
#include "space.h"

static QemuMutex lock;                  /* who adds or removes a block */

static void add_block(RAMBlock *block)
{
    SevMemory *model = sev_memory_space_model();

    QEMU_LOCK_GUARD(&lock);
    if (sev_memory_knows(model, block->offset)) {
        return;
    }
    sev_memory_add(model, block->offset,
                   sev_ram_is_guests(block) ? block->host : NULL,
                   QEMU_ALIGN_UP(block->max_length, SEV_MEMORY_PAGE),
                   block->mr->rom_device);
}

static bool find(RAMBlock *block, ram_addr_t offset, uint64_t *addr)
{
    SevMemory *model = sev_memory_space_model();

    *addr = block->offset + offset;
    if (sev_memory_encrypts(model, *addr)) {
        return true;
    }
    if (sev_memory_knows(model, *addr)) {
        return false;
    }
    add_block(block);
    return sev_memory_encrypts(model, *addr);
}

bool sev_memory_blocks_find(MemoryRegion *mr, hwaddr offset, uint64_t *addr)
{
    return memory_region_supports_direct_access(mr) &&
           find(mr->ram_block, offset, addr);
}

bool sev_memory_space_find_host(void *host, uint64_t *addr)
{
    ram_addr_t offset;
    RAMBlock *block = qemu_ram_block_from_host(host, false, &offset);

    return block && find(block, offset, addr);
}

bool sev_memory_space_find(AddressSpace *as, hwaddr gpa, MemTxAttrs attrs,
                           uint64_t *addr)
{
    hwaddr offset, len = 1;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(as, gpa, &offset, &len, false, attrs);
    return sev_memory_blocks_find(mr, offset, addr);
}

SevMapping sev_memory_space_map(AddressSpace *as, hwaddr gpa,
                                MemTxAttrs attrs, SevView view, uint64_t key,
                                uint64_t *addr, uint64_t *holder)
{
    SevMemory *model = sev_memory_space_model();
    hwaddr offset, len = 1;
    SevMapping mapping;
    MemoryRegion *mr;

    mr = address_space_translate(as, gpa, &offset, &len, false, attrs);
    if (!memory_region_supports_direct_access(mr)) {
        return SEV_MAP_DIRECT;
    }
    *addr = mr->ram_block->offset + offset;
    mapping = sev_memory_map(model, *addr, view, key, holder);
    if (mapping == SEV_MAP_UNKNOWN) {
        add_block(mr->ram_block);
        mapping = sev_memory_map(model, *addr, view, key, holder);
    }
    return mapping;
}

static void block_removed(RAMBlockNotifier *n, void *host, size_t size,
                          size_t max_size)
{
    ram_addr_t offset;
    RAMBlock *block = qemu_ram_block_from_host(host, false, &offset);

    if (block) {
        QEMU_LOCK_GUARD(&lock);
        sev_memory_remove(sev_memory_space_model(), block->offset);
    }
}

void sev_memory_blocks_start(void)
{
    static RAMBlockNotifier notifier = { .ram_block_removed = block_removed };

    qemu_mutex_init(&lock);
    ram_block_notifier_add(&notifier);
}
