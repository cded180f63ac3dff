/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV launches as a guest owner sees them: what is measured, with which keys,
 * and that the launch of anything else is refused.
 *
 * Hashes and MACs are computed with glib here, and the table of kernel hashes
 * from its description in OVMF.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "sev/launch.h"
#include "target/i386/sev/asp/identity.h"

#define MACHINE "-accel tcg -M q35,confidential-guest-support=sev0 "
#define PROBE "-accel tcg -M none"

/* Options that make the keys known */
static char *known_keys(void)
{
    g_autofree char *tik = test_file("tik", test_keys.tik, SEV_KEY_SIZE);
    g_autofree char *tek = test_file("tek", test_keys.tek, SEV_KEY_SIZE);

    return g_strdup_printf("sev-emulated,tik=%s,tek=%s", tik, tek);
}

static char *file_sha256(const char *path)
{
    g_autofree char *data = NULL;
    gsize len;

    g_assert_true(g_file_get_contents(path, &data, &len, NULL));
    return test_sha256(data, len);
}

static QList *measured_ranges(QTestState *qts)
{
    QDict *reply = qtest_qmp(qts, "{ 'execute': 'query-sev-measured-ranges' }");
    QList *ranges = qobject_ref(qdict_get_qlist(reply, "return"));

    qobject_unref(reply);
    return ranges;
}

static QDict *pop_range(QList *ranges)
{
    return qobject_to(QDict, qlist_pop(ranges));
}

/* The firmware alone: the launch digest is its SHA-256. */
static void test_firmware_measured(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *digest = file_sha256(firmware);
    g_autofree char *keys = known_keys();
    QTestState *qts = test_launch(keys, NULL);
    QList *ranges = measured_ranges(qts);
    QDict *range = pop_range(ranges);

    g_assert_cmpint(qdict_get_int(range, "gpa"), ==, TEST_FIRMWARE_GPA);
    g_assert_cmpint(qdict_get_int(range, "size"), ==, TEST_FIRMWARE_SIZE);
    g_assert_cmpstr(qdict_get_str(range, "kind"), ==, "firmware");
    g_assert_cmpstr(qdict_get_str(range, "sha256"), ==, digest);
    g_assert_cmpstr(qdict_get_str(range, "launch-digest"), ==, digest);
    g_assert_true(qlist_empty(ranges));
    g_assert_true(test_measurement_matches(qts, 1, digest));
    g_assert_false(test_measurement_matches(qts, 0, digest));
    qobject_unref(range);
    qobject_unref(ranges);
    qtest_quit(qts);
}

/* What an operator looks at first */
static void test_trace(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *digest = file_sha256(firmware);
    g_autofree char *log = test_file("trace.log", "", 0);
    g_autofree char *options = g_strdup_printf("-trace sev_* -D %s", log);
    g_autofree char *range = g_strdup_printf(
        "sev_measured_range gpa 0x%llx size 0x%x firmware, "
        "launch digest now %s\n", TEST_FIRMWARE_GPA, TEST_FIRMWARE_SIZE,
        digest);
    g_autofree char *text = NULL;

    qtest_quit(test_launch("sev-guest", options));
    g_assert_true(g_file_get_contents(log, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, range));
    g_assert_nonnull(strstr(text, "sev_change_state sev0: "
                                  "launch-update -> launch-secret\n"));
    g_assert_nonnull(strstr(text, "sev_firmware_command LAUNCH_MEASURE: "
                                  "SUCCESS (0x00) in "));
    /* At the end the platform forgets the guest */
    g_assert_nonnull(strstr(text, "sev_firmware_command DECOMMISSION: "
                                  "SUCCESS (0x00) in "));
}

/* Flash is measured as a ROM is; a second flash is not. */
static void test_flash_measured(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *vars = test_file_pattern("vars.fd", 0, 64 * 1024);
    g_autofree char *digest = file_sha256(firmware);
    g_autofree char *keys = known_keys();
    g_autofree char *options = g_strdup_printf(
        "-drive if=pflash,format=raw,readonly=on,file=%s "
        "-drive if=pflash,format=raw,file=%s", firmware, vars);
    QTestState *qts = test_launch_bare(keys, options);

    g_assert_true(test_measurement_matches(qts, 1, digest));
    qtest_quit(qts);
}

