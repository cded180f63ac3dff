/*
 * Cryptography of the software AMD Secure Processor: known answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-vectors.h"

/* No statement about quality: only that it is not one constant. */
static void test_random(void)
{
    uint8_t a[32] = {}, b[32] = {};

    asp_random(a, sizeof(a));
    asp_random(b, sizeof(b));
    g_assert_false(asp_equal(a, b, sizeof(a)));
}

/* A difference in any one bit, in whatever byte, and in two that add up to 0 */
static void test_equal(void)
{
    uint8_t a[48], b[48];

    asp_random(a, sizeof(a));
    memcpy(b, a, sizeof(b));
    g_assert_true(asp_equal(a, b, sizeof(a)));
    g_assert_true(asp_equal(a, b, 0));
    for (size_t i = 0; i < 8 * sizeof(a); i++) {
        b[i / 8] ^= 1 << i % 8;
        g_assert_false(asp_equal(a, b, sizeof(a)));
        g_assert_true(asp_equal(a, b, i / 8));
        b[(i / 8 + 1) % sizeof(b)] ^= 1 << i % 8;
        g_assert_false(asp_equal(a, b, sizeof(a)));
        memcpy(b, a, sizeof(b));
    }
}

/* RFC 4231, test cases 1 and 2; the message of the latter in pieces */
static void test_hmac(void)
{
    const AspBuf one = { "Hi There", 8 };
    const AspBuf pieces[] = {
        { "what do ya ", 11 }, { NULL, 0 }, { "want for nothing?", 17 },
    };
    uint8_t key[20], mac[SEV_DIGEST_SIZE];

    memset(key, 0x0b, sizeof(key));
    asp_hmac(key, sizeof(key), &one, 1, mac);
    ASSERT_HEX(mac, "b0344c61d8db38535ca8afceaf0bf12b"
                    "881dc200c9833da726e9376c2e32cff7");
    asp_hmac("Jefe", 4, pieces, G_N_ELEMENTS(pieces), mac);
    ASSERT_HEX(mac, "5bdcc146bf60754e6a042426089575c7"
                    "5a003f089d2739839dec58b964ec3843");
}

static void test_kdf(void)
{
    uint8_t z[ASP_EC_SIZE], nonce[16], ms[16], key[16], zero[16] = {};

    UNHEX(V_Z, z);
    UNHEX(V_NONCE, nonce);
    asp_kdf(z, sizeof(z), "sev-master-secret", nonce, 16, ms, 16);
    ASSERT_HEX(ms, V_MS);
    asp_kdf(ms, 16, "sev-kek", NULL, 0, key, 16);
    ASSERT_HEX(key, V_KEK);
    asp_kdf(ms, 16, "sev-kik", NULL, 0, key, 16);
    ASSERT_HEX(key, V_KIK);

    /* From the tests of virtee's sev crate */
    asp_kdf(zero, 16, "sev-master-secret", zero, 16, ms, 16);
    ASSERT_HEX(ms, "ab4d269fcc62bedb4511d56c386ce706");
    asp_kdf(ms, 16, "sev-kek", NULL, 0, key, 16);
    ASSERT_HEX(key, "b6abfbfb75ea1ea74ed8750b8afdb973");
    asp_kdf(ms, 16, "sev-kik", NULL, 0, key, 16);
    ASSERT_HEX(key, "53b524bf5669a363f365c864acba8572");
}

/* Two blocks, and the chip endorsement key that follows from them */
static void test_kdf_cek(void)
{
    uint8_t fuses[32], key[32], seed[ASP_EC_SEED_SIZE];
    AspEcKey cek;
    size_t i;

    for (i = 0; i < sizeof(fuses); i++) {
        fuses[i] = i;
    }
    asp_sha256(fuses, sizeof(fuses), key);
    asp_kdf(key, sizeof(key), "sev-chip-endorsement-key", NULL, 0,
            seed, sizeof(seed));
    ASSERT_HEX(seed, "17c8a2bf8b8ba3c908bdcdc44733431d4634b086f4773660"
                     "ee876c98fdc5cf91e15a0eb4270a5ffe671446580396860e"
                     "42cf960ce4daf24a");
    asp_ec_from_seed(seed, &cek);
    ASSERT_HEX(cek.d, "0e86960358461467fe5f0a27b40e5ae1a262c61ea152b8d1"
                      "c08adcf876f62474ecf5956954a220627f626b6fe77eeab4");
}

