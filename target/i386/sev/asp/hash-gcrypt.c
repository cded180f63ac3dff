/*
 * Software AMD Secure Processor: digests, from libgcrypt
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "crypto-gcrypt.h"
#include "abi.h"

struct AspHash {
    gcry_md_hd_t md;
};

void asp_sha256(const void *data, size_t len, uint8_t *digest)
{
    asp_crypto_init();
    gcry_md_hash_buffer(GCRY_MD_SHA256, digest, data, len);
}

void asp_sha384(const void *data, size_t len, uint8_t *digest)
{
    asp_crypto_init();
    gcry_md_hash_buffer(GCRY_MD_SHA384, digest, data, len);
}

AspHash *asp_hash_new(void)
{
    AspHash *hash = g_new0(AspHash, 1);

    asp_crypto_init();
    asp_gcry_check(gcry_md_open(&hash->md, GCRY_MD_SHA256, 0), "SHA-256");
    return hash;
}

AspHash *asp_hash_copy(const AspHash *hash)
{
    AspHash *copy = g_new0(AspHash, 1);

    asp_gcry_check(gcry_md_copy(&copy->md, hash->md), "copying a SHA-256");
    return copy;
}

void asp_hash_update(AspHash *hash, const void *data, size_t len)
{
    gcry_md_write(hash->md, data, len);
}

void asp_hash_digest(const AspHash *hash, uint8_t *digest)
{
    /* libgcrypt finishes what it reads from, hence a copy. */
    AspHash *copy = asp_hash_copy(hash);

    memcpy(digest, gcry_md_read(copy->md, GCRY_MD_SHA256), SEV_DIGEST_SIZE);
    asp_hash_free(copy);
}

void asp_hash_free(AspHash *hash)
{
    if (hash) {
        gcry_md_close(hash->md);
        g_free(hash);
    }
}
