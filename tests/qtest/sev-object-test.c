/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The SEV objects: their properties, and what they refuse at start.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/sockets.h"
#include "qobject/qdict.h"
#include "sev/launch.h"

#define MACHINE "-accel tcg -M q35,confidential-guest-support=sev0 "

static const char *const guest_properties[] = {
    "cbitpos", "dh-cert-file", "diagnose",
    "diagnose-vcpus", "handle", "kernel-hashes",
    "legacy-vm-type", "pause-on-reset", "policy", "reduced-phys-bits",
    "session-file", "sev-device", "state-file", NULL
};

/* Each property stands in the help with what it does and its default. */
static void check_help(const char *type, const char *const *properties)
{
    g_autofree char *command = g_strdup_printf("%s -object %s,help",
                                               g_getenv("QTEST_QEMU_BINARY"),
                                               type);
    g_autofree char *help = NULL;
    int status;

    g_assert_true(g_spawn_command_line_sync(command, &help, NULL, &status,
                                            NULL));
    g_assert_cmpint(status, ==, 0);
    for (; *properties; properties++) {
        g_autofree char *pattern = g_strdup_printf(
            "\n  %s=<\\w+> +- \\w.*\\(default: ", *properties);

        g_assert_true(g_regex_match_simple(pattern, help, 0, 0));
    }
}

static void test_help(void)
{
    static const char *const keys[] = { "tik", "tek", NULL };
    static const char *const variable[] = { "debug-access", NULL };
    static const char *const snp_properties[] = {
        "author-key-enabled", "cbitpos", "guest-visible-workarounds",
        "host-data", "id-auth", "id-block", "kernel-hashes", "pause-on-reset",
        "policy", "reduced-phys-bits", "sev-device", "state-file",
        "vcek-disabled", NULL
    };

    check_help("sev-guest", guest_properties);
    check_help("sev-guest", variable);
    check_help("sev-emulated", guest_properties);
    check_help("sev-emulated", keys);
    check_help("sev-snp-guest", snp_properties);
}

static int64_t get_int(QTestState *qts, const char *property)
{
    QDict *reply = qtest_qmp(qts, "{ 'execute': 'qom-get', 'arguments': {"
                             " 'path': '/objects/sev0', 'property': %s } }",
                             property);
    int64_t value = qdict_get_int(reply, "return");

    qobject_unref(reply);
    return value;
}

/* What is left out is deduced. */
static void test_defaults(void)
{
    QTestState *qts = test_launch("sev-guest", NULL);

    g_assert_cmpint(get_int(qts, "cbitpos"), ==, 51);
    g_assert_cmpint(get_int(qts, "reduced-phys-bits"), ==, 1);
    g_assert_cmpint(get_int(qts, "policy"), ==, 1);
    qtest_quit(qts);
}

static void test_values(void)
{
    QTestState *qts = test_launch("sev-guest,cbitpos=47,reduced-phys-bits=5,"
                                  "policy=0x29,sev-device=/dev/sev,"
                                  "legacy-vm-type=off,kernel-hashes=off",
                                  NULL);

    g_assert_cmpint(get_int(qts, "cbitpos"), ==, 47);
    g_assert_cmpint(get_int(qts, "reduced-phys-bits"), ==, 5);
    g_assert_cmpint(get_int(qts, "policy"), ==, 0x29);
    qtest_quit(qts);
}

static void test_fixed_after_launch(void)
{
    QTestState *qts = test_launch("sev-guest", NULL);

    for (int i = 0; guest_properties[i]; i++) {
        test_qmp_refused(qts, "launched", "{ 'execute': 'qom-set',"
                         " 'arguments': { 'path': '/objects/sev0',"
                         " 'property': %s, 'value': 1 } }",
                         guest_properties[i]);
    }
    test_qmp_refused(qts, "in use", "{ 'execute': 'object-del',"
                     " 'arguments': { 'id': 'sev0' } }");
    test_qmp_refused(qts, "second SEV object", "{ 'execute': 'object-add',"
                     " 'arguments': { 'qom-type': 'sev-guest',"
                     " 'id': 'sev1' } }");
    g_assert_cmpint(get_int(qts, "policy"), ==, 1);
    qtest_quit(qts);
}

