/*
 * SEV: encrypted memory as devices use it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A device gets the host address of a page that is kept in the shared view,
 * and otherwise the region that transforms on copy.  What it maps for longer
 * than an access is pinned.
 */

#include "qemu/osdep.h"
#include "exec/address-spaces.h"
#include "hw/pci/pci_device.h"
#include "system/dma-map-notify.h"
#include "devices.h"
#include "iommu.h"
#include "outside.h"
#include "pci.h"
#include "space.h"

/* What a device may have in private memory at a time */
#define BOUNCE_SIZE             16777216

static AddressSpace shared_space;
static SevMemoryPrivateUse *report;     /* NULL: nobody wants to know */

/*
 * The address space that has the page in the shared view.  In an RCU critical
 * section that lasts as long as the access.
 */
static AddressSpace *choose(hwaddr gpa, IOMMUAccessFlags flag,
                            const char *device)
{
    SevMemory *model = sev_memory_space_model();
    AddressSpace *dram = sev_memory_space_dram();
    uint64_t addr;

    if (!sev_memory_space_find(dram, gpa, MEMTXATTRS_UNSPECIFIED, &addr) ||
        sev_memory_map_device(model, addr)) {
        return dram;
    }
    if (unlikely(report) && flag != IOMMU_NONE &&
        sev_memory_changes_view(model, addr, SEV_VIEW_SHARED)) {
        report(gpa, flag & IOMMU_WO, device);
    }
    return &shared_space;
}

/*
 * In one piece of host memory, so within a block.  For each of its pages
 * choose() has allowed it in the RCU critical section in which this is called:
 * a mapping ends before the first page that is in the private view, and that
 * page is mapped by a copy.
 */
static void dma_mapped(void *host, hwaddr len, bool mapped)
{
    SevMemory *model = sev_memory_space_model();
    uint64_t addr;

    if (!sev_memory_space_find_host(host, &addr)) {
        return;
    }
    if (mapped) {
        sev_memory_pin(model, addr, len);
    } else {
        sev_memory_unpin(model, addr, len);
    }
}

/*
 * A device maps private memory by a copy of it.  On hardware that is memory
 * like any other, so there must be room for more than QEMU's usual 4 KiB:
 * a request with private buffers gets garbage and does not break the device.
 */
static void let_devices_copy(void)
{
    address_space_memory.max_bounce_buffer_size = BOUNCE_SIZE;
    object_register_sugar_prop(TYPE_PCI_DEVICE, "x-max-bounce-buffer-size",
                               stringify(BOUNCE_SIZE), true);
}

void sev_memory_devices_watch(SevMemoryPrivateUse *wanted)
{
    report = wanted;
}

void sev_memory_devices_start(void)
{
    address_space_init(&shared_space, sev_memory_space_view(SEV_VIEW_SHARED),
                       "sev-shared");
    dma_map_notify = dma_mapped;
    let_devices_copy();
    sev_memory_iommu_lay_over(&address_space_memory,
                              sev_memory_iommu_new(choose, NULL, NULL));
    sev_memory_outside_refuse();
    if (report) {
        sev_memory_pci_start(choose);
    }
}

MemoryRegion *sev_memory_space_shared(void)
{
    return address_space_memory.root;
}
