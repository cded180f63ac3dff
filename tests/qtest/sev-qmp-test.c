/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * QMP and HMP of SEV guests: every command in every state, secrets good and
 * bad, and that a refused request leaves guest and state alone.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "qobject/qdict.h"
#include "qobject/qlist.h"
#include "sev/launch.h"
#include "target/i386/sev/asp/launch.h"

#define SECRET_SIZE     64
#define NONCE           "AAECAwQFBgcICQoLDA0ODw=="     /* 00 01 ... 0f */

static char *known_keys(void)
{
    g_autofree char *tik = test_file("tik", test_keys.tik, SEV_KEY_SIZE);
    g_autofree char *tek = test_file("tek", test_keys.tek, SEV_KEY_SIZE);

    return g_strdup_printf("sev-emulated,tik=%s,tek=%s", tik, tek);
}

static QTestState *launch_known(const char *options)
{
    g_autofree char *keys = known_keys();

    return test_launch(keys, options);
}

static void cont(QTestState *qts)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'cont' }");
}

static void assert_state(QTestState *qts, const char *expected)
{
    g_autofree char *state = test_state(qts);

    g_assert_cmpstr(state, ==, expected);
}

/* Machines without a SEV guest */
static void test_plain_guest(void)
{
    QTestState *qts = qtest_init("-accel tcg -M q35 -nodefaults -S");
    QDict *reply = qtest_qmp(qts, "{ 'execute': 'query-sev' }");
    g_autofree char *hmp = NULL;

    g_assert_false(qdict_get_bool(qdict_get_qdict(reply, "return"),
                                  "enabled"));
    qobject_unref(reply);
    reply = qtest_qmp(qts, "{ 'execute': 'query-sev-measured-ranges' }");
    g_assert_true(qlist_empty(qdict_get_qlist(reply, "return")));
    qobject_unref(reply);
    test_qmp_refused(qts, "SEV is not enabled",
                     "{ 'execute': 'query-sev-launch-measure' }");
    test_qmp_refused(qts, "SEV is not enabled",
                     "{ 'execute': 'sev-inject-launch-secret', 'arguments':"
                     " { 'packet-header': 'AAAA', 'secret': 'AAAA' } }");
    test_qmp_refused(qts, "confidential-guest-support",
                     "{ 'execute': 'query-sev-attestation-report',"
                     " 'arguments': { 'mnonce': " "'" NONCE "'" " } }");
    hmp = qtest_hmp(qts, "info sev");
    g_assert_nonnull(strstr(hmp, "SEV is not enabled"));
    qtest_quit(qts);
}

/* What management software asks before it makes a guest */
static void test_capabilities(void)
{
    QTestState *qts = qtest_init("-accel tcg -M none");
    g_autofree uint8_t *pdh = NULL, *chain = NULL, *chip = NULL;
    QDict *reply, *caps;

    pdh = test_query_blob(qts, "query-sev-capabilities", "pdh", 2084);
    chain = test_query_blob(qts, "query-sev-capabilities", "cert-chain", 6252);
    chip = test_query_blob(qts, "query-sev-capabilities", "cpu0-id", 64);
    /* usage: PDH, PEK, OCA, CEK */
    g_assert_cmphex(ldl_le_p(pdh + 8), ==, 0x1003);
    g_assert_cmphex(ldl_le_p(chain + 8), ==, 0x1002);
    g_assert_cmphex(ldl_le_p(chain + 2084 + 8), ==, 0x1001);
    g_assert_cmphex(ldl_le_p(chain + 2 * 2084 + 8), ==, 0x1004);
    reply = qtest_qmp(qts, "{ 'execute': 'query-sev-capabilities' }");
    caps = qdict_get_qdict(reply, "return");
    g_assert_cmpint(qdict_get_int(caps, "cbitpos"), ==, 51);
    g_assert_cmpint(qdict_get_int(caps, "reduced-phys-bits"), ==, 1);
    g_assert_cmpint(qdict_size(caps), ==, 5);
    qobject_unref(reply);
    qtest_quit(qts);
}

