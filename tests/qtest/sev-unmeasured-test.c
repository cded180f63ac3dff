/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a launch does not measure: that it does not run in a guest whose kernel
 * is measured, that no file is encrypted by a launch, and that a firmware
 * which cannot run as a SEV guest is told.
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "sev/launch.h"

#define MACHINE "-accel tcg -M q35,confidential-guest-support=sev0 -m 64 "
#define HASHES "-object sev-guest,id=sev0,kernel-hashes=on "
#define NOT_COVERED "kernel-hashes=on of 'sev0' does not cover "

/* --- Beside the kernel */

/* With hashes it is refused, for that reason; without, it is the user's */
static void check_boot_option(const char *what, const char *option)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *kernel = test_kernel();
    g_autofree char *expected = g_strconcat(NOT_COVERED, what, NULL);
    g_autofree char *options = g_strdup_printf("-kernel %s %s", kernel, option);

    test_refused(expected, MACHINE HASHES "-bios %s %s", firmware, options);
    qtest_quit(test_launch("sev-guest", options));
}

static void test_shim(void)
{
    g_autofree char *shim = test_file_pattern("any.efi", 1, 4096);
    g_autofree char *option = g_strdup_printf("-shim %s", shim);
    g_autofree char *machine = g_strdup_printf("-machine shim=%s", shim);

    check_boot_option("-shim", option);
    check_boot_option("-shim", machine);
}

static void test_dtb(void)
{
    g_autofree char *dtb = test_file_pattern("any.dtb", 1, 4096);
    g_autofree char *option = g_strdup_printf("-dtb %s", dtb);

    check_boot_option("-dtb", option);
}

/* However the file gets to the firmware */
static void test_fw_cfg(void)
{
    g_autofree char *shim = test_file_pattern("any.efi", 1, 4096);
    g_autofree char *plain = g_strdup_printf(
        "-fw_cfg name=etc/boot/shim,file=%s", shim);
    g_autofree char *set = g_strdup_printf(
        "-fw_cfg name=opt/mine,id=f,file=%s -set fw_cfg.f.name=etc/boot/shim",
        shim);
    g_autofree char *text = g_strdup_printf(
        "[fw_cfg]\n  name = \"etc/boot/shim\"\n  file = \"%s\"\n", shim);
    g_autofree char *config = test_file("qemu.conf", text, strlen(text));
    g_autofree char *read = g_strdup_printf("-readconfig %s", config);

    check_boot_option("the fw_cfg file etc/boot/shim", plain);
    check_boot_option("the fw_cfg file etc/boot/shim", set);
    check_boot_option("the fw_cfg file etc/boot/shim", read);
    check_boot_option("the fw_cfg file etc/boot/any",
                      "-fw_cfg name=etc/boot/any,string=thing");
}

/* The machine's own file of that name is the kernel; others' are not. */
static void test_fw_cfg_kernel(void)
{
    g_autofree char *firmware = test_firmware_full();
    g_autofree char *kernel = test_kernel();
    g_autofree char *options = g_strdup_printf(
        "-fw_cfg name=etc/boot/kernel,file=%s", kernel);

    test_refused(NOT_COVERED "the fw_cfg file etc/boot/kernel",
                 MACHINE HASHES "-bios %s %s", firmware, options);
    test_refused("duplicate fw_cfg file name",
                 MACHINE HASHES "-bios %s -kernel %s %s", firmware, kernel,
                 options);
}

/* What firmware does not boot stays allowed. */
static void test_fw_cfg_others(void)
{
    g_autofree char *kernel = test_kernel();
    g_autofree char *options = g_strdup_printf(
        "-kernel %s -fw_cfg name=opt/ovmf/X-PciMmio64Mb,string=65536 "
        "-fw_cfg name=etc/bootable,string=no", kernel);

    qtest_quit(test_launch("sev-guest,kernel-hashes=on", options));
}

/* --- Files behind memory */

static char *contents(const char *name, gsize *len)
{
    char *data;

    g_assert_true(g_file_get_contents(name, &data, len, NULL));
    return data;
}

