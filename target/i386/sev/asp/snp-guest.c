/*
 * Software AMD Secure Processor: contexts of guests with SEV-SNP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The context page is only the guest's name: what firmware keeps in it on
 * hardware, encrypted, is an SnpGuest here.
 */

#include "snp-internal.h"

static void guest_free(void *opaque)
{
    SnpGuest *guest = opaque;

    asp_memkey_wipe(&guest->key);
    asp_wipe(guest, sizeof(*guest));
    g_free(guest);
}

/* Addresses are keys of 64 bits, part of their values */
GHashTable *snp_guests_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                 guest_free);
}

SnpGuest *snp_guest_find(const Asp *asp, uint64_t gctx_paddr)
{
    gint64 key = gctx_paddr;

    return g_hash_table_lookup(asp->snp_guests, &key);
}

bool asp_snp_digest(const Asp *asp, uint64_t gctx_paddr, uint8_t *digest)
{
    const SnpGuest *guest = snp_guest_find(asp, gctx_paddr);

    if (!guest) {
        return false;
    }
    memcpy(digest, guest->digest, sizeof(guest->digest));
    return true;
}

AspStatus snp_cmd_gctx_create(Asp *asp, SnpGuest *unused, void *cmd)
{
    const SnpCmdAddress *c = cmd;
    uint64_t addr = GUINT64_FROM_LE(c->paddr);
    AspRmpEntry entry;
    AspStatus status;
    SnpGuest *guest;

    status = snp_rmp_expect(asp, addr, SNP_STATE_FIRMWARE, &entry);
    if (status) {
        return status;
    }
    /* An RMP that forgot a context must not make two guests of it. */
    if (snp_guest_find(asp, addr)) {
        return ASP_INVALID_PAGE_STATE;
    }
    if (g_hash_table_size(asp->snp_guests) >= ASP_GUEST_MAX) {
        return ASP_RESOURCE_LIMIT;
    }
    status = snp_rmp_set_state(asp, addr, SNP_STATE_CONTEXT);
    if (status) {
        return status;
    }
    guest = g_new0(SnpGuest, 1);
    guest->gctx_paddr = addr;
    g_hash_table_insert(asp->snp_guests, &guest->gctx_paddr, guest);
    return ASP_SUCCESS;
}

AspStatus snp_cmd_activate(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdActivate *c = cmd;
    AspStatus status = asp_asid_take(asp, GUINT32_FROM_LE(c->asid), 1,
                                     SNP_ASID_MAX, &guest->asid);

    if (!status) {
        guest->key.handle = ASP_SNP_HANDLE(guest->asid);
    }
    return status;
}

AspStatus snp_cmd_decommission(Asp *asp, SnpGuest *guest, void *cmd)
{
    AspStatus status = snp_rmp_set_state(asp, guest->gctx_paddr,
                                         SNP_STATE_FIRMWARE);

    if (!status) {
        asp_asid_drop(asp, &guest->asid);
        g_hash_table_remove(asp->snp_guests, &guest->gctx_paddr);
    }
    return status;
}

AspStatus snp_cmd_guest_status(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdGuestStatus *c = cmd;
    const SnpGuestStatus result = {
        .policy = GUINT64_TO_LE(guest->policy),
        .asid = GUINT32_TO_LE(guest->asid),
        .state = guest->state,
    };

    return snp_write_out(asp, GUINT64_FROM_LE(c->status_paddr), &result,
                         sizeof(result));
}