/* Keys from secret objects are the same keys. */
static void test_keys_from_secrets(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *digest = file_sha256(firmware);
    g_autofree char *tik = test_file("tik", test_keys.tik, SEV_KEY_SIZE);
    g_autofree char *options = g_strdup_printf("-object secret,id=k1,file=%s",
                                               tik);
    QTestState *qts = test_launch("sev-emulated,tik=k1", options);

    g_assert_true(test_measurement_matches(qts, 1, digest));
    qtest_quit(qts);
}

/* Without a session nobody outside knows the key, and each launch has one. */
static void test_no_session(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *digest = file_sha256(firmware);
    QTestState *qts = test_launch("sev-guest", NULL);

    g_assert_false(test_measurement_matches(qts, 1, digest));
    qtest_quit(qts);
}

static void append_hex(GByteArray *table, const char *hex)
{
    for (; *hex; hex += 2) {
        uint8_t byte = g_ascii_xdigit_value(hex[0]) << 4 |
                       g_ascii_xdigit_value(hex[1]);

        g_byte_array_append(table, &byte, 1);
    }
}

/* GUID in memory order, length, SHA-256 */
static void append_entry(GByteArray *table, const char *guid,
                         const char *sha256)
{
    append_hex(table, guid);
    append_hex(table, "3200");
    append_hex(table, sha256);
}

static GByteArray *hash_table(const char *cmdline, const char *initrd,
                              const char *kernel)
{
    GByteArray *table = g_byte_array_new();
    g_autofree char *cmdline_hash = test_sha256(cmdline, strlen(cmdline) + 1);
    g_autofree char *initrd_hash = initrd ? file_sha256(initrd)
                                          : test_sha256("", 0);
    g_autofree char *kernel_hash = file_sha256(kernel);

    append_hex(table, "06d63894224fc94cb479a793d411fd21a800");
    append_entry(table, "d82dd09720bd944caa78e7714d36ab2a", cmdline_hash);
    append_entry(table, "31f7ba442f3ad74b9af141e29169781d", initrd_hash);
    append_entry(table, "3794e74dd2ab7f42b835d5b172d2045b", kernel_hash);
    append_hex(table, "0000000000000000");
    g_assert_cmpuint(table->len, ==, 176);
    return table;
}

static char *digest_of_both(const char *firmware, GByteArray *table)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *image = NULL;
    char *digest;
    gsize len;

    g_assert_true(g_file_get_contents(firmware, &image, &len, NULL));
    g_checksum_update(sum, (uint8_t *)image, len);
    g_checksum_update(sum, table->data, table->len);
    digest = g_strdup(g_checksum_get_string(sum));
    g_checksum_free(sum);
    return digest;
}

static void check_kernel_hashes(const char *cmdline, const char *initrd)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *kernel = test_kernel();
    GByteArray *table = hash_table(cmdline ?: "", initrd, kernel);
    g_autofree char *digest = digest_of_both(firmware, table);
    g_autofree char *table_hash = test_sha256(table->data, table->len);
    g_autofree char *keys = known_keys();
    g_autofree char *object = g_strdup_printf("%s,kernel-hashes=on", keys);
    g_autofree char *options = g_strdup_printf("-kernel %s %s %s %s %s",
                                               kernel,
                                               cmdline ? "-append" : "",
                                               cmdline ?: "",
                                               initrd ? "-initrd" : "",
                                               initrd ?: "");
    QTestState *qts = test_launch(object, options);
    QList *ranges = measured_ranges(qts);
    QDict *range;

    qobject_unref(qlist_pop(ranges));
    range = pop_range(ranges);
    g_assert_cmpint(qdict_get_int(range, "gpa"), ==, TEST_HASH_BASE);
    g_assert_cmpint(qdict_get_int(range, "size"), ==, 176);
    g_assert_cmpstr(qdict_get_str(range, "kind"), ==, "kernel-hashes");
    g_assert_cmpstr(qdict_get_str(range, "sha256"), ==, table_hash);
    g_assert_cmpstr(qdict_get_str(range, "launch-digest"), ==, digest);
    g_assert_true(qlist_empty(ranges));
    g_assert_true(test_measurement_matches(qts, 1, digest));
    qobject_unref(range);
    qobject_unref(ranges);
    g_byte_array_unref(table);
    qtest_quit(qts);
}

