/*
 * SEV launch: digest, measurement and secret packets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Formulas that the platform and the guest owner share (SEV API, 6.5, 6.6 and
 * appendix A).
 */

#ifndef I386_SEV_ASP_LAUNCH_H
#define I386_SEV_ASP_LAUNCH_H

#include "abi.h"
#include "session.h"

/* Header of an encrypted packet (LAUNCH_SECRET) */
typedef struct SevPacketHeader {
    uint32_t flags;                     /* little-endian; bit 0: COMPRESSED */
    uint8_t iv[SEV_IV_SIZE];
    uint8_t mac[SEV_DIGEST_SIZE];
} ASP_PACKED SevPacketHeader;

/* What LAUNCH_MEASURE returns */
typedef struct SevMeasurement {
    uint8_t measure[SEV_DIGEST_SIZE];
    uint8_t mnonce[SEV_NONCE_SIZE];
} SevMeasurement;

ASP_CHECK_SIZE(SevPacketHeader, SEV_PACKET_HEADER_SIZE);
ASP_CHECK_OFFSET(SevPacketHeader, mac, 0x14);
ASP_CHECK_SIZE(SevMeasurement, SEV_MEASURE_BLOB_SIZE);

/* What goes into a measurement besides the nonce and the key */
typedef struct SevMeasureInput {
    uint8_t api_major, api_minor, build;
    uint32_t policy;                    /* host endian */
    uint8_t digest[SEV_DIGEST_SIZE];    /* launch digest LD */
} SevMeasureInput;

/**
 * sev_measure - MEASURE = HMAC(TIK, 04 || api || policy || LD || mnonce)
 * @tik: the transport integrity key, 16 bytes
 * @mnonce: the platform's nonce, 16 bytes
 * @measure: out: 32 bytes
 */
void sev_measure(const uint8_t *tik, const SevMeasureInput *in,
                 const uint8_t *mnonce, uint8_t *measure);

/**
 * sev_secret_wrap - make the packet that LAUNCH_SECRET takes
 * @keys: the transport keys of the session
 * @measure: the 32 bytes of MEASURE that bind it to one launch
 * @iv: 16 bytes, fresh for each packet
 * @data: in: plaintext, out: ciphertext, in place
 * @len: bytes of @data: a multiple of 16, at most SEV_SECRET_MAX
 * @hdr: out: the packet header
 */
void sev_secret_wrap(const SevTransportKeys *keys, const uint8_t *measure,
                     const uint8_t *iv, uint8_t *data, uint32_t len,
                     SevPacketHeader *hdr);

/**
 * sev_secret_unwrap - the platform's side
 *
 * Verifies the MAC in constant time and then decrypts @data in place.
 *
 * Returns: ASP_SUCCESS; BAD_MEASUREMENT, INVALID_LENGTH (not a multiple of 16
 * from 16 to SEV_SECRET_MAX) or INVALID_PARAM (flags; compression is not
 * supported) with @data unchanged
 */
AspStatus sev_secret_unwrap(const SevTransportKeys *keys,
                            const uint8_t *measure,
                            const SevPacketHeader *hdr,
                            uint8_t *data, uint32_t len);

#endif
