/*
 * The encryption engine of the memory controller: known answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Made with Python's "cryptography" package:
 *
 *   tweak_key = HMAC-SHA-256(vek, 01000000 || b'sev-emulated-memory-tweak' ||
 *                            00 || 80000000)[:16]
 *   Cipher(AES(vek + tweak_key), XTS((address // 4096).to_bytes(16,
 *          'little'))) over whole pages, from which parts were cut
 */

#include "asp-vectors.h"
#include "memcrypt.h"

#define VEK "8f14e45fceea167a5a36dedd4bea2543"

static void plaintext(uint8_t *data, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        data[i] = 11 * i + (i >> 8);
    }
}

static AspMemCrypt *engine_new(void)
{
    uint8_t vek[SEV_KEY_SIZE];

    UNHEX(VEK, vek);
    return asp_memcrypt_new(vek);
}

static void test_known(void)
{
    AspMemCrypt *engine = engine_new();
    uint8_t data[3 * 4096], copy[3 * 4096];

    plaintext(data, sizeof(data));
    memcpy(copy, data, sizeof(copy));
    asp_memcrypt_encrypt(engine, 0x12345000, data, sizeof(data));
    assert_hex(data, 32, "a651d3407adc3ff20c65d65b5c9b1a8c"
                         "0dba1761e63ecad4f3b84f3fb08a39b2");
    assert_hex(data + 4096 + 0xff0, 16, "4a14ab9f4404887753abc613c4ca6469");
    assert_sha256(data, sizeof(data),
                  "1e06832d4eeb49bec3afa64318e9b0822b270c442667fd1eba2aab9dedb93c09");
    asp_memcrypt_decrypt(engine, 0x12345000, data, sizeof(data));
    g_assert_cmpmem(data, sizeof(data), copy, sizeof(copy));

    /* An address above 4 GiB, zeros */
    memset(data, 0, 16);
    asp_memcrypt_encrypt(engine, 0xfedcba9876543000, data, 16);
    assert_hex(data, 16, "4ca9fe6d0f2b062a74dc089e72cd8481");
    asp_memcrypt_free(engine);
    asp_memcrypt_free(NULL);
}

/* Each block depends on nothing but the key, its content and its address. */
static void test_parts(void)
{
    AspMemCrypt *engine = engine_new();
    uint8_t plain[2 * 4096], cipher[2 * 4096], part[2 * 4096];
    size_t start, len;

    plaintext(plain, sizeof(plain));
    memcpy(cipher, plain, sizeof(plain));
    asp_memcrypt_encrypt(engine, 0x7000, cipher, sizeof(cipher));
    for (start = 0; start < sizeof(plain); start += 16 * 37) {
        for (len = 0; len <= sizeof(plain) - start; len += 16 * 29) {
            memcpy(part, plain + start, len);
            asp_memcrypt_encrypt(engine, 0x7000 + start, part, len);
            g_assert_cmpmem(part, len, cipher + start, len);
            asp_memcrypt_decrypt(engine, 0x7000 + start, part, len);
            g_assert_cmpmem(part, len, plain + start, len);
        }
    }
    asp_memcrypt_free(engine);
}

/* Wherever a block is in its page, also where tweaks overflow */
static void test_blocks(void)
{
    AspMemCrypt *engine = engine_new();
    uint8_t plain[4096], cipher[4096], block[16];

    plaintext(plain, sizeof(plain));
    memcpy(cipher, plain, sizeof(plain));
    asp_memcrypt_encrypt(engine, 0xfedcba9876543000, cipher, sizeof(cipher));
    for (size_t at = 0; at < sizeof(plain); at += sizeof(block)) {
        memcpy(block, plain + at, sizeof(block));
        asp_memcrypt_encrypt(engine, 0xfedcba9876543000 + at, block,
                             sizeof(block));
        g_assert_cmpmem(block, sizeof(block), cipher + at, sizeof(block));
        asp_memcrypt_decrypt(engine, 0xfedcba9876543000 + at, block,
                             sizeof(block));
        g_assert_cmpmem(block, sizeof(block), plain + at, sizeof(block));
    }
    asp_memcrypt_free(engine);
}

/* CPU time of many blocks at @addr; the least of some tries */
static clock_t block_time(AspMemCrypt *engine, uint64_t addr)
{
    clock_t least = LONG_MAX;
    uint8_t block[16] = {};

    for (unsigned i = 0; i < 20; i++) {
        clock_t start = clock();

        for (unsigned n = 0; n < 5000; n++) {
            asp_memcrypt_encrypt(engine, addr, block, sizeof(block));
        }
        least = MIN(least, clock() - start);
    }
    return least;
}

/* A block costs no more for all those that are before it in its page */
static void test_time(void)
{
    AspMemCrypt *engine = engine_new();
    double early, late;

    early = block_time(engine, 0x7010);
    late = block_time(engine, 0x7ff0);
    g_test_message("time of the last block against the second: %.2f",
                   late / early);
    g_assert_cmpfloat(late, <, 2 * early);
    asp_memcrypt_free(engine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asp/memcrypt/known", test_known);
    g_test_add_func("/asp/memcrypt/parts", test_parts);
    g_test_add_func("/asp/memcrypt/blocks", test_blocks);
    g_test_add_func("/asp/memcrypt/time", test_time);
    return g_test_run();
}
