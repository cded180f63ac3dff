/*
 * Software AMD Secure Processor: a platform from its start to its end
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "snp-internal.h"

Asp *asp_new(AspIdentity *identity, const AspMemory *memory, void *opaque)
{
    Asp *asp = g_new0(Asp, 1);

    g_assert(!memory->guest_read == !memory->guest_write);
    g_assert(!memory->rmp_read == !memory->rmp_write);
    asp->identity = identity;
    asp->memory = *memory;
    asp->opaque = opaque;
    asp->guests = g_hash_table_new_full(NULL, NULL, NULL, asp_guest_free);
    asp->snp_guests = snp_guests_new();
    asp->snp_cpuid_refused = g_array_new(false, false, sizeof(AspCpuidBits));
    return asp;
}

void asp_free(Asp *asp)
{
    if (asp) {
        g_hash_table_destroy(asp->guests);
        g_hash_table_destroy(asp->snp_guests);
        g_array_free(asp->snp_cpuid_refused, true);
        asp_wipe(asp, sizeof(*asp));
        g_free(asp);
    }
}

void asp_set_transport_keys(Asp *asp, const SevTransportKeys *keys)
{
    asp->fixed_keys = keys != NULL;
    asp_wipe(&asp->transport_keys, sizeof(asp->transport_keys));
    if (keys) {
        asp->transport_keys = *keys;
    }
}
