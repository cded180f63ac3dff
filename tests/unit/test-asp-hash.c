/*
 * Digests and wiping, with libgcrypt and without: known answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-vectors.h"

static void test_equal(void)
{
    uint8_t a[32] = {}, b[32] = {};
    size_t i;

    g_assert_true(asp_equal(a, b, sizeof(a)));
    for (i = 0; i < sizeof(a) * 8; i++) {
        b[i / 8] ^= 1 << i % 8;
        g_assert_false(asp_equal(a, b, sizeof(a)));
        b[i / 8] ^= 1 << i % 8;
    }
    g_assert_true(asp_equal(a, b, 0));
}

static void test_wipe(void)
{
    uint8_t secret[33];
    size_t i;

    memset(secret, 0xa5, sizeof(secret));
    asp_wipe(secret, sizeof(secret) - 1);
    for (i = 0; i < sizeof(secret) - 1; i++) {
        g_assert_cmpuint(secret[i], ==, 0);
    }
    g_assert_cmpuint(secret[i], ==, 0xa5);
}

/* FIPS 180-2, examples B.1 and of the empty message */
static void test_sha256(void)
{
    uint8_t digest[SEV_DIGEST_SIZE];

    asp_sha256("abc", 3, digest);
    ASSERT_HEX(digest, "ba7816bf8f01cfea414140de5dae2223"
                       "b00361a396177a9cb410ff61f20015ad");
    asp_sha256(NULL, 0, digest);
    ASSERT_HEX(digest, "e3b0c44298fc1c149afbf4c8996fb924"
                       "27ae41e4649b934ca495991b7852b855");
}

/* A digest in between changes nothing, and copies go their own ways. */
static void test_hash_stream(void)
{
    AspHash *hash = asp_hash_new(), *copy;
    uint8_t digest[SEV_DIGEST_SIZE];

    asp_hash_update(hash, "a", 1);
    asp_hash_digest(hash, digest);
    ASSERT_HEX(digest, "ca978112ca1bbdcafac231b39a23dc4d"
                       "a786eff8147c4e72b9807785afee48bb");
    copy = asp_hash_copy(hash);
    asp_hash_update(copy, "x", 1);
    asp_hash_update(hash, "bc", 2);
    asp_hash_digest(hash, digest);
    ASSERT_HEX(digest, "ba7816bf8f01cfea414140de5dae2223"
                       "b00361a396177a9cb410ff61f20015ad");
    asp_hash_free(copy);
    asp_hash_free(hash);
    asp_hash_free(NULL);
}

/* FIPS 180-2, example D.1, and of the empty message */
static void test_sha384(void)
{
    uint8_t digest[SNP_DIGEST_SIZE];

    asp_sha384("abc", 3, digest);
    ASSERT_HEX(digest, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                       "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
    asp_sha384(NULL, 0, digest);
    ASSERT_HEX(digest, "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
                       "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b");
}

/* FIPS 180-2, example B.3, in pieces that fit no block */
static void test_long(void)
{
    AspHash *hash = asp_hash_new();
    uint8_t digest[SEV_DIGEST_SIZE];
    char text[1000];

    memset(text, 'a', sizeof(text));
    for (int i = 0; i < 1000; i++) {
        asp_hash_update(hash, text, sizeof(text));
    }
    asp_hash_digest(hash, digest);
    ASSERT_HEX(digest, "cdc76e5c9914fb9281a1c7e284d73e67"
                       "f1809a48a497200e046d39ccc7112cd0");
    asp_hash_free(hash);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asp/hash/equal", test_equal);
    g_test_add_func("/asp/hash/wipe", test_wipe);
    g_test_add_func("/asp/hash/sha256", test_sha256);
    g_test_add_func("/asp/hash/sha384", test_sha384);
    g_test_add_func("/asp/hash/stream", test_hash_stream);
    g_test_add_func("/asp/hash/long", test_long);
    return g_test_run();
}