/* The same platform answers in every process, and beside a guest. */
static void test_capabilities_last(void)
{
    QTestState *probe = qtest_init("-accel tcg -M none");
    QTestState *qts = test_launch("sev-guest", NULL);
    g_autofree char *first = test_query_string(probe, "query-sev-capabilities",
                                               "pdh");
    g_autofree char *second = test_query_string(qts, "query-sev-capabilities",
                                                "pdh");

    g_assert_cmpstr(first, ==, second);
    cont(qts);
    assert_state(qts, "running");
    qtest_quit(probe);
    qtest_quit(qts);
}

static void test_capabilities_refused(void)
{
    QTestState *qts = qtest_init("-M none");

    test_qmp_refused(qts, "use -accel tcg",
                     "{ 'execute': 'query-sev-capabilities' }");
    qtest_quit(qts);
}

static void test_query_sev(void)
{
    QTestState *qts = test_launch("sev-guest,policy=0xb", NULL);
    QDict *reply = qtest_qmp(qts, "{ 'execute': 'query-sev' }");
    QDict *info = qdict_get_qdict(reply, "return");

    g_assert_true(qdict_get_bool(info, "enabled"));
    g_assert_cmpstr(qdict_get_str(info, "sev-type"), ==, "sev");
    g_assert_cmpstr(qdict_get_str(info, "state"), ==, "launch-secret");
    g_assert_cmpint(qdict_get_int(info, "policy"), ==, 0xb);
    g_assert_cmpint(qdict_get_int(info, "handle"), !=, 0);
    g_assert_cmpint(qdict_get_int(info, "api-major"), ==, ASP_API_MAJOR);
    g_assert_cmpint(qdict_get_int(info, "api-minor"), ==, ASP_API_MINOR);
    g_assert_cmpint(qdict_get_int(info, "build-id"), ==, ASP_BUILD);
    qobject_unref(reply);
    qtest_quit(qts);
}

static void test_state_change(void)
{
    QTestState *qts = test_launch("sev-guest", NULL);
    QDict *event, *data;

    cont(qts);
    event = qtest_qmp_eventwait_ref(qts, "SEV_STATE_CHANGE");
    data = qdict_get_qdict(event, "data");
    g_assert_cmpstr(qdict_get_str(data, "old"), ==, "launch-secret");
    g_assert_cmpstr(qdict_get_str(data, "new"), ==, "running");
    qobject_unref(event);
    assert_state(qts, "running");
    /* Only the first start finishes the launch */
    qtest_qmp_assert_success(qts, "{ 'execute': 'stop' }");
    cont(qts);
    g_assert_null(qtest_qmp_event_ref(qts, "SEV_STATE_CHANGE"));
    assert_state(qts, "running");
    qtest_quit(qts);
}

/* A reset is a new launch, which goes through by itself without a session. */
static void test_reset(void)
{
    QTestState *qts = test_launch("sev-guest", NULL);
    const uint32_t marker = 0x5e0ffeed;

    cont(qts);
    qtest_writel(qts, 0x100000, marker);
    qtest_qmp_assert_success(qts, "{ 'execute': 'system_reset' }");
    qtest_qmp_eventwait(qts, "RESET");
    assert_state(qts, "running");
    g_assert_cmphex(qtest_readl(qts, 0x100000), ==, marker);
    qtest_quit(qts);
}

/* The measurement is the same blob whenever it is asked for. */
static void test_measurement(void)
{
    QTestState *qts = test_launch("sev-guest", NULL);
    g_autofree char *first = NULL, *second = NULL, *third = NULL;

    first = test_query_string(qts, "query-sev-launch-measure", "data");
    second = test_query_string(qts, "query-sev-launch-measure", "data");
    cont(qts);
    third = test_query_string(qts, "query-sev-launch-measure", "data");
    g_assert_cmpstr(first, ==, second);
    g_assert_cmpstr(first, ==, third);
    g_assert_cmpuint(strlen(first), ==, 64);
    qtest_quit(qts);
}

/* Report: nonce, digest of the launch, policy, PEK signature */
static void check_report(QTestState *qts, const char *digest)
{
    QDict *reply = qtest_qmp(qts, "{ 'execute': 'query-sev-attestation-report',"
                             " 'arguments': { 'mnonce': " "'" NONCE "'" " } }");
    const char *text = qdict_get_str(qdict_get_qdict(reply, "return"), "data");
    g_autofree uint8_t *report = NULL;
    gsize len;

    report = g_base64_decode(text, &len);
    g_assert_cmpuint(len, ==, 208);
    for (unsigned i = 0; i < 16; i++) {
        g_assert_cmphex(report[i], ==, i);
    }
    for (unsigned i = 0; i < 32; i++) {
        g_autofree char *byte = g_strdup_printf("%02x", report[16 + i]);

        g_assert_true(g_str_has_prefix(digest + 2 * i, byte));
    }
    g_assert_cmphex(ldl_le_p(report + 0x30), ==, 1);
    g_assert_cmphex(ldl_le_p(report + 0x34), ==, 0x1002);
    g_assert_cmphex(ldl_le_p(report + 0x38), ==, 2);
    qobject_unref(reply);
}

