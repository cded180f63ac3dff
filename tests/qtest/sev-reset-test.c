/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A reset of a SEV guest under TCG is a new launch: what the guest's owner
 * and the guest see of it.
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "sev/boot.h"
#include "sev/launch.h"
#include "target/i386/sev/asp/launch.h"

#define MACHINE         "-accel tcg -M q35,confidential-guest-support=sev0 "
#define PROBE           "-accel tcg -M none"
#define SECRET_LEN      64
#define PATIENCE_US     (60 * G_USEC_PER_SEC)

typedef struct Packet {
    char *header;
    char *data;
} Packet;

static uint8_t *measurement(QTestState *qts)
{
    return test_query_blob(qts, "query-sev-launch-measure", "data", 48);
}

/* For the launch as it is now; OVMF's table of secrets with one entry */
static Packet make_packet(QTestState *qts)
{
    static const uint8_t iv[SEV_IV_SIZE] = "not used before";
    static const uint8_t table_guid[16] = {
        0x42, 0xf5, 0x74, 0x1e, 0xdd, 0x71, 0x66, 0x4d,
        0x96, 0x3e, 0xef, 0x42, 0x87, 0xff, 0x17, 0x3b,
    };
    g_autofree uint8_t *blob = measurement(qts);
    uint8_t secret[SECRET_LEN] = {};
    SevPacketHeader header;

    memcpy(secret, table_guid, 16);
    secret[16] = 20 + 20 + 8;           /* length of the table */
    memset(secret + 20, 0xaa, 16);      /* GUID of the entry */
    secret[36] = 20 + 8;
    memcpy(secret + 40, "hush-hush", 8);
    sev_secret_wrap(&test_keys, blob, iv, secret, SECRET_LEN, &header);
    return (Packet) {
        .header = g_base64_encode((uint8_t *)&header, sizeof(header)),
        .data = g_base64_encode(secret, SECRET_LEN),
    };
}

static void packet_free(Packet packet)
{
    g_free(packet.header);
    g_free(packet.data);
}

static void inject(QTestState *qts, Packet packet)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'sev-inject-launch-secret',"
                             " 'arguments': { 'packet-header': %s,"
                             " 'secret': %s } }",
                             packet.header, packet.data);
}

static void check_state(QTestState *qts, const char *state, const char *status)
{
    g_autofree char *got = test_state(qts);
    g_autofree char *got_status = test_query_string(qts, "query-status",
                                                    "status");

    g_assert_cmpstr(got, ==, state);
    g_assert_cmpstr(got_status, ==, status);
}

static void expect_change(QTestState *qts, const char *old, const char *new)
{
    QDict *event = qtest_qmp_eventwait_ref(qts, "SEV_STATE_CHANGE");
    QDict *data = qdict_get_qdict(event, "data");

    g_assert_cmpstr(qdict_get_str(data, "old"), ==, old);
    g_assert_cmpstr(qdict_get_str(data, "new"), ==, new);
    qobject_unref(event);
}

static void cont(QTestState *qts)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'cont' }");
    expect_change(qts, "launch-secret", "running");
}

static void system_reset(QTestState *qts, const char *old)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'system_reset' }");
    expect_change(qts, old, "uninit");
    expect_change(qts, "uninit", "launch-update");
    expect_change(qts, "launch-update", "launch-secret");
}

static char *firmware_digest(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *data = NULL;
    gsize len;

    g_assert_true(g_file_get_contents(firmware, &data, &len, NULL));
    return test_sha256(data, len);
}

/* What the owner of a guest does each time that it was reset */
static void test_owner(void)
{
    g_autofree char *session = test_session_options(PROBE, 3);
    g_autofree char *object = g_strdup_printf("sev-guest,%s", session);
    g_autofree char *digest = firmware_digest();
    QTestState *qts = test_launch(object, NULL);
    g_autofree uint8_t *first = measurement(qts);
    g_autofree uint8_t *second = NULL;
    Packet old = make_packet(qts), new;

    inject(qts, old);
    cont(qts);
    test_files_remove();                /* nobody needs them any more */
    system_reset(qts, "running");
    qtest_qmp_eventwait(qts, "STOP");
    qtest_qmp_eventwait(qts, "RESET");
    check_state(qts, "launch-secret", "prelaunch");

    second = measurement(qts);
    g_assert_true(memcmp(first, second, 32));
    g_assert_true(memcmp(first + 32, second + 32, 16));
    g_assert_true(test_measurement_matches(qts, 3, digest));
    test_qmp_refused(qts, "BAD_MEASUREMENT (0x0b)",
                     "{ 'execute': 'sev-inject-launch-secret', 'arguments': "
                     "{ 'packet-header': %s, 'secret': %s } }",
                     old.header, old.data);
    new = make_packet(qts);
    inject(qts, new);
    cont(qts);
    check_state(qts, "running", "running");
    packet_free(old);
    packet_free(new);
    qtest_quit(qts);
}

/* Nobody can look at the measurement, so nobody is waited for */
static void test_no_owner(void)
{
    QTestState *qts = test_launch("sev-guest", NULL);
    g_autofree uint8_t *first = measurement(qts);
    g_autofree uint8_t *second = NULL;

    cont(qts);
    for (unsigned i = 0; i < 3; i++) {
        system_reset(qts, "running");
        expect_change(qts, "launch-secret", "running");
        check_state(qts, "running", "running");
    }
    second = measurement(qts);
    g_assert_true(memcmp(first, second, 32));
    qtest_quit(qts);
}

