/*
 * The certificate chain of the built-in platform, link by link
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The chain itself was made by gen-builtin.py, an independent implementation.
 */

#include "asp-vectors.h"
#include "identity-internal.h"

#define ASK_SIZE 1600

typedef struct Fixture {
    AspIdentity *identity;
    SevCert cek;
    GByteArray *ca;
    SevChain chain;
} Fixture;

static void setup(Fixture *f, gconstpointer data)
{
    f->identity = asp_identity_builtin();
    f->ca = asp_identity_ca(f->identity);
    asp_identity_signed_cek(f->identity, &f->cek);
    f->chain = (SevChain) {
        .pdh = &f->identity->store.pdh,
        .pek = &f->identity->store.pek,
        .oca = &f->identity->store.oca,
        .cek = &f->cek,
        .ca = f->ca->data,
        .ca_len = f->ca->len,
    };
}

static void teardown(Fixture *f, gconstpointer data)
{
    g_byte_array_unref(f->ca);
    asp_identity_free(f->identity);
}

static bool verify(Fixture *f, GError **err)
{
    return sev_chain_verify(f->chain.pdh, f->chain.pek, f->chain.oca,
                            f->chain.cek, f->chain.ca, f->chain.ca_len, err);
}

/* That exactly the links of the set @broken do not hold */
static void assert_broken(Fixture *f, unsigned broken)
{
    SevChainLink link;

    for (link = 0; link < SEV_LINK__MAX; link++) {
        GError *err = NULL;
        bool ok = sev_chain_check_link(&f->chain, link, &err);

        if (ok != !(broken & (1u << link))) {
            g_error("%s: %s", sev_link_name(link),
                    err ? err->message : "holds");
        }
        g_assert_true(ok == !err);
        g_clear_error(&err);
    }
    if (broken) {
        GError *err = NULL;

        g_assert_false(verify(f, &err));
        g_assert_nonnull(strstr(err->message, "signed by"));
        g_error_free(err);
    }
}

static void test_good(Fixture *f, gconstpointer data)
{
    g_assert_cmpuint(f->ca->len, ==, 2 * ASK_SIZE);
    g_assert_true(verify(f, NULL));
    assert_broken(f, 0);
}

/* That something is not there is no matter of signatures. */
static void assert_incomplete(Fixture *f, SevChainLink link)
{
    GError *err = NULL;

    g_assert_false(sev_chain_check_link(&f->chain, link, &err));
    g_assert_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE);
    g_error_free(err);
}

static void test_missing(Fixture *f, gconstpointer data)
{
    SevChain chain = f->chain;

    f->chain.pdh = NULL;
    assert_broken(f, 1 << SEV_LINK_PDH_BY_PEK);
    assert_incomplete(f, SEV_LINK_PDH_BY_PEK);
    f->chain = chain;
    f->chain.pek = NULL;
    assert_broken(f, 1 << SEV_LINK_PDH_BY_PEK | 1 << SEV_LINK_PEK_BY_OCA |
                     1 << SEV_LINK_PEK_BY_CEK);
    f->chain = chain;
    f->chain.oca = NULL;
    assert_broken(f, 1 << SEV_LINK_PEK_BY_OCA | 1 << SEV_LINK_OCA_BY_OCA);
    f->chain = chain;
    f->chain.cek = NULL;
    assert_broken(f, 1 << SEV_LINK_PEK_BY_CEK | 1 << SEV_LINK_CEK_BY_ASK);
    f->chain = chain;
    f->chain.ca = NULL;
    assert_broken(f, 1 << SEV_LINK_CEK_BY_ASK | 1 << SEV_LINK_ASK_BY_ARK |
                     1 << SEV_LINK_ARK_BY_ARK);
    assert_incomplete(f, SEV_LINK_ARK_BY_ARK);
}

