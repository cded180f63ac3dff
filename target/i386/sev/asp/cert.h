/*
 * SEV and AMD certificates
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, appendices B (AMD certificate: ARK, ASK) and C (SEV certificate:
 * OCA, CEK, PEK, PDH, GODH).
 */

#ifndef I386_SEV_ASP_CERT_H
#define I386_SEV_ASP_CERT_H

#include <glib.h>
#include "abi.h"
#include "crypto.h"

typedef enum SevCertUsage {
    SEV_USAGE_ARK   = 0x0000,
    SEV_USAGE_ASK   = 0x0013,
    SEV_USAGE_NONE  = 0x1000,
    SEV_USAGE_OCA   = 0x1001,
    SEV_USAGE_PEK   = 0x1002,
    SEV_USAGE_PDH   = 0x1003,
    SEV_USAGE_CEK   = 0x1004,
} SevCertUsage;

/* A SEV certificate as it is in files and buffers (appendix C) */
typedef struct SevCert {
    uint8_t bytes[SEV_CERT_SIZE];
} SevCert;

/**
 * sev_cert_check - whether @cert is a well-formed certificate of @usage
 *
 * Version, usage, algorithm, curve, and that the public key is a point on the
 * curve; signatures are not looked at.
 *
 * Returns: true, or false with @err set to what is wrong
 */
bool sev_cert_check(const SevCert *cert, SevCertUsage usage, GError **err);

/**
 * sev_chain_verify - verify PDH <- PEK <- { OCA, CEK <- ASK <- ARK }
 * @pdh, @pek, @oca, @cek: the platform's certificates, @cek signed by the ASK
 * @ca: ASK followed by ARK; 1664 or 3200 bytes
 *
 * Returns: true, or false with @err naming the link that does not hold
 */
bool sev_chain_verify(const SevCert *pdh, const SevCert *pek,
                      const SevCert *oca, const SevCert *cek,
                      const uint8_t *ca, size_t ca_len, GError **err);

/**
 * sev_ca_is_emulated - whether @ca is the root of an emulated platform
 *
 * By the mark that every emulated root carries in its key ids.
 */
bool sev_ca_is_emulated(const uint8_t *ca, size_t ca_len);

#endif
