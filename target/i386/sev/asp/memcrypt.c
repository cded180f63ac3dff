/*
 * The encryption engine of the memory controller
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "abi.h"
#include "crypto-gcrypt.h"
#include "memcrypt.h"

#define PAGE_SIZE 4096

struct AspMemCrypt {
    gcry_cipher_hd_t xts;
};

typedef gcry_error_t CipherFunc(gcry_cipher_hd_t h, void *out, size_t out_len,
                                const void *in, size_t in_len);

AspMemCrypt *asp_memcrypt_new(const uint8_t *vek)
{
    AspMemCrypt *engine = g_new0(AspMemCrypt, 1);
    uint8_t keys[2 * SEV_KEY_SIZE];

    asp_crypto_init();
    memcpy(keys, vek, SEV_KEY_SIZE);
    asp_kdf(vek, SEV_KEY_SIZE, "sev-emulated-memory-tweak", NULL, 0,
            keys + SEV_KEY_SIZE, SEV_KEY_SIZE);
    asp_gcry_check(gcry_cipher_open(&engine->xts, GCRY_CIPHER_AES128,
                                    GCRY_CIPHER_MODE_XTS, 0), "AES-XTS");
    asp_gcry_check(gcry_cipher_setkey(engine->xts, keys, sizeof(keys)),
                   "AES-XTS key");
    asp_wipe(keys, sizeof(keys));
    return engine;
}

void asp_memcrypt_free(AspMemCrypt *engine)
{
    if (engine) {
        gcry_cipher_close(engine->xts);
        g_free(engine);
    }
}

/* One data unit from its start on */
static void crypt_unit(AspMemCrypt *engine, CipherFunc *func, uint64_t page,
                       void *data, size_t len)
{
    const uint64_t tweak[2] = { GUINT64_TO_LE(page), 0 };

    asp_gcry_check(gcry_cipher_setiv(engine->xts, tweak, sizeof(tweak)),
                   "AES-XTS tweak");
    asp_gcry_check(func(engine->xts, data, len, NULL, 0), "AES-XTS");
}

/* A part of a page: each block depends on nothing but its place */
static void crypt_part(AspMemCrypt *engine, CipherFunc *func, uint64_t page,
                       size_t offset, void *data, size_t len)
{
    uint8_t unit[PAGE_SIZE];

    memset(unit, 0, offset);
    memcpy(unit + offset, data, len);
    crypt_unit(engine, func, page, unit, offset + len);
    memcpy(data, unit + offset, len);
    asp_wipe(unit, sizeof(unit));
}

static void crypt_range(AspMemCrypt *engine, CipherFunc *func, uint64_t addr,
                        void *data, size_t len)
{
    uint8_t *p = data;

    g_assert(addr % 16 == 0 && len % 16 == 0);
    while (len) {
        size_t offset = addr % PAGE_SIZE;
        size_t part = MIN(len, PAGE_SIZE - offset);

        if (offset) {
            crypt_part(engine, func, addr / PAGE_SIZE, offset, p, part);
        } else {
            crypt_unit(engine, func, addr / PAGE_SIZE, p, part);
        }
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