/* NIST SP 800-38A, F.5.1, and a counter that overflows its low 64 bits */
static void test_aes_ctr(void)
{
    uint8_t key[16], iv[16], data[32];

    UNHEX("2b7e151628aed2a6abf7158809cf4f3c", key);
    UNHEX("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", iv);
    UNHEX("6bc1bee22e409f96e93d7e117393172a"
          "ae2d8a571e03ac9c9eb76fac45af8e51", data);
    asp_aes_ctr(key, iv, data, sizeof(data));
    ASSERT_HEX(data, "874d6191b620e3261bef6864990db6ce"
                     "9806f66b7970fdff8617187bb9fffdff");

    /* python-cryptography: AES-128-CTR over zeros */
    UNHEX("0000000000000000ffffffffffffffff", iv);
    memset(data, 0, sizeof(data));
    asp_aes_ctr(key, iv, data, sizeof(data));
    ASSERT_HEX(data, "ef8737b783c4fa88e687ee9467073f6e"
                     "dc0a3bc38609c26f6f2a63a39cf7ee93");
}

static void check_pair(AspEcKey expected)
{
    AspEcKey key = expected;

    memset(&key.pub, 0, sizeof(key.pub));
    g_assert_true(asp_ec_from_private(&key));
    g_assert_cmpmem(&key, sizeof(key), &expected, sizeof(expected));
    g_assert_true(asp_ec_valid(&key.pub));
}

static void test_ec_keys(void)
{
    AspEcKey key = VECTOR_KEY(OCA);

    check_pair(VECTOR_KEY(OCA));
    check_pair(VECTOR_KEY(CEK));
    check_pair(VECTOR_KEY(PEK));
    check_pair(VECTOR_KEY(PDH));
    check_pair(VECTOR_KEY(GODH));

    memset(key.d, 0, sizeof(key.d));
    g_assert_false(asp_ec_from_private(&key));
    /* The order of the curve itself (FIPS 186-4, D.1.2.4) */
    UNHEX("ffffffffffffffffffffffffffffffffffffffffffffffff"
          "c7634d81f4372ddf581a0db248b0a77aecec196accc52973", key.d);
    g_assert_false(asp_ec_from_private(&key));
    key.d[ASP_EC_SIZE - 1]--;
    g_assert_true(asp_ec_from_private(&key));
}

static void test_ec_generate(void)
{
    AspEcKey a, b, again;

    asp_ec_generate(&a);
    asp_ec_generate(&b);
    g_assert_false(asp_equal(a.d, b.d, sizeof(a.d)));
    again = a;
    g_assert_true(asp_ec_from_private(&again));
    g_assert_cmpmem(&again, sizeof(again), &a, sizeof(a));
}

static void test_ec_invalid(void)
{
    AspEcKey key = VECTOR_KEY(PDH);
    uint8_t z[ASP_EC_SIZE];
    AspEcPoint zero = {}, pub = key.pub;

    g_assert_false(asp_ec_valid(&zero));
    pub.y[47] ^= 1;
    g_assert_false(asp_ec_valid(&pub));
    g_assert_false(asp_ecdh(&key, &pub, z));
    /*
     * x = p + 2, where 2 is the x coordinate of a point: right modulo p but
     * not reduced (python: y from y^2 = x^3 - 3 x + b)
     */
    UNHEX("ffffffffffffffffffffffffffffffffffffffffffffffff"
          "fffffffffffffffeffffffff000000000000000100000001", pub.x);
    UNHEX("8cdeadbbd04911a3c1931e26df3fa6439dca9c7eb286fbd4"
          "6fc319f0e2bb780232baf57825fc0c1912ada2fefe84024c", pub.y);
    g_assert_false(asp_ec_valid(&pub));
    memset(pub.x, 0, sizeof(pub.x));
    pub.x[47] = 2;
    g_assert_true(asp_ec_valid(&pub));
    /* The same for y = p + 1 (python: a root of x^3 - 3 x + b - 1) */
    UNHEX("2261b2bf605c22f2f3aef6338719b2c486388ad5240719a5"
          "257315969ef01ba27f0a104c89704773a81fdabee6ab5c78", pub.x);
    UNHEX("ffffffffffffffffffffffffffffffffffffffffffffffff"
          "fffffffffffffffeffffffff000000000000000100000000", pub.y);
    g_assert_false(asp_ec_valid(&pub));
    memset(pub.y, 0, sizeof(pub.y));
    pub.y[47] = 1;
    g_assert_true(asp_ec_valid(&pub));
}

static void test_ecdh(void)
{
    AspEcKey pdh = VECTOR_KEY(PDH), godh = VECTOR_KEY(GODH);
    uint8_t z[ASP_EC_SIZE];

    g_assert_true(asp_ecdh(&pdh, &godh.pub, z));
    ASSERT_HEX(z, V_Z);
    memset(z, 0, sizeof(z));
    g_assert_true(asp_ecdh(&godh, &pdh.pub, z));
    ASSERT_HEX(z, V_Z);
}