static void test_report(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *image = NULL, *digest = NULL;
    QTestState *qts = test_launch("sev-guest", NULL);
    gsize len;

    g_assert_true(g_file_get_contents(firmware, &image, &len, NULL));
    digest = test_sha256(image, len);
    check_report(qts, digest);
    cont(qts);
    check_report(qts, digest);
    assert_state(qts, "running");
    qtest_quit(qts);
}

static void test_report_refused(void)
{
    static const char *const bad[][2] = {
        { "", "holds 0 bytes" },
        { "AAAA", "holds 3 bytes, but must hold 16" },
        { "AAECAwQFBgcICQoLDA0ODxA=", "holds 17 bytes" },
        { "!!", "not valid base64" },
    };
    QTestState *qts = test_launch("sev-guest", NULL);

    for (int i = 0; i < ARRAY_SIZE(bad); i++) {
        test_qmp_refused(qts, bad[i][1],
                         "{ 'execute': 'query-sev-attestation-report',"
                         " 'arguments': { 'mnonce': %s } }", bad[i][0]);
    }
    assert_state(qts, "launch-secret");
    qtest_quit(qts);
}

static void test_hmp(void)
{
    static const char *const expected[] = {
        "SEV type: sev\r\nstate: launch-secret\r\nbuild: 3\r\n"
        "api version: 1.51\r\nhandle: 1\r\ndebug: off\r\n"
        "key-sharing: on\r\n",
        "platform: emulated",
        "policy: 0x9 (no debugging, no migration)", "C-bit: 51",
        "00000000ffff0000 0x00010000 firmware", "launch digest ",
    };
    QTestState *qts = test_launch("sev-guest,policy=9", NULL);
    g_autofree char *hmp = qtest_hmp(qts, "info sev");

    for (int i = 0; i < ARRAY_SIZE(expected); i++) {
        g_assert_nonnull(strstr(hmp, expected[i]));
    }
    qtest_quit(qts);
}

/* A packet of the guest owner, as QMP takes it */
typedef struct Packet {
    uint8_t header[SEV_PACKET_HEADER_SIZE];
    uint8_t data[SEV_SECRET_MAX + 16];
    size_t header_len;
    size_t data_len;
} Packet;

static void make_packet(QTestState *qts, Packet *packet, size_t len)
{
    static const uint8_t iv[SEV_IV_SIZE] = "not used before";
    g_autofree uint8_t *blob = test_query_blob(qts, "query-sev-launch-measure",
                                               "data", 48);
    SevPacketHeader header;

    for (size_t i = 0; i < len; i++) {
        packet->data[i] = 3 * i + 1;
    }
    sev_secret_wrap(&test_keys, blob, iv, packet->data, len, &header);
    memcpy(packet->header, &header, sizeof(packet->header));
    packet->header_len = sizeof(packet->header);
    packet->data_len = len;
}

static QDict *secret_arguments(const Packet *packet)
{
    g_autofree char *header = g_base64_encode(packet->header,
                                              packet->header_len);
    g_autofree char *data = g_base64_encode(packet->data, packet->data_len);
    QDict *arguments = qdict_new();

    qdict_put_str(arguments, "packet-header", header);
    qdict_put_str(arguments, "secret", data);
    return arguments;
}

static void inject(QTestState *qts, const Packet *packet)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'sev-inject-launch-secret',"
                             " 'arguments': %p }", secret_arguments(packet));
}

static void inject_refused(QTestState *qts, const Packet *packet,
                           const char *expected)
{
    test_qmp_refused(qts, expected, "{ 'execute': 'sev-inject-launch-secret',"
                     " 'arguments': %p }", secret_arguments(packet));
}

