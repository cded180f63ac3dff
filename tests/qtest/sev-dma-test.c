/*
 * SEV guests under TCG: devices that use memory which is shared with them, and
 * memory that the guest forgot to share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qobject/qdict.h"
#include "sev/boot.h"

#define PAGE    4096
#define WORDS   (PAGE / 8)
#define IMAGE   (1024 * 1024)
#define SEV     "-accel tcg -cpu max -machine q35,memory-encryption=sev0 " \
                "-object sev-guest,id=sev0"
#define PLAIN   "-accel tcg -cpu max -machine q35"

/* What lib/dma.c fills pages with */
#define SHARED_SEED     0x5ea5ed0000000000ull
#define SECRET_SEED     0x9c1ce70000000000ull
#define PUBLIC_SEED     0x7e57000000000000ull   /* of dma-late.c */

/* How often its private page is given to the device */
#define SECRET_WRITES   3

/* Properties that lib/dma.c looks at */
#define PASSED          17
#define PASSED_WRITES   10              /* if the device reads no memory */
#define PASSED_FW_CFG   13              /* without private descriptors */

/* %s: a file for the device */
typedef struct Device {
    const char *name;
    const char *options;
    unsigned passed;
} Device;

static const Device disks[] = {
    { "ahci", "-drive if=none,id=d,format=raw,file=%s "
              "-device ide-hd,drive=d,bus=ide.0", PASSED },
    { "nvme", "-drive if=none,id=d,format=raw,file=%s "
              "-device nvme,drive=d,serial=1", PASSED },
    { "virtio-blk", "-drive if=none,id=d,format=raw,file=%s "
                    "-device virtio-blk-pci,drive=d,disable-legacy=on,"
                    "iommu_platform=on", PASSED },
    { "virtio-scsi", "-drive if=none,id=d,format=raw,file=%s "
                     "-device virtio-scsi-pci,id=bus,disable-legacy=on,"
                     "iommu_platform=on -device scsi-hd,drive=d,bus=bus.0",
      PASSED },
};

static const Device others[] = {
    { "e1000e", "-netdev hubport,id=n,hubid=0 -device e1000e,netdev=n",
      PASSED },
    { "fw-cfg", "-device vmcoreinfo", PASSED_FW_CFG },
    { "virtio-rng", "-object rng-random,id=r,filename=%s "
                    "-device virtio-rng-pci,rng=r,disable-legacy=on,"
                    "iommu_platform=on", PASSED_WRITES },
};

static void fill(uint8_t *page, uint64_t seed)
{
    for (unsigned i = 0; i < WORDS; i++) {
        stq_le_p(page + 8 * i, seed + i * 0x0101010101010101ull);
    }
}

/* A disk's image, or what a source of entropy has to say */
static char *new_file(void)
{
    g_autofree uint8_t *data = g_malloc(IMAGE);
    GError *err = NULL;
    char *name;
    int fd = g_file_open_tmp("sev-dma-XXXXXX", &name, &err);

    g_assert_no_error(err);
    close(fd);
    for (unsigned at = 0; at < IMAGE; at += PAGE) {
        fill(data + at, SHARED_SEED);
    }
    g_assert_true(g_file_set_contents(name, (char *)data, IMAGE, NULL));
    return name;
}

static unsigned count_pages(const uint8_t *image, const uint8_t *page)
{
    unsigned count = 0;

    for (unsigned at = 0; at < IMAGE; at += PAGE) {
        count += !memcmp(image + at, page, PAGE);
    }
    return count;
}

/* Two words of the private page, wherever they are */
static bool leaks(const uint8_t *image)
{
    uint8_t secret[PAGE];

    fill(secret, SECRET_SEED);
    for (unsigned i = 0; i < PAGE; i += 16) {
        if (memmem(image, IMAGE, secret + i, 16)) {
            return true;
        }
    }
    return false;
}