/* @sig is right, and right for nothing else */
static void check_ecdsa(const AspEcKey *key, AspSigHash hash,
                        const AspEcSig *sig)
{
    AspEcSig bad;
    size_t i;

    g_assert_true(asp_ecdsa_verify(&key->pub, hash, "sample", 6, sig));
    g_assert_false(asp_ecdsa_verify(&key->pub, hash, "samples", 7, sig));
    for (i = 0; i < sizeof(bad); i += 7) {
        bad = *sig;
        ((uint8_t *)&bad)[i] ^= 0x10;
        g_assert_false(asp_ecdsa_verify(&key->pub, hash, "sample", 6, &bad));
    }
    memset(&bad, 0, sizeof(bad));
    g_assert_false(asp_ecdsa_verify(&key->pub, hash, "sample", 6, &bad));
    memset(&bad, 0xff, sizeof(bad));
    g_assert_false(asp_ecdsa_verify(&key->pub, hash, "sample", 6, &bad));
}

/*
 * RFC 6979, A.2.6: P-384 with SHA-256 and SHA-384, message "sample"
 */
static void test_ecdsa(void)
{
    AspEcKey key;
    AspEcSig sig;

    UNHEX("6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba"
          "9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", key.d);
    g_assert_true(asp_ec_from_private(&key));
    ASSERT_HEX(key.pub.x, "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e"
                          "06aae5286b300c64def8f0ea9055866064a254515480bc13");
    asp_ecdsa_sign(&key, ASP_SIG_SHA256, "sample", 6, &sig);
    ASSERT_HEX(sig.r, "21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e"
                      "354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd");
    ASSERT_HEX(sig.s, "f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d4"
                      "5db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0");
    check_ecdsa(&key, ASP_SIG_SHA256, &sig);

    asp_ecdsa_sign(&key, ASP_SIG_SHA384, "sample", 6, &sig);
    ASSERT_HEX(sig.r, "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa7"
                      "3d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46");
    ASSERT_HEX(sig.s, "99ef4aeb15f178cea1fe40db2603138f130e740a19624526"
                      "203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8");
    check_ecdsa(&key, ASP_SIG_SHA384, &sig);
    g_assert_false(asp_ecdsa_verify(&key.pub, ASP_SIG_SHA256, "sample", 6,
                                    &sig));
}

/*
 * RSASSA-PSS with 2048 bits, as Naples has it, made with Python's
 * "cryptography" package: salts of 32 bytes, which is right, and of 20
 */
#define RSA_MESSAGE "a certificate of Naples"

static const char rsa_n[] =
    "1b96051677c85182f327f3656a02fc306e5a2abfe21bd0464892786cc276bcfa"
    "8f46dadd19ac10efc076203255e8335eb68f43e0e0dd22d69d5856d10db040a2"
    "0a95bc58c2f8b12d965c9387d60e8f28b0de61c4156f2e5ae5177667ecbcb8f2"
    "59cb8cac772e9c952b4dc5805521f67820340383e1f2b9b9c1558881d538b323"
    "70b994bb1beba6f8bed9641b145a2b87ccdb7ea9bae85fad11c3a7dfe53f9481"
    "344b613024e962609d5eae3a0e71c1fb8a9ad4d60fef2261b9aae660b2c6adb1"
    "2d3ff4d12ef0dfe6dbb7fd881f8d35bdcb3a25c4bca9ac3b83460435e367d772"
    "f6c8ce3b795c9fb6600114a36e3512fae063453bf157f965a9b7f13f91a38397";
static const char rsa_sig[] =
    "3f47dc70db31c3fae3314ea674e272662261bcaca299606c901740217fef718e"
    "da61f59a3124f649fa6e507b1f0de14d9f20794b1fdc9ed06f22206b2592049b"
    "131eb5fdd275adc0fb1c365396074f756f0c08064d65e08cdc9c7b24b40e4c6d"
    "96d6d2ce3565083ae7e04980fc50cc6707d31e1511cf5ab7822ccc4ec6194f17"
    "d88723105212cca0bdab205baf3ab69433b0444f9d3cacd06dd7cab4d9948119"
    "a6a39344e35c6dbb3bffde1b757eb7be398d64fbb44c1325da4784cc87412fc6"
    "5bea1bf1aa6c15f9208a40d0dbb9f51d2e72bda77f8de76ca0461f041d3fc3cc"
    "4ee054390473112eeda89101619dc9557a3f29a9e4562d724550311d24522d5c";