static void inject_at_refused(QTestState *qts, const Packet *packet,
                              uint64_t gpa, const char *expected)
{
    QDict *arguments = secret_arguments(packet);

    qdict_put_int(arguments, "gpa", gpa);
    test_qmp_refused(qts, expected, "{ 'execute': 'sev-inject-launch-secret',"
                     " 'arguments': %p }", arguments);
}

static bool memory_is_zero(QTestState *qts, uint64_t gpa, size_t len)
{
    g_autofree uint8_t *memory = g_malloc(len);

    qtest_memread(qts, gpa, memory, len);
    return buffer_is_zero(memory, len);
}

/* Where the firmware's table says, where gpa says, and more than one */
static void test_secret(void)
{
    QTestState *qts = launch_known(NULL);
    g_autofree Packet *packet = g_new0(Packet, 1);
    QDict *arguments;

    make_packet(qts, packet, SECRET_SIZE);
    inject(qts, packet);
    g_assert_false(memory_is_zero(qts, TEST_SECRET_BASE, SECRET_SIZE));
    g_assert_true(memory_is_zero(qts, TEST_SECRET_BASE + SECRET_SIZE, 16));
    assert_state(qts, "launch-secret");

    arguments = secret_arguments(packet);
    qdict_put_int(arguments, "gpa", 0x200010);
    qtest_qmp_assert_success(qts, "{ 'execute': 'sev-inject-launch-secret',"
                             " 'arguments': %p }", arguments);
    g_assert_false(memory_is_zero(qts, 0x200010, SECRET_SIZE));
    g_assert_true(memory_is_zero(qts, 0x200000, 16));
    qtest_quit(qts);
}

static void test_secret_limits(void)
{
    QTestState *qts = launch_known(NULL);
    g_autofree Packet *packet = g_new0(Packet, 1);
    QDict *arguments;

    make_packet(qts, packet, SEV_SECRET_MAX);
    arguments = secret_arguments(packet);
    qdict_put_int(arguments, "gpa", 0x300000);
    qtest_qmp_assert_success(qts, "{ 'execute': 'sev-inject-launch-secret',"
                             " 'arguments': %p }", arguments);
    inject_refused(qts, packet, "launch secret area has 3072");

    packet->data_len = SEV_SECRET_MAX + 16;
    inject_at_refused(qts, packet, 0x400000, "at most 16384");
    packet->data_len = 8;
    inject_at_refused(qts, packet, 0x400000, "multiple of 16");
    packet->data_len = 0;
    inject_at_refused(qts, packet, 0x400000, "secret has 0 bytes");
    g_assert_true(memory_is_zero(qts, 0x400000, 16));
    assert_state(qts, "launch-secret");
    qtest_quit(qts);
}

/* Any bit of the packet counts; nothing is written before it is verified. */
static void test_secret_tampered(void)
{
    QTestState *qts = launch_known(NULL);
    g_autofree Packet *packet = g_new0(Packet, 1);

    make_packet(qts, packet, SECRET_SIZE);
    packet->data[0] ^= 1;
    inject_refused(qts, packet, "BAD_MEASUREMENT (0x0b)");
    packet->data[0] ^= 1;
    packet->header[5] ^= 1;
    inject_refused(qts, packet, "BAD_MEASUREMENT (0x0b)");
    packet->header[5] ^= 1;
    packet->header[51] ^= 0x80;
    inject_refused(qts, packet, "BAD_MEASUREMENT (0x0b)");
    packet->header[51] ^= 0x80;
    packet->header[0] ^= 1;
    inject_refused(qts, packet, "INVALID_PARAM (0x16)");
    packet->header[0] ^= 1;
    packet->data_len -= 16;
    inject_refused(qts, packet, "BAD_MEASUREMENT (0x0b)");
    packet->data_len += 16;
    g_assert_true(memory_is_zero(qts, TEST_SECRET_BASE, SECRET_SIZE));
    assert_state(qts, "launch-secret");
    inject(qts, packet);
    qtest_quit(qts);
}

