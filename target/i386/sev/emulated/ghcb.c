/*
 * SEV hypervisor: the page through which a guest speaks to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "ghcb.h"

#define VALID_BITMAP    0x3f0
#define VERSION         0xffa
#define USAGE           0xffc
#define REGISTERS       SEV_GHCB_RAX
#define REGISTERS_END   0x400

/* The most that a scratch area outside of the page has, as with KVM */
#define SCRATCH_MAX     (16 * SEV_GHCB_SIZE)

static bool access_memory(hwaddr gpa, void *buf, size_t len, bool write)
{
    return address_space_rw(&address_space_memory, gpa,
                            MEMTXATTRS_UNSPECIFIED, buf, len, write) ==
           MEMTX_OK;
}

bool sev_ghcb_load(SevGhcb *ghcb, hwaddr gpa)
{
    ghcb->gpa = gpa;
    if (!access_memory(gpa, ghcb->page, sizeof(ghcb->page), false)) {
        return false;
    }
    memcpy(ghcb->valid, ghcb->page + VALID_BITMAP, sizeof(ghcb->valid));
    memset(ghcb->page + VALID_BITMAP, 0, sizeof(ghcb->valid));
    ghcb->code = sev_ghcb_get(ghcb, SEV_GHCB_EXITCODE);
    ghcb->info1 = sev_ghcb_get(ghcb, SEV_GHCB_EXITINFO1);
    ghcb->info2 = sev_ghcb_get(ghcb, SEV_GHCB_EXITINFO2);
    return true;
}

/* The rest of the page is not written to */
void sev_ghcb_store(SevGhcb *ghcb)
{
    access_memory(ghcb->gpa + REGISTERS, ghcb->page + REGISTERS,
           REGISTERS_END - REGISTERS, true);
}

static unsigned bit_of(SevGhcbField field)
{
    return field / 8;
}

bool sev_ghcb_has(const SevGhcb *ghcb, SevGhcbField field)
{
    unsigned bit = bit_of(field);

    return ghcb->valid[bit / 8] & (1 << bit % 8);
}

uint32_t sev_ghcb_usage(const SevGhcb *ghcb)
{
    return ldl_le_p(ghcb->page + USAGE);
}

uint64_t sev_ghcb_get(const SevGhcb *ghcb, SevGhcbField field)
{
    return sev_ghcb_has(ghcb, field) ? ldq_le_p(ghcb->page + field) : 0;
}

void sev_ghcb_put(SevGhcb *ghcb, SevGhcbField field, uint64_t value)
{
    unsigned bit = bit_of(field);

    stq_le_p(ghcb->page + field, value);
    ghcb->page[VALID_BITMAP + bit / 8] |= 1 << bit % 8;
}

void sev_ghcb_answer(SevGhcb *ghcb, SevGhcbResult result, uint64_t info)
{
    sev_ghcb_put(ghcb, SEV_GHCB_EXITINFO1, result);
    sev_ghcb_put(ghcb, SEV_GHCB_EXITINFO2, info);
}

void sev_ghcb_refuse(SevGhcb *ghcb, SevGhcbReason reason)
{
    sev_ghcb_answer(ghcb, SEV_GHCB_MALFORMED, reason);
}

/* The format of EVENTINJ: valid, an exception, error code valid */
void sev_ghcb_raise(SevGhcb *ghcb, unsigned vector)
{
    uint64_t event = SVM_EVTINJ_VALID | SVM_EVTINJ_TYPE_EXEPT | vector;

    if (vector == EXCP0D_GPF) {
        event |= SVM_EVTINJ_VALID_ERR;
    }
    sev_ghcb_answer(ghcb, SEV_GHCB_EXCEPTION, event);
}

static bool is_inside(const SevGhcb *ghcb, uint64_t gpa, size_t len)
{
    uint64_t offset = gpa - (ghcb->gpa + SEV_GHCB_BUFFER);

    return offset < SEV_GHCB_BUFFER_SIZE &&
           len <= SEV_GHCB_BUFFER_SIZE - offset;
}

bool sev_ghcb_scratch(SevGhcb *ghcb, void *buf, size_t len, bool write)
{
    uint64_t gpa = sev_ghcb_get(ghcb, SEV_GHCB_SCRATCH);
    bool inside = is_inside(ghcb, gpa, len);

    if (!sev_ghcb_has(ghcb, SEV_GHCB_SCRATCH)) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_MISSING_INPUT);
        return false;
    }
    if (!inside && (lduw_le_p(ghcb->page + VERSION) > 1 ||
                    len > SCRATCH_MAX)) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_INVALID_SCRATCH);
        return false;
    }
    if (inside && !write) {
        memcpy(buf, ghcb->page + (gpa - ghcb->gpa), len);
        return true;
    }
    if (!access_memory(gpa, buf, len, write)) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_INVALID_SCRATCH);
        return false;
    }
    return true;
}
