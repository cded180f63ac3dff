/*
 * SEV sessions: what a guest owner and a platform agree on before a launch
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, appendix A: Z is the ECDH secret of the two sides, the master
 * secret MS = KDF(Z, nonce), and KEK and KIK follow from it.  TEK || TIK
 * travel encrypted under KEK with a MAC under KIK; a MAC under TIK ties the
 * policy to them.
 */

#include <glib.h>
#include "session.h"

/* Keys that wrap the transport keys */
typedef struct WrapKeys {
    uint8_t kek[SEV_KEY_SIZE];
    uint8_t kik[SEV_KEY_SIZE];
} WrapKeys;

static void derive_wrap_keys(const uint8_t *z, const uint8_t *nonce,
                             WrapKeys *keys)
{
    uint8_t ms[SEV_KEY_SIZE];

    asp_kdf(z, ASP_EC_SIZE, "sev-master-secret", nonce, SEV_NONCE_SIZE,
            ms, sizeof(ms));
    asp_kdf(ms, sizeof(ms), "sev-kek", NULL, 0, keys->kek, sizeof(keys->kek));
    asp_kdf(ms, sizeof(ms), "sev-kik", NULL, 0, keys->kik, sizeof(keys->kik));
    asp_wipe(ms, sizeof(ms));
}

/* The MAC covers the wrapped keys but not the IV, as on hardware. */
static void wrap_mac(const WrapKeys *keys, const SevSession *session,
                     uint8_t *mac)
{
    const AspBuf part = { session->wrap_tk, sizeof(session->wrap_tk) };

    asp_hmac(keys->kik, sizeof(keys->kik), &part, 1, mac);
}

static void policy_mac(const SevTransportKeys *keys, uint32_t policy,
                       uint8_t *mac)
{
    const uint32_t le = GUINT32_TO_LE(policy);
    const AspBuf part = { &le, sizeof(le) };

    asp_hmac(keys->tik, sizeof(keys->tik), &part, 1, mac);
}

void sev_session_seal(const uint8_t *z, uint32_t policy,
                      const SevTransportKeys *keys, SevSession *session)
{
    WrapKeys wrap;

    derive_wrap_keys(z, session->nonce, &wrap);
    memcpy(session->wrap_tk, keys, sizeof(session->wrap_tk));
    asp_aes_ctr(wrap.kek, session->wrap_iv, session->wrap_tk,
                sizeof(session->wrap_tk));
    wrap_mac(&wrap, session, session->wrap_mac);
    policy_mac(keys, policy, session->policy_mac);
    asp_wipe(&wrap, sizeof(wrap));
}

bool sev_session_create(const SevCert *pdh, uint32_t policy,
                        const SevTransportKeys *keys, SevCert *godh,
                        SevSession *session, GError **err)
{
    uint8_t z[ASP_EC_SIZE];
    AspEcPoint peer;
    AspEcKey key;
    bool ok;

    if (!sev_cert_check(pdh, SEV_USAGE_PDH, err) ||
        !sev_cert_public_key(pdh, &peer, err)) {
        return false;
    }
    asp_ec_generate(&key);
    ok = asp_ecdh(&key, &peer, z);
    g_assert(ok);                       /* sev_cert_check() saw the point */

    sev_cert_init(godh, SEV_USAGE_PDH, &key.pub, 0, 0);
    asp_random(session->nonce, sizeof(session->nonce));
    asp_random(session->wrap_iv, sizeof(session->wrap_iv));
    sev_session_seal(z, policy, keys, session);
    asp_wipe(z, sizeof(z));
    asp_wipe(&key, sizeof(key));
    return true;
}

/* Take the transport keys out, once it is clear that KIK's owner put them in */
static bool unwrap(const WrapKeys *wrap, const SevSession *session,
                   SevTransportKeys *keys)
{
    uint8_t mac[SEV_DIGEST_SIZE];

    wrap_mac(wrap, session, mac);
    if (!asp_equal(mac, session->wrap_mac, sizeof(mac))) {
        return false;
    }
    memcpy(keys, session->wrap_tk, sizeof(*keys));
    asp_aes_ctr(wrap->kek, session->wrap_iv, keys, sizeof(*keys));
    return true;
}

AspStatus sev_session_open(const AspEcKey *pdh_key, const SevCert *godh,
                           const SevSession *session, uint32_t policy,
                           SevTransportKeys *keys)
{
    uint8_t z[ASP_EC_SIZE], mac[SEV_DIGEST_SIZE];
    AspEcPoint peer;
    WrapKeys wrap;
    bool ok;

    if (!sev_cert_check(godh, SEV_USAGE_PDH, NULL) ||
        !sev_cert_public_key(godh, &peer, NULL) ||
        !asp_ecdh(pdh_key, &peer, z)) {
        asp_wipe(keys, sizeof(*keys));
        return ASP_INVALID_CERTIFICATE;
    }
    derive_wrap_keys(z, session->nonce, &wrap);
    ok = unwrap(&wrap, session, keys);
    if (ok) {
        policy_mac(keys, policy, mac);
        ok = asp_equal(mac, session->policy_mac, sizeof(mac));
    }
    asp_wipe(z, sizeof(z));
    asp_wipe(&wrap, sizeof(wrap));
    if (!ok) {
        asp_wipe(keys, sizeof(*keys));
        return ASP_BAD_MEASUREMENT;
    }
    return ASP_SUCCESS;
}