/* An object that comes to a running plain machine can go again. */
static void test_unused_object(void)
{
    QTestState *qts = qtest_init("-accel tcg -M q35 -nodefaults -S");

    for (int i = 0; i < 2; i++) {
        qtest_qmp_assert_success(qts, "{ 'execute': 'object-add',"
                                 " 'arguments': { 'qom-type': 'sev-emulated',"
                                 " 'id': 'sev1', 'policy': 3 } }");
        qtest_qmp_assert_success(qts, "{ 'execute': 'object-del',"
                                 " 'arguments': { 'id': 'sev1' } }");
    }
    qtest_quit(qts);
}

static void test_machine_spellings(void)
{
    g_autofree char *firmware = test_firmware_full();
    QTestState *qts = qtest_initf("-accel tcg -M q35,memory-encryption=sev0 "
                                  "-nodefaults -S -object sev-guest,id=sev0 "
                                  "-bios %s", firmware);
    g_autofree char *state = test_state(qts);

    g_assert_cmpstr(state, ==, "launch-secret");
    qtest_quit(qts);
}

static void test_machine_types(void)
{
    static const char *const good[] = { "pc", "q35", "pc-q35-9.0",
                                        "isapc -cpu max" };
    g_autofree char *firmware = test_firmware_full();

    for (int i = 0; i < ARRAY_SIZE(good); i++) {
        g_auto(GStrv) words = g_strsplit(good[i], " ", 2);
        QTestState *qts = qtest_initf("-accel tcg -M "
                                      "%s,confidential-guest-support=sev0 %s "
                                      "-nodefaults -S -bios %s "
                                      "-object sev-guest,id=sev0",
                                      words[0], words[1] ?: "", firmware);
        g_autofree char *state = test_state(qts);

        g_assert_cmpstr(state, ==, "launch-secret");
        qtest_quit(qts);
    }
    test_refused("machine type 'none' does not support SEV guests",
                 "-accel tcg -M none,confidential-guest-support=sev0 "
                 "-object sev-guest,id=sev0");
}

static void test_machine_without_object(void)
{
    test_refused("No such memory encryption object 'sev0'",
                 "-accel tcg -M q35,memory-encryption=sev0");
    test_refused("'sev0' not found",
                 "-accel tcg -M q35,confidential-guest-support=sev0");
    test_refused("expected: confidential-guest-support",
                 "-accel tcg -M q35,memory-encryption=s0 "
                 "-object secret,id=s0,data=abc");
}

static void test_two_objects(void)
{
    test_refused("'sev1' is a second SEV object", MACHINE
                 "-object sev-guest,id=sev0 -object sev-emulated,id=sev1");
}

static void test_accelerator(void)
{
    test_refused("use -accel tcg", "-accel qtest "
                 "-M q35,confidential-guest-support=sev0 "
                 "-object sev-guest,id=sev0");
    test_refused("use -accel tcg", "-accel qtest "
                 "-M q35,confidential-guest-support=sev0 "
                 "-object sev-emulated,id=sev0");
}

