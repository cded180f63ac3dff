/*
 * SEV launch: measurements and secret packets, known answers and refusals
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-vectors.h"
#include "launch.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

typedef struct Measure {
    const char *tik;
    uint8_t api_major, api_minor, build;
    uint32_t policy;
    const char *digest, *mnonce, *measure;
} Measure;

static const Measure measures[] = {
    {   /* From AMD's sev-tool, tests.cpp */
        "66320db73158a35a255d051758e95ed4", 0, 18, 15, 0, EMPTY,
        "4fbe0bedbad6c86ae8f68971d103e554",
        "6faab2daae389bcd3405a05d6cafe33c0414f7bedd0bae19ba5f38b7fd1664ea"
    }, { /* From the tests of virtee's sevctl */
        "3569cf61a32a602b87185ac6e0f55913", 1, 40, 40, 3,
        "c64bd101fc9a4a2ce0a27c408d9200911f139a895469b04a40a6fa2890830d23",
        "c313fab511c216b1505b1b2ea9903c40",
        "96cc1bc56c48f60724c9ad7a250bdd16da5898d3b86fede29c03e9aac828048e"
    }, {
        V_TIK, V_API_MAJOR, V_API_MINOR, V_BUILD, V_POLICY, V_LD, V_MNONCE,
        V_MEASURE
    }, {
        V_TIK, V_API_MAJOR, V_API_MINOR, V_BUILD, 0, EMPTY, V_MNONCE,
        "8bd26024416f22cd453706385a4016b7a6b1fb7c6b7ecdd0159a93b6c59cdeb2"
    }, {
        V_TIK, V_API_MAJOR, V_API_MINOR, V_BUILD, 1,
        "7486da8f1e13943fae21a0b043f1e99640d7d8ebafb25266478b5cddae1272b5",
        V_MNONCE,
        "df534cf1eca512947b3bf38607d68fdb8cbae6d51b407972bf306da612e788f7"
    }, {
        V_TIK, V_API_MAJOR, V_API_MINOR, V_BUILD, 1,
        "b3f186c9f0404e47eb4655395f9f0ec3a2c9c08f167237e1dbfba9fa8aa87d7b",
        V_MNONCE,
        "70f9e70364019cd292c3632bb1cbf19d6ced92b605a0f545b72ccea01c4abf83"
    },
};

static void test_measure(gconstpointer opaque)
{
    const Measure *m = opaque;
    SevMeasureInput in = {
        m->api_major, m->api_minor, m->build, m->policy, {}
    };
    uint8_t tik[SEV_KEY_SIZE], mnonce[SEV_NONCE_SIZE];
    uint8_t measure[SEV_DIGEST_SIZE];

    UNHEX(m->tik, tik);
    UNHEX(m->digest, in.digest);
    UNHEX(m->mnonce, mnonce);
    sev_measure(tik, &in, mnonce, measure);
    ASSERT_HEX(measure, m->measure);
}

/* The digests above: image and hash table as one message */
static void test_digest(void)
{
    uint8_t image[4096], table[176], digest[SEV_DIGEST_SIZE];
    AspHash *hash = asp_hash_new();

    vector_firmware(image);
    UNHEX(V_HASH_TABLE, table);
    asp_hash_update(hash, image, sizeof(image));
    asp_hash_digest(hash, digest);
    ASSERT_HEX(digest, measures[4].digest);
    asp_hash_update(hash, table, sizeof(table));
    asp_hash_digest(hash, digest);
    ASSERT_HEX(digest, measures[5].digest);
    asp_hash_free(hash);
}

typedef struct Secret {
    SevTransportKeys keys;
    uint8_t measure[SEV_DIGEST_SIZE];
    SevPacketHeader hdr;
    uint8_t data[64];
} Secret;

