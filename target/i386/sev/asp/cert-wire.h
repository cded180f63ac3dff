/*
 * SEV certificates as they are in files and buffers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, appendix C.  Private to the library: cert.h is for everybody else.
 */

#ifndef I386_SEV_ASP_CERT_WIRE_H
#define I386_SEV_ASP_CERT_WIRE_H

#include "cert.h"
#include "crypto-gcrypt.h"

#define SEV_CERT_VERSION        1
#define SEV_CURVE_P384          2
#define SEV_CERT_NUMBER_SIZE    72

/* Everything in front of the signatures is what they sign. */
#define SEV_CERT_BODY_SIZE      0x414

/* All numbers are little-endian, also those of the elliptic curve. */
typedef struct SevCertSigWire {
    uint32_t usage;
    uint32_t algo;
    union {
        struct {
            uint8_t r[SEV_CERT_NUMBER_SIZE];
            uint8_t s[SEV_CERT_NUMBER_SIZE];
        } ec;
        uint8_t rsa[ASP_RSA_MAX];
    };
} ASP_PACKED SevCertSigWire;

typedef struct SevCertWire {
    uint32_t version;
    uint8_t api_major;
    uint8_t api_minor;
    uint16_t reserved;
    uint32_t usage;
    uint32_t algo;
    uint32_t curve;
    uint8_t qx[SEV_CERT_NUMBER_SIZE];
    uint8_t qy[SEV_CERT_NUMBER_SIZE];
    uint8_t reserved2[880];
    SevCertSigWire sig[SEV_CERT_SLOTS];
} ASP_PACKED SevCertWire;

ASP_CHECK_SIZE(SevCertWire, SEV_CERT_SIZE);
ASP_CHECK_OFFSET(SevCertWire, usage, 0x008);
ASP_CHECK_OFFSET(SevCertWire, curve, 0x010);
ASP_CHECK_OFFSET(SevCertWire, qx, 0x014);
ASP_CHECK_OFFSET(SevCertWire, qy, 0x05c);
ASP_CHECK_OFFSET(SevCertWire, sig[0], SEV_CERT_BODY_SIZE);
ASP_CHECK_OFFSET(SevCertWire, sig[0].rsa, 0x41c);
ASP_CHECK_OFFSET(SevCertWire, sig[0].ec.s, 0x464);
ASP_CHECK_OFFSET(SevCertWire, sig[1], 0x61c);
ASP_CHECK_OFFSET(SevCertWire, sig[1].ec.s, 0x66c);

static inline const SevCertWire *sev_cert_wire(const SevCert *cert)
{
    return (const SevCertWire *)cert->bytes;
}

/**
 * sev_number_store - a big-endian number into a little-endian field
 * @field: out: SEV_CERT_NUMBER_SIZE bytes
 */
static inline void sev_number_store(uint8_t *field, const uint8_t *be)
{
    memset(field, 0, SEV_CERT_NUMBER_SIZE);
    asp_reverse(field, be, ASP_EC_SIZE);
}

/**
 * sev_number_load - the opposite
 *
 * Returns: false if the number is too long for the curve
 */
bool sev_number_load(const uint8_t *field, uint8_t *be);

/**
 * sev_cert_put_sig - put a signature into slot @i of @cert
 * @usage: of the signer's key
 */
void sev_cert_put_sig(SevCert *cert, unsigned i, SevCertUsage usage,
                      const AspEcSig *value);

/**
 * sev_cert_find_slot - the signature that claims to be by @usage with @algo
 *
 * Returns: the slot, or -1 with @err set
 */
int sev_cert_find_slot(const SevCert *cert, uint32_t usage, uint32_t algo,
                       GError **err);

/**
 * sev_cert_verify_by_ask - whether the key in @ask signed @cert
 */
bool sev_cert_verify_by_ask(const SevCert *cert, const SevAmdCert *ask,
                            GError **err);

/**
 * sev_amd_cert_verify - whether the key in @signer signed @cert
 */
bool sev_amd_cert_verify(const SevAmdCert *cert, const SevAmdCert *signer,
                         GError **err);

/**
 * sev_amd_cert_algo - how keys of the size in @cert sign: SevCertAlgo
 */
uint32_t sev_amd_cert_algo(const SevAmdCert *cert);

#endif