/* Simple values: what is given, what must be in the message */
static void test_values_refused(void)
{
    static const struct {
        const char *options, *expected;
    } bad[] = {
        { "cbitpos=31", "cbitpos=31 of 'sev0' is not possible" },
        { "cbitpos=52", "allows 32 to 51" },
        { "cbitpos=4294967295", "leave it out" },
        { "cbitpos=-1", "cbitpos" },
        { "reduced-phys-bits=64", "reduced-phys-bits=64" },
        { "policy=0x40", "unknown bits 0x40" },
        { "policy=0xffff", "unknown bits 0xffc0" },
        { "policy=0x20001", "requires SEV API 2.0" },
        { "policy=0xff010001", "requires SEV API 1.255" },
        { "handle=1", "INVALID_GUEST (0x10)" },
        { "sev-device=/dev/sev7", "sev-device '/dev/sev7' cannot be used" },
        { "sev-device=", "state-file" },
        { "state-file=/nonexistent", "'/nonexistent'" },
        { "kernel-hashes=maybe", "maybe" },
        { "legacy-vm-type=maybe", "maybe" },
    };
    g_autofree char *firmware = test_firmware_full();

    for (int i = 0; i < ARRAY_SIZE(bad); i++) {
        test_refused(bad[i].expected, MACHINE "-bios %s "
                     "-object sev-guest,id=sev0,%s", firmware,
                     bad[i].options);
    }
}

static void test_memory_beyond_cbit(void)
{
    g_autofree char *firmware = test_firmware_full();

    /* From the C-bit on there must not be one byte, nor up to twice of it */
    test_refused("leaves no addresses for memory", MACHINE "-m 3G -bios %s "
                 "-object sev-guest,id=sev0,cbitpos=32", firmware);
    test_refused("leaves no addresses for memory", MACHINE "-m 8G -bios %s "
                 "-object sev-guest,id=sev0,cbitpos=32", firmware);
    test_refused("leaves no addresses for memory", MACHINE
                 "-m 1G,slots=1,maxmem=16G -bios %s "
                 "-object sev-guest,id=sev0,cbitpos=33", firmware);
}

static void test_cpu_without_long_mode(void)
{
    g_autofree char *firmware = test_firmware_full();

    test_refused("long mode", MACHINE "-cpu qemu32 -bios %s "
                 "-object sev-guest,id=sev0", firmware);
}

/* Each broken file in the place of the certificate, then of the session */
static void check_file_refused(const char *file, const char *expected)
{
    g_autofree char *valid = test_file_pattern("valid", 0, SEV_CERT_SIZE);
    g_autofree char *bytes = NULL, *cert = NULL;
    gsize len;

    g_assert_true(g_file_get_contents(valid, &bytes, &len, NULL));
    cert = test_file_base64("cert", bytes, len);
    test_refused(expected, MACHINE "-object sev-guest,id=sev0,"
                 "dh-cert-file=%s,session-file=%s", file, cert);
    test_refused(expected, MACHINE "-object sev-guest,id=sev0,"
                 "dh-cert-file=%s,session-file=%s", cert, file);
}

static void test_files_refused(void)
{
    g_autofree char *empty = test_file("empty", "", 0);
    g_autofree char *text = test_file("text", "no base64!", 10);
    g_autofree char *binary = test_file_pattern("binary", 0, 2084);
    g_autofree char *small = test_file_base64("small", "too small", 9);
    g_autofree char *large = test_file_pattern("large", 0x41, 24);
    g_autofree char *cut = test_file_pattern("cut", 0x41, 26);
    g_autofree char *huge_text = g_strnfill(100000, 'A');
    g_autofree char *huge = test_file("huge", huge_text, 100000);
    g_autofree char *long_text = g_strnfill(2085 * 4 / 3, 'A');
    g_autofree char *overlong = test_file("long", long_text,
                                          strlen(long_text));

    check_file_refused("/nonexistent", "cannot be opened: No such file");
    check_file_refused(empty, "is empty");
    check_file_refused("/dev/null", "is empty");
    check_file_refused("/dev/zero", "is too large");
    check_file_refused("/tmp", "cannot be read: Is a directory");
    check_file_refused(text, "is not valid base64");
    check_file_refused(binary, "is not base64 text but binary");
    check_file_refused(small, "holds 9 bytes, but must hold");
    check_file_refused(large, "holds 18 bytes, but must hold");
    check_file_refused(cut, "is not valid base64");
    check_file_refused(huge, "is too large");
    check_file_refused(overlong, "holds 2085 bytes, but must hold");
}