static void setup(Secret *s, gconstpointer data)
{
    UNHEX(V_TEK, s->keys.tek);
    UNHEX(V_TIK, s->keys.tik);
    UNHEX(V_MEASURE, s->measure);
    UNHEX(V_SECRET_IV, s->hdr.iv);
    UNHEX(V_SECRET_MAC, s->hdr.mac);
    UNHEX(V_SECRET_CIPHER, s->data);
}

static void test_wrap(Secret *s, gconstpointer data)
{
    uint8_t iv[SEV_IV_SIZE];

    UNHEX(V_SECRET_IV, iv);
    UNHEX(V_SECRET, s->data);
    memset(&s->hdr, 0xff, sizeof(s->hdr));
    sev_secret_wrap(&s->keys, s->measure, iv, s->data, sizeof(s->data),
                    &s->hdr);
    ASSERT_HEX(s->data, V_SECRET_CIPHER);
    assert_hex(&s->hdr, sizeof(s->hdr),
               "00000000" V_SECRET_IV V_SECRET_MAC);
}

static void test_unwrap(Secret *s, gconstpointer data)
{
    g_assert_cmpint(sev_secret_unwrap(&s->keys, s->measure, &s->hdr, s->data,
                                      sizeof(s->data)), ==, ASP_SUCCESS);
    ASSERT_HEX(s->data, V_SECRET);
}

static void refuse(Secret *s, uint32_t len, AspStatus status)
{
    uint8_t before[sizeof(s->data)];

    memcpy(before, s->data, sizeof(before));
    g_assert_cmpint(sev_secret_unwrap(&s->keys, s->measure, &s->hdr, s->data,
                                      len), ==, status);
    g_assert_cmpmem(before, sizeof(before), s->data, sizeof(s->data));
}

static void flip_each(Secret *s, void *field, size_t len)
{
    uint8_t *p = field;
    size_t i;

    for (i = 0; i < len; i++) {
        p[i] ^= 0x02;
        refuse(s, sizeof(s->data), ASP_BAD_MEASUREMENT);
        p[i] ^= 0x02;
    }
}

static void test_tampered(Secret *s, gconstpointer data)
{
    flip_each(s, s->hdr.iv, sizeof(s->hdr.iv));
    flip_each(s, s->hdr.mac, sizeof(s->hdr.mac));
    flip_each(s, s->data, sizeof(s->data));
    flip_each(s, s->measure, sizeof(s->measure));
    flip_each(s, s->keys.tik, sizeof(s->keys.tik));
    refuse(s, sizeof(s->data) - 16, ASP_BAD_MEASUREMENT);
}

static void test_refused(Secret *s, gconstpointer data)
{
    refuse(s, 0, ASP_INVALID_LENGTH);
    refuse(s, 15, ASP_INVALID_LENGTH);
    refuse(s, 17, ASP_INVALID_LENGTH);
    refuse(s, 16384 + 16, ASP_INVALID_LENGTH);
    refuse(s, 0xfffffff0, ASP_INVALID_LENGTH);
    s->hdr.flags = GUINT32_TO_LE(1);            /* compressed */
    refuse(s, sizeof(s->data), ASP_INVALID_PARAM);
    s->hdr.flags = GUINT32_TO_LE(0x80000000);
    refuse(s, sizeof(s->data), ASP_INVALID_PARAM);
}

int main(int argc, char **argv)
{
    size_t i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < G_N_ELEMENTS(measures); i++) {
        char *path = g_strdup_printf("/asp/launch/measure/%zu", i);

        g_test_add_data_func(path, &measures[i], test_measure);
        g_free(path);
    }
    g_test_add_func("/asp/launch/digest", test_digest);
#define ADD(name, func) \
    g_test_add("/asp/launch/secret/" name, Secret, NULL, setup, func, NULL)
    ADD("wrap", test_wrap);
    ADD("unwrap", test_unwrap);
    ADD("tampered", test_tampered);
    ADD("refused", test_refused);
    return g_test_run();
}
