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
#include "exec/ramblock.h"
#include "debug.h"
#include "space.h"
#include "sev/guest-ram.h"
#include "sev/memory/space.h"

/* The guest that is debugged; NULL until sev_debug_set() */
static const char *guest_id;
static SevBackend *be;

bool sev_debug_check(const char *id, uint32_t policy, Error **errp)
{
    if (policy & SEV_POLICY_NODBG) {
        error_setg(errp, "debug-access=on of '%s' is not possible: policy 0x%"
                   PRIx32 " forbids debugging (NODBG, bit 0)",
                   id, policy);
        return false;
    }
    return true;
}

/* The firmware takes whole blocks of the cipher */
static bool copy(hwaddr gpa, void *host, void *buf, uint64_t len, bool write,
                 Error **errp)
{
    uint64_t skip = gpa % SEV_MEMORY_BLOCK;
    uint64_t size = ROUND_UP(skip + len, SEV_MEMORY_BLOCK);
    QEMU_ALIGNED(SEV_MEMORY_PAGE) uint8_t blocks[SEV_MEMORY_PAGE];

    gpa -= skip;
    host = (uint8_t *)host - skip;
    if (!be->ops->dbg_decrypt(be, gpa, host, blocks, size, errp)) {
        return false;
    }
    if (write) {
        memcpy(blocks + skip, buf, len);
        return be->ops->dbg_encrypt(be, gpa, host, blocks, size, errp);
    }
    memcpy(buf, blocks + skip, len);
    return true;
}

static bool copy_for_debugger(hwaddr gpa, void *host, void *buf, uint64_t len,
                              bool write)
{
    Error *err = NULL;

    if (!copy(gpa, host, buf, len, write, &err)) {
        warn_report_err(err);
        return false;
    }
    return true;
}

void sev_debug_set(const char *id, SevBackend *backend, bool on)
{
    CPUState *cs;

    guest_id = id;
    be = backend;
    sev_debug_space_set(on ? copy_for_debugger : NULL);
    CPU_FOREACH(cs) {
        cpu_env(cs)->sev_debug = on;
    }
}

/*
 * One page of many: the first failure tells of all.  A dump may have a thread
 * of its own, and the firmware serves one at a time.
 */
static bool copy_for_dump(uint64_t addr, void *host, void *buf, size_t len)
{
    static bool warned;
    Error *err = NULL;

    BQL_LOCK_GUARD();
    if (copy(addr, host, buf, len, false, &err)) {
        return true;
    }
    warn_report_once_cond(&warned, "a dump of '%s' has ciphertext in it: %s",
                          guest_id, error_get_pretty(err));
    error_free(err);
    return false;
}

/* What the host's platform encrypts is ciphertext unless it is debugged */
static bool dump_encrypted(const uint8_t *host, uint8_t *buf, size_t len)
{
    ram_addr_t offset;
    RAMBlock *block = qemu_ram_block_from_host((void *)host, false, &offset);

    return sev_debug_space_is_on() && block &&
           sev_ram_is_guests(block) &&
           copy_for_dump(offset, (void *)host, buf, len);
}

/* Within a page.  Returns: false if the bytes at @host will do */
static bool dump_piece(const uint8_t *host, uint8_t *buf, size_t len)
{
    SevMemory *mem = sev_memory_space_model();
    uint64_t addr;

    if (!mem) {
        return dump_encrypted(host, buf, len);
    }
    if (!sev_memory_space_find_host((void *)host, &addr) ||
        sev_memory_kept(mem, addr) == SEV_VIEW_SHARED) {
        return false;
    }
    if (!sev_debug_space_is_on() ||
        !copy_for_dump(addr, (void *)host, buf, len)) {
        sev_memory_read(mem, addr, buf, len, SEV_VIEW_SHARED);
    }
    return true;
}

/*
 * Nothing says which pages of physical memory are private: a plaintext dump
 * has each one as it was used last, or all as private where nobody knows.  One
 * that begins in the midst of a page asks for bytes of two pages at a time.
 */
const void *sev_debug_dump(const void *host, size_t len)
{
    static uint8_t bytes[SEV_MEMORY_PAGE];
    size_t first = MIN(len, SEV_MEMORY_PAGE -
                       (uintptr_t)host % SEV_MEMORY_PAGE);
    const uint8_t *next = (const uint8_t *)host + first;

    g_assert(len <= sizeof(bytes));
    if (!sev_memory_space_model() && !sev_debug_space_is_on()) {
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