static void test_kernel_hashes(void)
{
    g_autofree char *initrd = test_file_pattern("initrd", 5, 1000);

    check_kernel_hashes("console=ttyS0", initrd);
    check_kernel_hashes("console=ttyS0", NULL);
    check_kernel_hashes(NULL, NULL);
}

/* Without kernel-hashes=on a kernel is not part of the measurement. */
static void test_kernel_without_hashes(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *digest = file_sha256(firmware);
    g_autofree char *kernel = test_kernel();
    g_autofree char *keys = known_keys();
    g_autofree char *options = g_strdup_printf("-kernel %s", kernel);
    QTestState *qts = test_launch(keys, options);

    g_assert_true(test_measurement_matches(qts, 1, digest));
    qtest_quit(qts);
}

static void check_hash_area_refused(TestArea area, const char *expected)
{
    g_autofree char *firmware = test_firmware("broken.fd", (TestArea) {},
                                              area);
    g_autofree char *kernel = test_kernel();

    test_refused(expected, MACHINE "-bios %s -kernel %s -m 64 "
                 "-object sev-guest,id=sev0,kernel-hashes=on", firmware,
                 kernel);
}

static void test_hash_area_refused(void)
{
    TestArea none = {};
    TestArea empty = { true, 0, 0 };
    TestArea cut = { true, TEST_HASH_BASE, TEST_HASH_SIZE, .cut = true };
    TestArea small = { true, TEST_HASH_BASE, 175 };
    TestArea odd = { true, TEST_HASH_BASE + 8, TEST_HASH_SIZE };
    TestArea outside = { true, 0xf0000000, TEST_HASH_SIZE };
    TestArea edge = { true, 64 * 1024 * 1024 - 16, TEST_HASH_SIZE };
    TestArea rom = { true, (uint32_t)TEST_FIRMWARE_GPA - 16, TEST_HASH_SIZE };

    check_hash_area_refused(none, "no kernel hash area");
    check_hash_area_refused(empty, "it is empty");
    check_hash_area_refused(cut, "in 4 bytes instead of 8");
    check_hash_area_refused(small, "has 0xaf bytes");
    check_hash_area_refused(odd, "multiples of 16");
    check_hash_area_refused(outside, "not all in guest RAM");
    check_hash_area_refused(edge, "not all in guest RAM");
    check_hash_area_refused(rom, "not all in guest RAM");
}

/* A file that is no Linux kernel gets no hashes, which must not pass. */
static void test_kernel_refused(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *raw = test_file_pattern("raw", 0, 100);

    test_refused("", MACHINE "-bios %s -kernel %s "
                 "-object sev-guest,id=sev0,kernel-hashes=on", firmware, raw);
}

/* The guest owner's files, the way that hardware takes */
static void test_session(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *digest = file_sha256(firmware);
    g_autofree char *options = test_session_options(PROBE, 3);
    g_autofree char *object = g_strdup_printf("sev-guest,%s", options);
    QTestState *qts = test_launch(object, NULL);

    g_assert_true(test_measurement_matches(qts, 3, digest));
    qtest_quit(qts);
}

static void test_session_for_other_policy(void)
{
    g_autofree char *options = test_session_options(PROBE, 3);
    g_autofree char *firmware = test_firmware_full();

    test_refused("BAD_MEASUREMENT (0x0b)", MACHINE "-bios %s "
                 "-object sev-guest,id=sev0,%s,policy=1", firmware, options);
    test_refused("for policy 0x1", MACHINE "-bios %s "
                 "-object sev-guest,id=sev0,%s,policy=1", firmware, options);
}