static void assert_unchanged(const char *name, const char *before, gsize len)
{
    gsize now_len;
    g_autofree char *now = contents(name, &now_len);

    g_assert_cmpmem(before, len, now, now_len);
}

/* Flash that can be written to is refused, and its file is as it was. */
static void test_flash(void)
{
    g_autofree char *flash = test_firmware_full();
    gsize len;
    g_autofree char *before = contents(flash, &len);
    g_autofree char *scratch = g_strdup_printf(
        "-drive if=pflash,format=raw,file=%s,snapshot=on", flash);
    g_autofree char *all_scratch = g_strdup_printf(
        "-snapshot -drive if=pflash,format=raw,file=%s", flash);
    g_autofree char *read_only = g_strdup_printf(
        "-blockdev file,node-name=f,filename=%s,read-only=on "
        "-machine pflash0=f", flash);

    test_refused("'sev0' cannot be launched from 'pflash0'",
                 MACHINE "-object sev-guest,id=sev0 "
                 "-drive if=pflash,format=raw,file=%s", flash);
    test_refused("'sev0' cannot be launched from 'f'",
                 MACHINE "-object sev-guest,id=sev0 "
                 "-blockdev file,node-name=f,filename=%s -M pflash0=f", flash);
    assert_unchanged(flash, before, len);
    qtest_quit(test_launch_bare("sev-guest", scratch));
    qtest_quit(test_launch_bare("sev-guest", all_scratch));
    qtest_quit(test_launch_bare("sev-guest", read_only));
    assert_unchanged(flash, before, len);
}

#define SMALL   "8M"
#define RAM     "64M"

/* A backend "m" on a file of its own, all of it 55h */
static char *file_backend(const char *size, const char *options, char **name)
{
    gsize len = strcmp(size, RAM) ? 8 * 1024 * 1024 : 64 * 1024 * 1024;
    g_autofree char *data = g_malloc(len);

    memset(data, 0x55, len);
    *name = test_file("memory", data, len);
    return g_strdup_printf("-object memory-backend-file,id=m,size=%s,"
                           "mem-path=%s%s", size, *name, options);
}

static void assert_55(const char *name)
{
    gsize len;
    g_autofree char *data = contents(name, &len);

    for (gsize i = 0; i < len; i++) {
        g_assert_cmpint(data[i], ==, 0x55);
    }
}

/* @use: what makes of the backend the guest's memory */
static void check_memory_file(const char *size, const char *use)
{
    g_autofree char *firmware = test_firmware_full(), *name = NULL;
    g_autofree char *shared = file_backend(size, ",share=on", &name);
    g_autofree char *expected = g_strdup_printf(
        "memory 'm' of SEV guest 'sev0' is written to the file '%s'", name);
    g_autofree char *private = NULL, *options = NULL;

    test_refused(expected, MACHINE "-object sev-guest,id=sev0 -bios %s %s %s",
                 firmware, shared, use);
    assert_55(name);
    g_clear_pointer(&name, g_free);
    private = file_backend(size, ",share=off", &name);
    options = g_strdup_printf("%s %s", private, use);
    qtest_quit(test_launch("sev-guest", options));
    assert_55(name);
}

static void test_memory_file(void)
{
    check_memory_file(RAM, "-machine memory-backend=m");
    check_memory_file(RAM, "-numa node,memdev=m");
    check_memory_file(SMALL, "-m 64,slots=1,maxmem=1G -device pc-dimm,memdev=m");
    check_memory_file(SMALL, "-m 64,slots=1,maxmem=1G -M nvdimm=on "
                      "-device nvdimm,memdev=m");
}

