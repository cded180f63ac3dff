/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the tests of SEV launches share.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qobject/qdict.h"
#include "launch.h"

/* GUIDs of the firmware's table, as they are in memory */
static const uint8_t footer_guid[16] = {
    0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45,
    0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d,
};
static const uint8_t secret_guid[16] = {
    0x61, 0xb3, 0x2e, 0x4c, 0x9b, 0x7d, 0xc3, 0x4c,
    0x80, 0x81, 0x12, 0x7c, 0x90, 0xd3, 0xd2, 0x94,
};
static const uint8_t hash_guid[16] = {
    0x1f, 0x37, 0x55, 0x72, 0x3b, 0x3a, 0x04, 0x4b,
    0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54,
};

#define TABLE_END (TEST_FIRMWARE_SIZE - 0x20)

const SevTransportKeys test_keys = {
    .tek = "tek of the tests",
    .tik = "tik of the tests",
};

static char *folder;

static char *path_of(const char *name)
{
    GError *err = NULL;

    if (!folder) {
        folder = g_dir_make_tmp("sev-test-XXXXXX", &err);
        g_assert_no_error(err);
    }
    return g_strdup_printf("%s/%s", folder, name);
}

char *test_file(const char *name, const void *data, size_t len)
{
    char *path = path_of(name);

    g_assert_true(g_file_set_contents(path, len ? data : "", len, NULL));
    return path;
}

char *test_file_base64(const char *name, const void *data, size_t len)
{
    g_autofree char *text = g_base64_encode(data, len);

    return test_file(name, text, strlen(text));
}

char *test_file_pattern(const char *name, uint8_t first, size_t len)
{
    g_autofree uint8_t *data = g_malloc(len);

    for (size_t i = 0; i < len; i++) {
        data[i] = first + i;
    }
    return test_file(name, data, len);
}

void test_files_remove(void)
{
    if (folder) {
        const char *argv[] = { "rm", "-rf", folder, NULL };

        g_assert_true(g_spawn_sync(NULL, (char **)argv, NULL,
                                   G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                                   NULL, NULL));
        g_clear_pointer(&folder, g_free);
    }
}

static uint8_t *push(uint8_t *top, const void *data, size_t len)
{
    memcpy(top - len, data, len);
    return top - len;
}

static uint8_t *push_u16(uint8_t *top, uint16_t value)
{
    stw_le_p(top - 2, value);
    return top - 2;
}

/* The table grows downwards: data, length, GUID */
static uint8_t *push_area(uint8_t *top, const uint8_t *guid, TestArea area)
{
    uint8_t data[8];
    size_t len = area.cut ? 4 : 8;

    if (!area.present) {
        return top;
    }
    stl_le_p(data, area.base);
    stl_le_p(data + 4, area.size);
    top = push(top, guid, 16);
    top = push_u16(top, len + 18);
    return push(top, data, len);
}

char *test_firmware(const char *name, TestArea secret, TestArea hashes)
{
    static const uint8_t halt[] = { 0xfa, 0xf4, 0xeb, 0xfd };
    g_autofree uint8_t *image = g_malloc(TEST_FIRMWARE_SIZE);
    uint8_t *end = image + TABLE_END, *length, *top;

    for (unsigned i = 0; i < TEST_FIRMWARE_SIZE; i++) {
        image[i] = 7 * i + 3;
    }
    memcpy(image + TEST_FIRMWARE_SIZE - 16, halt, sizeof(halt));
    top = push(end, footer_guid, sizeof(footer_guid));
    length = top = push_u16(top, 0);
    top = push_area(top, secret_guid, secret);
    top = push_area(top, hash_guid, hashes);
    stw_le_p(length, end - top);
    return test_file(name, image, TEST_FIRMWARE_SIZE);
}

char *test_firmware_full(void)
{
    return test_firmware("full.fd",
                         (TestArea) { true, TEST_SECRET_BASE,
                                      TEST_SECRET_SIZE },
                         (TestArea) { true, TEST_HASH_BASE, TEST_HASH_SIZE });
}

char *test_kernel(void)
{
    uint8_t image[4096];

    for (unsigned i = 0; i < sizeof(image); i++) {
        image[i] = 11 * i;
    }
    image[0x1f1] = 3;                           /* sectors of setup code */
    memcpy(image + 0x202, "HdrS", 4);
    stw_le_p(image + 0x206, 0x20c);             /* boot protocol */
    image[0x211] = 1;                           /* loaded high */
    stw_le_p(image + 0x236, 2);                 /* initrd anywhere */
    return test_file("bzImage", image, sizeof(image));
}

QTestState *test_launch_bare(const char *object, const char *options)
{
    return qtest_initf("-accel tcg -M q35,confidential-guest-support=sev0 "
                       "-nodefaults -m 64 -S -object %s,id=sev0 %s",
                       object, options ?: "");
}

