/*
 * SEV: what debuggers and dumps see of the guest's memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "cpu.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "system/tcg.h"
#include "debug.h"
#include "memory-space.h"

bool sev_debug_check(const SevCommonState *sev, uint32_t policy, Error **errp)
{
    if (!tcg_enabled()) {
        error_setg(errp, "debug-access=on of '%s' needs an emulated platform: "
                   "use -accel tcg", sev_common_id(sev));
        return false;
    }
    if (policy & SEV_POLICY_NODBG) {
        error_setg(errp, "debug-access=on of '%s' is not possible: policy 0x%"
                   PRIx32 " forbids debugging (NODBG, bit 0)",
                   sev_common_id(sev), policy);
        return false;
    }
    return true;
}

/* Whole blocks of the cipher */
static bool decrypt(hwaddr gpa, void *host, void *buf, uint64_t len)
{
    SevBackend *be = sev_common_active()->backend;
    Error *err = NULL;

    if (!be->ops->dbg_decrypt(be, gpa, host, buf, len, &err)) {
        warn_report_err(err);
        return false;
    }
    return true;
}

static bool encrypt(hwaddr gpa, void *host, const void *buf, uint64_t len)
{
    SevBackend *be = sev_common_active()->backend;
    Error *err = NULL;

    if (!be->ops->dbg_encrypt(be, gpa, host, buf, len, &err)) {
        warn_report_err(err);
        return false;
    }
    return true;
}

static bool copy(hwaddr gpa, void *host, void *buf, uint64_t len, bool write)
{
    uint64_t skip = gpa % SEV_MEMORY_BLOCK;
    uint64_t size = ROUND_UP(skip + len, SEV_MEMORY_BLOCK);
    uint8_t blocks[SEV_MEMORY_PAGE];

    gpa -= skip;
    host = (uint8_t *)host - skip;
    if (!decrypt(gpa, host, blocks, size)) {
        return false;
    }
    if (write) {
        memcpy(blocks + skip, buf, len);
        return encrypt(gpa, host, blocks, size);
    }
    memcpy(buf, blocks + skip, len);
    return true;
}

void sev_debug_set(SevCommonState *sev, bool on)
{
    CPUState *cs;

    sev_memory_space_set_debug(on ? copy : NULL);
    CPU_FOREACH(cs) {
        cpu_env(cs)->sev_debug = on;
    }
}

/*
 * Nothing says which pages of physical memory are private: a plaintext dump
 * has each one as it was used last.
 */
const void *sev_debug_dump(const void *host, size_t len)
{
    static uint8_t page[SEV_MEMORY_PAGE];
    SevMemory *mem = sev_memory_space_model();
    uint64_t addr;

    BQL_LOCK_GUARD();
    if (!mem || !sev_memory_space_find_host((void *)host, &addr) ||
        sev_memory_kept(mem, addr) == SEV_VIEW_SHARED) {
        return host;
    }
    if (!sev_memory_space_is_debugged() ||
        !copy(addr, (void *)host, page, len, false)) {
        sev_memory_read(mem, addr, page, len, SEV_VIEW_SHARED);
    }
    return page;
}