/* The image has the guest's private page as DRAM has it */
static void check_image(SevBoot *boot, const char *file, bool encrypted)
{
    g_autofree char *image = NULL;
    uint8_t seen[PAGE];
    gsize size;

    sev_boot_save(boot, "pmemsave", sev_boot_info(boot, "secret-physical"),
                  PAGE, seen);
    g_assert_true(g_file_get_contents(file, &image, &size, NULL));
    g_assert_cmpuint(size, ==, IMAGE);
    g_assert_cmpuint(count_pages((uint8_t *)image, seen), ==, SECRET_WRITES);
    g_assert_true(leaks((uint8_t *)image) == !encrypted);
}

static void check_device(const Device *device, const char *machine, bool disk)
{
    g_autofree char *guest = g_strdup_printf("dma-%s", device->name);
    g_autofree char *file = new_file();
    g_autofree char *own = NULL, *options = NULL;
    SevBoot *boot;

    own = strstr(device->options, "%s")
        ? g_strdup_printf(device->options, file) : g_strdup(device->options);
    options = g_strdup_printf("%s %s", machine, own);
    boot = sev_boot(guest, options);
    g_assert_cmpuint(boot->passed, ==, device->passed);
    if (disk) {
        check_image(boot, file, strstr(machine, "sev0"));
    }
    sev_boot_free(boot);
    unlink(file);
}

static void test_disk(const void *device)
{
    check_device(device, SEV, true);
}

static void test_other(const void *device)
{
    check_device(device, SEV, false);
}

/* The guests and what is looked for are right: it is there without SEV */
static void test_plain(const void *device)
{
    check_device(device, PLAIN, true);
}

static void test_plain_other(const void *device)
{
    check_device(device, PLAIN, false);
}

/* A disk that can be told to hold requests up */
#define SLOW_DISK "-drive if=none,id=d,driver=raw,file.driver=blkdebug," \
                  "file.image.driver=file,file.image.filename=%s " \
                  "-device virtio-blk-pci,drive=d,disable-legacy=on," \
                  "iommu_platform=on"
/* So long QEMU may put off what waits for devices */
#define PAUSE_US        (G_USEC_PER_SEC / 4)
#define WRITTEN_PAGE    8               /* of the disk, by dma-late.c */
#define WRITTEN_PAGES   3

static void hold_up(SevBoot *boot, const char *event, uint64_t number)
{
    g_autofree char *wait = g_strdup_printf("info waits 0x%" PRIx64,
                                            number + 1);
    g_autofree char *said = NULL;

    said = qtest_hmp(boot->qts, "qemu-io d \"break %s held\"", event);
    g_assert_cmpstr(said, ==, "");
    qtest_writeq(boot->qts, sev_boot_info(boot, "told"), number);
    sev_boot_wait_for(boot, wait);
    g_usleep(PAUSE_US);
}

static void let_go(SevBoot *boot, uint64_t number)
{
    g_autofree char *said = qtest_hmp(boot->qts,
                                      "qemu-io d \"resume held\"");

    g_assert_cmpstr(said, ==, "");
    qtest_writeq(boot->qts, sev_boot_info(boot, "told"), number);
}

/*
 * Blocks of the cipher that are neither as before nor as they are now.  When
 * the device came for the page the guest may have been in the midst of filling
 * it, and so in the midst of a block.
 */
static unsigned strange_blocks(const char *written, const uint8_t *before,
                               const uint8_t *now)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PAGE; i += 16) {
        count += memcmp(written + i, before + i, 16) &&
                 memcmp(written + i, now + i, 16);
    }
    return count;
}

/* What was written is each page as it was in DRAM at some time */
static void check_written(SevBoot *boot, const char *file, bool encrypted)
{
    uint64_t secret = sev_boot_info(boot, "secret-physical");
    g_autofree char *image = NULL;
    uint8_t seen[PAGE], before[PAGE];
    gsize size;

    g_assert_true(g_file_get_contents(file, &image, &size, NULL));
    fill(before, PUBLIC_SEED);
    for (unsigned i = 0; i < WRITTEN_PAGES; i++) {
        sev_boot_save(boot, "pmemsave", secret + i * PAGE, PAGE, seen);
        g_assert_cmpuint(strange_blocks(image + (WRITTEN_PAGE + i) * PAGE,
                                        before, seen), <=, 2);
    }
    g_assert_false(encrypted && leaks((uint8_t *)image));
}

