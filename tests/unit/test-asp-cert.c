/*
 * SEV and AMD certificates: known answers and refusals
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-vectors.h"

#define BODY_SIZE 0x414

/* Offsets in a certificate, SEV API appendix C */
#define OFF_VERSION     0x000
#define OFF_USAGE       0x008
#define OFF_ALGO        0x00c
#define OFF_CURVE       0x010
#define OFF_QX          0x014
#define OFF_QY          0x05c
#define OFF_SIG1        0x414
#define OFF_SIG1_ALGO   0x418
#define OFF_SIG1_R      0x41c
#define OFF_SIG1_S      0x464
#define OFF_SIG2_R      0x624
#define OFF_SIG2_S      0x66c

typedef struct Certs {
    SevCert oca, cek, pek, pdh;
} Certs;

static void make_cert(SevCert *cert, SevCertUsage usage, AspEcKey key)
{
    sev_cert_init(cert, usage, &key.pub, V_API_MAJOR, V_API_MINOR);
}

/* The example's certificates */
static void make_certs(Certs *c)
{
    AspEcKey oca = VECTOR_KEY(OCA), cek = VECTOR_KEY(CEK);
    AspEcKey pek = VECTOR_KEY(PEK);

    make_cert(&c->oca, SEV_USAGE_OCA, oca);
    make_cert(&c->cek, SEV_USAGE_CEK, cek);
    make_cert(&c->pek, SEV_USAGE_PEK, pek);
    make_cert(&c->pdh, SEV_USAGE_PDH, VECTOR_KEY(PDH));
    sev_cert_sign(&c->oca, 0, SEV_USAGE_OCA, &oca);
    sev_cert_sign(&c->pek, 0, SEV_USAGE_OCA, &oca);
    sev_cert_sign(&c->pek, 1, SEV_USAGE_CEK, &cek);
    sev_cert_sign(&c->pdh, 0, SEV_USAGE_PEK, &pek);
}

static void put_u32(SevCert *cert, size_t offset, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    memcpy(cert->bytes + offset, &value, sizeof(value));
}

static void assert_cert(const SevCert *cert, const char *body,
                        const char *whole)
{
    assert_sha256(cert->bytes, BODY_SIZE, body);
    assert_sha256(cert->bytes, sizeof(cert->bytes), whole);
}

static void test_bytes(void)
{
    AspEcKey key = VECTOR_KEY(GODH);
    SevCert godh;
    Certs c;

    make_certs(&c);
    sev_cert_init(&godh, SEV_USAGE_PDH, &key.pub, 0, 0);
    assert_cert(&c.oca,
        "ecd3dfa7e0186ffb0f28cbf1cb346f0567d69d6043f7ac72e778e044d46368a3",
        "b1be8541fc4aeb8000e04b07073b946b0b762ae0af78c5a45bb95eba82e32cf4");
    assert_cert(&c.cek,
        "f149548e6f26740ac0ed544cc2fe40ed216fa86c08d7215f9f9088e7941dd19f",
        "d22ac4bbd87098aad5ce2da08128e92020f2fa388579f3d62cd8e73f399d6aad");
    assert_cert(&c.pek,
        "79cb8496ab9aa85d5c9503535b3f8da1676a96c7480bfc224e01b63e7e1370ab",
        "fa79550d1103293ff09aa154cc96979ec16e4a35982d23f7dde80ec311b10830");
    assert_cert(&c.pdh,
        "6bf430b7dcf29a58c52bcbb7615a1bc768f25fcbc17b66bf178b812cf7240901",
        "0155aac1c799b3af4b8f3de89a3dae358b403bc39bbdc640da8199667411b945");
    assert_cert(&godh,
        "92a524531cd29981817ba5022a9681b39423a4e15e46f536ab19c26e680e828f",
        "82f1d9a41f1d17f7fb330e003a8d45bd9fa123b6a9c3f1c6e9352cfd33d9163d");
    assert_hex(c.pdh.bytes, 28, "01000000001800000310000003000000"
                                "02000000dab14c65844c7f47");
}

