/*
 * Software AMD Secure Processor: digests, from glib
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * For builds without libgcrypt, which have a guest's launch on a host's
 * platform to explain and none of their own.  libgcrypt's are several times
 * faster.
 */

#include <glib.h>
#include "crypto.h"
#include "snp-abi.h"

struct AspHash {
    GChecksum *sum;
};

static void digest_of(GChecksum *sum, uint8_t *digest, gsize size)
{
    gsize got = size;

    g_checksum_get_digest(sum, digest, &got);
    g_assert(got == size);
}

static void digest_buffer(GChecksumType type, const void *data, size_t len,
                          uint8_t *digest, gsize size)
{
    GChecksum *sum = g_checksum_new(type);

    g_checksum_update(sum, data, len);
    digest_of(sum, digest, size);
    g_checksum_free(sum);
}

void asp_sha256(const void *data, size_t len, uint8_t *digest)
{
    digest_buffer(G_CHECKSUM_SHA256, data, len, digest, SEV_DIGEST_SIZE);
}

void asp_sha384(const void *data, size_t len, uint8_t *digest)
{
    digest_buffer(G_CHECKSUM_SHA384, data, len, digest, SNP_DIGEST_SIZE);
}

AspHash *asp_hash_new(void)
{
    AspHash *hash = g_new0(AspHash, 1);

    hash->sum = g_checksum_new(G_CHECKSUM_SHA256);
    return hash;
}

AspHash *asp_hash_copy(const AspHash *hash)
{
    AspHash *copy = g_new0(AspHash, 1);

    copy->sum = g_checksum_copy(hash->sum);
    return copy;
}

void asp_hash_update(AspHash *hash, const void *data, size_t len)
{
    g_checksum_update(hash->sum, data, len);
}

void asp_hash_digest(const AspHash *hash, uint8_t *digest)
{
    /* glib closes what it reads from, hence a copy. */
    AspHash *copy = asp_hash_copy(hash);

    digest_of(copy->sum, digest, SEV_DIGEST_SIZE);
    asp_hash_free(copy);
}

void asp_hash_free(AspHash *hash)
{
    if (hash) {
        g_checksum_free(hash->sum);
        g_free(hash);
    }
}