static void test_pause_property(void)
{
    g_autofree char *session = test_session_options(PROBE, 3);
    g_autofree char *owner =
        g_strdup_printf("sev-guest,%s,pause-on-reset=off", session);
    QTestState *qts = test_launch("sev-guest,pause-on-reset=on", NULL);

    cont(qts);
    system_reset(qts, "running");
    qtest_qmp_eventwait(qts, "STOP");
    check_state(qts, "launch-secret", "prelaunch");
    qtest_quit(qts);

    qts = test_launch(owner, NULL);
    cont(qts);
    system_reset(qts, "running");
    expect_change(qts, "launch-secret", "running");
    qtest_quit(qts);
}

/* Before the guest ran, and while it is stopped: cont is what finishes it */
static void test_stopped(void)
{
    QTestState *qts = test_launch("sev-guest", NULL);

    system_reset(qts, "launch-secret");
    check_state(qts, "launch-secret", "prelaunch");
    cont(qts);
    qtest_qmp_assert_success(qts, "{ 'execute': 'stop' }");
    system_reset(qts, "running");
    check_state(qts, "launch-secret", "prelaunch");
    cont(qts);
    qtest_quit(qts);
}

/* The same ranges again, and no more of them */
static void test_ranges(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *flash = g_strdup_printf(
        "-drive if=pflash,format=raw,readonly=on,file=%s", firmware);
    QTestState *qts = test_launch_bare("sev-guest", flash);
    QDict *before, *after;

    before = qtest_qmp(qts, "{ 'execute': 'query-sev-measured-ranges' }");
    cont(qts);
    system_reset(qts, "running");
    after = qtest_qmp(qts, "{ 'execute': 'query-sev-measured-ranges' }");
    g_assert_true(qobject_is_equal(qdict_get(before, "return"),
                                   qdict_get(after, "return")));
    qobject_unref(before);
    qobject_unref(after);
    qtest_quit(qts);
}

/* What memory holds, as the guest itself sees it */
static void test_memory(const void *opaque)
{
    SevBoot *boot = sev_boot("reset", opaque);
    uint64_t words = sev_boot_info(boot, "old-secret-words");

    g_assert_cmpuint(words, ==, strstr(opaque, "sev-guest") ? 0 : 512);
    sev_boot_free(boot);
}

static bool wait_for(const char *file, const char *text, unsigned times)
{
    int64_t end = g_get_monotonic_time() + PATIENCE_US;

    do {
        g_autofree char *report = NULL;
        const char *at;
        unsigned found = 0;

        g_assert_true(g_file_get_contents(file, &report, NULL, NULL));
        for (at = strstr(report, text); at; at = strstr(at + 1, text)) {
            found++;
        }
        if (found >= times) {
            return true;
        }
        g_usleep(2000);
    } while (g_get_monotonic_time() < end);
    return false;
}

/* The next guest finds the secret only if it is injected again */
static void test_secret(void)
{
    g_autofree char *session = test_session_options(PROBE, 1);
    g_autofree char *serial = test_file("serial", "", 0);
    g_autofree char *image = sev_boot_image("secret");
    QTestState *qts = qtest_initf(
        MACHINE "-nodefaults -m 64 -S -no-shutdown -bios %s -serial file:%s "
        "-device isa-debug-exit,iobase=0xf4,iosize=4 "
        "-object sev-guest,id=sev0,%s", image, serial, session);
    Packet packet = make_packet(qts);

    inject(qts, packet);
    packet_free(packet);
    cont(qts);
    g_assert_true(wait_for(serial, "\ndone ", 1));
    g_assert_true(wait_for(serial, "\ndata secret 687573682d687573\n", 1));
    qtest_qmp_eventwait(qts, "STOP");

    system_reset(qts, "running");
    cont(qts);
    g_assert_true(wait_for(serial, "\ndone ", 2));
    g_assert_true(wait_for(serial, "\nskip the secret", 1));
    qtest_qmp_eventwait(qts, "STOP");

    system_reset(qts, "running");
    packet = make_packet(qts);
    inject(qts, packet);
    packet_free(packet);
    cont(qts);
    g_assert_true(wait_for(serial, "\ndata secret 687573682d687573\n", 2));
    qtest_set_expected_status(qts, 33);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sev/reset/owner", test_owner);
    qtest_add_func("/sev/reset/no-owner", test_no_owner);
    qtest_add_func("/sev/reset/pause-on-reset", test_pause_property);
    qtest_add_func("/sev/reset/stopped", test_stopped);
    qtest_add_func("/sev/reset/ranges", test_ranges);
    qtest_add_data_func("/sev/reset/memory/q35", MACHINE "-cpu max "
                        "-object sev-guest,id=sev0", test_memory);
    qtest_add_data_func("/sev/reset/memory/pc", "-accel tcg -cpu max "
                        "-M pc,confidential-guest-support=sev0 -smp 4 "
                        "-object sev-guest,id=sev0", test_memory);
    qtest_add_data_func("/sev/reset/memory/icount", MACHINE "-cpu max "
                        "-icount shift=0 -object sev-guest,id=sev0",
                        test_memory);
    qtest_add_data_func("/sev/reset/memory/keyboard", MACHINE "-cpu max "
                        "-fw_cfg name=opt/sev/way,string=1 "
                        "-object sev-guest,id=sev0", test_memory);
    qtest_add_data_func("/sev/reset/memory/triple-fault", MACHINE "-cpu max "
                        "-fw_cfg name=opt/sev/way,string=2 "
                        "-object sev-guest,id=sev0", test_memory);
    qtest_add_data_func("/sev/reset/memory/plain", "-accel tcg -cpu max "
                        "-M q35", test_memory);
    qtest_add_func("/sev/reset/secret", test_secret);
    ret = g_test_run();
    test_files_remove();
    return ret;
}
