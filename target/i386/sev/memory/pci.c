/*
 * SEV: encrypted memory as each PCI device sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/rcu.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/qdev-core.h"
#include "pci.h"

/* The name of a device, which may be unplugged while it is still at work */
typedef struct SevPciName {
    struct rcu_head rcu;
    char *text;
} SevPciName;

/* A device, by where it is plugged in */
typedef struct SevPciSlot {
    PCIBus *bus;
    int devfn;
    SevPciName *name;                   /* NULL: there is none */
    AddressSpace space;
} SevPciSlot;

static SevMemoryChoose *choose;
static GPtrArray *slots;                /* of SevPciSlot; never freed */

/* By any thread, in the RCU critical section of an access */
static const char *slot_name(void *opaque)
{
    SevPciSlot *slot = opaque;
    SevPciName *name = qatomic_rcu_read(&slot->name);

    return name ? name->text : NULL;
}

static void free_name(SevPciName *name)
{
    g_free(name->text);
    g_free(name);
}

/* @dev: NULL: it is gone */
static void set_name(SevPciSlot *slot, PCIDevice *dev)
{
    SevPciName *old = slot->name, *name = NULL;

    if (dev) {
        name = g_new0(SevPciName, 1);
        name->text = g_strdup(DEVICE(dev)->id ?: dev->name);
    }
    qatomic_rcu_set(&slot->name, name);
    if (old) {
        call_rcu(old, free_name, rcu);
    }
}

static SevPciSlot *find_slot(PCIBus *bus, int devfn)
{
    for (guint i = 0; i < slots->len; i++) {
        SevPciSlot *slot = g_ptr_array_index(slots, i);

        if (slot->bus == bus && slot->devfn == devfn) {
            return slot;
        }
    }
    return NULL;
}

static SevPciSlot *new_slot(PCIBus *bus, int devfn)
{
    g_autofree char *name = g_strdup_printf("sev-pci-%02x.%x", PCI_SLOT(devfn),
                                            PCI_FUNC(devfn));
    SevPciSlot *slot = g_new0(SevPciSlot, 1);

    slot->bus = bus;
    slot->devfn = devfn;
    set_name(slot, bus->devices[devfn]);
    address_space_init(&slot->space,
                       sev_memory_iommu_new(choose, slot_name, slot), name);
    g_ptr_array_add(slots, slot);
    return slot;
}

static AddressSpace *get_address_space(PCIBus *bus, void *opaque, int devfn)
{
    SevPciSlot *slot = find_slot(bus, devfn) ?: new_slot(bus, devfn);

    return &slot->space;
}

static const PCIIOMMUOps iommu_ops = {
    .get_address_space = get_address_space,
};

static PCIDevice *as_pci(DeviceState *dev)
{
    return (PCIDevice *)object_dynamic_cast(OBJECT(dev), TYPE_PCI_DEVICE);
}

/* One that is plugged in later was not on its bus yet when it got the slot */
static void device_realized(DeviceListener *listener, DeviceState *dev)
{
    PCIDevice *pci = as_pci(dev);
    PCIBus *root = pci ? pci_device_root_bus(pci) : NULL;
    SevPciSlot *slot = pci ? find_slot(pci_get_bus(pci), pci->devfn) : NULL;

    /* The first device on a bus: nobody has asked for an address space yet */
    if (root && !root->iommu_ops) {
        pci_setup_iommu(root, &iommu_ops, NULL);
    }
    if (slot) {
        set_name(slot, pci);
    }
}

static void device_unrealized(DeviceListener *listener, DeviceState *dev)
{
    PCIDevice *pci = as_pci(dev);
    SevPciSlot *slot = pci ? find_slot(pci_get_bus(pci), pci->devfn) : NULL;

    if (slot) {
        set_name(slot, NULL);
    }
}

void sev_memory_pci_start(SevMemoryChoose *asked)
{
    static DeviceListener listener = {
        .realize = device_realized,
        .unrealize = device_unrealized,
    };

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
