/*
 * Software AMD Secure Processor: randomness, MACs, AES-CTR
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "crypto-gcrypt.h"
#include "abi.h"

/* HMAC, label, separator and length of one KDF block, and its counter */
#define KDF_PARTS 5

void asp_random(void *buf, size_t len)
{
    asp_crypto_init();
    gcry_randomize(buf, len, GCRY_STRONG_RANDOM);
}

void asp_hmac(const void *key, size_t key_len, const AspBuf *parts, size_t n,
              uint8_t *mac)
{
    gcry_buffer_t iov[1 + ASP_HMAC_PARTS] = {};
    size_t i;

    g_assert(n <= ASP_HMAC_PARTS);
    iov[0].data = (void *)key;
    iov[0].len = key_len;
    for (i = 0; i < n; i++) {
        iov[1 + i].data = (void *)parts[i].data;
        iov[1 + i].len = parts[i].len;
    }
    asp_crypto_init();
    asp_gcry_check(gcry_md_hash_buffers(GCRY_MD_SHA256, GCRY_MD_FLAG_HMAC,
                                        mac, iov, 1 + n), "HMAC-SHA-256");
}

void asp_kdf(const void *key, size_t key_len, const char *label,
             const void *context, size_t context_len,
             void *out, size_t out_len)
{
    static const uint8_t separator;
    uint32_t counter, bits = GUINT32_TO_LE((uint32_t)out_len * 8);
    const AspBuf parts[KDF_PARTS] = {
        { &counter, sizeof(counter) },
        { label, strlen(label) },
        { &separator, 1 },
        { context, context_len },
        { &bits, sizeof(bits) },
    };
    uint8_t block[SEV_DIGEST_SIZE], *dst = out;
    uint32_t i = 1;

    while (out_len) {
        size_t take = MIN(out_len, sizeof(block));

        counter = GUINT32_TO_LE(i);
        asp_hmac(key, key_len, parts, KDF_PARTS, block);
        memcpy(dst, block, take);
        dst += take;
        out_len -= take;
        i++;
    }
    asp_wipe(block, sizeof(block));
}

void asp_aes_ctr(const uint8_t *key, const uint8_t *iv, void *data, size_t len)
{
    gcry_cipher_hd_t aes;

    asp_crypto_init();
    asp_gcry_check(gcry_cipher_open(&aes, GCRY_CIPHER_AES128,
                                    GCRY_CIPHER_MODE_CTR, 0), "AES-128-CTR");
    asp_gcry_check(gcry_cipher_setkey(aes, key, SEV_KEY_SIZE), "AES key");
    asp_gcry_check(gcry_cipher_setctr(aes, iv, SEV_IV_SIZE), "AES counter");
    asp_gcry_check(gcry_cipher_encrypt(aes, data, len, NULL, 0), "AES");
    gcry_cipher_close(aes);
}

static gcry_cipher_hd_t gcm_new(const AspGcm *msg)
{
    gcry_cipher_hd_t aes;

    asp_crypto_init();
    asp_gcry_check(gcry_cipher_open(&aes, GCRY_CIPHER_AES256,
                                    GCRY_CIPHER_MODE_GCM, 0), "AES-256-GCM");
    asp_gcry_check(gcry_cipher_setkey(aes, msg->key, ASP_GCM_KEY_SIZE),
                   "AES key");
    asp_gcry_check(gcry_cipher_setiv(aes, msg->iv, ASP_GCM_IV_SIZE),
                   "AES IV");
    asp_gcry_check(gcry_cipher_authenticate(aes, msg->aad.data,
                                            msg->aad.len), "AES AAD");
    return aes;
}

void asp_gcm_seal(const AspGcm *msg, uint8_t *tag)
{
    gcry_cipher_hd_t aes = gcm_new(msg);

    asp_gcry_check(gcry_cipher_encrypt(aes, msg->data, msg->len, NULL, 0),
                   "AES");
    asp_gcry_check(gcry_cipher_gettag(aes, tag, ASP_GCM_TAG_SIZE), "AES tag");
    gcry_cipher_close(aes);
}

bool asp_gcm_open(const AspGcm *msg, const uint8_t *tag)
{
    gcry_cipher_hd_t aes = gcm_new(msg);
    bool ok;

    asp_gcry_check(gcry_cipher_decrypt(aes, msg->data, msg->len, NULL, 0),
                   "AES");
    ok = !gcry_cipher_checktag(aes, tag, ASP_GCM_TAG_SIZE);
    gcry_cipher_close(aes);
    return ok;
}