static void assert_reversed(const SevCert *cert, size_t offset,
                            const char *hex)
{
    uint8_t number[ASP_EC_SIZE];
    size_t i;

    for (i = 0; i < sizeof(number); i++) {
        number[i] = cert->bytes[offset + sizeof(number) - 1 - i];
    }
    ASSERT_HEX(number, hex);
}

static void test_signatures(void)
{
    Certs c;

    make_certs(&c);
    assert_reversed(&c.pek, OFF_SIG1_R,
                    "691a8fbd3a825fab52b24d34d683c2090def8ab42eb43371"
                    "fc686957d29d90c08e2709dfa34e085653558a8276996cd8");
    assert_reversed(&c.pek, OFF_SIG1_S,
                    "7569298feae881c0efd216e179d3647b47ed4c9f00922047"
                    "9afb297f19419e780767077aae5e2868e937345ad637805e");
    assert_reversed(&c.pek, OFF_SIG2_R,
                    "35f05aa1fdab7ab103e1b92080f20c9995db5307eddef7af"
                    "e0cc6985d8494b615be4a41d29a0e106be16b1b36105817e");
    assert_reversed(&c.pek, OFF_SIG2_S,
                    "3b72065f788b857f6baaadfb1b2d76fbd41ff92b1be56077"
                    "0725f5de489da086cdc4d60c1b6d4776f0015dc1b15cbc96");
    assert_reversed(&c.pdh, OFF_SIG1_R,
                    "b43ea22e183d5f916ed20f7d068fbfac14ca53af67e52f81"
                    "76bac0ade114efb8ee27c3cae6fe0bd7bcb256dc3bdd1594");
    assert_reversed(&c.pdh, OFF_SIG1_S,
                    "cf4c71a7b0d0109bcc617c9808a8fa83e5df42c024781c53"
                    "38088325def478e02568651bfbb0176d739b23662bbf8c0c");
}

static void test_fields(void)
{
    AspEcKey key = VECTOR_KEY(PEK);
    uint8_t major, minor;
    AspEcPoint pub;
    Certs c;

    make_certs(&c);
    g_assert_cmphex(sev_cert_usage(&c.pek), ==, 0x1002);
    g_assert_cmphex(sev_cert_algo(&c.pek), ==, 2);
    g_assert_cmphex(sev_cert_algo(&c.pdh), ==, 3);
    sev_cert_api(&c.pek, &major, &minor);
    g_assert_cmpuint(major, ==, 0);
    g_assert_cmpuint(minor, ==, 24);
    g_assert_cmphex(sev_cert_slot(&c.pek, 0).usage, ==, 0x1001);
    g_assert_cmphex(sev_cert_slot(&c.pek, 1).usage, ==, 0x1004);
    g_assert_cmphex(sev_cert_slot(&c.pek, 1).algo, ==, 2);
    g_assert_cmphex(sev_cert_slot(&c.pdh, 1).usage, ==, 0x1000);
    g_assert_cmphex(sev_cert_slot(&c.pdh, 1).algo, ==, 0);
    g_assert_true(sev_cert_public_key(&c.pek, &pub, NULL));
    g_assert_cmpmem(&pub, sizeof(pub), &key.pub, sizeof(key.pub));
    g_assert_cmpstr(sev_usage_name(0x1003), ==, "PDH");
    g_assert_cmpstr(sev_usage_name(0x1005), ==, "unknown");
    g_assert_cmpstr(sev_algo_name(0x101), ==, "RSA with SHA-384");
    g_assert_cmpstr(sev_algo_name(0x104), ==, "unknown");
}

/* That a PEK with one field changed is refused, and why */
static void refuse(size_t offset, uint32_t value, const char *why)
{
    GError *err = NULL;
    Certs c;

    make_certs(&c);
    g_assert_true(sev_cert_check(&c.pek, SEV_USAGE_PEK, &err));
    put_u32(&c.pek, offset, value);
    g_assert_false(sev_cert_check(&c.pek, SEV_USAGE_PEK, &err));
    g_assert_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE);
    if (!strstr(err->message, why)) {
        g_error("'%s' does not say '%s'", err->message, why);
    }
    g_error_free(err);
}

