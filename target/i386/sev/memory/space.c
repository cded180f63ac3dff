/*
 * SEV: encrypted memory in the guest's address space
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/lockable.h"
#include "exec/address-spaces.h"
#include "exec/cputlb.h"
#include "exec/exec-all.h"
#include "exec/ram_addr.h"
#include "hw/core/cpu.h"
#include "hw/pci/pci_device.h"
#include "system/dma-map-notify.h"
#include "system/tcg.h"
#include "sev/debug/diagnose.h"
#include "sev/guest-ram.h"
#include "iommu.h"
#include "pci.h"
#include "space.h"

/* Above all guest physical addresses (52 bits), below QEMU's limit */
#define WINDOW_SIZE             (1ULL << 52)
#define WINDOW_SHARED           (1ULL << 60)
#define WINDOW_PRIVATE          (1ULL << 61)

/* What a device may have in private memory at a time */
#define BOUNCE_SIZE             16777216

static SevMemory *model;
static AddressSpace dram;               /* get_system_memory() as it is */
static MemoryRegion views[2];           /* by SevView, at all addresses */
static AddressSpace shared_space;
static QemuMutex add_lock;
static RAMBlockNotifier ram_notifier;

SevMemory *sev_memory_space_model(void)
{
    return model;
}

/*
 * Memory of devices is not the guest's: a frame buffer is read by its device,
 * without going through an address space.
 */
