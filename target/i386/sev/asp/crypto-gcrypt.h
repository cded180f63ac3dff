/*
 * Software AMD Secure Processor: what the users of libgcrypt share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private to crypto.c, ec.c, rsa.c and memcrypt.c.
 */

#ifndef I386_SEV_ASP_CRYPTO_GCRYPT_H
#define I386_SEV_ASP_CRYPTO_GCRYPT_H

#include <glib.h>
#include <gcrypt.h>
#include "crypto.h"

/*
 * For calls that fail only when memory is short or the code is wrong.  There
 * is no sensible way on: a key or a MAC would be missing.
 */
static inline void asp_gcry_check(gcry_error_t rc, const char *what)
{
    if (rc) {
        g_error("libgcrypt: %s: %s", what, gcry_strerror(rc));
    }
}

/* A number from @len big-endian bytes, in memory that is wiped on release */
static inline gcry_mpi_t asp_mpi_from_be(const void *bytes, size_t len)
{
    gcry_mpi_t mpi = NULL;

    asp_gcry_check(gcry_mpi_scan(&mpi, GCRYMPI_FMT_USG, bytes, len, NULL),
                   "reading a number");
    return mpi;
}

/*
 * The same for a private number: arithmetic on it takes constant time and
 * S-expressions that hold it are wiped.
 */
static inline gcry_mpi_t asp_mpi_secret_from_be(const void *bytes, size_t len)
{
    gcry_mpi_t plain = asp_mpi_from_be(bytes, len);
    gcry_mpi_t secret = gcry_mpi_snew(len * 8);

    gcry_mpi_set(secret, plain);
    gcry_mpi_release(plain);
    return secret;
}

/* Write @mpi as exactly @len big-endian bytes */
static inline void asp_mpi_to_be(gcry_mpi_t mpi, uint8_t *bytes, size_t len)
{
    size_t used = 0;

    asp_gcry_check(gcry_mpi_print(GCRYMPI_FMT_USG, bytes, len, &used, mpi),
                   "writing a number");
    memmove(bytes + len - used, bytes, used);
    memset(bytes, 0, len - used);
}

/* Copy @len bytes in the opposite order, between big- and little-endian */
static inline void asp_reverse(uint8_t *dst, const uint8_t *src, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        dst[i] = src[len - 1 - i];
    }
}

#endif
