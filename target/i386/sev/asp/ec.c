/*
 * Software AMD Secure Processor: P-384 keys, ECDH and ECDSA
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "crypto-gcrypt.h"
#include "snp-abi.h"

#define CURVE "NIST P-384"
#define POINT_SIZE (1 + 2 * ASP_EC_SIZE)

static gcry_ctx_t curve_new(void)
{
    gcry_ctx_t curve;

    asp_crypto_init();
    asp_gcry_check(gcry_mpi_ec_new(&curve, NULL, CURVE), CURVE);
    return curve;
}

/* @pub on @curve; NULL if it is not there */
static gcry_mpi_point_t point_load(gcry_ctx_t curve, const AspEcPoint *pub)
{
    gcry_mpi_t p = gcry_mpi_ec_get_mpi("p", curve, 1);
    gcry_mpi_t x = asp_mpi_from_be(pub->x, ASP_EC_SIZE);
    gcry_mpi_t y = asp_mpi_from_be(pub->y, ASP_EC_SIZE);
    gcry_mpi_point_t point = gcry_mpi_point_new(0);
    bool reduced = gcry_mpi_cmp(x, p) < 0 && gcry_mpi_cmp(y, p) < 0;

    gcry_mpi_point_snatch_set(point, x, y, gcry_mpi_set_ui(NULL, 1));
    gcry_mpi_release(p);
    if (!reduced || !gcry_mpi_ec_curve_point(point, curve)) {
        gcry_mpi_point_release(point);
        return NULL;
    }
    return point;
}

/* The affine coordinates of k * @base; false for the point at infinity */
static bool point_mul(gcry_ctx_t curve, const uint8_t *k,
                      gcry_mpi_point_t base, AspEcPoint *result)
{
    gcry_mpi_t scalar = asp_mpi_secret_from_be(k, ASP_EC_SIZE);
    gcry_mpi_point_t product = gcry_mpi_point_new(0);
    gcry_mpi_t x = gcry_mpi_snew(0), y = gcry_mpi_snew(0);
    bool finite;

    gcry_mpi_ec_mul(product, scalar, base, curve);
    finite = !gcry_mpi_ec_get_affine(x, y, product, curve);
    if (finite) {
        asp_mpi_to_be(x, result->x, ASP_EC_SIZE);
        asp_mpi_to_be(y, result->y, ASP_EC_SIZE);
    }
    gcry_mpi_release(x);
    gcry_mpi_release(y);
    gcry_mpi_point_release(product);
    gcry_mpi_release(scalar);
    return finite;
}

/* Make the public half; 0 < d < n is the caller's concern. */
static void key_complete(gcry_ctx_t curve, AspEcKey *key)
{
    gcry_mpi_point_t g = gcry_mpi_ec_get_point("g", curve, 1);

    if (!point_mul(curve, key->d, g, &key->pub)) {
        g_assert_not_reached();
    }
    gcry_mpi_point_release(g);
}

bool asp_ec_from_private(AspEcKey *key)
{
    gcry_ctx_t curve = curve_new();
    gcry_mpi_t n = gcry_mpi_ec_get_mpi("n", curve, 1);
    gcry_mpi_t d = asp_mpi_secret_from_be(key->d, ASP_EC_SIZE);
    bool valid = gcry_mpi_cmp_ui(d, 0) > 0 && gcry_mpi_cmp(d, n) < 0;

    gcry_mpi_release(d);
    gcry_mpi_release(n);
    if (valid) {
        key_complete(curve, key);
    }
    gcry_ctx_release(curve);
    return valid;
}

static void private_from_seed(gcry_ctx_t curve, const uint8_t *seed,
                              uint8_t *private)
{
    gcry_mpi_t n = gcry_mpi_ec_get_mpi("n", curve, 1);
    uint8_t be[ASP_EC_SEED_SIZE];
    gcry_mpi_t d;

    asp_reverse(be, seed, sizeof(be));
    d = asp_mpi_secret_from_be(be, sizeof(be));
    gcry_mpi_sub_ui(n, n, 1);
    gcry_mpi_mod(d, d, n);
    gcry_mpi_add_ui(d, d, 1);
    asp_mpi_to_be(d, private, ASP_EC_SIZE);

    gcry_mpi_release(d);
    gcry_mpi_release(n);
    asp_wipe(be, sizeof(be));
}

void asp_ec_private_from_seed(const uint8_t *seed, uint8_t *d)
{
    gcry_ctx_t curve = curve_new();

    private_from_seed(curve, seed, d);
    gcry_ctx_release(curve);
}

void asp_ec_from_seed(const uint8_t *seed, AspEcKey *key)
{
    gcry_ctx_t curve = curve_new();

    private_from_seed(curve, seed, key->d);
    key_complete(curve, key);
    gcry_ctx_release(curve);
}

