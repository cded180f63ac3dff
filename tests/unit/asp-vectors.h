/*
 * Known answers for the software AMD Secure Processor, and their reader
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One worked example: keys, certificates, session, launch, secret and report
 * that belong together.  Made by a Python script with the "cryptography"
 * package from the formulas of the SEV API; private key NAME is
 * SHA-384("sev-api digest example " + NAME) as a big-endian number, ECDSA
 * nonces are those of RFC 6979 with SHA-256.  An independent implementation
 * (AMD's sev-tool with OpenSSL, and libvirt's virt-qemu-sev-validate) gave
 * the same values.  Nothing here was made by the code under test.
 *
 * Numbers are big-endian.
 */

#ifndef TESTS_ASP_VECTORS_H
#define TESTS_ASP_VECTORS_H

#include <glib.h>
#include <string.h>
#include "asp.h"
#include "crypto.h"

#define V_API_MAJOR 0
#define V_API_MINOR 24
#define V_BUILD     15
#define V_POLICY    0x11000005

#define V_D_OCA  "86f32269455dcd5c0e63865a77f5133070161132d129d7f3" \
                 "61b18de9e36ef9f6a7fa5eb3ebf56cfcf063eee5e34c8c1d"
#define V_X_OCA  "9485cab001f7b2306f13908f525198ffc83d16d0eea8b54b" \
                 "216a3498a4b3ca9734f05b9d8613c2c3bd9937bb16a84bde"
#define V_Y_OCA  "a6f17dd48160de7cc193098d86318d7ba5cadd12bd9655a0" \
                 "285986d46cd4dc34a00e97b08cc21e7f5dd94ae54644a991"
#define V_D_CEK  "8270c95dedd8bbdfdbb09f88bad400db7695795b388a7a17" \
                 "dd53df2571c266cd92d5cc06ef68dd35a1734af76a8c4d86"
#define V_X_CEK  "da1e09bce93c5a02404dabe9aeec5c4f03cd659b044b4b2f" \
                 "9bb091efba973cc415dd58b859b8052662f8c61bf4ad8b75"
#define V_Y_CEK  "828aba7fa611769dfc9f799343efa19e0055fdb50974e67f" \
                 "71738edfa1303890f699cada27f1ae5dd9169e15d056dfa2"
#define V_D_PEK  "bf76e526a38d7b19f57908b20e00776e3dccd482875d0489" \
                 "6a60e12d55e50c91e41e0dfd7d955245653fb2c4d50f1ce0"
#define V_X_PEK  "f648d442739b3de615c37b7013176c7fcdb17615adebb5e0" \
                 "06f6f804dbc3dda392841909724a79d5b56b58ba1b2bcf74"
#define V_Y_PEK  "91e4e51df5754a4b725a4dcba8169bc28a6263f21455dd5e" \
                 "6a352d0e322cae8fb2694a7b63b709453505a7a67c0beb40"
#define V_D_PDH  "e29479c0f72183a034ffd4a72c455873a67de550fe08af18" \
                 "c51488390e2fe1b0457fc682d218402dea24dc64c398c903"
#define V_X_PDH  "89eab44f36a366b9203b123e7923ef52a8da2445a7293525" \
                 "3933b118c638fd430c74eaf093b7977a477f4c84654cb1da"
#define V_Y_PDH  "0c6e4c7630955efd44936b55217c0591c507bbc6055cba5c" \
                 "2cae34f3579ae5808d17e2b44495c8f275be65ea1fb0b583"
#define V_D_GODH "e5166435e45d7fc88c897c2bd34036993341b8ada856d5b0" \
                 "602e1d9df4af2a8a381adc7cfbe6e3bd02036bf698937586"
#define V_X_GODH "badf6871599c59ef26b6ffd16514b694c06f6b3b857b0a3f" \
                 "1def07055ee5f9f88a84aabe9b6d1ff792f940730029dedc"
#define V_Y_GODH "e53a3b7df069d77a313a6bf51ac918673aac97ed8516292a" \
                 "8a5570efa63ba3f41b9e6c69185a4f414491367b809ef050"

#define V_NONCE      "000102030405060708090a0b0c0d0e0f"
#define V_TEK        "101112131415161718191a1b1c1d1e1f"
#define V_TIK        "202122232425262728292a2b2c2d2e2f"
#define V_WRAP_IV    "303132333435363738393a3b3c3d3e3f"
#define V_Z          "28168facd3cabeeb01a65e002f45e54878288d7ff1f5df21" \
                     "fd74faa9e8aa92e97a682c200b9458c4280f70bfa673c8da"
