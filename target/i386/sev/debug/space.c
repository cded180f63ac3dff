/*
 * SEV: private memory as a debugger sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "hw/core/cpu.h"
#include "space.h"
#include "sev/memory/space.h"
#include "sev.h"

static SevDebugCopy *copy;      /* NULL: debuggers see ciphertext */

/* Memory as it is, without who stands between it and devices */
static AddressSpace *space(void)
{
    return sev_memory_space_model() ? sev_memory_space_dram()
                                    : &address_space_memory;
}

/* Where this process does not encrypt memory, the host does with all of it */
static bool is_encrypted(hwaddr gpa, MemTxAttrs attrs)
{
    uint64_t addr;

    return !sev_memory_space_model() ||
           sev_memory_space_find(space(), gpa, attrs, &addr);
}

/* @len bytes at an aligned address, so within one page */
static MemTxResult debug_access(hwaddr gpa, uint8_t *buf, hwaddr len,
                                bool is_write, MemTxAttrs attrs)
{
    MemoryRegion *mr;
    hwaddr offset, size = len;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(space(), gpa, &offset, &size, is_write,
                                 attrs);
    if (!copy || size < len || !memory_access_is_direct(mr, is_write, attrs) ||
        !is_encrypted(gpa, attrs)) {
        return address_space_rw(space(), gpa, attrs, buf, len, is_write);
    }
    return copy(gpa, qemu_map_ram_ptr(mr->ram_block, offset), buf, len,
                is_write) ? MEMTX_OK : MEMTX_ACCESS_ERROR;
}

static MemTxResult debug_read(void *opaque, hwaddr gpa, uint64_t *data,
                              unsigned size, MemTxAttrs attrs)
{
    uint8_t buf[8] = {};
    MemTxResult result = debug_access(gpa, buf, size, false, attrs);

    *data = ldn_le_p(buf, size);
    return result;
}

static MemTxResult debug_write(void *opaque, hwaddr gpa, uint64_t data,
                               unsigned size, MemTxAttrs attrs)
{
    uint8_t buf[8];

    stn_le_p(buf, size, data);
    return debug_access(gpa, buf, size, true, attrs);
}

/* Only aligned accesses, which do not cross pages: debuggers have time */
static const MemoryRegionOps debug_ops = {
    .read_with_attrs = debug_read,
    .write_with_attrs = debug_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = { .min_access_size = 1, .max_access_size = 8 },
    .impl = { .min_access_size = 1, .max_access_size = 8 },
};

void sev_debug_space_set(SevDebugCopy *new_copy)
{
    copy = new_copy;
}

bool sev_debug_space_is_on(void)
{
    return copy;
}

MemoryRegion *sev_debug_space_region(void)
{
    static MemoryRegion region;

    if (!region.ops) {
        memory_region_init_io(&region, NULL, &debug_ops, NULL, "sev-debug",
                              UINT64_MAX);
    }
    return &region;
}

/* Page tables are private too: a walk needs what a private leaf needs */
void sev_kvm_cpu_init_spaces(CPUState *cs)
{
    CPUX86State *env = cpu_env(cs);

    if (!sev_enabled()) {
        return;
    }
    cs->num_ases = X86ASIdx_SEV_SMM + 1;
    cpu_address_space_init(cs, X86ASIdx_SEV_PRIVATE, "cpu-sev-private",
                           sev_debug_space_region());
    cpu_address_space_init(cs, X86ASIdx_SEV_HOST, "cpu-sev-host", cs->memory);
    cpu_address_space_init(cs, X86ASIdx_SEV_DEBUG, "cpu-sev-debug",
                           sev_debug_space_region());
    cpu_address_space_init(cs, X86ASIdx_SEV_SMM, "cpu-sev-smm",
                           sev_debug_space_region());
    env->sev_c_mask = 1ULL << sev_get_cbit_position();
    env->sev_debug = sev_debug_space_is_on();
}
