/*
 * Software AMD Secure Processor: cryptography, a thin layer over libgcrypt
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Only the primitives that the SEV API names.  Symmetric keys, digests and
 * MACs are byte strings; numbers are big-endian here unless said otherwise,
 * whatever a wire format makes of them.
 *
 * Functions without a result cannot fail but for a defect or for want of
 * memory, and end the process then.
 *
 * A build without libgcrypt has the digests, asp_wipe() and asp_equal().
 */

#ifndef I386_SEV_ASP_CRYPTO_H
#define I386_SEV_ASP_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ASP_EC_SIZE 48      /* bytes of a P-384 coordinate or scalar */
#define ASP_EC_SEED_SIZE 56 /* bytes that a private key is derived from */

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

/* An ECDSA signature over P-384, big-endian numbers */
typedef struct AspEcSig {
    uint8_t r[ASP_EC_SIZE];
    uint8_t s[ASP_EC_SIZE];
} AspEcSig;

/* One piece of a message */
typedef struct AspBuf {
    const void *data;
    size_t len;
} AspBuf;

/**
 * asp_crypto_init - make libgcrypt ready
 *
 * May be called at any time, also after the program initialised libgcrypt by
 * itself.  Every other function here calls it where that matters.
 */
void asp_crypto_init(void);

/**
 * asp_wipe - overwrite a secret in a way that no compiler removes
 */
void asp_wipe(void *secret, size_t len);

/**
 * asp_equal - compare MACs or keys in a time that depends on @len only
 */
bool asp_equal(const void *a, const void *b, size_t len);

/**
 * asp_random - fill @buf with randomness good for keys
 */
void asp_random(void *buf, size_t len);

/**
 * asp_sha256 - SHA-256 of one buffer
 * @digest: out: 32 bytes
 */
void asp_sha256(const void *data, size_t len, uint8_t *digest);

/**
 * asp_sha384 - SHA-384 of one buffer
 * @digest: out: 48 bytes
 */
void asp_sha384(const void *data, size_t len, uint8_t *digest);

/* A SHA-256 in progress */
typedef struct AspHash AspHash;

/**
 * asp_hash_new - start a SHA-256
 *
 * Returns: the hash; free it with asp_hash_free()
 */
AspHash *asp_hash_new(void);

/**
 * asp_hash_copy - a second hash that goes on from where @hash stands
 */
AspHash *asp_hash_copy(const AspHash *hash);

void asp_hash_update(AspHash *hash, const void *data, size_t len);

/**
 * asp_hash_digest - the digest of all data so far; @hash can be updated on
 * @digest: out: 32 bytes
 */
void asp_hash_digest(const AspHash *hash, uint8_t *digest);

/**
 * asp_hash_free - NULL is allowed
 */
void asp_hash_free(AspHash *hash);

#define ASP_HMAC_PARTS 8

/**
 * asp_hmac - HMAC-SHA-256 of the concatenation of @parts
 * @n: number of @parts, at most ASP_HMAC_PARTS
 * @mac: out: 32 bytes
 */
void asp_hmac(const void *key, size_t key_len, const AspBuf *parts, size_t n,
              uint8_t *mac);

/**
 * asp_kdf - the key derivation function of SEV (SEV API, appendix A)
 * @label: ASCII, without the NUL
 * @context: may be NULL when @context_len is 0
 * @out: out: the derived key
 * @out_len: its size in bytes
 *
 * NIST SP 800-108 in counter mode with HMAC-SHA-256; counter and length are
 * little-endian.
 */
void asp_kdf(const void *key, size_t key_len, const char *label,
             const void *context, size_t context_len,
             void *out, size_t out_len);

/**
 * asp_aes_ctr - encrypt or decrypt @data in place with AES-128-CTR
 * @key: 16 bytes
 * @iv: the first counter block, 16 bytes, counted up as one big-endian number
 */
void asp_aes_ctr(const uint8_t *key, const uint8_t *iv, void *data,
                 size_t len);

#define ASP_GCM_KEY_SIZE 32
#define ASP_GCM_IV_SIZE  12
#define ASP_GCM_TAG_SIZE 16

