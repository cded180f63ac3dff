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

typedef enum SevCertAlgo {
    SEV_ALGO_NONE           = 0x000,
    SEV_ALGO_RSA_SHA256     = 0x001,
    SEV_ALGO_ECDSA_SHA256   = 0x002,
    SEV_ALGO_ECDH_SHA256    = 0x003,
    SEV_ALGO_RSA_SHA384     = 0x101,
    SEV_ALGO_ECDSA_SHA384   = 0x102,
    SEV_ALGO_ECDH_SHA384    = 0x103,
} SevCertAlgo;

/*
 * Errors of certificates.  The code is the AspStatus with which the firmware
 * refuses such a certificate: INVALID_CERTIFICATE or BAD_SIGNATURE.
 */
#define SEV_CERT_ERROR sev_cert_error_quark()
GQuark sev_cert_error_quark(void);

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
 * sev_cert_usage - what the public key in @cert is for: SevCertUsage, or any
 * number in a certificate that was not checked
 */
uint32_t sev_cert_usage(const SevCert *cert);

/**
 * sev_cert_algo - the algorithm of the public key: SevCertAlgo, or any number
 */
uint32_t sev_cert_algo(const SevCert *cert);

/**
 * sev_cert_api - API version of the firmware that made @cert
 */
void sev_cert_api(const SevCert *cert, uint8_t *major, uint8_t *minor);

/**
 * sev_cert_public_key - the P-384 public key in @cert
 *
 * Returns: false with @err set if it is no point on P-384
 */
bool sev_cert_public_key(const SevCert *cert, AspEcPoint *pub, GError **err);

/* A signature slot of a certificate: whose key signed, and how */
typedef struct SevCertSlot {
    uint32_t usage;     /* SEV_USAGE_NONE: the slot is not set */
    uint32_t algo;
} SevCertSlot;

#define SEV_CERT_SLOTS 2

/**
 * sev_cert_slot - read signature slot @i of @cert, 0 or 1
 */
SevCertSlot sev_cert_slot(const SevCert *cert, unsigned i);

/**
 * sev_usage_name - the specification's name of a usage ("PDH")
 *
 * Returns: a constant string; "unknown" for an unknown number
 */
const char *sev_usage_name(uint32_t usage);

/**
 * sev_algo_name - readable name of an algorithm ("ECDSA with SHA-256")
 *
 * Returns: a constant string; "unknown" for an unknown number
 */
const char *sev_algo_name(uint32_t algo);

/**
 * sev_cert_init - a certificate of @pub, version 1, both signature slots unset
 * @usage: OCA, PEK, PDH or CEK; the algorithm follows from it
 */
void sev_cert_init(SevCert *cert, SevCertUsage usage, const AspEcPoint *pub,
                   uint8_t api_major, uint8_t api_minor);

/**
 * sev_cert_unsign - make slot @i unset
 */
void sev_cert_unsign(SevCert *cert, unsigned i);

/**
 * sev_cert_sign - sign @cert with ECDSA into slot @i
 * @usage: of the signer's key: OCA, CEK or PEK
 */
void sev_cert_sign(SevCert *cert, unsigned i, SevCertUsage usage,
                   const AspEcKey *key);

/**
 * sev_cert_verify - whether @signer's key signed @cert
 *
 * The signature may be in either slot: where usage and algorithm are those of
 * @signer's key.
 *
 * Returns: true, or false with @err set
 */
bool sev_cert_verify(const SevCert *cert, const SevCert *signer,
                     GError **err);

/**
 * struct SevChain - the certificates of a platform, all borrowed
 * @cek: signed by the ASK
 * @ca: ASK followed by ARK, 1664 or 3200 bytes; NULL when not known
 *
 * Members may be NULL; links that need a missing one do not verify.
 */
typedef struct SevChain {
    const SevCert *pdh, *pek, *oca, *cek;
    const uint8_t *ca;
    size_t ca_len;
} SevChain;

/* One signature of a chain, in the order of trust */
typedef enum SevChainLink {
    SEV_LINK_ARK_BY_ARK,
    SEV_LINK_ASK_BY_ARK,
    SEV_LINK_CEK_BY_ASK,
    SEV_LINK_OCA_BY_OCA,
    SEV_LINK_PEK_BY_CEK,
    SEV_LINK_PEK_BY_OCA,
    SEV_LINK_PDH_BY_PEK,
    SEV_LINK__MAX
} SevChainLink;

/**
 * sev_link_name - the two ends of a link ("PEK signed by OCA")
 */
const char *sev_link_name(SevChainLink link);

/**
 * sev_chain_check_link - verify one link of @chain and its two certificates
 *
 * Returns: true, or false with @err set to what is wrong
 */
bool sev_chain_check_link(const SevChain *chain, SevChainLink link,
                          GError **err);

/**
 * sev_chain_verify - verify PDH <- PEK <- { OCA, CEK <- ASK <- ARK }
 *
 * All links of sev_chain_check_link().
 *
 * @pdh, @pek, @oca, @cek: the platform's certificates, @cek signed by the ASK
 * @ca: ASK followed by ARK; 1664 or 3200 bytes
 *
 * Returns: true, or false with @err naming the link that does not hold
 */
bool sev_chain_verify(const SevCert *pdh, const SevCert *pek,
                      const SevCert *oca, const SevCert *cek,
                      const uint8_t *ca, size_t ca_len, GError **err);

/**
 * struct SevAmdCert - what an AMD certificate says (appendix B)
 * @data: the certificate, borrowed, @size bytes
 * @bytes: of @exponent, @modulus and @signature each: 256 or 512
 * @exponent, @modulus, @signature: little-endian numbers in @data
 */
typedef struct SevAmdCert {
    const uint8_t *data;
    size_t size;
    uint8_t key_id[16];
    uint8_t certifying_id[16];
    uint32_t usage;
    size_t bytes;
    const uint8_t *exponent, *modulus, *signature;
} SevAmdCert;

/**
 * sev_amd_cert_parse - take apart the AMD certificate at the start of @data
 * @usage: SEV_USAGE_ARK or SEV_USAGE_ASK, what it has to be
 *
 * Returns: true, or false with @err set; more bytes may follow, see @cert->size
 */
bool sev_amd_cert_parse(const uint8_t *data, size_t len, SevCertUsage usage,
                        SevAmdCert *cert, GError **err);

/**
 * sev_ca_parse - take apart @ca: ASK followed by ARK and nothing more
 *
 * Returns: true, or false with @err set
 */
bool sev_ca_parse(const uint8_t *ca, size_t ca_len, SevAmdCert *ask,
                  SevAmdCert *ark, GError **err);

/**
 * sev_ca_is_emulated - whether @ca is the root of an emulated platform
 *
 * By the mark that every emulated root carries in its key ids.
 */
bool sev_ca_is_emulated(const uint8_t *ca, size_t ca_len);

#endif