/* Another platform of the same family: its own PEK, but this chip's CEK */
static void test_other_platform(Fixture *f, gconstpointer data)
{
    AspStore other;

    asp_store_make(&other, &f->identity->chip);
    f->chain.pdh = &other.pdh;
    assert_broken(f, 1 << SEV_LINK_PDH_BY_PEK);
    f->chain.pek = &other.pek;
    assert_broken(f, 1 << SEV_LINK_PEK_BY_OCA);
    f->chain.oca = &other.oca;
    assert_broken(f, 0);
}

/* A PEK where the OCA belongs */
static void test_wrong_kind(Fixture *f, gconstpointer data)
{
    GError *err = NULL;

    f->chain.oca = f->chain.pek;
    assert_broken(f, 1 << SEV_LINK_PEK_BY_OCA | 1 << SEV_LINK_OCA_BY_OCA);
    g_assert_false(sev_chain_check_link(&f->chain, SEV_LINK_OCA_BY_OCA,
                                        &err));
    g_assert_nonnull(strstr(err->message, "OCA: key usage 0x1002 (PEK)"));
    g_error_free(err);
}

static void test_unsigned_cek(Fixture *f, gconstpointer data)
{
    sev_cert_unsign(&f->cek, 0);
    assert_broken(f, 1 << SEV_LINK_CEK_BY_ASK);
}

static void test_ca_tampered(Fixture *f, gconstpointer data)
{
    const unsigned parsed = 1 << SEV_LINK_CEK_BY_ASK |
                            1 << SEV_LINK_ASK_BY_ARK |
                            1 << SEV_LINK_ARK_BY_ARK;
    uint8_t *ask = f->ca->data, *ark = ask + ASK_SIZE;

    ask[0x28] ^= 1;                     /* reserved, but signed */
    assert_broken(f, 1 << SEV_LINK_ASK_BY_ARK);
    ask[0x28] ^= 1;
    ask[0x40 + 2 * 512] ^= 1;           /* signature */
    assert_broken(f, 1 << SEV_LINK_ASK_BY_ARK);
    ask[0x40 + 2 * 512] ^= 1;
    ask[0x40 + 512 + 9] ^= 1;           /* modulus */
    assert_broken(f, 1 << SEV_LINK_ASK_BY_ARK | 1 << SEV_LINK_CEK_BY_ASK);
    ask[0x40 + 512 + 9] ^= 1;
    ask[0x14] ^= 1;                     /* certifying id */
    assert_broken(f, 1 << SEV_LINK_ASK_BY_ARK);
    ask[0x14] ^= 1;
    ark[0x40 + 2 * 512] ^= 1;
    assert_broken(f, 1 << SEV_LINK_ARK_BY_ARK);
    ark[0x40 + 2 * 512] ^= 1;

    ask[0] = 2;                         /* version */
    assert_broken(f, parsed);
    ask[0] = 1;
    ask[0x24] = 0;                      /* usage */
    assert_broken(f, parsed);
    ask[0x24] = 0x13;
    ask[0x3d] = 0x08;                   /* modulus of 2048 bits */
    assert_broken(f, parsed);
    ask[0x3d] = 0x10;
    ask[0x38] = 1;                      /* exponent size */
    assert_broken(f, parsed);
    ask[0x38] = 0;
    assert_broken(f, 0);
}

/* No prefix of a root and no longer one is taken for it */
static void test_ca_length(Fixture *f, gconstpointer data)
{
    size_t len;

    for (len = 0; len <= f->ca->len + 1; len += len < 0x50 ? 1 : 97) {
        /* An allocation of its own, so that sanitizers see its end */
        uint8_t *ca = g_malloc(MAX(len, 1));
        SevAmdCert ask, ark;
        GError *err = NULL;

        memset(ca, 0, len);
        memcpy(ca, f->ca->data, MIN(len, f->ca->len));
        g_assert_false(sev_ca_parse(ca, len, &ask, &ark, &err) &&
                       len != f->ca->len);
        g_assert_true(err || len == f->ca->len);
        g_clear_error(&err);
        g_free(ca);
    }
    g_byte_array_append(f->ca, (const guint8 *)"x", 1);
    f->chain.ca = f->ca->data;
    f->chain.ca_len = f->ca->len;
    assert_broken(f, 1 << SEV_LINK_CEK_BY_ASK | 1 << SEV_LINK_ASK_BY_ARK |
                     1 << SEV_LINK_ARK_BY_ARK);
}