static void test_secret_encoding(void)
{
    QTestState *qts = launch_known(NULL);
    g_autofree Packet *packet = g_new0(Packet, 1);
    g_autofree char *header = NULL;

    make_packet(qts, packet, SECRET_SIZE);
    packet->header_len = 51;
    inject_refused(qts, packet, "holds 51 bytes, but must hold 52");
    packet->header_len = 0;
    inject_refused(qts, packet, "holds 0 bytes, but must hold 52");
    header = g_base64_encode(packet->header, 52);
    test_qmp_refused(qts, "secret is not valid base64",
                     "{ 'execute': 'sev-inject-launch-secret', 'arguments':"
                     " { 'packet-header': %s, 'secret': '*' } }", header);
    test_qmp_refused(qts, "packet-header is not valid base64",
                     "{ 'execute': 'sev-inject-launch-secret', 'arguments':"
                     " { 'packet-header': '*', 'secret': 'AAAA' } }");
    g_assert_true(memory_is_zero(qts, TEST_SECRET_BASE, SECRET_SIZE));
    qtest_quit(qts);
}

static void test_secret_address(void)
{
    static const struct {
        uint64_t gpa;
        const char *expected;
    } bad[] = {
        { TEST_SECRET_BASE + 1, "multiples of 16" },
        { TEST_SECRET_BASE + 8, "multiples of 16" },
        { 64 * 1024 * 1024 - 16, "not all in guest RAM" },
        { 64 * 1024 * 1024, "not all in guest RAM" },
        { 0xfee00000, "not all in guest RAM" },
        { 0xf0000, "not all in guest RAM" },      /* firmware, read-only */
        { 1ULL << 51, "not all in guest RAM" },
        { 0x7ffffffffffffff0, "not all in guest RAM" },
    };
    QTestState *qts = launch_known(NULL);
    g_autofree Packet *packet = g_new0(Packet, 1);
    QDict *arguments;

    make_packet(qts, packet, SECRET_SIZE);
    for (int i = 0; i < ARRAY_SIZE(bad); i++) {
        inject_at_refused(qts, packet, bad[i].gpa, bad[i].expected);
    }
    arguments = secret_arguments(packet);
    test_qmp_refused(qts, "reach past the last address",
                     "{ 'execute': 'sev-inject-launch-secret', 'arguments': {"
                     " 'packet-header': %s, 'secret': %s,"
                     " 'gpa': 18446744073709551600 } }",
                     qdict_get_str(arguments, "packet-header"),
                     qdict_get_str(arguments, "secret"));
    qobject_unref(arguments);
    assert_state(qts, "launch-secret");
    qtest_quit(qts);
}

static void check_no_area(TestArea area, const char *expected)
{
    g_autofree char *firmware = test_firmware("noarea.fd", area,
                                              (TestArea) {});
    g_autofree char *keys = known_keys();
    g_autofree char *options = g_strdup_printf("-bios %s", firmware);
    QTestState *qts = test_launch_bare(keys, options);
    g_autofree Packet *packet = g_new0(Packet, 1);

    make_packet(qts, packet, SECRET_SIZE);
    inject_refused(qts, packet, expected);
    assert_state(qts, "launch-secret");
    qtest_quit(qts);
}

static void test_secret_without_area(void)
{
    TestArea none = {};
    TestArea empty = { true, 0, 0 };
    TestArea small = { true, TEST_SECRET_BASE, 48 };
    TestArea outside = { true, 0xf0000000, 0x1000 };
    TestArea cut = { true, TEST_SECRET_BASE, 0x1000, .cut = true };

    check_no_area(none, "no launch secret area");
    check_no_area(empty, "ovmf-amdsev");
    check_no_area(small, "area has 48");
    check_no_area(outside, "not all in guest RAM");
    check_no_area(cut, "in 4 bytes instead of 8");
}

static void test_secret_too_late(void)
{
    QTestState *qts = launch_known(NULL);
    g_autofree Packet *packet = g_new0(Packet, 1);

    make_packet(qts, packet, SECRET_SIZE);
    cont(qts);
    inject_refused(qts, packet,
                   "injecting a secret needs state launch-secret");
    g_assert_true(memory_is_zero(qts, TEST_SECRET_BASE, SECRET_SIZE));
    assert_state(qts, "running");
    qtest_quit(qts);
}

static void test_migration(void)
{
    QTestState *qts = test_launch("sev-guest", NULL);

    test_qmp_refused(qts, "can be neither migrated nor saved",
                     "{ 'execute': 'migrate',"
                     " 'arguments': { 'uri': 'exec:cat > /dev/null' } }");
    cont(qts);
    test_qmp_refused(qts, "can be neither migrated nor saved",
                     "{ 'execute': 'migrate',"
                     " 'arguments': { 'uri': 'exec:cat > /dev/null' } }");
    assert_state(qts, "running");
    qtest_quit(qts);
}

