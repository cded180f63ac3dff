/*
 * SEV sessions: known answers and refusals
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-vectors.h"
#include "session.h"

typedef struct Fixture {
    AspEcKey pdh_key;
    SevCert pdh, godh;
    SevTransportKeys keys;
    SevSession session;
} Fixture;

/* The example's session, from its parts */
static void setup(Fixture *f, gconstpointer data)
{
    AspEcKey godh = VECTOR_KEY(GODH);

    f->pdh_key = VECTOR_KEY(PDH);
    sev_cert_init(&f->pdh, SEV_USAGE_PDH, &f->pdh_key.pub, 0, 24);
    sev_cert_init(&f->godh, SEV_USAGE_PDH, &godh.pub, 0, 0);
    UNHEX(V_TEK, f->keys.tek);
    UNHEX(V_TIK, f->keys.tik);
    UNHEX(V_NONCE, f->session.nonce);
    UNHEX(V_WRAP_TK, f->session.wrap_tk);
    UNHEX(V_WRAP_IV, f->session.wrap_iv);
    UNHEX(V_WRAP_MAC, f->session.wrap_mac);
    UNHEX(V_POLICY_MAC, f->session.policy_mac);
}

static AspStatus open_session(Fixture *f, uint32_t policy)
{
    static const SevTransportKeys zero;
    SevTransportKeys keys;
    AspStatus status;

    memset(&keys, 0xa5, sizeof(keys));
    status = sev_session_open(&f->pdh_key, &f->godh, &f->session, policy,
                              &keys);
    /* The right keys or none */
    g_assert_cmpmem(&keys, sizeof(keys), status ? &zero : &f->keys,
                    sizeof(keys));
    return status;
}

static void test_seal(Fixture *f, gconstpointer data)
{
    uint8_t z[ASP_EC_SIZE];
    SevSession s = {};

    UNHEX(V_Z, z);
    UNHEX(V_NONCE, s.nonce);
    UNHEX(V_WRAP_IV, s.wrap_iv);
    sev_session_seal(z, V_POLICY, &f->keys, &s);
    ASSERT_HEX(s.wrap_tk, V_WRAP_TK);
    ASSERT_HEX(s.wrap_mac, V_WRAP_MAC);
    ASSERT_HEX(s.policy_mac, V_POLICY_MAC);
    sev_session_seal(z, 1, &f->keys, &s);
    ASSERT_HEX(s.policy_mac, "18ae664352701bbdbf8ecfa2e0cb740b"
                             "f8754f42df613bdffb55de31fa6b460c");
}

/*
 * From the tests of virtee's sev crate: Z, TEK, TIK, nonce and IV are zero.
 * (Its Z has 16 bytes; HMAC pads keys with zeros, so that is the same key.)
 */
static void test_seal_zero(Fixture *f, gconstpointer data)
{
    const SevTransportKeys zero = {};
    uint8_t z[ASP_EC_SIZE] = {};
    SevSession s = {};

    sev_session_seal(z, 0, &zero, &s);
    ASSERT_HEX(s.wrap_tk, "2137bc7f9bb8bd7c3e55a576a15d3454"
                          "b3856b8ba27afadf46dcfee9f02c02c4");
    ASSERT_HEX(s.wrap_mac, "3176c0752738bd9d5e86689534020f52"
                           "8c088f16238826b000b327dee6aeed7d");
    ASSERT_HEX(s.policy_mac, "aa7855e13839dd767cd5da7c1ff50365"
                             "40c9264b7a803029315e55375287b4af");
}

static void test_open(Fixture *f, gconstpointer data)
{
    g_assert_cmpint(open_session(f, V_POLICY), ==, ASP_SUCCESS);
}

/* Signatures of a GODH are not looked at */
static void test_open_signed(Fixture *f, gconstpointer data)
{
    AspEcKey godh = VECTOR_KEY(GODH);

    sev_cert_sign(&f->godh, 0, SEV_USAGE_PEK, &godh);
    g_assert_cmpint(open_session(f, V_POLICY), ==, ASP_SUCCESS);
    f->godh.bytes[0x41c] ^= 1;
    g_assert_cmpint(open_session(f, V_POLICY), ==, ASP_SUCCESS);
}

