/*
 * SEV: encrypted memory in the guest's address space
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "exec/address-spaces.h"
#include "exec/exec-all.h"
#include "exec/ram_addr.h"
#include "system/tcg.h"
#include "blocks.h"
#include "devices.h"
#include "space.h"
#include "views.h"

static SevMemory *model;
static AddressSpace dram;               /* get_system_memory() as it is */

SevMemory *sev_memory_space_model(void)
{
    return model;
}

AddressSpace *sev_memory_space_dram(void)
{
    return &dram;
}

void sev_memory_space_changed(uint64_t addr, uint64_t len)
{
    uint64_t start = QEMU_ALIGN_DOWN(addr, SEV_MEMORY_BLOCK);
    uint64_t end = QEMU_ALIGN_UP(addr + len, SEV_MEMORY_BLOCK);

    if (tcg_enabled() &&
        !cpu_physical_memory_get_dirty_flag(addr, DIRTY_MEMORY_CODE)) {
        tb_invalidate_phys_range(start, end - 1);
    }
    cpu_physical_memory_set_dirty_range(start, end - start,
                                        DIRTY_CLIENTS_NOCODE);
}

static bool rw_page(void *host, void *buf, size_t len, SevView view,
                    bool write)
{
    uint64_t addr;

    if (!sev_memory_space_find_host(host, &addr)) {
        return false;
    }
    if (write) {
        sev_memory_write(model, addr, buf, len, view);
        sev_memory_space_changed(addr, len);
    } else {
        sev_memory_read(model, addr, buf, len, view);
    }
    return true;
}

bool sev_memory_space_rw(void *host, void *buf, uint64_t len, SevView view,
                         bool write)
{
    while (len) {
        size_t part = MIN(len, SEV_MEMORY_PAGE -
                          (uintptr_t)host % SEV_MEMORY_PAGE);

        if (!rw_page(host, buf, part, view, write)) {
            return false;
        }
        host = (uint8_t *)host + part;
        buf = (uint8_t *)buf + part;
        len -= part;
    }
    return true;
}

void sev_memory_space_seal(void)
{
    sev_memory_stop(model);
    sev_memory_seal(model, sev_memory_space_changed);
    sev_memory_go(model);
}

void sev_memory_space_start(void)
{
    g_assert(!model);
    model = sev_memory_new();
    address_space_init(&dram, get_system_memory(), "sev-dram");
    sev_memory_blocks_start();
    sev_memory_views_start();
    sev_memory_devices_start();
}
