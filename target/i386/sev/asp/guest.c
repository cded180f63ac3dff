/*
 * Software AMD Secure Processor: guest contexts and their ASIDs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-internal.h"

AspGuest *asp_guest_find(const Asp *asp, uint32_t handle)
{
    return g_hash_table_lookup(asp->guests, GUINT_TO_POINTER(handle));
}

AspGuest *asp_guest_new(Asp *asp)
{
    AspGuest *guest;

    if (g_hash_table_size(asp->guests) >= ASP_GUEST_MAX) {
        return NULL;
    }
    /* The upper half is that of guests with SEV-SNP */
    do {
        asp->last_handle = (asp->last_handle + 1) & ~ASP_SNP_HANDLE(0);
    } while (!asp->last_handle || asp_guest_find(asp, asp->last_handle));

    guest = g_new0(AspGuest, 1);
    guest->key.handle = asp->last_handle;
    guest->state = ASP_GUEST_LUPDATE;
    guest->running_digest = asp_hash_new();
    g_hash_table_insert(asp->guests, GUINT_TO_POINTER(guest->key.handle),
                        guest);
    return guest;
}

void asp_guest_free(void *opaque)
{
    AspGuest *guest = opaque;

    asp_memkey_wipe(&guest->key);
    asp_hash_free(guest->running_digest);
    asp_wipe(guest, sizeof(*guest));
    g_free(guest);
}

void asp_drop_guests(Asp *asp)
{
    GHashTableIter iter;
    gpointer guest;

    g_hash_table_iter_init(&iter, asp->guests);
    while (g_hash_table_iter_next(&iter, NULL, &guest)) {
        asp_asid_drop(asp, &((AspGuest *)guest)->asid);
    }
    g_hash_table_remove_all(asp->guests);
}

void asp_asids_soil(Asp *asp)
{
    size_t i;

    /* Caches may hold data of whoever had an ASID before. */
    for (i = 0; i < G_N_ELEMENTS(asp->asids); i++) {
        asp->asids[i].dirty = !asp->asids[i].in_use;
    }
}

AspStatus asp_asid_take(Asp *asp, uint32_t asid, uint32_t first,
                        uint32_t last, uint32_t *owner)
{
    if (*owner) {
        return ASP_ACTIVE;
    }
    if (asid < first || asid > last) {
        return ASP_INVALID_ASID;
    }
    if (asp->asids[asid].in_use) {
        return ASP_ASID_OWNED;
    }
    if (asp->asids[asid].dirty) {
        return ASP_DFFLUSH_REQUIRED;
    }
    asp->asids[asid].in_use = true;
    *owner = asid;
    return ASP_SUCCESS;
}

void asp_asid_drop(Asp *asp, uint32_t *owner)
{
    if (*owner) {
        asp->asids[*owner] = (AspAsid) { .dirty = true };
        *owner = 0;
    }
}

bool asp_guest_digest(const Asp *asp, uint32_t handle, uint8_t *digest)
{
    const AspGuest *guest = asp_guest_find(asp, handle);

    if (!guest) {
        return false;
    }
    if (guest->running_digest) {
        asp_hash_digest(guest->running_digest, digest);
    } else {
        memcpy(digest, guest->digest, SEV_DIGEST_SIZE);
    }
    return true;
}

AspStatus asp_cmd_activate(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspCmdActivate *c = cmd;
    uint32_t asid = GUINT32_FROM_LE(c->asid);

    /* Guests with SEV-ES have the low ASIDs (CPUID 8000_001F EDX). */
    if (guest->policy & SEV_POLICY_ES) {
        return asp_asid_take(asp, asid, 1, ASP_ASID_MIN_SEV - 1, &guest->asid);
    }
    return asp_asid_take(asp, asid, ASP_ASID_MIN_SEV, ASP_ASID_MAX,
                         &guest->asid);
}

AspStatus asp_cmd_deactivate(Asp *asp, AspGuest *guest, void *cmd)
{
    if (!guest->asid) {
        return ASP_INACTIVE;
    }
    asp_asid_drop(asp, &guest->asid);
    return ASP_SUCCESS;
}

AspStatus asp_cmd_decommission(Asp *asp, AspGuest *guest, void *cmd)
{
    if (guest->asid) {
        return ASP_ACTIVE;
    }
    g_hash_table_remove(asp->guests, GUINT_TO_POINTER(guest->key.handle));
    if (!g_hash_table_size(asp->guests)) {
        asp->state = ASP_PLATFORM_INIT;
    }
    return ASP_SUCCESS;
}

AspStatus asp_cmd_guest_status(Asp *asp, AspGuest *guest, void *cmd)
{
    AspCmdGuestStatus *c = cmd;

    c->policy = GUINT32_TO_LE(guest->policy);
    c->asid = GUINT32_TO_LE(guest->asid);
    c->state = guest->state;
    return ASP_SUCCESS;
}
