/*
 * Software AMD Secure Processor: the keys and certificates of a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private to the library.
 */

#ifndef I386_SEV_ASP_PLATFORM_KEYS_H
#define I386_SEV_ASP_PLATFORM_KEYS_H

#include "amd-cert.h"

#define ASP_FUSE_SECRET_SIZE 32

/* What is burnt into a chip, and what AMD knows about it */
typedef struct AspChip {
    uint8_t fuse_secret[ASP_FUSE_SECRET_SIZE];
    uint8_t id[SEV_CHIP_ID_SIZE];
    AspEcKey cek_key;                   /* follows from the fuses */
    SevCert cek;                        /* signed by the ASK */
    SevEmulatedCa ca;
} AspChip;

/* The persistent store: what INIT loads and ownership commands change */
typedef struct AspStore {
    bool valid;                         /* false: INIT makes everything */
    bool external_owner;                /* then there is no oca_key.d */
    SevCert oca, pek, pdh;
    AspEcKey oca_key, pek_key, pdh_key;
} AspStore;

/**
 * asp_chip_derive_cek - the private CEK that belongs to the fuses
 * @d: out: ASP_EC_SIZE bytes
 */
void asp_chip_derive_cek(const AspChip *chip, uint8_t *d);

/**
 * asp_chip_derive_vcek - the VCEK that belongs to the fuses and a TCB version
 * @tcb: REPORTED_TCB
 * @key: out: wipe it after use
 *
 * How hardware lets the version in is not public; here it is the context of
 * the KDF, 8 bytes, little-endian.
 */
void asp_chip_derive_vcek(const AspChip *chip, uint64_t tcb, AspEcKey *key);

/**
 * asp_store_make - a complete self-owned store from fresh randomness
 */
void asp_store_make(AspStore *store, const AspChip *chip);

/**
 * asp_store_make_pdh - a fresh PDH, signed by the PEK that @store has
 */
void asp_store_make_pdh(AspStore *store);

#endif
