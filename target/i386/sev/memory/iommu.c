/*
 * SEV: the way of devices to encrypted memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An IOMMU that changes no address, but the address space in which it is
 * looked up.  QEMU asks it anew for every access, or mapping for one.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "exec/address-spaces.h"
#include "iommu.h"

#define TYPE_SEV_MEMORY_IOMMU "sev-memory-iommu"
#define PAGE_MASK_4K 0xfffULL

OBJECT_DECLARE_SIMPLE_TYPE(SevMemoryIOMMU, SEV_MEMORY_IOMMU)

struct SevMemoryIOMMU {
    IOMMUMemoryRegion parent_obj;

    SevMemoryChoose *choose;
    SevMemoryWho *who;
    void *opaque;
};

static IOMMUTLBEntry translate(IOMMUMemoryRegion *mr, hwaddr gpa,
                               IOMMUAccessFlags flag, int iommu_idx)
{
    SevMemoryIOMMU *iommu = SEV_MEMORY_IOMMU(mr);
    const char *who = iommu->who ? iommu->who(iommu->opaque) : NULL;

    return (IOMMUTLBEntry) {
        .target_as = iommu->choose(gpa, flag, who),
        .iova = gpa & ~PAGE_MASK_4K,
        .translated_addr = gpa & ~PAGE_MASK_4K,
        .addr_mask = PAGE_MASK_4K,
        .perm = IOMMU_RW,
    };
}

/* For those who keep translations, and would miss that a page was turned */
static int notify_flag_changed(IOMMUMemoryRegion *mr,
                               IOMMUNotifierFlag old_flags,
                               IOMMUNotifierFlag new_flags, Error **errp)
{
    if (new_flags) {
        error_setg(errp, "only QEMU itself can use the memory of this SEV "
                   "guest, which it encrypts, and neither vhost nor VFIO");
        return -ENOTSUP;
    }
    return 0;
}

static void sev_memory_iommu_class_init(ObjectClass *oc, void *data)
{
    IOMMUMemoryRegionClass *imrc = IOMMU_MEMORY_REGION_CLASS(oc);

    imrc->translate = translate;
    imrc->notify_flag_changed = notify_flag_changed;
}

static const TypeInfo sev_memory_iommu_info = {
    .name = TYPE_SEV_MEMORY_IOMMU,
    .parent = TYPE_IOMMU_MEMORY_REGION,
    .instance_size = sizeof(SevMemoryIOMMU),
    .class_init = sev_memory_iommu_class_init,
};

static void sev_memory_iommu_register_types(void)
{
    type_register_static(&sev_memory_iommu_info);
}

type_init(sev_memory_iommu_register_types);

MemoryRegion *sev_memory_iommu_new(SevMemoryChoose *choose, SevMemoryWho *who,
                                   void *opaque)
{
    SevMemoryIOMMU *iommu = g_new0(SevMemoryIOMMU, 1);

    memory_region_init_iommu(iommu, sizeof(*iommu), TYPE_SEV_MEMORY_IOMMU,
                             NULL, "sev-memory", UINT64_MAX);
    iommu->choose = choose;
    iommu->who = who;
    iommu->opaque = opaque;
    return MEMORY_REGION(iommu);
}

void sev_memory_iommu_lay_over(AddressSpace *as, MemoryRegion *root)
{
    memory_region_transaction_begin();
    memory_region_unref(as->root);
    as->root = root;
    memory_region_ref(as->root);
    memory_region_transaction_commit();
}