QTestState *test_launch(const char *object, const char *options)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *all = g_strdup_printf("-bios %s %s", firmware,
                                           options ?: "");

    return test_launch_bare(object, all);
}

void test_refused(const char *expected, const char *fmt, ...)
{
    g_autofree char *options = NULL, *command = NULL, *message = NULL;
    GError *err = NULL;
    va_list ap;
    int status;

    va_start(ap, fmt);
    options = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    command = g_strdup_printf("timeout 60 %s -nodefaults -display none -S "
                              "-monitor none %s",
                              g_getenv("QTEST_QEMU_BINARY"), options);
    g_test_message("%s", command);
    g_assert_true(g_spawn_command_line_sync(command, NULL, &message, &status,
                                            &err));
    g_assert_no_error(err);
    g_test_message("%s", message);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 1);
    g_assert_nonnull(strstr(message, expected));
}

void test_qmp_refused(QTestState *qts, const char *expected,
                      const char *fmt, ...)
{
    QDict *reply, *error;
    va_list ap;

    va_start(ap, fmt);
    reply = qtest_vqmp(qts, fmt, ap);
    va_end(ap);
    error = qdict_get_qdict(reply, "error");
    g_assert_nonnull(error);
    g_assert_cmpstr(qdict_get_str(error, "class"), ==, "GenericError");
    g_test_message("%s", qdict_get_str(error, "desc"));
    g_assert_nonnull(strstr(qdict_get_str(error, "desc"), expected));
    qobject_unref(reply);
}

char *test_query_string(QTestState *qts, const char *command,
                        const char *member)
{
    QDict *reply = qtest_qmp(qts, "{ 'execute': %s }", command);
    QDict *result = qdict_get_qdict(reply, "return");
    char *value;

    g_assert_nonnull(result);
    value = g_strdup(qdict_get_str(result, member));
    qobject_unref(reply);
    return value;
}

char *test_state(QTestState *qts)
{
    return test_query_string(qts, "query-sev", "state");
}

uint8_t *test_query_blob(QTestState *qts, const char *command,
                         const char *member, size_t len)
{
    g_autofree char *text = test_query_string(qts, command, member);
    gsize got;
    uint8_t *blob = g_base64_decode(text, &got);

    g_assert_cmpuint(got, ==, len);
    return blob;
}

char *test_sha256(const void *data, size_t len)
{
    return g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, len);
}

char *test_session_options(const char *probe, uint32_t policy)
{
    g_autofree uint8_t *pdh_bytes = NULL;
    g_autofree char *godh_file = NULL, *session_file = NULL;
    QTestState *qts = qtest_init(probe);
    GError *err = NULL;
    SevCert pdh, godh;
    SevSession session;

    pdh_bytes = test_query_blob(qts, "query-sev-capabilities", "pdh",
                                SEV_CERT_SIZE);
    qtest_quit(qts);
    memcpy(pdh.bytes, pdh_bytes, SEV_CERT_SIZE);
    sev_session_create(&pdh, policy, &test_keys, &godh, &session, &err);
    g_assert_no_error(err);
    godh_file = test_file_base64("godh.b64", &godh, sizeof(godh));
    session_file = test_file_base64("session.b64", &session, sizeof(session));
    return g_strdup_printf("policy=0x%x,dh-cert-file=%s,session-file=%s",
                           policy, godh_file, session_file);
}

static void hmac_int(GHmac *hmac, QDict *info, const char *member)
{
    uint8_t value = qdict_get_int(info, member);

    g_hmac_update(hmac, &value, 1);
}

bool test_measurement_matches(QTestState *qts, uint32_t policy,
                              const char *digest_hex)
{
    g_autofree uint8_t *blob = test_query_blob(qts, "query-sev-launch-measure",
                                               "data", 48);
    GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, test_keys.tik, 16);
    QDict *reply = qtest_qmp(qts, "{ 'execute': 'query-sev' }");
    QDict *info = qdict_get_qdict(reply, "return");
    uint8_t mac[32], policy_le[4], byte = 0x04;
    gsize len = sizeof(mac);

    g_hmac_update(hmac, &byte, 1);
    hmac_int(hmac, info, "api-major");
    hmac_int(hmac, info, "api-minor");
    hmac_int(hmac, info, "build-id");
    stl_le_p(policy_le, policy);
    g_hmac_update(hmac, policy_le, sizeof(policy_le));
    for (unsigned i = 0; i < 32; i++) {
        byte = g_ascii_xdigit_value(digest_hex[2 * i]) << 4 |
               g_ascii_xdigit_value(digest_hex[2 * i + 1]);
        g_hmac_update(hmac, &byte, 1);
    }
    g_hmac_update(hmac, blob + 32, 16);
    g_hmac_get_digest(hmac, mac, &len);
    g_hmac_unref(hmac);
    qobject_unref(reply);
    return memcmp(mac, blob, sizeof(mac)) == 0;
}