/* An identity of its own; it takes a while to make, so there is one. */
static char *own_identity(void)
{
    char *path = test_file("platform", "", 0);
    static char *state;
    static gsize len;
    GError *err = NULL;

    if (state) {
        g_assert_true(g_file_set_contents(path, state, len, NULL));
        return path;
    }
    unlink(path);
    asp_identity_free(asp_identity_create(path, &err));
    g_assert_no_error(err);
    g_assert_true(g_file_get_contents(path, &state, &len, NULL));
    return path;
}

/* A platform of its own has its own keys, and keeps them. */
static void test_session_for_other_platform(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *digest = file_sha256(firmware);
    g_autofree char *state = own_identity();
    g_autofree char *probe = g_strdup_printf(
        MACHINE "-S -bios %s -object sev-guest,id=sev0,state-file=%s",
        firmware, state);
    g_autofree char *builtin = test_session_options(PROBE, 1);
    g_autofree char *object = NULL, *own = NULL;
    QTestState *qts;

    test_refused("BAD_MEASUREMENT (0x0b)", MACHINE "-bios %s "
                 "-object sev-guest,id=sev0,%s,state-file=%s", firmware,
                 builtin, state);
    own = test_session_options(probe, 1);
    test_refused("query-sev-capabilities", MACHINE "-bios %s "
                 "-object sev-guest,id=sev0,%s", firmware, own);
    object = g_strdup_printf("sev-guest,%s,state-file=%s", own, state);
    qts = test_launch(object, NULL);
    g_assert_true(test_measurement_matches(qts, 1, digest));
    qtest_quit(qts);
}

static void test_state_file_refused(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *good = own_identity();
    g_autofree char *data = NULL;
    gsize len;

    g_assert_true(g_file_get_contents(good, &data, &len, NULL));
    data[len / 2] ^= 1;
    g_assert_true(g_file_set_contents(good, data, len, NULL));
    test_refused("damaged", MACHINE "-bios %s "
                 "-object sev-guest,id=sev0,state-file=%s", firmware, good);
    g_assert_true(g_file_set_contents(good, data, len / 2, NULL));
    test_refused("qemu-sev platform init", MACHINE "-bios %s "
                 "-object sev-guest,id=sev0,state-file=%s", firmware, good);
    test_refused("qemu-sev platform init", MACHINE "-bios %s "
                 "-object sev-guest,id=sev0,state-file=%s", firmware,
                 firmware);
}

/* A certificate that is none, with a session of the right size */
static void test_session_garbage(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree uint8_t *zeros = g_malloc0(SEV_CERT_SIZE);
    g_autofree char *cert = test_file_base64("zero-cert", zeros,
                                             SEV_CERT_SIZE);
    g_autofree char *session = test_file_base64("zero-session", zeros,
                                                SEV_SESSION_SIZE);

    test_refused("INVALID_CERTIFICATE (0x06)", MACHINE "-bios %s -object "
                 "sev-guest,id=sev0,dh-cert-file=%s,session-file=%s",
                 firmware, cert, session);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sev/launch/firmware", test_firmware_measured);
    qtest_add_func("/sev/launch/trace", test_trace);
    qtest_add_func("/sev/launch/flash", test_flash_measured);
    qtest_add_func("/sev/launch/keys-from-secrets", test_keys_from_secrets);
    qtest_add_func("/sev/launch/no-session", test_no_session);
    qtest_add_func("/sev/launch/kernel-hashes", test_kernel_hashes);
    qtest_add_func("/sev/launch/kernel-without-hashes",
                   test_kernel_without_hashes);
    qtest_add_func("/sev/launch/hash-area-refused", test_hash_area_refused);
    qtest_add_func("/sev/launch/kernel-refused", test_kernel_refused);
    qtest_add_func("/sev/launch/session", test_session);
    qtest_add_func("/sev/launch/session-for-other-policy",
                   test_session_for_other_policy);
    qtest_add_func("/sev/launch/session-for-other-platform",
                   test_session_for_other_platform);
    qtest_add_func("/sev/launch/state-file-refused", test_state_file_refused);
    qtest_add_func("/sev/launch/session-garbage", test_session_garbage);
    ret = g_test_run();
    test_files_remove();
    return ret;
}
