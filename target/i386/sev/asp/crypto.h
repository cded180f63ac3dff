/*
 * Software AMD Secure Processor: cryptography, a thin layer over libgcrypt
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_ASP_CRYPTO_H
#define I386_SEV_ASP_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASP_EC_SIZE 48      /* bytes of a P-384 coordinate or scalar */

/* A P-384 public key, big-endian coordinates */
typedef struct AspEcPoint {
    uint8_t x[ASP_EC_SIZE];
    uint8_t y[ASP_EC_SIZE];
} AspEcPoint;

/* A P-384 key pair */
typedef struct AspEcKey {
    uint8_t d[ASP_EC_SIZE];
    AspEcPoint pub;
} AspEcKey;

#endif
