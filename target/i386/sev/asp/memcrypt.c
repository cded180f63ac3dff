/*
 * The encryption engine of the memory controller
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "abi.h"
#include "crypto-gcrypt.h"
#include "memcrypt.h"

#define PAGE_SIZE 4096
#define BLOCK_SIZE 16

/* The most that multiply() can do at a time */
#define SHIFT_MAX 56

struct AspMemCrypt {
    gcry_cipher_hd_t xts;
    gcry_cipher_hd_t tweak;     /* the tweak key alone, block by block */
};

typedef gcry_error_t CipherFunc(gcry_cipher_hd_t h, void *out, size_t out_len,
                                const void *in, size_t in_len);

static gcry_cipher_hd_t open_cipher(enum gcry_cipher_modes mode,
                                    const uint8_t *key, size_t len)
{
    gcry_cipher_hd_t cipher;

    asp_gcry_check(gcry_cipher_open(&cipher, GCRY_CIPHER_AES128, mode, 0),
                   "AES");
    asp_gcry_check(gcry_cipher_setkey(cipher, key, len), "AES key");
    return cipher;
}

AspMemCrypt *asp_memcrypt_new(const uint8_t *vek)
{
    AspMemCrypt *engine = g_new0(AspMemCrypt, 1);
    uint8_t keys[2 * SEV_KEY_SIZE];

    asp_crypto_init();
    memcpy(keys, vek, SEV_KEY_SIZE);
    asp_kdf(vek, SEV_KEY_SIZE, "sev-emulated-memory-tweak", NULL, 0,
            keys + SEV_KEY_SIZE, SEV_KEY_SIZE);
    engine->xts = open_cipher(GCRY_CIPHER_MODE_XTS, keys, sizeof(keys));
    engine->tweak = open_cipher(GCRY_CIPHER_MODE_ECB, keys + SEV_KEY_SIZE,
                                SEV_KEY_SIZE);
    asp_wipe(keys, sizeof(keys));
    return engine;
}

void asp_memcrypt_free(AspMemCrypt *engine)
{
    if (engine) {
        gcry_cipher_close(engine->xts);
        gcry_cipher_close(engine->tweak);
        g_free(engine);
    }
}

/*
 * By x to the power of @shift, 1 to SHIFT_MAX, in the field of XTS: IEEE
 * 1619-2007, 5.2, where x^128 is x^7 + x^2 + x + 1.
 */
static void multiply(uint64_t factor[2], unsigned shift)
{
    uint64_t carry = factor[1] >> (64 - shift);

    factor[1] = factor[1] << shift | factor[0] >> (64 - shift);
    factor[0] = factor[0] << shift ^ carry ^ carry << 1 ^ carry << 2 ^
                carry << 7;
}

/*
 * The data unit whose first block has the tweak of block @block of unit
 * @unit: all that comes before that block need not be encrypted.
 */
static void shift_unit(AspMemCrypt *engine, uint64_t unit[2], unsigned block)
{
    asp_gcry_check(gcry_cipher_encrypt(engine->tweak, unit, BLOCK_SIZE, NULL,
                                       0), "AES of a tweak");
    unit[0] = GUINT64_FROM_LE(unit[0]);
    unit[1] = GUINT64_FROM_LE(unit[1]);
    for (unsigned shift; block; block -= shift) {
        shift = MIN(block, SHIFT_MAX);
        multiply(unit, shift);
    }
    unit[0] = GUINT64_TO_LE(unit[0]);
    unit[1] = GUINT64_TO_LE(unit[1]);
    asp_gcry_check(gcry_cipher_decrypt(engine->tweak, unit, BLOCK_SIZE, NULL,
                                       0), "AES of a tweak");
}

/* Within a page: each block depends on nothing but its place */
static void crypt_part(AspMemCrypt *engine, CipherFunc *func, uint64_t addr,
                       void *data, size_t len)
{
    uint64_t unit[2] = { GUINT64_TO_LE(addr / PAGE_SIZE), 0 };

    if (addr % PAGE_SIZE) {
        shift_unit(engine, unit, addr % PAGE_SIZE / BLOCK_SIZE);
    }
    asp_gcry_check(gcry_cipher_setiv(engine->xts, unit, sizeof(unit)),
                   "AES-XTS tweak");
    asp_gcry_check(func(engine->xts, data, len, NULL, 0), "AES-XTS");
    asp_wipe(unit, sizeof(unit));
}

static void crypt_range(AspMemCrypt *engine, CipherFunc *func, uint64_t addr,
                        void *data, size_t len)
{
    uint8_t *p = data;

    g_assert(addr % BLOCK_SIZE == 0 && len % BLOCK_SIZE == 0);
    while (len) {
        size_t part = MIN(len, PAGE_SIZE - addr % PAGE_SIZE);

        crypt_part(engine, func, addr, p, part);
        addr += part;
        p += part;
        len -= part;
    }
}

void asp_memcrypt_encrypt(AspMemCrypt *engine, uint64_t addr, void *data,
                          size_t len)
{
    crypt_range(engine, gcry_cipher_encrypt, addr, data, len);
}

void asp_memcrypt_decrypt(AspMemCrypt *engine, uint64_t addr, void *data,
                          size_t len)
{
    crypt_range(engine, gcry_cipher_decrypt, addr, data, len);
}
