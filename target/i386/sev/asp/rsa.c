/*
 * Software AMD Secure Processor: the RSA signatures of the ARK and the ASK
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, appendix B: RSASSA-PSS whose mask and salt follow the digest,
 * SHA-384 for a modulus of 4096 bits and SHA-256 for one of 2048.
 */

#include "crypto-gcrypt.h"
#include "abi.h"

#define DIGEST_MAX 48

struct AspRsaKey {
    gcry_sexp_t sexp;
    size_t size;
};

AspRsaKey *asp_rsa_generate(size_t size)
{
    AspRsaKey *key = g_new0(AspRsaKey, 1);
    gcry_sexp_t spec;

    g_assert(size == ASP_RSA_MAX || size == ASP_RSA_MAX / 2);
    asp_crypto_init();
    key->size = size;
    /*
     * "Transient" for libgcrypt: good randomness, but no waiting for the very
     * best.  The keys live for a few signatures only.
     */
    asp_gcry_check(gcry_sexp_build(&spec, NULL, "(genkey (rsa (nbits %u)"
                                   "(rsa-use-e %u)(flags transient-key)))",
                                   (unsigned)size * 8, 65537u), "RSA");
    asp_gcry_check(gcry_pk_genkey(&key->sexp, spec), "making an RSA key");
    gcry_sexp_release(spec);
    return key;
}

void asp_rsa_free(AspRsaKey *key)
{
    if (key) {
        /* libgcrypt keeps what it generates in memory that it wipes. */
        gcry_sexp_release(key->sexp);
        g_free(key);
    }
}

/* Write @mpi as exactly @size little-endian bytes */
static void mpi_to_le(gcry_mpi_t mpi, uint8_t *out, size_t size)
{
    uint8_t be[ASP_RSA_MAX];

    asp_mpi_to_be(mpi, be, size);
    asp_reverse(out, be, size);
}

static gcry_mpi_t mpi_from_le(const uint8_t *in, size_t size)
{
    uint8_t be[ASP_RSA_MAX];

    asp_reverse(be, in, size);
    return asp_mpi_from_be(be, size);
}

void asp_rsa_modulus(const AspRsaKey *key, uint8_t *n)
{
    gcry_mpi_t mpi;

    asp_gcry_check(gcry_sexp_extract_param(key->sexp, "public-key", "n", &mpi,
                                           NULL), "RSA modulus");
    mpi_to_le(mpi, n, key->size);
    gcry_mpi_release(mpi);
}

static gcry_sexp_t pss_sexp(size_t size, const void *data, size_t len)
{
    bool long_key = size == ASP_RSA_MAX;
    int algo = long_key ? GCRY_MD_SHA384 : GCRY_MD_SHA256;
    const char *name = long_key ? "sha384" : "sha256";
    int digest_len = gcry_md_get_algo_dlen(algo);
    uint8_t digest[DIGEST_MAX];
    gcry_sexp_t sexp;

    gcry_md_hash_buffer(algo, digest, data, len);
    asp_gcry_check(gcry_sexp_build(&sexp, NULL,
                                   "(data (flags pss)(salt-length %d)"
                                   "(hash %s %b))",
                                   digest_len, name, digest_len, digest),
                   "RSA digest");
    return sexp;
}

void asp_rsa_sign(const AspRsaKey *key, const void *data, size_t len,
                  uint8_t *sig)
{
    gcry_sexp_t digest = pss_sexp(key->size, data, len);
    gcry_sexp_t private, result;
    gcry_mpi_t s;

    private = gcry_sexp_find_token(key->sexp, "private-key", 0);
    asp_gcry_check(gcry_pk_sign(&result, digest, private), "RSA");
    asp_gcry_check(gcry_sexp_extract_param(result, NULL, "s", &s, NULL),
                   "RSA signature");
    mpi_to_le(s, sig, key->size);

    gcry_mpi_release(s);
    gcry_sexp_release(result);
    gcry_sexp_release(private);
    gcry_sexp_release(digest);
}

/* Numbers that libgcrypt can safely calculate with */
static bool rsa_usable(gcry_mpi_t n, gcry_mpi_t e, size_t size)
{
    return gcry_mpi_get_nbits(n) == size * 8 && gcry_mpi_test_bit(n, 0) &&
           gcry_mpi_get_nbits(e) >= 2 && gcry_mpi_get_nbits(e) <= 32 &&
           gcry_mpi_test_bit(e, 0);
}

static bool rsa_verify(gcry_mpi_t n, gcry_mpi_t e, gcry_mpi_t s, size_t size,
                       const void *data, size_t len)
{
    gcry_sexp_t digest, public, sigval;
    bool ok;

    asp_gcry_check(gcry_sexp_build(&public, NULL,
                                   "(public-key (rsa (n %m)(e %m)))", n, e),
                   "RSA key");
    asp_gcry_check(gcry_sexp_build(&sigval, NULL, "(sig-val (rsa (s %m)))", s),
                   "RSA signature");
    digest = pss_sexp(size, data, len);
    ok = !gcry_pk_verify(sigval, digest, public);

    gcry_sexp_release(digest);
    gcry_sexp_release(sigval);
    gcry_sexp_release(public);
    return ok;
}

bool asp_rsa_verify(const uint8_t *n, const uint8_t *e, size_t size,
                    const void *data, size_t len, const uint8_t *sig)
{
    gcry_mpi_t mpi_n, mpi_e, mpi_s;
    bool ok;

    g_assert(size == ASP_RSA_MAX || size == ASP_RSA_MAX / 2);
    asp_crypto_init();
    mpi_n = mpi_from_le(n, size);
    mpi_e = mpi_from_le(e, size);
    mpi_s = mpi_from_le(sig, size);
    ok = rsa_usable(mpi_n, mpi_e, size) && gcry_mpi_cmp(mpi_s, mpi_n) < 0 &&
         rsa_verify(mpi_n, mpi_e, mpi_s, size, data, len);

    gcry_mpi_release(mpi_n);
    gcry_mpi_release(mpi_e);
    gcry_mpi_release(mpi_s);
    return ok;
}
