/*
 * SEV: regions that show a view of all memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is memory that has two views is transformed on copy, under the locks of
 * the model alone; everything else is what it is.
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "blocks.h"
#include "space.h"
#include "views.h"

/* Above all guest physical addresses (52 bits), below QEMU's limit */
#define WINDOW_SIZE             (1ULL << 52)
#define WINDOW_SHARED           (1ULL << 60)
#define WINDOW_PRIVATE          (1ULL << 61)

static MemoryRegion views[2];           /* by SevView, at all addresses */

/* vCPUs in SMM see more than devices do */
static AddressSpace *space_of(MemTxAttrs attrs)
{
    return current_cpu && attrs.secure
        ? cpu_get_address_space(current_cpu, cpu_asidx_from_attrs(current_cpu,
                                                                  attrs))
        : sev_memory_space_dram();
}

/* @plen: out: how many of the bytes are done, at least one */
static MemTxResult access_piece(SevView view, hwaddr gpa, void *buf,
                                hwaddr *plen, bool is_write, MemTxAttrs attrs)
{
    AddressSpace *as = space_of(attrs);
    SevMemory *model = sev_memory_space_model();
    MemoryRegion *mr;
    hwaddr offset;
    uint64_t addr;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(as, gpa, &offset, plen, is_write, attrs);
    if (!memory_access_is_direct(mr, is_write, attrs) ||
        !sev_memory_blocks_find(mr, offset, &addr)) {
        return address_space_rw(as, gpa, attrs, buf, *plen, is_write);
    }
    if (is_write) {
        sev_memory_write(model, addr, buf, *plen, view);
        sev_memory_space_changed(addr, *plen);
    } else {
        sev_memory_read(model, addr, buf, *plen, view);
    }
    return MEMTX_OK;
}

/* Piece by piece, as each page may be something else */
static MemTxResult view_copy(void *opaque, hwaddr gpa, void *buf, hwaddr len,
                             bool is_write, MemTxAttrs attrs)
{
    SevView view = (uintptr_t)opaque;
    MemTxResult result = MEMTX_OK;

    while (len) {
        hwaddr part = MIN(len, SEV_MEMORY_PAGE - gpa % SEV_MEMORY_PAGE);

        result |= access_piece(view, gpa, buf, &part, is_write, attrs);
        gpa += part;
        buf = (uint8_t *)buf + part;
        len -= part;
    }
    return result;
}

/* Not one step, as for all guests: no software keeps page tables there */
static bool cmpxchg_io(hwaddr gpa, MemTxAttrs attrs, uint32_t old,
                       uint32_t new)
{
    void *view = (void *)(uintptr_t)SEV_VIEW_PRIVATE;
    uint8_t buf[sizeof(old)] = {};

    view_copy(view, gpa, buf, sizeof(buf), false, attrs);
    if (ldl_le_p(buf) != old) {
        return false;
    }
    stl_le_p(buf, new);
    view_copy(view, gpa, buf, sizeof(buf), true, attrs);
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
        !sev_memory_blocks_find(mr, offset, &addr)) {
        return cmpxchg_io(gpa, attrs, old, new);
    }
    if (!sev_memory_cmpxchg(sev_memory_space_model(), addr, cpu_to_le32(old),
                            cpu_to_le32(new), SEV_VIEW_PRIVATE)) {
        return false;
    }
    sev_memory_space_changed(addr, sizeof(new));
    return true;
}

static MemTxResult view_read(void *opaque, hwaddr gpa, uint64_t *data,
                             unsigned size, MemTxAttrs attrs)
{
    uint8_t buf[8] = {};
    MemTxResult result = view_copy(opaque, gpa, buf, size, false, attrs);

    *data = ldn_le_p(buf, size);
    return result;
}

static MemTxResult view_write(void *opaque, hwaddr gpa, uint64_t data,
                              unsigned size, MemTxAttrs attrs)
{
    uint8_t buf[8];

    stn_le_p(buf, size, data);
    return view_copy(opaque, gpa, buf, size, true, attrs);
}

static const MemoryRegionOps view_ops = {
    .read_with_attrs = view_read,
    .write_with_attrs = view_write,
    .copy = view_copy,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};

static void init_view(SevView view, const char *name)
{
    memory_region_init_io(&views[view], NULL, &view_ops,
                          (void *)(uintptr_t)view, name, UINT64_MAX);
}

void sev_memory_views_start(void)
{
    init_view(SEV_VIEW_SHARED, "sev-shared");
    init_view(SEV_VIEW_PRIVATE, "sev-private");
}

MemoryRegion *sev_memory_space_view(SevView view)
{
    return &views[view];
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