/* A disk with the snapshot of a plain guest */
static char *disk_with_snapshot(void)
{
    g_autofree char *firmware = test_firmware_full();
    char *disk = test_file("disk.qcow2", "", 0);
    g_autofree char *create = g_strdup_printf("%s create -q -f qcow2 %s 1M",
                                              g_getenv("QTEST_QEMU_IMG"),
                                              disk);
    g_autofree char *hmp = NULL;
    QTestState *qts;
    int status;

    g_assert_true(g_spawn_command_line_sync(create, NULL, NULL, &status,
                                            NULL));
    g_assert_cmpint(status, ==, 0);
    qts = qtest_initf("-accel tcg -M q35 -nodefaults -m 64 -S -bios %s "
                      "-drive if=none,id=d0,format=qcow2,file=%s", firmware,
                      disk);
    hmp = qtest_hmp(qts, "savevm plain");
    g_assert_cmpstr(hmp, ==, "");
    qtest_quit(qts);
    return disk;
}

static void test_snapshots(void)
{
    const char *reason = "can be neither migrated nor saved";
    g_autofree char *disk = NULL, *options = NULL, *save = NULL, *load = NULL;
    QTestState *qts;

    if (!g_getenv("QTEST_QEMU_IMG")) {
        g_test_skip("no qemu-img");
        return;
    }
    disk = disk_with_snapshot();
    options = g_strdup_printf("-drive if=none,id=d0,format=qcow2,file=%s",
                              disk);
    qts = test_launch("sev-guest", options);
    save = qtest_hmp(qts, "savevm encrypted");
    g_assert_nonnull(strstr(save, reason));
    load = qtest_hmp(qts, "loadvm plain");
    g_assert_nonnull(strstr(load, reason));
    assert_state(qts, "launch-secret");
    cont(qts);
    assert_state(qts, "running");
    qtest_quit(qts);
}

/* Memory that can be taken away again does not go with a SEV guest. */
static void test_virtio_mem(void)
{
    g_autofree char *firmware = test_firmware_full();

    if (!qtest_has_device("virtio-mem-pci")) {
        g_test_skip("no virtio-mem-pci");
        return;
    }
    test_refused("Discarding RAM is disabled", "-accel tcg "
                 "-M q35,confidential-guest-support=sev0 -bios %s "
                 "-object sev-guest,id=sev0 -m 64,maxmem=256M,slots=1 "
                 "-object memory-backend-ram,id=m0,size=64M "
                 "-device virtio-mem-pci,memdev=m0", firmware);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sev/qmp/plain-guest", test_plain_guest);
    qtest_add_func("/sev/qmp/capabilities", test_capabilities);
    qtest_add_func("/sev/qmp/capabilities-last", test_capabilities_last);
    qtest_add_func("/sev/qmp/capabilities-refused", test_capabilities_refused);
    qtest_add_func("/sev/qmp/query-sev", test_query_sev);
    qtest_add_func("/sev/qmp/state-change", test_state_change);
    qtest_add_func("/sev/qmp/reset", test_reset);
    qtest_add_func("/sev/qmp/measurement", test_measurement);
    qtest_add_func("/sev/qmp/report", test_report);
    qtest_add_func("/sev/qmp/report-refused", test_report_refused);
    qtest_add_func("/sev/qmp/hmp", test_hmp);
    qtest_add_func("/sev/qmp/secret", test_secret);
    qtest_add_func("/sev/qmp/secret-limits", test_secret_limits);
    qtest_add_func("/sev/qmp/secret-tampered", test_secret_tampered);
    qtest_add_func("/sev/qmp/secret-encoding", test_secret_encoding);
    qtest_add_func("/sev/qmp/secret-address", test_secret_address);
    qtest_add_func("/sev/qmp/secret-without-area", test_secret_without_area);
    qtest_add_func("/sev/qmp/secret-too-late", test_secret_too_late);
    qtest_add_func("/sev/qmp/migration", test_migration);
    qtest_add_func("/sev/qmp/snapshots", test_snapshots);
    qtest_add_func("/sev/qmp/virtio-mem", test_virtio_mem);
    ret = g_test_run();
    test_files_remove();
    return ret;
}
