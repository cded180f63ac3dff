/*
 * SEV launch: measurement and secret packets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include "launch.h"

/* What a MAC is for goes into it first, so that none passes for another. */
#define CONTEXT_SECRET  0x01
#define CONTEXT_MEASURE 0x04

void sev_measure(const uint8_t *tik, const SevMeasureInput *in,
                 const uint8_t *mnonce, uint8_t *measure)
{
    const uint8_t head[] = {
        CONTEXT_MEASURE, in->api_major, in->api_minor, in->build
    };
    const uint32_t policy = GUINT32_TO_LE(in->policy);
    const AspBuf parts[] = {
        { head, sizeof(head) },
        { &policy, sizeof(policy) },
        { in->digest, sizeof(in->digest) },
        { mnonce, SEV_NONCE_SIZE },
    };

    asp_hmac(tik, SEV_KEY_SIZE, parts, G_N_ELEMENTS(parts), measure);
}

/* The lengths are those of plaintext and packet: equal without compression. */
static void secret_mac(const SevTransportKeys *keys, const uint8_t *measure,
                       const SevPacketHeader *hdr, const uint8_t *data,
                       uint32_t len, uint8_t *mac)
{
    const uint8_t context = CONTEXT_SECRET;
    const uint32_t le = GUINT32_TO_LE(len);
    const AspBuf parts[] = {
        { &context, sizeof(context) },
        { &hdr->flags, sizeof(hdr->flags) },
        { hdr->iv, sizeof(hdr->iv) },
        { &le, sizeof(le) },
        { &le, sizeof(le) },
        { data, len },
        { measure, SEV_DIGEST_SIZE },
    };

    asp_hmac(keys->tik, sizeof(keys->tik), parts, G_N_ELEMENTS(parts), mac);
}

void sev_secret_wrap(const SevTransportKeys *keys, const uint8_t *measure,
                     const uint8_t *iv, uint8_t *data, uint32_t len,
                     SevPacketHeader *hdr)
{
    memset(hdr, 0, sizeof(*hdr));
    memcpy(hdr->iv, iv, sizeof(hdr->iv));
    asp_aes_ctr(keys->tek, hdr->iv, data, len);
    secret_mac(keys, measure, hdr, data, len, hdr->mac);
}

AspStatus sev_secret_unwrap(const SevTransportKeys *keys,
                            const uint8_t *measure,
                            const SevPacketHeader *hdr,
                            uint8_t *data, uint32_t len)
{
    uint8_t mac[SEV_DIGEST_SIZE];

    if (!len || len % SEV_IV_SIZE || len > SEV_SECRET_MAX) {
        return ASP_INVALID_LENGTH;
    }
    if (hdr->flags) {
        return ASP_INVALID_PARAM;
    }
    secret_mac(keys, measure, hdr, data, len, mac);
    if (!asp_equal(mac, hdr->mac, sizeof(mac))) {
        return ASP_BAD_MEASUREMENT;
    }
    asp_aes_ctr(keys->tek, hdr->iv, data, len);
    return ASP_SUCCESS;
}
