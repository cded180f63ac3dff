/*
 * SEV: encrypted memory as each PCI device sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/qdev-core.h"
#include "pci.h"

/* A device, by where it is plugged in */
typedef struct SevPciSlot {
    PCIBus *bus;
    int devfn;
    AddressSpace space;
} SevPciSlot;

static SevMemoryChoose *choose;
static GPtrArray *slots;                /* of SevPciSlot; never freed */

static const char *slot_name(void *opaque)
{
    SevPciSlot *slot = opaque;
    PCIDevice *dev = slot->bus->devices[slot->devfn];

    return !dev ? NULL : DEVICE(dev)->id ?: dev->name;
}

static AddressSpace *get_address_space(PCIBus *bus, void *opaque, int devfn)
{
    g_autofree char *name = g_strdup_printf("sev-pci-%02x.%x", PCI_SLOT(devfn),
                                            PCI_FUNC(devfn));
    SevPciSlot *slot;

    for (guint i = 0; i < slots->len; i++) {
        slot = g_ptr_array_index(slots, i);
        if (slot->bus == bus && slot->devfn == devfn) {
            return &slot->space;
        }
    }
    slot = g_new0(SevPciSlot, 1);
    slot->bus = bus;
    slot->devfn = devfn;
    address_space_init(&slot->space,
                       sev_memory_iommu_new(choose, slot_name, slot), name);
    g_ptr_array_add(slots, slot);
    return &slot->space;
}

static const PCIIOMMUOps iommu_ops = {
    .get_address_space = get_address_space,
};

/* The first device on a bus: nobody has asked for an address space yet */
static void device_realized(DeviceListener *listener, DeviceState *dev)
{
    PCIDevice *pci = (PCIDevice *)object_dynamic_cast(OBJECT(dev),
                                                      TYPE_PCI_DEVICE);
    PCIBus *root = pci ? pci_device_root_bus(pci) : NULL;

    if (root && !root->iommu_ops) {
        pci_setup_iommu(root, &iommu_ops, NULL);
    }
}

void sev_memory_pci_start(SevMemoryChoose *asked)
{
    static DeviceListener listener = { .realize = device_realized };

    choose = asked;
    slots = g_ptr_array_new();
    device_listener_register(&listener);
}

static int find_other_iommu(Object *obj, void *opaque)
{
    PCIBus *bus = (PCIBus *)object_dynamic_cast(obj, TYPE_PCI_BUS);

    return bus && bus->iommu_ops && bus->iommu_ops != &iommu_ops;
}

bool sev_memory_pci_check(Error **errp)
{
    if (object_child_foreach_recursive(object_get_root(), find_other_iommu,
                                       NULL)) {
        error_setg(errp, "an emulated IOMMU (intel-iommu, amd-iommu, "
                   "virtio-iommu) would lead devices around the encryption of "
                   "this SEV guest's memory: leave it out");
        return false;
    }
    return true;
}