static void test_other_policy(Fixture *f, gconstpointer data)
{
    int bit;

    for (bit = 0; bit < 32; bit++) {
        g_assert_cmpint(open_session(f, V_POLICY ^ (1u << bit)), ==,
                        ASP_BAD_MEASUREMENT);
    }
}

static void test_other_platform(Fixture *f, gconstpointer data)
{
    f->pdh_key = VECTOR_KEY(PEK);
    g_assert_cmpint(open_session(f, V_POLICY), ==, ASP_BAD_MEASUREMENT);
}

/*
 * Every byte of the blob counts.  The wrap MAC does not cover the IV, but
 * another IV gives another TIK, and then the policy MAC is wrong.
 */
static void test_tampered(Fixture *f, gconstpointer data)
{
    uint8_t *blob = (uint8_t *)&f->session;
    size_t i;

    for (i = 0; i < sizeof(f->session); i++) {
        blob[i] ^= 0x80;
        g_assert_cmpint(open_session(f, V_POLICY), ==, ASP_BAD_MEASUREMENT);
        blob[i] ^= 0x80;
    }
    g_assert_cmpint(open_session(f, V_POLICY), ==, ASP_SUCCESS);
}

static void test_bad_godh(Fixture *f, gconstpointer data)
{
    const struct {
        size_t offset;
        uint8_t value;
    } bad[] = {
        { 0x000, 2 },                   /* version */
        { 0x008, 0x02 },                /* usage PEK */
        { 0x00c, 2 },                   /* ECDSA */
        { 0x010, 1 },                   /* P-256 */
        { 0x014, 0 }, { 0x05c, 0 },     /* not on the curve */
        { 0x014 + 48, 1 },              /* too long */
    };
    SevCert godh = f->godh;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        f->godh = godh;
        f->godh.bytes[bad[i].offset] = bad[i].value;
        g_assert_cmpint(open_session(f, V_POLICY), ==,
                        ASP_INVALID_CERTIFICATE);
    }
    memset(&f->godh, 0, sizeof(f->godh));
    g_assert_cmpint(open_session(f, V_POLICY), ==, ASP_INVALID_CERTIFICATE);
}

/* The guest owner's side gives what the platform's side takes, once. */
static void test_create(Fixture *f, gconstpointer data)
{
    SevSession first;

    g_assert_true(sev_session_create(&f->pdh, 7, &f->keys, &f->godh,
                                     &f->session, NULL));
    g_assert_true(sev_cert_check(&f->godh, SEV_USAGE_PDH, NULL));
    g_assert_cmpint(open_session(f, 7), ==, ASP_SUCCESS);
    g_assert_cmpint(open_session(f, 6), ==, ASP_BAD_MEASUREMENT);
    first = f->session;
    g_assert_true(sev_session_create(&f->pdh, 7, &f->keys, &f->godh,
                                     &f->session, NULL));
    g_assert_true(memcmp(first.nonce, f->session.nonce, 16));
    g_assert_true(memcmp(first.wrap_iv, f->session.wrap_iv, 16));
    g_assert_true(memcmp(first.wrap_tk, f->session.wrap_tk, 32));
}

static void test_create_bad_pdh(Fixture *f, gconstpointer data)
{
    GError *err = NULL;

    f->pdh.bytes[0x008] = 0x02;
    g_assert_false(sev_session_create(&f->pdh, 7, &f->keys, &f->godh,
                                      &f->session, &err));
    g_assert_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE);
    g_error_free(err);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) \
    g_test_add("/asp/session/" name, Fixture, NULL, setup, func, NULL)
    ADD("seal", test_seal);
    ADD("seal-zero", test_seal_zero);
    ADD("open", test_open);
    ADD("open-signed", test_open_signed);
    ADD("other-policy", test_other_policy);
    ADD("other-platform", test_other_platform);
    ADD("tampered", test_tampered);
    ADD("bad-godh", test_bad_godh);
    ADD("create", test_create);
    ADD("create-bad-pdh", test_create_bad_pdh);
    return g_test_run();
}