/* Pages that are turned while a device has them */
static void test_late(const void *machine)
{
    g_autofree char *file = new_file();
    g_autofree char *options = g_strdup_printf("%s " SLOW_DISK,
                                               (char *)machine, file);
    SevBoot *boot = sev_boot_begin("dma-late", options);

    sev_boot_wait_for(boot, "info waits 0x1");
    hold_up(boot, "read_aio", 1);
    let_go(boot, 2);
    sev_boot_wait_for(boot, "info waits 0x3");
    hold_up(boot, "write_aio", 3);
    let_go(boot, 4);
    sev_boot_end(boot, "dma-late");
    g_assert_cmpuint(boot->passed, ==, 9);
    check_written(boot, file, strstr(machine, "sev0"));
    sev_boot_free(boot);
    unlink(file);
}

/* A request with more private pages than QEMU would copy at a time */
static void test_large(const void *machine)
{
    g_autofree char *file = new_file();
    g_autofree char *options = g_strdup_printf(
        "%s -drive if=none,id=d,format=raw,file=%s -device virtio-blk-pci,"
        "drive=d,disable-legacy=on,iommu_platform=on", (char *)machine, file);
    SevBoot *boot = sev_boot("dma-large", options);

    g_assert_cmpuint(boot->passed, ==, 7);
    sev_boot_free(boot);
    unlink(file);
}

/*
 * A disk that is at work all the time, in a thread of its own where it can
 * have one; %s: its file.  It is in slot SLOT of a machine whose guest ejects
 * devices by two registers.
 */
#define BUSY_MACHINE    "-accel tcg -cpu max -machine pc "
#define SLOT            5
#define ACPI_BUS        0xae10
#define ACPI_EJECT      0xae08

static const Device busy_disks[] = {
    { "virtio-blk", "-drive if=none,id=d,format=raw,file=%s "
                    "-object iothread,id=io -device virtio-blk-pci,id=disk,"
                    "drive=d,disable-legacy=on,iommu_platform=on,"
                    "iothread=io,addr=5" },
    { "virtio-scsi", "-drive if=none,id=d,format=raw,file=%s "
                     "-object iothread,id=io -device virtio-scsi-pci,id=disk,"
                     "disable-legacy=on,iommu_platform=on,iothread=io,addr=5 "
                     "-device scsi-hd,drive=d,bus=disk.0" },
    /*
     * In this version of QEMU it has no iothread=, and one that is unplugged
     * at work may stay for good, in a plain guest too.
     */
    { "nvme", "-drive if=none,id=d,format=raw,file=%s "
              "-device nvme,id=disk,drive=d,serial=1,ioeventfd=on,addr=5" },
};

/* How the guest's buffers are: numbers that lib/dma.c knows */
#define FOR_EVER_PRIVATE 1
#define FOR_EVER_SHARED  2

/* So long each of these tests may take, on a busy machine */
#define BUSY_SECONDS    240

#define STOPS           30
#define RESETS          5

typedef struct Busy {
    const Device *disk;
    const char *machine;
    unsigned buffers;
} Busy;

/* Wait until the guest has begun its work for the @number-th time */
static void wait_busy(SevBoot *boot, unsigned number)
{
    for (;;) {
        g_autofree char *report = NULL;
        const char *at;
        unsigned count = 0;

        g_assert_true(g_file_get_contents(boot->serial, &report, NULL, NULL));
        g_assert_null(strstr(report, "device-gone"));
        for (at = report; (at = strstr(at, "info busy 0x1\n")); at++) {
            count++;
        }
        if (count >= number) {
            return;
        }
        g_usleep(10000);
    }
}

static void command(SevBoot *boot, const char *name)
{
    qtest_qmp_assert_success(boot->qts, "{ 'execute': %s }", name);
}

static void stop_and_go(SevBoot *boot)
{
    for (unsigned i = 0; i < STOPS; i++) {
        g_usleep(20000);
        command(boot, "stop");
        command(boot, "cont");
    }
}

static void reset_often(SevBoot *boot)
{
    for (unsigned i = 0; i < RESETS; i++) {
        command(boot, "system_reset");
        wait_busy(boot, i + 2);
    }
}

