/*
 * SEV sessions: what a guest owner and a platform agree on before a launch
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest owner makes a GODH key pair and random transport keys, wraps the
 * latter for the platform's PDH and ties them to a policy; LAUNCH_START takes
 * the result apart.  Both sides are here.
 */

#ifndef I386_SEV_ASP_SESSION_H
#define I386_SEV_ASP_SESSION_H

#include "abi.h"
#include "cert.h"

/* Transport keys.  Wipe with asp_wipe() (crypto.h) after use. */
typedef struct SevTransportKeys {
    uint8_t tek[SEV_KEY_SIZE];
    uint8_t tik[SEV_KEY_SIZE];
} SevTransportKeys;

/* The session blob of LAUNCH_START */
typedef struct SevSession {
    uint8_t nonce[SEV_NONCE_SIZE];
    uint8_t wrap_tk[2 * SEV_KEY_SIZE];
    uint8_t wrap_iv[SEV_IV_SIZE];
    uint8_t wrap_mac[SEV_DIGEST_SIZE];
    uint8_t policy_mac[SEV_DIGEST_SIZE];
} SevSession;

ASP_CHECK_SIZE(SevTransportKeys, 2 * SEV_KEY_SIZE);
ASP_CHECK_SIZE(SevSession, SEV_SESSION_SIZE);

/**
 * sev_session_create - a guest owner's session for the platform of @pdh
 * @pdh: the platform's PDH certificate; its chain is the caller's concern
 * @policy: the guest policy that LAUNCH_START will be given
 * @keys: in: the transport keys to wrap (the caller fills them with
 *   randomness)
 * @godh: out: the guest owner's public key, signed by nobody
 * @session: out: the session blob
 *
 * Returns: false with @err set if @pdh holds no usable key
 */
bool sev_session_create(const SevCert *pdh, uint32_t policy,
                        const SevTransportKeys *keys, SevCert *godh,
                        SevSession *session, GError **err);

/**
 * sev_session_seal - the part of sev_session_create() after all random choices
 * @z: ECDH secret of GODH and PDH, ASP_EC_SIZE bytes
 * @session: in: nonce and wrap_iv; out: the rest
 *
 * For known answers; a nonce or an IV that is used twice gives keys away.
 */
void sev_session_seal(const uint8_t *z, uint32_t policy,
                      const SevTransportKeys *keys, SevSession *session);

/**
 * sev_session_open - the platform's side, in LAUNCH_START and RECEIVE_START
 * @pdh_key: the platform's private PDH key
 * @godh: the other side's certificate
 * @keys: out: the transport keys; wiped on failure
 *
 * Returns: ASP_SUCCESS, INVALID_CERTIFICATE for an unusable @godh,
 * BAD_MEASUREMENT if a MAC does not verify
 */
AspStatus sev_session_open(const AspEcKey *pdh_key, const SevCert *godh,
                           const SevSession *session, uint32_t policy,
                           SevTransportKeys *keys);

#endif