#define V_MS         "f36c07c448c279b74f78276d5a6d39e4"
#define V_KEK        "4583617e233df41ddd3d9e6b4a247d1f"
#define V_KIK        "557823b3078bacbf5f67683f1f0c3c84"
#define V_WRAP_TK    "1c2686734e2b797f00ef7c8748c38601" \
                     "dbeb4ec3e597f9f062d6f06f2c5e1d5f"
#define V_WRAP_MAC   "ab3ad821d1ab524f846632669d5b6eaa" \
                     "3831a2bc3635c40501c6cf971bc66665"
#define V_POLICY_MAC "a076abca833722e3a79d19e5208862e0" \
                     "700a39bf7ed79da772f72d4682a7161f"

#define V_LD         "fc07d03ad64e77cd20dd286a9816a55f" \
                     "bf207f8a592046640fad1ba02bcadc80"
#define V_MNONCE     "404142434445464748494a4b4c4d4e4f"
#define V_MEASURE    "0f711f4742f10715c2cde957c65c1428" \
                     "1fb7f51e0b75061849348d0e6c9a0668"

#define V_HASH_TABLE \
    "06d63894224fc94cb479a793d411fd21a800d82dd09720bd944caa78e7714d36" \
    "ab2a3200f18aae9b3c09e55bc3047ad361e2442d7c53372470b2958fb8329320" \
    "9a784f7131f7ba442f3ad74b9af141e29169781d3200ca17bed8bc4079637fa3" \
    "d2a691a5174d7a4f6b9787b196222b7b18062755c99a3794e74dd2ab7f42b835" \
    "d5b172d2045b32004e72696f3eefb3b2375c36063864c2635cf3b8c85a83296a" \
    "9cc30b0534c16f4d0000000000000000"

#define V_SECRET \
    "42f5741edd71664d963eef4287ff173b3a000000e5696873f084734992ec0687" \
    "9ce3da0b260000006d792d6469736b2d70617373706872617365000000000000"
#define V_SECRET_IV  "505152535455565758595a5b5c5d5e5f"
#define V_SECRET_CIPHER \
    "f01161c8246bcf3f041250034f7e8a015aa5250e12943f6918e70f213a6e9308" \
    "3a0f84b7c919920b070bd8808037ec85132698a613f83f8609dd29fd11c98454"
#define V_SECRET_MAC "1037528c2b2ed7919e922ad3f9b2e3dc" \
                     "c7660a4be7cef9e75c4830f66b11d90f"

/* Bytes of a hexadecimal string; there have to be exactly @len */
static inline void unhex(const char *hex, void *out, size_t len)
{
    uint8_t *p = out;
    size_t i;

    g_assert_cmpuint(strlen(hex), ==, 2 * len);
    for (i = 0; i < len; i++) {
        int hi = g_ascii_xdigit_value(hex[2 * i]);
        int lo = g_ascii_xdigit_value(hex[2 * i + 1]);

        g_assert(hi >= 0 && lo >= 0);
        p[i] = hi << 4 | lo;
    }
}

#define UNHEX(hex, array) unhex(hex, array, sizeof(array))

/* That @len bytes at @data are those of @hex; says both if not */
static inline void assert_hex(const void *data, size_t len, const char *hex)
{
    GString *text = g_string_new(NULL);
    const uint8_t *p = data;
    size_t i;

    for (i = 0; i < len; i++) {
        g_string_append_printf(text, "%02x", p[i]);
    }
    g_assert_cmpstr(text->str, ==, hex);
    g_string_free(text, TRUE);
}

#define ASSERT_HEX(array, hex) assert_hex(array, sizeof(array), hex)

/* SHA-256 by glib, so that the code under test does not judge itself */
static inline void assert_sha256(const void *data, size_t len,
                                 const char *hex)
{
    char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, len);

    g_assert_cmpstr(sum, ==, hex);
    g_free(sum);
}

static inline AspEcKey vector_key(const char *d, const char *x, const char *y)
{
    AspEcKey key;

    UNHEX(d, key.d);
    UNHEX(x, key.pub.x);
    UNHEX(y, key.pub.y);
    return key;
}

#define VECTOR_KEY(NAME) vector_key(V_D_##NAME, V_X_##NAME, V_Y_##NAME)

/* The firmware image of the example: byte i is 7 i + 3 */
static inline void vector_firmware(uint8_t *image)
{
    size_t i;

    for (i = 0; i < 4096; i++) {
        image[i] = 7 * i + 3;
    }
}

#endif