static void test_half_a_session(void)
{
    test_refused("has dh-cert-file but no session-file",
                 MACHINE "-object sev-guest,id=sev0,dh-cert-file=/dev/null");
    test_refused("has session-file but no dh-cert-file",
                 MACHINE "-object sev-guest,id=sev0,session-file=/dev/null");
}

static void test_keys_refused(void)
{
    g_autofree char *key = test_file_pattern("key", 0, 16);
    g_autofree char *small = test_file_pattern("key15", 0, 15);
    g_autofree char *large = test_file_pattern("key17", 0, 17);
    g_autofree char *pair = test_file_pattern("key32", 0, 32);
    g_autofree char *huge = test_file_pattern("key99999", 0, 99999);

    test_refused("holds 15 bytes, but must hold 16", MACHINE
                 "-object sev-emulated,id=sev0,tik=%s", small);
    test_refused("holds 17 bytes, but must hold 16", MACHINE
                 "-object sev-emulated,id=sev0,tik=%s,tek=%s", key, large);
    test_refused("as sev-tool writes it", MACHINE
                 "-object sev-emulated,id=sev0,tik=%s", pair);
    test_refused("is too large: it has 99999 bytes", MACHINE
                 "-object sev-emulated,id=sev0,tik=%s", huge);
    test_refused("tek '/nonexistent' cannot be opened", MACHINE
                 "-object sev-emulated,id=sev0,tek=/nonexistent");
    test_refused("tik 'k' holds 3 bytes, but must hold 16", MACHINE
                 "-object secret,id=k,data=abc "
                 "-object sev-emulated,id=sev0,tik=k");
    test_refused("leave out either", MACHINE "-object sev-emulated,id=sev0,"
                 "tik=%s,dh-cert-file=%s,session-file=%s", key, key, key);
}

static void test_migration_refused(void)
{
    g_autofree char *firmware = test_firmware_full();

    test_refused("leave -incoming out", MACHINE "-bios %s -incoming defer "
                 "-object sev-guest,id=sev0", firmware);
    test_refused("can be neither migrated nor saved", MACHINE "-bios %s "
                 "-only-migratable -object sev-guest,id=sev0", firmware);
}

/* Each of them would show devices memory as QEMU keeps it */
static void test_iommu_refused(void)
{
    static const char *const iommus[] = {
        "intel-iommu", "amd-iommu", "virtio-iommu-pci",
    };
    g_autofree char *firmware = test_firmware_full();

    for (unsigned i = 0; i < G_N_ELEMENTS(iommus); i++) {
        test_refused("an emulated IOMMU", MACHINE "-m 64 -bios %s "
                     "-object sev-guest,id=sev0 -device %s", firmware,
                     iommus[i]);
        test_refused("leave it out", MACHINE "-m 64 -bios %s "
                     "-object sev-guest,id=sev0,diagnose=first -device %s",
                     firmware, iommus[i]);
    }
}

static void test_diagnose_refused(void)
{
    g_autofree char *firmware = test_firmware_full();

    test_refused("no effect without diagnose=first", MACHINE "-bios %s "
                 "-object sev-guest,id=sev0,diagnose-vcpus=on", firmware);
}

#define VHOST_USER_REPLY 5u             /* version 1, this is a reply */