static void add_block(RAMBlock *block)
{
    QEMU_LOCK_GUARD(&add_lock);

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

bool sev_memory_space_find_host(void *host, uint64_t *addr)
{
    ram_addr_t offset;
    RAMBlock *block = qemu_ram_block_from_host(host, false, &offset);

    return block && find(block, offset, addr);
}

/* In an RCU critical section */
static bool find_region(MemoryRegion *mr, hwaddr offset, uint64_t *addr)
{
    return memory_region_supports_direct_access(mr) &&
           find(mr->ram_block, offset, addr);
}

bool sev_memory_space_find(AddressSpace *as, hwaddr gpa, MemTxAttrs attrs,
                           uint64_t *addr)
{
    hwaddr offset, len = 1;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(as, gpa, &offset, &len, false, attrs);
    return find_region(mr, offset, addr);
}

SevMapping sev_memory_space_map(AddressSpace *as, hwaddr gpa,
                                MemTxAttrs attrs, SevView view, uint64_t key,
                                uint64_t *addr, uint64_t *holder)
{
    hwaddr offset, len = 1;
    SevMapping mapping;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
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

/* vCPUs in SMM see more than everybody else */
static AddressSpace *space_of(MemTxAttrs attrs)
{
    return current_cpu && attrs.secure
        ? cpu_get_address_space(current_cpu, cpu_asidx_from_attrs(current_cpu,
                                                                  attrs))
        : &dram;
}

/* @plen: out: how many of the bytes are done, at least one */
static MemTxResult view_access(SevView view, hwaddr gpa, uint8_t *buf,
                               hwaddr *plen, bool is_write, MemTxAttrs attrs)
{
    AddressSpace *as = space_of(attrs);
    MemoryRegion *mr;
    hwaddr offset, len;
    uint64_t addr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(as, gpa, &offset, plen, is_write, attrs);
    len = *plen;
    if (!memory_access_is_direct(mr, is_write, attrs) ||
        !find_region(mr, offset, &addr)) {
        return address_space_rw(as, gpa, attrs, buf, len, is_write);
    }
    if (is_write) {
        sev_memory_write(model, addr, buf, len, view);
        sev_memory_space_changed(addr, len);
    } else {
        sev_memory_read(model, addr, buf, len, view);
    }
    return MEMTX_OK;
}

/* Piece by piece, as each page may be something else */
static MemTxResult view_rw(SevView view, hwaddr gpa, uint8_t *buf, hwaddr len,
                           bool is_write, MemTxAttrs attrs)
{
    MemTxResult result = MEMTX_OK;

    while (len) {
        hwaddr part = MIN(len, SEV_MEMORY_PAGE - gpa % SEV_MEMORY_PAGE);

        result |= view_access(view, gpa, buf, &part, is_write, attrs);
        gpa += part;
        buf += part;
        len -= part;
    }
    return result;
}

/* Not one step, as for all guests: no software keeps page tables there */
static bool cmpxchg_io(hwaddr gpa, MemTxAttrs attrs, uint32_t old,
                       uint32_t new)
{
    uint8_t buf[sizeof(old)] = {};

    view_rw(SEV_VIEW_PRIVATE, gpa, buf, sizeof(buf), false, attrs);
    if (ldl_le_p(buf) != old) {
        return false;
    }
    stl_le_p(buf, new);
    view_rw(SEV_VIEW_PRIVATE, gpa, buf, sizeof(buf), true, attrs);
    return true;
}

bool sev_memory_space_cmpxchg(AddressSpace *as, hwaddr gpa, MemTxAttrs attrs,
                              uint32_t old, uint32_t new)
{
    hwaddr offset, len = sizeof(old);
    MemoryRegion *mr;
    uint64_t addr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(as, gpa, &offset, &len, true, attrs);
    if (!memory_access_is_direct(mr, true, attrs) ||
        !find_region(mr, offset, &addr)) {
        return cmpxchg_io(gpa, attrs, old, new);
    }
    if (!sev_memory_cmpxchg(model, addr, cpu_to_le32(old), cpu_to_le32(new),
                            SEV_VIEW_PRIVATE)) {
        return false;
    }
    sev_memory_space_changed(addr, sizeof(new));
    return true;
}

static MemTxResult view_read(void *opaque, hwaddr gpa, uint64_t *data,
                             unsigned size, MemTxAttrs attrs)
{
    uint8_t buf[8] = {};
    MemTxResult result;

    result = view_rw((uintptr_t)opaque, gpa, buf, size, false, attrs);
    *data = ldn_le_p(buf, size);
    return result;
}

static MemTxResult view_write(void *opaque, hwaddr gpa, uint64_t data,
                              unsigned size, MemTxAttrs attrs)
{
    uint8_t buf[8];

    stn_le_p(buf, size, data);
    return view_rw((uintptr_t)opaque, gpa, buf, size, true, attrs);
}

static const MemoryRegionOps view_ops = {
    .read_with_attrs = view_read,
    .write_with_attrs = view_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

AddressSpace *sev_memory_space_dram(void)
{
    return &dram;
}

/*
 * What a device gets to: the address space that has the page in the shared
 * view.  Called in an RCU critical section that lasts as long as the access.
 */
static AddressSpace *choose(hwaddr gpa, IOMMUAccessFlags flag, const char *who)
{
    uint64_t addr;

    if (!sev_memory_space_find(&dram, gpa, MEMTXATTRS_UNSPECIFIED, &addr) ||
        sev_memory_map_device(model, addr)) {
        return &dram;
    }
    if (unlikely(sev_diagnosing) && flag != IOMMU_NONE &&
        sev_memory_changes_view(model, addr, SEV_VIEW_SHARED)) {
        sev_diagnose_device(gpa, flag & IOMMU_WO, who);
    }
    return &shared_space;
}

static void dma_mapped(void *host, hwaddr len, bool mapped)
{
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

static void ram_removed(RAMBlockNotifier *n, void *host, size_t size,
                        size_t max_size)
{
    ram_addr_t offset;
    RAMBlock *block = qemu_ram_block_from_host(host, false, &offset);

    if (block) {
        QEMU_LOCK_GUARD(&add_lock);
        sev_memory_remove(model, block->offset);
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

void sev_memory_space_start(void)
{
    g_assert(!model);
    model = sev_memory_new();
    qemu_mutex_init(&add_lock);
    memory_region_init_io(&views[SEV_VIEW_SHARED], NULL, &view_ops,
                          (void *)(uintptr_t)SEV_VIEW_SHARED, "sev-shared",
                          UINT64_MAX);
    memory_region_init_io(&views[SEV_VIEW_PRIVATE], NULL, &view_ops,
                          (void *)(uintptr_t)SEV_VIEW_PRIVATE, "sev-private",
                          UINT64_MAX);
    address_space_init(&dram, get_system_memory(), "sev-dram");
    address_space_init(&shared_space, &views[SEV_VIEW_SHARED], "sev-shared");
    ram_notifier.ram_block_removed = ram_removed;
    ram_block_notifier_add(&ram_notifier);
    dma_map_notify = dma_mapped;
    let_devices_copy();
    sev_memory_iommu_lay_over(&address_space_memory,
                              sev_memory_iommu_new(choose, NULL, NULL));
    if (sev_diagnosing) {
        sev_memory_pci_start(choose);
    }
}

void sev_memory_space_add_windows(Object *owner, MemoryRegion *root)
{
    static const hwaddr base[] = {
        [SEV_VIEW_SHARED] = WINDOW_SHARED,
        [SEV_VIEW_PRIVATE] = WINDOW_PRIVATE,
    };

    for (SevView view = SEV_VIEW_SHARED; view <= SEV_VIEW_PRIVATE; view++) {
        MemoryRegion *window = g_new0(MemoryRegion, 1);

        memory_region_init_alias(window, owner, "sev-window", &views[view], 0,
                                 WINDOW_SIZE);
        memory_region_add_subregion_overlap(root, base[view], window, 10);
    }
}

hwaddr sev_memory_space_window(hwaddr gpa, SevView view)
{
    return gpa | (view == SEV_VIEW_PRIVATE ? WINDOW_PRIVATE : WINDOW_SHARED);
}

hwaddr sev_memory_space_gpa(hwaddr address)
{
    return address & ~(WINDOW_SHARED | WINDOW_PRIVATE);
}

MemoryRegion *sev_memory_space_view(SevView view)
{
    return &views[view];
}

MemoryRegion *sev_memory_space_shared(void)
{
    return address_space_memory.root;
}