/* What AES-256-GCM works on: one message */
typedef struct AspGcm {
    const uint8_t *key;                 /* ASP_GCM_KEY_SIZE bytes */
    const uint8_t *iv;                  /* ASP_GCM_IV_SIZE bytes */
    AspBuf aad;                         /* authenticated, not encrypted */
    void *data;                         /* in place */
    size_t len;
} AspGcm;

/**
 * asp_gcm_seal - encrypt and authenticate a message
 * @tag: out: ASP_GCM_TAG_SIZE bytes
 */
void asp_gcm_seal(const AspGcm *msg, uint8_t *tag);

/**
 * asp_gcm_open - verify and decrypt it
 *
 * Returns: false if @tag is wrong; @msg->data is garbage then
 */
bool asp_gcm_open(const AspGcm *msg, const uint8_t *tag);

/**
 * asp_ec_generate - a fresh random key pair; wipe it after use
 */
void asp_ec_generate(AspEcKey *key);

/**
 * asp_ec_from_seed - the key pair that belongs to a seed
 * @seed: ASP_EC_SEED_SIZE bytes, a little-endian number c;
 *   d = c mod (n - 1) + 1
 */
void asp_ec_from_seed(const uint8_t *seed, AspEcKey *key);

/**
 * asp_ec_private_from_seed - the private half of it, which is much cheaper
 */
void asp_ec_private_from_seed(const uint8_t *seed, uint8_t *d);

/**
 * asp_ec_from_private - make the public half that belongs to @key->d
 *
 * Returns: false unless 0 < d < n
 */
bool asp_ec_from_private(AspEcKey *key);

/**
 * asp_ec_valid - whether @pub is a point on P-384 with reduced coordinates
 */
bool asp_ec_valid(const AspEcPoint *pub);

/**
 * asp_ecdh - the shared secret Z, the x coordinate of d * @peer
 * @z: out: ASP_EC_SIZE bytes, big-endian; wipe it after use
 *
 * Returns: false if @peer is no valid point
 */
bool asp_ecdh(const AspEcKey *key, const AspEcPoint *peer, uint8_t *z);

/* What of a message is signed */
typedef enum AspSigHash {
    ASP_SIG_SHA256,                     /* SEV */
    ASP_SIG_SHA384,                     /* SEV-SNP */
} AspSigHash;

/**
 * asp_ecdsa_sign - sign the hash of @data
 *
 * The nonce is that of RFC 6979, so a signature depends on nothing but key
 * and data.
 */
void asp_ecdsa_sign(const AspEcKey *key, AspSigHash hash, const void *data,
                    size_t len, AspEcSig *sig);

/**
 * asp_ecdsa_verify - whether @sig is a signature of the hash of @data
 */
bool asp_ecdsa_verify(const AspEcPoint *pub, AspSigHash hash,
                      const void *data, size_t len, const AspEcSig *sig);

#define ASP_RSA_MAX 512     /* bytes of the longest modulus */

/* An RSA key pair, for the few signatures that make a root */
typedef struct AspRsaKey AspRsaKey;

/**
 * asp_rsa_generate - a fresh RSA key pair with exponent 65537; takes seconds
 * @size: bytes of the modulus, 256 or 512
 *
 * Returns: the key; free it with asp_rsa_free()
 */
AspRsaKey *asp_rsa_generate(size_t size);

/**
 * asp_rsa_free - wipe and free @key; NULL is allowed
 */
void asp_rsa_free(AspRsaKey *key);

/**
 * asp_rsa_modulus - the modulus of @key
 * @n: out: as many bytes as the modulus has, little-endian
 */
void asp_rsa_modulus(const AspRsaKey *key, uint8_t *n);

/**
 * asp_rsa_sign - RSASSA-PSS: SHA-384 for 512 bytes, SHA-256 for 256
 * @sig: out: as many bytes as the modulus has, little-endian
 */
void asp_rsa_sign(const AspRsaKey *key, const void *data, size_t len,
                  uint8_t *sig);

/**
 * asp_rsa_verify - whether @sig is what asp_rsa_sign() makes
 * @size: bytes of @n, @e and @sig, 256 or 512
 * @n: the modulus, little-endian
 * @e: the public exponent, little-endian
 *
 * Returns: false also for numbers that are no RSA key
 */
bool asp_rsa_verify(const uint8_t *n, const uint8_t *e, size_t size,
                    const void *data, size_t len, const uint8_t *sig);

#endif
