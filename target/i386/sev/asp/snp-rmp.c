/*
 * Software AMD Secure Processor: page states and SNP_PAGE_RECLAIM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SNP firmware ABI, "page states".
 */

#include "snp-internal.h"

static SnpPageState firmware_state(const AspRmpEntry *e)
{
    return !e->immutable ? SNP_STATE_RECLAIM :
           e->vmsa ? SNP_STATE_CONTEXT :
           e->gpa ? SNP_STATE_METADATA : SNP_STATE_FIRMWARE;
}

SnpPageState snp_rmp_state(const AspRmpEntry *e)
{
    if (!e->assigned) {
        return SNP_STATE_HYPERVISOR;
    }
    if (!e->asid) {
        return firmware_state(e);
    }
    if (e->immutable) {
        return e->validated ? SNP_STATE_PRE_SWAP : SNP_STATE_PRE_GUEST;
    }
    return e->validated ? SNP_STATE_GUEST_VALID : SNP_STATE_GUEST_INVALID;
}

AspStatus snp_rmp_read(Asp *asp, uint64_t addr, AspRmpEntry *entry)
{
    return addr % SNP_PAGE_SIZE == 0 &&
           asp->memory.rmp_read(asp->opaque, addr, entry)
           ? ASP_SUCCESS : ASP_INVALID_ADDRESS;
}

AspStatus snp_rmp_write(Asp *asp, uint64_t addr, const AspRmpEntry *entry)
{
    return asp->memory.rmp_write(asp->opaque, addr, entry)
           ? ASP_SUCCESS : ASP_INVALID_ADDRESS;
}

AspStatus snp_rmp_expect(Asp *asp, uint64_t addr, SnpPageState state,
                         AspRmpEntry *entry)
{
    AspStatus status = snp_rmp_read(asp, addr, entry);

    if (!status && snp_rmp_state(entry) != state) {
        status = ASP_INVALID_PAGE_STATE;
    }
    if (!status && entry->large) {
        status = ASP_INVALID_PAGE_SIZE;
    }
    return status;
}

AspStatus snp_rmp_set_state(Asp *asp, uint64_t addr, SnpPageState state)
{
    const AspRmpEntry entry = {
        .assigned = true,
        .immutable = state != SNP_STATE_RECLAIM,
        .vmsa = state == SNP_STATE_CONTEXT,
    };

    return snp_rmp_write(asp, addr, &entry);
}

/* States from which the hypervisor may have a page back */
static bool can_reclaim(SnpPageState state)
{
    return state == SNP_STATE_FIRMWARE || state == SNP_STATE_RECLAIM ||
           state == SNP_STATE_METADATA || state == SNP_STATE_PRE_GUEST ||
           state == SNP_STATE_PRE_SWAP;
}

AspStatus snp_cmd_page_reclaim(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdAddress *c = cmd;
    uint64_t addr = GUINT64_FROM_LE(c->paddr);
    AspRmpEntry entry, reclaim = { .assigned = true };
    AspStatus status;

    reclaim.large = addr & 1;
    addr &= ~1ull;
    if (reclaim.large && addr % SNP_LARGE_PAGE_SIZE) {
        return ASP_INVALID_ADDRESS;
    }
    status = snp_rmp_read(asp, addr, &entry);
    if (status) {
        return status;
    }
    if (!can_reclaim(snp_rmp_state(&entry))) {
        return ASP_INVALID_PAGE_STATE;
    }
    if (entry.large != reclaim.large) {
        return ASP_INVALID_PAGE_SIZE;
    }
    return snp_rmp_write(asp, addr, &reclaim);
}