/* A vhost-user backend that offers little, but answers */
static void *vhost_backend(void *opaque)
{
    int fd = qemu_accept(GPOINTER_TO_INT(opaque), NULL, NULL);
    uint32_t header[3];
    uint8_t payload[4096];
    uint64_t features = 3ull << 32;     /* VERSION_1, IOMMU_PLATFORM */

    while (read(fd, header, sizeof(header)) == sizeof(header)) {
        if (header[2]) {
            g_assert_cmpuint(header[2], <, sizeof(payload));
            g_assert_cmpint(read(fd, payload, header[2]), ==, header[2]);
        }
        if (header[0] == 1) {           /* GET_FEATURES */
            header[1] = VHOST_USER_REPLY;
            header[2] = sizeof(features);
            g_assert_cmpint(qemu_write_full(fd, header, sizeof(header)), ==,
                            sizeof(header));
            g_assert_cmpint(qemu_write_full(fd, &features, sizeof(features)),
                            ==, sizeof(features));
        }
    }
    close(fd);
    return NULL;
}

/* Listens at @path, and plays the backend of the first to connect */
typedef struct Vhost {
    char *path;
    int fd;
    GThread *thread;
} Vhost;

static Vhost vhost_start(void)
{
    Vhost vhost = { .path = test_file("vhost", "", 0) };

    unlink(vhost.path);
    vhost.fd = unix_listen(vhost.path, &error_abort);
    vhost.thread = g_thread_new("vhost", vhost_backend,
                                GINT_TO_POINTER(vhost.fd));
    return vhost;
}

/* When QEMU has ended */
static void vhost_end(Vhost vhost)
{
    g_thread_join(vhost.thread);
    close(vhost.fd);
    g_free(vhost.path);
}

#define VHOST_MACHINE   MACHINE "-object sev-guest,id=sev0 " \
                        "-object memory-backend-memfd,id=m,size=64M,share=on " \
                        "-machine memory-backend=m -m 64 "
#define VHOST_NETDEV    "-chardev socket,id=c,path=%s " \
                        "-netdev vhost-user,id=n,chardev=c "
#define NET_REFUSED     "virtio-net-pci with vhost by netdev 'n' cannot use " \
                        "the memory of this SEV guest"

static void test_vhost_refused(void)
{
    g_autofree char *firmware = test_firmware_full();
    Vhost vhost = vhost_start();

    test_refused(NET_REFUSED, VHOST_MACHINE "-bios %s " VHOST_NETDEV
                 "-device virtio-net-pci,netdev=n", firmware, vhost.path);
    vhost_end(vhost);
}

/* A card that no -device asks for */
static void test_vhost_refused_nic(void)
{
    g_autofree char *firmware = test_firmware_full();
    Vhost vhost = vhost_start();

    test_refused("with vhost by netdev", VHOST_MACHINE "-bios %s "
                 "-chardev socket,id=c,path=%s "
                 "-nic vhost-user,chardev=c,model=virtio-net-pci", firmware,
                 vhost.path);
    vhost_end(vhost);
}

/* It comes when the guest is there, which goes on without it */
static void test_vhost_refused_later(void)
{
    g_autofree char *options = NULL;
    Vhost vhost = vhost_start();
    g_autofree char *state = NULL;
    QTestState *qts;

    options = g_strdup_printf(
        "-object memory-backend-memfd,id=m,size=64M,share=on "
        "-machine memory-backend=m -m 64 -chardev socket,id=c,path=%s",
        vhost.path);
    qts = test_launch("sev-guest", options);
    qtest_qmp_assert_success(qts, "{ 'execute': 'netdev_add', 'arguments': "
                             "{ 'type': 'vhost-user', 'id': 'n', "
                             "'chardev': 'c' } }");
    test_qmp_refused(qts, NET_REFUSED, "{ 'execute': 'device_add', "
                     "'arguments': { 'driver': 'virtio-net-pci', "
                     "'netdev': 'n' } }");
    state = test_state(qts);
    g_assert_cmpstr(state, ==, "launch-secret");
    qtest_quit(qts);
    vhost_end(vhost);
}

/* Whatever works for it: another process, the host's kernel, hardware */
static const char *const outside[] = {
    "vhost-scsi-pci", "vhost-user-blk-pci", "vhost-user-fs-pci",
    "vhost-user-gpu-pci", "vhost-user-input-pci", "vhost-user-rng-pci",
    "vhost-user-scsi-pci", "vhost-user-snd-pci", "vhost-user-vga",
    "vhost-user-vsock-pci", "vhost-vsock-pci", "vfio-pci",
};

