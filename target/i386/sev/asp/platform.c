/*
 * Software AMD Secure Processor: commands of the platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, chapter 5.
 */

#include "asp-internal.h"

/* The TMR would hold VMSAs of SEV-ES guests: checked as hardware does. */
static AspStatus check_tmr(Asp *asp, uint64_t addr, uint32_t len)
{
    uint32_t size = asp->snp_state == SNP_PLATFORM_INIT ? ASP_TMR_SIZE_SNP
                                                        : ASP_TMR_SIZE;

    if (addr % size) {
        return ASP_INVALID_ADDRESS;
    }
    return len < size ? ASP_INVALID_CONFIG
                      : asp_mem_check_out(asp, addr, size);
}

/* Make what the persistent store lacks */
static AspStatus complete_store(Asp *asp)
{
    AspIdentity *identity = asp->identity;
    AspStatus status = ASP_SUCCESS;
    AspStore store;

    if (identity->store.valid) {
        return ASP_SUCCESS;
    }
    asp_store_make(&store, &identity->chip);
    if (!asp_identity_update(identity, &store)) {
        status = ASP_HWERROR_PLATFORM;
    }
    asp_wipe(&store, sizeof(store));
    return status;
}

static AspStatus init(Asp *asp, uint32_t options, uint64_t tmr_paddr,
                      uint32_t tmr_len)
{
    bool es = options & ASP_INIT_ES;
    AspStatus status = ASP_SUCCESS;

    if (options & ~ASP_INIT_ES) {
        return ASP_INVALID_PARAM;
    }
    if (es) {
        status = check_tmr(asp, tmr_paddr, tmr_len);
    }
    if (!status) {
        status = complete_store(asp);
    }
    if (status) {
        return status;
    }
    asp_asids_soil(asp);
    asp->config_es = es;
    asp->state = ASP_PLATFORM_INIT;
    return ASP_SUCCESS;
}

AspStatus asp_cmd_init(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspCmdInit *c = cmd;

    return init(asp, GUINT32_FROM_LE(c->options),
                GUINT64_FROM_LE(c->tmr_paddr), GUINT32_FROM_LE(c->tmr_len));
}

/* Where the store lies is the identity's affair, not the caller's. */
AspStatus asp_cmd_init_ex(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspCmdInitEx *c = cmd;

    if (GUINT32_FROM_LE(c->length) != sizeof(*c)) {
        return ASP_INVALID_LENGTH;
    }
    if (c->nv_paddr) {
        return ASP_UNSUPPORTED;
    }
    return init(asp, GUINT32_FROM_LE(c->options),
                GUINT64_FROM_LE(c->tmr_paddr), GUINT32_FROM_LE(c->tmr_len));
}

AspStatus asp_cmd_shutdown(Asp *asp, AspGuest *guest, void *cmd)
{
    asp_drop_guests(asp);
    asp->config_es = false;
    asp->state = ASP_PLATFORM_UNINIT;
    return ASP_SUCCESS;
}

AspStatus asp_cmd_platform_reset(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspStore empty = {};

    return asp_identity_update(asp->identity, &empty) ? ASP_SUCCESS
                                                      : ASP_HWERROR_PLATFORM;
}

AspStatus asp_cmd_platform_status(Asp *asp, AspGuest *guest, void *cmd)
{
    AspCmdPlatformStatus *c = cmd;
    bool ready = asp->state != ASP_PLATFORM_UNINIT;

    *c = (AspCmdPlatformStatus) {
        .api_major = ASP_API_MAJOR,
        .api_minor = ASP_API_MINOR,
        .build = ASP_BUILD,
        .state = asp->state,
        .guest_count = GUINT32_TO_LE(g_hash_table_size(asp->guests)),
    };
    if (ready && asp->identity->store.external_owner) {
        c->owner = ASP_OWNER_EXTERNAL;
    }
    if (asp->config_es) {
        c->config = GUINT16_TO_LE(ASP_CONFIG_ES);
    }
    return ASP_SUCCESS;
}

AspStatus asp_cmd_df_flush(Asp *asp, AspGuest *guest, void *cmd)
{
    size_t i;

    /* There are no caches, so there is no WBINVD to wait for. */
    for (i = 0; i < G_N_ELEMENTS(asp->asids); i++) {
        asp->asids[i].dirty = false;
    }
    return ASP_SUCCESS;
}

AspStatus asp_cmd_nop(Asp *asp, AspGuest *guest, void *cmd)
{
    return ASP_SUCCESS;
}

AspStatus asp_cmd_get_id(Asp *asp, AspGuest *guest, void *cmd)
{
    AspCmdGetId *c = cmd;
    uint64_t addr = GUINT64_FROM_LE(c->id_paddr);
    AspStatus status = asp_length_query(&c->id_len, SEV_CHIP_ID_SIZE);

    if (status) {
        return status;
    }
    if (addr % 8) {
        return ASP_INVALID_ADDRESS;
    }
    return asp_mem_write(asp, addr, asp->identity->chip.id,
                         SEV_CHIP_ID_SIZE);
}
