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

/* Within a page.  Returns: false if the bytes at @host will do */
static bool dump_piece(const uint8_t *host, uint8_t *buf, size_t len)
{
    SevMemory *mem = sev_memory_space_model();
    uint64_t addr;

    if (!sev_memory_space_find_host((void *)host, &addr) ||
        sev_memory_kept(mem, addr) == SEV_VIEW_SHARED) {
        return false;
    }
    if (!sev_memory_space_is_debugged() ||
        !copy(addr, (void *)host, buf, len, false)) {
        sev_memory_read(mem, addr, buf, len, SEV_VIEW_SHARED);
    }
    return true;
}

/*
 * Nothing says which pages of physical memory are private: a plaintext dump
 * has each one as it was used last.  One that begins in the midst of a page
 * asks for bytes of two pages at a time.
 */
const void *sev_debug_dump(const void *host, size_t len)
{
    static uint8_t bytes[SEV_MEMORY_PAGE];
    size_t first = MIN(len, SEV_MEMORY_PAGE -
                       (uintptr_t)host % SEV_MEMORY_PAGE);
    const uint8_t *next = (const uint8_t *)host + first;

    BQL_LOCK_GUARD();
    g_assert(len <= sizeof(bytes));
    if (!sev_memory_space_model()) {
        return host;
    }
    if (!dump_piece(host, bytes, first)) {
        memcpy(bytes, host, first);
    }
    if (first < len && !dump_piece(next, bytes + first, len - first)) {
        memcpy(bytes + first, next, len - first);
    }
    return bytes;
}