static void test_outside_refused(void)
{
    g_autofree char *firmware = test_firmware_full();
    QTestState *qts = test_launch("sev-guest", "");

    for (unsigned i = 0; i < G_N_ELEMENTS(outside); i++) {
        g_autofree char *text = g_strdup_printf("%s cannot use the memory",
                                                outside[i]);

        test_qmp_refused(qts, text, "{ 'execute': 'device_add', 'arguments': "
                         "{ 'driver': %s } }", outside[i]);
        test_refused(text, MACHINE "-bios %s -object sev-guest,id=sev0 "
                     "-device %s", firmware, outside[i]);
    }
    qtest_quit(qts);
}

/* Memory that comes later is memory like all other */
static void test_hotplug(void)
{
    QTestState *qts = test_launch("sev-guest", "-m 64,slots=1,maxmem=1G");
    g_autofree char *devices = NULL;
    uint64_t address = 0x100000000ull;

    qtest_qmp_assert_success(qts, "{ 'execute': 'object-add', 'arguments': "
                             "{ 'qom-type': 'memory-backend-ram', "
                             "'id': 'd', 'size': 134217728 } }");
    qtest_qmp_device_add(qts, "pc-dimm", "dimm", "{ 'memdev': 'd' }");
    devices = qtest_hmp(qts, "info memory-devices");
    g_test_message("%s", devices);
    g_assert_nonnull(strstr(devices, "addr: 0x100000000"));
    g_assert_cmphex(qtest_readq(qts, address), ==, 0);
    qtest_writeq(qts, address, 0x0123456789abcdefull);
    g_assert_cmphex(qtest_readq(qts, address), ==, 0x0123456789abcdefull);
    qtest_quit(qts);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sev/object/help", test_help);
    qtest_add_func("/sev/object/defaults", test_defaults);
    qtest_add_func("/sev/object/values", test_values);
    qtest_add_func("/sev/object/fixed-after-launch", test_fixed_after_launch);
    qtest_add_func("/sev/object/unused", test_unused_object);
    qtest_add_func("/sev/object/machine-spellings", test_machine_spellings);
    qtest_add_func("/sev/object/machine-types", test_machine_types);
    qtest_add_func("/sev/object/machine-without", test_machine_without_object);
    qtest_add_func("/sev/object/two", test_two_objects);
    qtest_add_func("/sev/object/accelerator", test_accelerator);
    qtest_add_func("/sev/object/values-refused", test_values_refused);
    qtest_add_func("/sev/object/memory-beyond-cbit", test_memory_beyond_cbit);
    qtest_add_func("/sev/object/cpu-without-long-mode",
                   test_cpu_without_long_mode);
    qtest_add_func("/sev/object/files-refused", test_files_refused);
    qtest_add_func("/sev/object/half-a-session", test_half_a_session);
    qtest_add_func("/sev/object/keys-refused", test_keys_refused);
    qtest_add_func("/sev/object/migration-refused", test_migration_refused);
    qtest_add_func("/sev/object/diagnose-refused", test_diagnose_refused);
    qtest_add_func("/sev/object/iommu-refused", test_iommu_refused);
    qtest_add_func("/sev/object/vhost-refused/start", test_vhost_refused);
    qtest_add_func("/sev/object/vhost-refused/nic", test_vhost_refused_nic);
    qtest_add_func("/sev/object/vhost-refused/later",
                   test_vhost_refused_later);
    qtest_add_func("/sev/object/vhost-refused/kinds", test_outside_refused);
    qtest_add_func("/sev/object/memory-hotplug", test_hotplug);
    ret = g_test_run();
    test_files_remove();
    return ret;
}