static const char rsa_sig_salt_20[] =
    "ba595a7a470136c9e94ab7e54466d077642e8b17eb0a92ab486f4d64dedbda9d"
    "6c4163f35ff63e9568f30d15368e1a4e61d43a533acd6f888c65126d91913815"
    "c756605e18ea8f2cdfa8bd145ecfd4c1df6080e28990beca3f69c936187eaa7f"
    "bd0c24554150916c209999033f9a833021fd4ae5b6d17a87d9e3bd38039b2a40"
    "e280fa12d189a7a586fb179e414adcf6ef5a39a298ad91d42ed2966207836be0"
    "4422ee398314729cb1cea2f32133591d96390089c43d04a7163d63fca1237cc2"
    "debd2600f642a5c80fdebf40efa6693c8247d0c3a5246f3de5b5e36ef2a4c6c4"
    "4d9a175de30fc748f4a1c8260afdd67ed50b60e137f8effd5c5d91ca93877b0b";

static void test_rsa_known(void)
{
    const size_t len = strlen(RSA_MESSAGE);
    uint8_t n[256], e[256] = { 1, 0, 1 }, sig[256];
    size_t i;

    UNHEX(rsa_n, n);
    UNHEX(rsa_sig, sig);
    g_assert_true(asp_rsa_verify(n, e, 256, RSA_MESSAGE, len, sig));
    g_assert_false(asp_rsa_verify(n, e, 256, RSA_MESSAGE, len - 1, sig));
    for (i = 0; i < sizeof(sig); i += 15) {
        sig[i] ^= 1;
        g_assert_false(asp_rsa_verify(n, e, 256, RSA_MESSAGE, len, sig));
        sig[i] ^= 1;
    }
    UNHEX(rsa_sig_salt_20, sig);
    g_assert_false(asp_rsa_verify(n, e, 256, RSA_MESSAGE, len, sig));
}

/*
 * Own signatures: test-asp-owner.py checks those of a whole root with another
 * implementation, here are the two halves against each other.
 */
static void test_rsa(void)
{
    uint8_t n[256], e[256] = { 1, 0, 1 }, sig[256], other[256];
    AspRsaKey *key = asp_rsa_generate(sizeof(n));

    asp_rsa_modulus(key, n);
    asp_rsa_sign(key, "message", 7, sig);
    asp_rsa_sign(key, "message", 7, other);
    g_assert_true(asp_rsa_verify(n, e, sizeof(n), "message", 7, sig));
    g_assert_true(asp_rsa_verify(n, e, sizeof(n), "message", 7, other));
    g_assert_false(asp_rsa_verify(n, e, sizeof(n), "massage", 7, sig));
    sig[100] ^= 1;
    g_assert_false(asp_rsa_verify(n, e, sizeof(n), "message", 7, sig));
    asp_rsa_free(key);
}

static void test_rsa_unusable(void)
{
    uint8_t n[512], e[512] = { 1, 0, 1 }, sig[512] = {};

    memset(n, 0, sizeof(n));
    g_assert_false(asp_rsa_verify(n, e, 512, "m", 1, sig));
    memset(n, 0xff, sizeof(n));
    n[0] = 0xfe;                            /* even */
    g_assert_false(asp_rsa_verify(n, e, 512, "m", 1, sig));
    n[0] = 0xff;
    memset(e, 0, sizeof(e));
    g_assert_false(asp_rsa_verify(n, e, 512, "m", 1, sig));
    e[0] = 1;                               /* anything signs itself */
    g_assert_false(asp_rsa_verify(n, e, 512, "m", 1, sig));
    memset(sig, 0xff, sizeof(sig));         /* not below n */
    e[0] = 3;
    g_assert_false(asp_rsa_verify(n, e, 512, "m", 1, sig));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asp/crypto/random", test_random);
    g_test_add_func("/asp/crypto/equal", test_equal);
    g_test_add_func("/asp/crypto/hmac", test_hmac);
    g_test_add_func("/asp/crypto/kdf", test_kdf);
    g_test_add_func("/asp/crypto/kdf-cek", test_kdf_cek);
    g_test_add_func("/asp/crypto/aes-ctr", test_aes_ctr);
    g_test_add_func("/asp/crypto/ec-keys", test_ec_keys);
    g_test_add_func("/asp/crypto/ec-generate", test_ec_generate);
    g_test_add_func("/asp/crypto/ec-invalid", test_ec_invalid);
    g_test_add_func("/asp/crypto/ecdh", test_ecdh);
    g_test_add_func("/asp/crypto/ecdsa", test_ecdsa);
    g_test_add_func("/asp/crypto/rsa-known", test_rsa_known);
    g_test_add_func("/asp/crypto/rsa", test_rsa);
    g_test_add_func("/asp/crypto/rsa-unusable", test_rsa_unusable);
    return g_test_run();
}
