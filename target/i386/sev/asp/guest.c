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
    do {
        asp->last_handle++;
    } while (!asp->last_handle || asp_guest_find(asp, asp->last_handle));

    guest = g_new0(AspGuest, 1);
    guest->handle = asp->last_handle;
    guest->state = ASP_GUEST_LUPDATE;
    guest->running_digest = asp_hash_new();
    g_hash_table_insert(asp->guests, GUINT_TO_POINTER(guest->handle), guest);
    return guest;
}

void asp_guest_free(void *opaque)
{
    AspGuest *guest = opaque;

    asp_memcrypt_free(guest->engine);
    asp_hash_free(guest->running_digest);
    asp_wipe(guest, sizeof(*guest));
    g_free(guest);
}

void asp_drop_guests(Asp *asp)
{
    g_hash_table_remove_all(asp->guests);
    memset(asp->asids, 0, sizeof(asp->asids));
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

/* Guests with SEV-ES have the low ASIDs (CPUID 8000_001F EDX). */
static bool asid_in_range(const AspGuest *guest, uint32_t asid)
{
    if (guest->policy & SEV_POLICY_ES) {
        return asid >= 1 && asid < ASP_ASID_MIN_SEV;
    }
    return asid >= ASP_ASID_MIN_SEV && asid <= ASP_ASID_MAX;
}

AspStatus asp_cmd_activate(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspCmdActivate *c = cmd;
    uint32_t asid = GUINT32_FROM_LE(c->asid);

    if (guest->asid) {
        return ASP_ACTIVE;
    }
    if (!asid_in_range(guest, asid)) {
        return ASP_INVALID_ASID;
    }
    if (asp->asids[asid].in_use) {
        return ASP_ASID_OWNED;
    }
    if (asp->asids[asid].dirty) {
        return ASP_DFFLUSH_REQUIRED;
    }
    asp->asids[asid].in_use = true;
    guest->asid = asid;
    return ASP_SUCCESS;
}

AspStatus asp_cmd_deactivate(Asp *asp, AspGuest *guest, void *cmd)
{
    if (!guest->asid) {
        return ASP_INACTIVE;
    }
    asp->asids[guest->asid] = (AspAsid) { .dirty = true };
    guest->asid = 0;
    return ASP_SUCCESS;
}

AspStatus asp_cmd_decommission(Asp *asp, AspGuest *guest, void *cmd)
{
    if (guest->asid) {
        return ASP_ACTIVE;
    }
    g_hash_table_remove(asp->guests, GUINT_TO_POINTER(guest->handle));
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