static void unplug_disk(SevBoot *boot)
{
    qtest_qmp_assert_success(boot->qts, "{ 'execute': 'device_del', "
                             "'arguments': { 'id': 'disk' } }");
    qtest_outl(boot->qts, ACPI_BUS, 0);
    qtest_outl(boot->qts, ACPI_EJECT, 1 << SLOT);
    /* No interrupt of the guest's would end RCU's wait for the vCPU */
    command(boot, "stop");
    for (bool gone = false; !gone;) {
        QDict *event = qtest_qmp_eventwait_ref(boot->qts, "DEVICE_DELETED");

        gone = !g_strcmp0(qdict_get_try_str(qdict_get_qdict(event, "data"),
                                            "device"), "disk");
        qobject_unref(event);
    }
}

/*
 * Whatever the main loop does with the BQL while it waits for the disk, the
 * disk's accesses to memory come to their end.  No answer ends the test by a
 * signal.
 */
static void check_busy(const Busy *busy, bool unplug)
{
    g_autofree char *guest = g_strdup_printf("dma-%s", busy->disk->name);
    g_autofree char *file = new_file();
    g_autofree char *own = g_strdup_printf(busy->disk->options, file);
    g_autofree char *options = g_strdup_printf(
        "%s %s -fw_cfg name=opt/sev/for-ever,string=%u", busy->machine, own,
        busy->buffers);
    SevBoot *boot;

    alarm(BUSY_SECONDS);
    boot = sev_boot_begin(guest, options);
    wait_busy(boot, 1);
    if (unplug) {
        unplug_disk(boot);
    } else {
        stop_and_go(boot);
        reset_often(boot);
    }
    sev_boot_free(boot);
    alarm(0);
    unlink(file);
}

static void test_busy(const void *busy)
{
    check_busy(busy, false);
}

static void test_busy_unplug(const void *busy)
{
    check_busy(busy, true);
}

static void add_busy(const char *kind, const char *machine,
                     const Device *disk, unsigned buffers)
{
    g_autofree char *stop = g_strdup_printf("sev/dma/busy-%s/%s/stop", kind,
                                            disk->name);
    g_autofree char *unplug = g_strdup_printf("sev/dma/busy-%s/%s/unplug",
                                              kind, disk->name);
    Busy busy = { .disk = disk, .machine = machine, .buffers = buffers };

    qtest_add_data_func_full(stop, g_memdup2(&busy, sizeof(busy)), test_busy,
                             g_free);
    if (!g_str_equal(disk->name, "nvme")) {
        qtest_add_data_func_full(unplug, g_memdup2(&busy, sizeof(busy)),
                                 test_busy_unplug, g_free);
    }
}

static void add(const char *kind, const Device *device, GTestDataFunc fn)
{
    g_autofree char *path = g_strdup_printf("sev/dma/%s/%s", kind,
                                            device->name);

    qtest_add_data_func(path, device, fn);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    for (unsigned i = 0; i < ARRAY_SIZE(disks); i++) {
        add("encrypted", &disks[i], test_disk);
        add("plain", &disks[i], test_plain);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
        add("encrypted", &others[i], test_other);
        add("plain", &others[i], test_plain_other);
    }
    for (unsigned i = 0; i < ARRAY_SIZE(busy_disks); i++) {
        add_busy("private", BUSY_MACHINE "-machine memory-encryption=sev0 "
                 "-object sev-guest,id=sev0", &busy_disks[i],
                 FOR_EVER_PRIVATE);
        add_busy("shared", BUSY_MACHINE "-machine memory-encryption=sev0 "
                 "-object sev-guest,id=sev0,diagnose=first", &busy_disks[i],
                 FOR_EVER_SHARED);
        add_busy("plain", BUSY_MACHINE, &busy_disks[i], FOR_EVER_SHARED);
    }
    qtest_add_data_func("sev/dma/encrypted/large", SEV, test_large);
    qtest_add_data_func("sev/dma/plain/large", PLAIN, test_large);
    qtest_add_data_func("sev/dma/encrypted/late", SEV, test_late);
    qtest_add_data_func("sev/dma/plain/late", PLAIN, test_late);
    return g_test_run();
}
