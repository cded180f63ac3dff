/*
 * AMD certificates as they are in files, and the root of an emulated platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, appendix B.  Private to the library: cert.h is for everybody else.
 */

#ifndef I386_SEV_ASP_AMD_CERT_H
#define I386_SEV_ASP_AMD_CERT_H

#include "cert.h"

#define SEV_AMD_CERT_VERSION    1
#define SEV_AMD_CERT_RESERVED   16

/*
 * The key ids of every emulated root, 16 characters each.  They are what
 * keeps anybody from taking such a root for AMD's.
 */
#define SEV_EMULATED_ARK_ID     "EMULATED NOT AMD"
#define SEV_EMULATED_ASK_ID     "EMULATED ASK KEY"

/* With a key of 4096 bits, the only size that is made here */
typedef struct SevAmdCertWire {
    uint32_t version;
    uint8_t key_id[16];
    uint8_t certifying_id[16];
    uint32_t usage;
    uint8_t reserved[SEV_AMD_CERT_RESERVED];
    uint32_t exponent_bits;
    uint32_t modulus_bits;
    uint8_t exponent[ASP_RSA_MAX];      /* little-endian numbers */
    uint8_t modulus[ASP_RSA_MAX];
    uint8_t signature[ASP_RSA_MAX];
} ASP_PACKED SevAmdCertWire;

ASP_CHECK_SIZE(SevAmdCertWire, 1600);
ASP_CHECK_OFFSET(SevAmdCertWire, usage, 0x24);
ASP_CHECK_OFFSET(SevAmdCertWire, exponent_bits, 0x38);
ASP_CHECK_OFFSET(SevAmdCertWire, exponent, 0x40);

/* A complete root, as files hold it */
typedef struct SevEmulatedCa {
    SevAmdCertWire ask;
    SevAmdCertWire ark;
} ASP_PACKED SevEmulatedCa;

/**
 * sev_amd_cert_init - a certificate of an emulated root: all but the modulus
 * and the signature
 */
void sev_amd_cert_init(SevAmdCertWire *w, SevCertUsage usage);

/**
 * sev_cert_put_ask_sig - put the ASK's signature into @cek
 * @value: ASP_RSA_MAX bytes, little-endian
 */
void sev_cert_put_ask_sig(SevCert *cek, const uint8_t *value);

/**
 * sev_root_make - make a root from fresh randomness and sign @cek with it
 * @cek: in: the certificate; out: with the ASK's signature
 *
 * Takes seconds.  The private keys are gone afterwards.
 */
void sev_root_make(SevEmulatedCa *ca, SevCert *cek);

#endif