/* So is memory that is plugged in; the guest goes on. */
static void test_memory_file_plugged(void)
{
    g_autofree char *name = NULL;
    g_autofree char *backend = file_backend(SMALL, ",share=on", &name);
    g_autofree char *options = g_strdup_printf(
        "-m 64,slots=2,maxmem=1G -M nvdimm=on %s", backend);
    QTestState *qts = test_launch("sev-guest", options);

    test_qmp_refused(qts, "is written to the file", "{ 'execute': "
                     "'device_add', 'arguments': { 'driver': 'pc-dimm', "
                     "'id': 'd', 'memdev': 'm' } }");
    test_qmp_refused(qts, "is written to the file", "{ 'execute': "
                     "'device_add', 'arguments': { 'driver': 'nvdimm', "
                     "'id': 'd', 'memdev': 'm' } }");
    qtest_qmp_assert_success(qts, "{ 'execute': 'cont' }");
    qtest_quit(qts);
    assert_55(name);
}

/* Files without a name, and memory of a device that others share on purpose */
static void test_memory_allowed(void)
{
    g_autofree char *name = NULL;
    g_autofree char *backend = file_backend(SMALL, ",share=on", &name);
    g_autofree char *shared = g_strdup_printf(
        "%s -device ivshmem-plain,memdev=m", backend);
    g_autofree char *folder = g_path_get_dirname(name);
    g_autofree char *unnamed = g_strdup_printf(
        "-M memory-backend=m -object memory-backend-file,id=m,size=64M,"
        "share=on,mem-path=%s", folder);

    qtest_quit(test_launch("sev-guest", shared));
    qtest_quit(test_launch("sev-guest", "-M memory-backend=m -object "
                           "memory-backend-memfd,id=m,size=64M,share=on"));
    qtest_quit(test_launch("sev-guest", unnamed));
}

/* --- Firmware */

/* What QEMU says on the way to a paused guest */
static char *words_of(const char *options)
{
    g_autofree char *command = g_strdup_printf(
        "sh -c 'echo quit | timeout 60 %s -nodefaults -display none -S "
        "-monitor stdio " MACHINE "-object sev-guest,id=sev0 %s > /dev/null'",
        g_getenv("QTEST_QEMU_BINARY"), options);
    char *words;
    int status;

    g_assert_true(g_spawn_command_line_sync(command, NULL, &words, &status,
                                            NULL));
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    return words;
}

/* SeaBIOS is what one gets without -bios; images with a table are silent. */
static void test_seabios(void)
{
    g_autofree char *full = test_firmware_full();
    g_autofree char *secret = test_firmware(
        "secret.fd", (TestArea) { true, TEST_SECRET_BASE, TEST_SECRET_SIZE },
        (TestArea) {});
    g_autofree char *empty = test_firmware("empty.fd", (TestArea) {},
                                           (TestArea) {});
    const struct {
        const char *firmware;
        bool warns;
    } images[] = {
        { NULL, true }, { empty, true }, { full, false }, { secret, false },
    };

    for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
        g_autofree char *options = images[i].firmware
            ? g_strdup_printf("-bios %s", images[i].firmware) : g_strdup("");
        g_autofree char *words = words_of(options);

        g_test_message("%s", words);
        g_assert_cmpint(strstr(words, "warning: the firmware of SEV guest "
                               "'sev0' has no table for SEV") != NULL, ==,
                        images[i].warns);
        g_assert_cmpint(strstr(words, "use OVMF") != NULL, ==,
                        images[i].warns);
    }
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sev/unmeasured/shim", test_shim);
    qtest_add_func("/sev/unmeasured/dtb", test_dtb);
    qtest_add_func("/sev/unmeasured/fw-cfg", test_fw_cfg);
    qtest_add_func("/sev/unmeasured/fw-cfg-kernel", test_fw_cfg_kernel);
    qtest_add_func("/sev/unmeasured/fw-cfg-others", test_fw_cfg_others);
    qtest_add_func("/sev/unmeasured/flash", test_flash);
    qtest_add_func("/sev/unmeasured/memory-file", test_memory_file);
    qtest_add_func("/sev/unmeasured/memory-file-plugged",
                   test_memory_file_plugged);
    qtest_add_func("/sev/unmeasured/memory-allowed", test_memory_allowed);
    qtest_add_func("/sev/unmeasured/seabios", test_seabios);
    ret = g_test_run();
    test_files_remove();
    return ret;
}
