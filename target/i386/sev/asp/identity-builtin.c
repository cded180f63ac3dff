/*
 * Software AMD Secure Processor: the well-known test identity
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything follows from a published seed.  Private keys are derived here;
 * what is expensive, points and signatures, was calculated beforehand by
 * gen-builtin.py.  docs/specs/sev-asp-state.rst describes the derivation.
 */

#include "cert-wire.h"
#include "identity-internal.h"
#include "builtin-identity.c.inc"

_Static_assert(BUILTIN_API_MAJOR == ASP_API_MAJOR &&
               BUILTIN_API_MINOR == ASP_API_MINOR,
               "the version is signed: run gen-builtin.py");

static void derive(const char *label, void *out, size_t len)
{
    uint8_t root[SEV_DIGEST_SIZE];

    asp_sha256(BUILTIN_SEED, strlen(BUILTIN_SEED), root);
    asp_kdf(root, sizeof(root), label, NULL, 0, out, len);
}

static void derive_key(const char *label, const AspEcPoint *pub, AspEcKey *key)
{
    uint8_t seed[ASP_EC_SEED_SIZE];

    derive(label, seed, sizeof(seed));
    asp_ec_private_from_seed(seed, key->d);
    key->pub = *pub;
}

static void init_cert(SevCert *cert, SevCertUsage usage, const AspEcPoint *pub)
{
    sev_cert_init(cert, usage, pub, BUILTIN_API_MAJOR, BUILTIN_API_MINOR);
}

static void init_amd_cert(SevAmdCertWire *cert, SevCertUsage usage,
                          const uint8_t *modulus, const uint8_t *signature)
{
    sev_amd_cert_init(cert, usage);
    memcpy(cert->modulus, modulus, sizeof(cert->modulus));
    memcpy(cert->signature, signature, sizeof(cert->signature));
}

static void init_chip(AspChip *chip)
{
    derive("sev-builtin-fuses", chip->fuse_secret, sizeof(chip->fuse_secret));
    derive("sev-builtin-chip-id", chip->id, sizeof(chip->id));
    asp_chip_derive_cek(chip, chip->cek_key.d);
    chip->cek_key.pub = builtin_cek_pub;
    init_cert(&chip->cek, SEV_USAGE_CEK, &builtin_cek_pub);
    sev_cert_put_ask_sig(&chip->cek, builtin_cek_sig);
    init_amd_cert(&chip->ca.ask, SEV_USAGE_ASK, builtin_ask_modulus,
                  builtin_ask_sig);
    init_amd_cert(&chip->ca.ark, SEV_USAGE_ARK, builtin_ark_modulus,
                  builtin_ark_sig);
}

static void init_store(AspStore *store)
{
    derive_key("sev-builtin-oca", &builtin_oca_pub, &store->oca_key);
    derive_key("sev-builtin-pek", &builtin_pek_pub, &store->pek_key);
    derive_key("sev-builtin-pdh", &builtin_pdh_pub, &store->pdh_key);
    init_cert(&store->oca, SEV_USAGE_OCA, &builtin_oca_pub);
    init_cert(&store->pek, SEV_USAGE_PEK, &builtin_pek_pub);
    init_cert(&store->pdh, SEV_USAGE_PDH, &builtin_pdh_pub);
    sev_cert_put_sig(&store->oca, 0, SEV_USAGE_OCA, &builtin_oca_sig);
    sev_cert_put_sig(&store->pek, 0, SEV_USAGE_OCA, &builtin_pek_sig);
    sev_cert_put_sig(&store->pek, 1, SEV_USAGE_CEK, &builtin_pek_cek_sig);
    sev_cert_put_sig(&store->pdh, 0, SEV_USAGE_PEK, &builtin_pdh_sig);
    store->valid = true;
}

AspIdentity *asp_identity_builtin(void)
{
    AspIdentity *identity = g_new0(AspIdentity, 1);

    init_chip(&identity->chip);
    init_store(&identity->store);
    return identity;
}