/* AMD's key ids start with other bytes; so does anything but our mark. */
static void test_is_emulated(Fixture *f, gconstpointer data)
{
    uint8_t *ask = f->ca->data, *ark = ask + ASK_SIZE;

    g_assert_true(sev_ca_is_emulated(f->ca->data, f->ca->len));
    g_assert_cmpmem(ark + 4, 16, "EMULATED NOT AMD", 16);
    g_assert_false(sev_ca_is_emulated(f->ca->data, f->ca->len - 1));
    UNHEX("94c38e4177d0479292a7ae671d083fb6", *(uint8_t (*)[16])(ark + 4));
    g_assert_false(sev_ca_is_emulated(f->ca->data, f->ca->len));
}

/* The seed, and so the identity, must never change. */
static void test_builtin_is_forever(Fixture *f, gconstpointer data)
{
    AspEcKey key;
    uint8_t id[SEV_CHIP_ID_SIZE];

    assert_sha256(f->chain.pdh, SEV_CERT_SIZE,
                  "00505e008e1df94ba390fc16a677ab04"
                  "bf795c3f216f9c6aabccbb2099fea13e");
    assert_sha256(f->chain.pek, SEV_CERT_SIZE,
                  "5317cf63cf690fcd4becce94a9aaa4f2"
                  "1ed2dc5d3dffdd16067324912ebf6524");
    assert_sha256(f->chain.oca, SEV_CERT_SIZE,
                  "ada4b8ce1c601c1b5734abf03e592b25"
                  "3d5e804a4d456feb3f1f16e6148318e6");
    assert_sha256(f->chain.cek, SEV_CERT_SIZE,
                  "700d9f8ca4e7849c6be242f18e8826b4"
                  "f1bb8215e3e096a4566bf7bc44509e98");
    assert_sha256(f->ca->data, f->ca->len,
                  "6ff0a1fa0a4b33ed32d92930718e04a1"
                  "d3ca0d82af3eba727bec94778afa6aa8");
    asp_identity_chip_id(f->identity, id);
    ASSERT_HEX(id, "fcada4d3bebc6e54a30a72fdb6243c91aa8ede9ab76f6c9a"
               "9d53dbbd01ddc4e4d97b19936463a198d0136e254ade6b63"
               "10172678cdfef31b1ce79561a9ee703f");

    /* The private halves are derived in C, the public ones were not. */
    key = f->identity->store.oca_key;
    g_assert_true(asp_ec_from_private(&key));
    g_assert_cmpmem(&key, sizeof(key), &f->identity->store.oca_key,
                    sizeof(key));
    key = f->identity->store.pek_key;
    g_assert_true(asp_ec_from_private(&key));
    g_assert_cmpmem(&key, sizeof(key), &f->identity->store.pek_key,
                    sizeof(key));
    key = f->identity->store.pdh_key;
    g_assert_true(asp_ec_from_private(&key));
    g_assert_cmpmem(&key, sizeof(key), &f->identity->store.pdh_key,
                    sizeof(key));
    key = f->identity->chip.cek_key;
    g_assert_true(asp_ec_from_private(&key));
    g_assert_cmpmem(&key, sizeof(key), &f->identity->chip.cek_key,
                    sizeof(key));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) \
    g_test_add("/asp/chain/" name, Fixture, NULL, setup, func, teardown)
    ADD("good", test_good);
    ADD("missing", test_missing);
    ADD("other-platform", test_other_platform);
    ADD("wrong-kind", test_wrong_kind);
    ADD("unsigned-cek", test_unsigned_cek);
    ADD("ca-tampered", test_ca_tampered);
    ADD("ca-length", test_ca_length);
    ADD("is-emulated", test_is_emulated);
    ADD("builtin-is-forever", test_builtin_is_forever);
    return g_test_run();
}