static void test_check(void)
{
    refuse(OFF_VERSION, 0, "version 0x0");
    refuse(OFF_VERSION, 2, "version 0x2");
    refuse(OFF_USAGE, 0x1003, "usage 0x1003 (PDH)");
    refuse(OFF_USAGE, 0xffffffff, "usage 0xffffffff (unknown)");
    refuse(OFF_ALGO, 3, "algorithm 0x3 (ECDH with SHA-256)");
    refuse(OFF_ALGO, 1, "algorithm 0x1");
    refuse(OFF_ALGO, 0, "algorithm 0x0");
    refuse(OFF_CURVE, 1, "curve 1");
    refuse(OFF_CURVE, 3, "curve 3");
    refuse(OFF_QX, 0, "not a point");
    refuse(OFF_QY, 0x12345678, "not a point");
    refuse(OFF_QX + 48, 1, "not a point");
    refuse(OFF_QY + 68, 0x80000000, "not a point");
}

static void assert_bad(const SevCert *cert, const SevCert *signer, int code)
{
    GError *err = NULL;

    g_assert_false(sev_cert_verify(cert, signer, &err));
    g_assert_error(err, SEV_CERT_ERROR, code);
    g_error_free(err);
}

static void test_verify(void)
{
    SevCert swapped;
    Certs c;

    make_certs(&c);
    g_assert_true(sev_cert_verify(&c.oca, &c.oca, NULL));
    g_assert_true(sev_cert_verify(&c.pek, &c.oca, NULL));
    g_assert_true(sev_cert_verify(&c.pek, &c.cek, NULL));
    g_assert_true(sev_cert_verify(&c.pdh, &c.pek, NULL));
    /* Nobody of that usage signed */
    assert_bad(&c.pdh, &c.oca, ASP_BAD_SIGNATURE);
    assert_bad(&c.cek, &c.oca, ASP_BAD_SIGNATURE);
    /* A key for ECDH signs nothing */
    assert_bad(&c.pdh, &c.pdh, ASP_INVALID_CERTIFICATE);

    /* Signatures are found in either slot */
    swapped = c.pek;
    memcpy(swapped.bytes + OFF_SIG1, c.pek.bytes + 0x61c, 0x208);
    memcpy(swapped.bytes + 0x61c, c.pek.bytes + OFF_SIG1, 0x208);
    g_assert_true(sev_cert_verify(&swapped, &c.oca, NULL));
    g_assert_true(sev_cert_verify(&swapped, &c.cek, NULL));
}

/* Every byte that is signed, or is the signature, counts */
static void test_tampered(void)
{
    size_t offset;
    Certs c;

    make_certs(&c);
    for (offset = 0; offset < OFF_SIG1_S + ASP_EC_SIZE; offset += 13) {
        SevCert bad = c.pdh;

        bad.bytes[offset] ^= 0x40;
        g_assert_false(sev_cert_verify(&bad, &c.pek, NULL));
    }
    /* A number that is too long for the curve */
    c.pdh.bytes[OFF_SIG1_R + 60] = 1;
    assert_bad(&c.pdh, &c.pek, ASP_BAD_SIGNATURE);
    make_certs(&c);
    put_u32(&c.pdh, OFF_SIG1_ALGO, 0x102);
    assert_bad(&c.pdh, &c.pek, ASP_BAD_SIGNATURE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asp/cert/bytes", test_bytes);
    g_test_add_func("/asp/cert/signatures", test_signatures);
    g_test_add_func("/asp/cert/fields", test_fields);
    g_test_add_func("/asp/cert/check", test_check);
    g_test_add_func("/asp/cert/verify", test_verify);
    g_test_add_func("/asp/cert/tampered", test_tampered);
    return g_test_run();
}
