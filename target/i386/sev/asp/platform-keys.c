/*
 * Software AMD Secure Processor: making the keys of a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, chapter 2: CEK follows from the fuses; OCA, PEK and PDH are made at
 * random and signed OCA by itself, PEK by OCA and CEK, PDH by PEK.
 */

#include "platform-keys.h"

/* What a key of the chip's is derived from: ASP_EC_SEED_SIZE bytes */
static void make_seed(const AspChip *chip, const char *label,
                      const void *context, size_t context_len, uint8_t *seed)
{
    uint8_t key[SEV_DIGEST_SIZE];

    asp_sha256(chip->fuse_secret, sizeof(chip->fuse_secret), key);
    asp_kdf(key, sizeof(key), label, context, context_len, seed,
            ASP_EC_SEED_SIZE);
    asp_wipe(key, sizeof(key));
}

void asp_chip_derive_cek(const AspChip *chip, uint8_t *d)
{
    uint8_t seed[ASP_EC_SEED_SIZE];

    make_seed(chip, "sev-chip-endorsement-key", NULL, 0, seed);
    asp_ec_private_from_seed(seed, d);
    asp_wipe(seed, sizeof(seed));
}

void asp_chip_derive_vcek(const AspChip *chip, uint64_t tcb, AspEcKey *key)
{
    const uint64_t le = GUINT64_TO_LE(tcb);
    uint8_t seed[ASP_EC_SEED_SIZE];

    make_seed(chip, "sev-versioned-chip-endorsement-key", &le, sizeof(le),
              seed);
    asp_ec_from_seed(seed, key);
    asp_wipe(seed, sizeof(seed));
}

static void make_cert(SevCert *cert, SevCertUsage usage, AspEcKey *key)
{
    asp_ec_generate(key);
    sev_cert_init(cert, usage, &key->pub, ASP_API_MAJOR, ASP_API_MINOR);
}

void asp_store_make_pdh(AspStore *store)
{
    make_cert(&store->pdh, SEV_USAGE_PDH, &store->pdh_key);
    sev_cert_sign(&store->pdh, 0, SEV_USAGE_PEK, &store->pek_key);
}

void asp_store_make(AspStore *store, const AspChip *chip)
{
    memset(store, 0, sizeof(*store));
    make_cert(&store->oca, SEV_USAGE_OCA, &store->oca_key);
    sev_cert_sign(&store->oca, 0, SEV_USAGE_OCA, &store->oca_key);
    make_cert(&store->pek, SEV_USAGE_PEK, &store->pek_key);
    sev_cert_sign(&store->pek, 0, SEV_USAGE_OCA, &store->oca_key);
    sev_cert_sign(&store->pek, 1, SEV_USAGE_CEK, &chip->cek_key);
    asp_store_make_pdh(store);
    store->valid = true;
}
