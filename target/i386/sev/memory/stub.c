/*
 * SEV: a QEMU that encrypts no guest's memory by itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For builds without the emulated platform.  There is no model, so nobody
 * calls the others, but the linker asks for them.
 */

#include "qemu/osdep.h"
#include "devices.h"
#include "outside.h"
#include "pci.h"
#include "space.h"

SevMemory *sev_memory_space_model(void)
{
    return NULL;
}

AddressSpace *sev_memory_space_dram(void)
{
    g_assert_not_reached();
}

bool sev_memory_space_find(AddressSpace *as, hwaddr gpa, MemTxAttrs attrs,
                           uint64_t *addr)
{
    g_assert_not_reached();
}

bool sev_memory_space_find_host(void *host, uint64_t *addr)
{
    g_assert_not_reached();
}

bool sev_memory_outside_check(Error **errp)
{
    g_assert_not_reached();
}

void sev_memory_devices_watch(SevMemoryPrivateUse *report)
{
    /* Nobody encrypts, so nothing can be used as what it is not */
}

bool sev_memory_pci_check(Error **errp)
{
    g_assert_not_reached();
}

SevView sev_memory_kept(SevMemory *mem, uint64_t addr)
{
    g_assert_not_reached();
}

void sev_memory_read(SevMemory *mem, uint64_t addr, void *buf, size_t len,
                     SevView view)
{
    g_assert_not_reached();
}

void sev_memory_stats(SevMemory *mem, SevMemoryStats *stats)
{
    g_assert_not_reached();
}
