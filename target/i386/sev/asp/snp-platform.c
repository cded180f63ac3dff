/*
 * Software AMD Secure Processor: SEV-SNP commands of the platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SNP firmware ABI, SNP_INIT to SNP_DF_FLUSH.
 */

#include "snp-internal.h"

static AspStatus init(Asp *asp, bool with_rmp)
{
    /* Guests with SEV have to end first. */
    if (asp->state == ASP_PLATFORM_WORKING) {
        return ASP_INVALID_PLATFORM_STATE;
    }
    if (!with_rmp && !asp->snp_rmp_init) {
        return ASP_RMP_INIT_REQUIRED;
    }
    asp_asids_soil(asp);
    asp->snp_rmp_init = true;
    asp->snp_state = SNP_PLATFORM_INIT;
    return ASP_SUCCESS;
}

AspStatus snp_cmd_init(Asp *asp, SnpGuest *guest, void *cmd)
{
    return init(asp, true);
}

/* There are no ranges that have to stay with the host: no list. */
AspStatus snp_cmd_init_ex(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdInitEx *c = cmd;
    uint32_t flags = GUINT32_FROM_LE(c->flags);
    const SnpCmdInitEx plain = { .flags = c->flags };

    if (memcmp(c, &plain, sizeof(plain)) || (flags & ~SNP_INIT_EX_RMP)) {
        return ASP_INVALID_PARAM;
    }
    return init(asp, flags & SNP_INIT_EX_RMP);
}

AspStatus snp_cmd_shutdown(Asp *asp, SnpGuest *guest, void *cmd)
{
    if (g_hash_table_size(asp->snp_guests)) {
        return ASP_INVALID_PLATFORM_STATE;
    }
    asp->snp_state = SNP_PLATFORM_UNINIT;
    return ASP_SUCCESS;
}

AspStatus snp_cmd_shutdown_ex(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdShutdownEx *c = cmd;

    if (GUINT32_FROM_LE(c->length) != sizeof(*c)) {
        return ASP_INVALID_LENGTH;
    }
    /* Bit 0 asks an IOMMU to leave SNP too, and there is none. */
    if (GUINT32_FROM_LE(c->flags) & ~1u) {
        return ASP_INVALID_PARAM;
    }
    return snp_cmd_shutdown(asp, guest, cmd);
}

AspStatus snp_cmd_platform_status(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdAddress *c = cmd;
    const SnpPlatformStatus result = {
        .api_major = ASP_API_MAJOR,
        .api_minor = ASP_API_MINOR,
        .state = asp->snp_state,
        .flags = asp->snp_rmp_init ? SNP_STATUS_RMP_INIT : 0,
        .build = GUINT32_TO_LE(ASP_BUILD),
        .guest_count = GUINT32_TO_LE(g_hash_table_size(asp->snp_guests)),
        .current_tcb = GUINT64_TO_LE(SNP_TCB),
        .reported_tcb = GUINT64_TO_LE(SNP_TCB),
    };

    return snp_write_out(asp, GUINT64_FROM_LE(c->paddr), &result,
                         sizeof(result));
}

AspStatus snp_cmd_df_flush(Asp *asp, SnpGuest *guest, void *cmd)
{
    return asp_cmd_df_flush(asp, NULL, NULL);
}