void asp_ec_generate(AspEcKey *key)
{
    uint8_t seed[ASP_EC_SEED_SIZE];

    asp_random(seed, sizeof(seed));
    asp_ec_from_seed(seed, key);
    asp_wipe(seed, sizeof(seed));
}

bool asp_ec_valid(const AspEcPoint *pub)
{
    gcry_ctx_t curve = curve_new();
    gcry_mpi_point_t point = point_load(curve, pub);
    bool valid = point != NULL;

    gcry_mpi_point_release(point);
    gcry_ctx_release(curve);
    return valid;
}

bool asp_ecdh(const AspEcKey *key, const AspEcPoint *peer, uint8_t *z)
{
    gcry_ctx_t curve = curve_new();
    gcry_mpi_point_t point = point_load(curve, peer);
    AspEcPoint shared = {};
    bool ok = point && point_mul(curve, key->d, point, &shared);

    if (ok) {
        memcpy(z, shared.x, ASP_EC_SIZE);
    }
    asp_wipe(&shared, sizeof(shared));
    gcry_mpi_point_release(point);
    gcry_ctx_release(curve);
    return ok;
}

/* SEC 1, 2.3.3: an uncompressed point */
static void point_encode(const AspEcPoint *pub, uint8_t *out)
{
    out[0] = 4;
    memcpy(out + 1, pub->x, ASP_EC_SIZE);
    memcpy(out + 1 + ASP_EC_SIZE, pub->y, ASP_EC_SIZE);
}

/* The digest as libgcrypt signs it, with @flags in its words */
static gcry_sexp_t digest_sexp(const char *flags, AspSigHash hash,
                               const void *data, size_t len)
{
    bool long_hash = hash == ASP_SIG_SHA384;
    char *format = g_strdup_printf("(data (flags %s)(hash %s %%b))", flags,
                                   long_hash ? "sha384" : "sha256");
    uint8_t digest[SNP_DIGEST_SIZE];
    gcry_sexp_t sexp;

    if (long_hash) {
        asp_sha384(data, len, digest);
    } else {
        asp_sha256(data, len, digest);
    }
    asp_gcry_check(gcry_sexp_build(&sexp, NULL, format, long_hash ?
                                   SNP_DIGEST_SIZE : SEV_DIGEST_SIZE,
                                   digest), "ECDSA digest");
    g_free(format);
    return sexp;
}

static gcry_sexp_t private_sexp(const AspEcKey *key)
{
    gcry_mpi_t d = asp_mpi_secret_from_be(key->d, ASP_EC_SIZE);
    uint8_t q[POINT_SIZE];
    gcry_sexp_t sexp;

    point_encode(&key->pub, q);
    asp_gcry_check(gcry_sexp_build(&sexp, NULL, "(private-key (ecc "
                                   "(curve \"" CURVE "\")(q %b)(d %m)))",
                                   (int)sizeof(q), q, d), "ECDSA key");
    gcry_mpi_release(d);
    return sexp;
}

void asp_ecdsa_sign(const AspEcKey *key, AspSigHash hash, const void *data,
                    size_t len, AspEcSig *sig)
{
    gcry_sexp_t digest, private, result;
    gcry_mpi_t r, s;

    asp_crypto_init();
    private = private_sexp(key);
    digest = digest_sexp("rfc6979", hash, data, len);
    asp_gcry_check(gcry_pk_sign(&result, digest, private), "ECDSA");
    asp_gcry_check(gcry_sexp_extract_param(result, NULL, "rs", &r, &s, NULL),
                   "ECDSA signature");
    asp_mpi_to_be(r, sig->r, ASP_EC_SIZE);
    asp_mpi_to_be(s, sig->s, ASP_EC_SIZE);

    gcry_mpi_release(r);
    gcry_mpi_release(s);
    gcry_sexp_release(result);
    gcry_sexp_release(digest);
    gcry_sexp_release(private);
}

bool asp_ecdsa_verify(const AspEcPoint *pub, AspSigHash hash,
                      const void *data, size_t len, const AspEcSig *sig)
{
    gcry_sexp_t digest, public, sigval;
    uint8_t q[POINT_SIZE];
    bool ok;

    if (!asp_ec_valid(pub)) {
        return false;
    }
    point_encode(pub, q);
    asp_gcry_check(gcry_sexp_build(&public, NULL, "(public-key (ecc "
                                   "(curve \"" CURVE "\")(q %b)))",
                                   (int)sizeof(q), q), "ECDSA key");
    asp_gcry_check(gcry_sexp_build(&sigval, NULL,
                                   "(sig-val (ecdsa (r %b)(s %b)))",
                                   ASP_EC_SIZE, sig->r, ASP_EC_SIZE, sig->s),
                   "ECDSA signature");
    digest = digest_sexp("raw", hash, data, len);
    ok = !gcry_pk_verify(sigval, digest, public);

    gcry_sexp_release(digest);
    gcry_sexp_release(sigval);
    gcry_sexp_release(public);
    return ok;
}
