/*
 * SEV guests under TCG: their memory as everybody else sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qobject/qdict.h"
#include "sev/boot.h"
#include "sev/launch.h"

#define PAGE    4096
#define WORDS   (PAGE / 8)
#define SEV     "-accel tcg -cpu max -machine q35,memory-encryption=sev0 " \
                "-object sev-guest,id=sev0"

/* What shared.c writes to its two pages */
#define SHARED_SEED     0x5ea5ed0000000000ull
#define PRIVATE_SEED    0x9c1ce70000000000ull

/* Words of the page that are as the guest wrote them */
static unsigned count_words(const void *page, uint64_t seed)
{
    unsigned count = 0;

    for (unsigned i = 0; i < WORDS; i++) {
        count += ldq_le_p((uint8_t *)page + 8 * i) ==
                 seed + i * 0x0101010101010101ull;
    }
    return count;
}

static void check_views(const char *options, unsigned private_words)
{
    SevBoot *boot = sev_boot("shared", options);
    uint8_t pages[4][PAGE];

    sev_boot_save(boot, "pmemsave",
                  sev_boot_info(boot, "shared-physical"), PAGE,
         pages[0]);
    g_assert_cmpuint(count_words(pages[0], SHARED_SEED), ==, WORDS);
    sev_boot_save(boot, "memsave", sev_boot_info(boot, "shared-virtual"), PAGE,
         pages[1]);
    g_assert_cmpuint(count_words(pages[1], SHARED_SEED), ==, WORDS);

    sev_boot_save(boot, "pmemsave",
                  sev_boot_info(boot, "private-physical"), PAGE,
         pages[2]);
    g_assert_cmpuint(count_words(pages[2], PRIVATE_SEED), ==, private_words);
    sev_boot_save(boot, "memsave", sev_boot_info(boot, "private-virtual"), PAGE,
         pages[3]);
    g_assert_cmpmem(pages[2], PAGE, pages[3], PAGE);
    sev_boot_free(boot);
}

static void test_views(const void *opaque)
{
    check_views(opaque, 0);
}

static void test_plain(void)
{
    check_views("-accel tcg -cpu max -machine q35", WORDS);
}

/* A device reads and writes ciphertext; the same page, word by word */
static void test_device(void)
{
    SevBoot *boot = sev_boot("shared", SEV);
    uint64_t address = sev_boot_info(boot, "private-physical");
    uint8_t before[PAGE], bytes[PAGE], after[PAGE];

    sev_boot_save(boot, "pmemsave", address, PAGE, before);
    for (unsigned i = 0; i < PAGE; i += 8) {
        stq_le_p(bytes + i, qtest_readq(boot->qts, address + i));
    }
    g_assert_cmpmem(before, PAGE, bytes, PAGE);

    qtest_memread(boot->qts, address + 5, bytes, 77);
    g_assert_cmpmem(before + 5, 77, bytes, 77);

    memset(bytes, 0x5a, PAGE);
    qtest_memwrite(boot->qts, address + 35, bytes, 1000);
    sev_boot_save(boot, "pmemsave", address, PAGE, after);
    g_assert_cmpmem(after, 35, before, 35);
    g_assert_cmpmem(after + 35, 1000, bytes, 1000);
    g_assert_cmpmem(after + 1035, PAGE - 1035, before + 1035, PAGE - 1035);

    qtest_memwrite(boot->qts, address, before, PAGE);
    sev_boot_save(boot, "pmemsave", address, PAGE, after);
    g_assert_cmpmem(after, PAGE, before, PAGE);
    sev_boot_free(boot);
}

/* HMP's xp, which nobody would call a device */
static void test_xp(void)
{
    SevBoot *boot = sev_boot("shared", SEV);
    uint64_t shared = sev_boot_info(boot, "shared-physical");
    uint64_t private = sev_boot_info(boot, "private-physical");
    g_autofree char *seen = qtest_hmp(boot->qts, "xp /1gx 0x%" PRIx64, shared);
    g_autofree char *hidden = qtest_hmp(boot->qts, "xp /1gx 0x%" PRIx64,
                                        private);
    g_autofree char *x = qtest_hmp(boot->qts, "x /1gx 0x%" PRIx64,
                                   sev_boot_info(boot, "private-virtual"));

    g_assert_nonnull(strstr(seen, "0x5ea5ed0000000000"));
    g_assert_null(strstr(hidden, "0x9c1ce70000000000"));
    g_assert_null(strstr(x, "0x9c1ce70000000000"));
    sev_boot_free(boot);
}

/* The key is the guest's own: two launches have two ciphertexts */
static void test_key(void)
{
    uint8_t page[2][PAGE];

    for (unsigned i = 0; i < 2; i++) {
        SevBoot *boot = sev_boot("shared", SEV);

        sev_boot_save(boot, "pmemsave",
                      sev_boot_info(boot, "private-physical"), PAGE,
             page[i]);
        sev_boot_free(boot);
    }
    for (unsigned i = 0; i < PAGE; i += 16) {
        g_assert_true(memcmp(page[0] + i, page[1] + i, 16));
    }
}

static bool contains(const uint8_t *data, size_t size, const char *marker)
{
    return memmem(data, size, marker, strlen(marker));
}

/* The secret is nowhere in memory, as the host sees all of it */
static void test_markers(void)
{
    size_t size = 64 * 1024 * 1024;
    g_autofree uint8_t *memory = g_malloc(size);
    uint8_t marker[16];
    SevBoot *boot;

    /* Words of the guest's private page; its code has the seed, not these */
    stq_le_p(marker, PRIVATE_SEED + 0x0101010101010101ull * 100);
    stq_le_p(marker + 8, PRIVATE_SEED + 0x0101010101010101ull * 101);

    boot = sev_boot("shared", SEV);
    sev_boot_save(boot, "pmemsave", 0, size, memory);
    g_assert_null(memmem(memory, size, marker, sizeof(marker)));
    g_assert_false(contains(memory, size, "private page reads back"));
    sev_boot_free(boot);

    boot = sev_boot("shared", "-accel tcg -cpu max -machine q35");
    sev_boot_save(boot, "pmemsave", 0, size, memory);
    g_assert_nonnull(memmem(memory, size, marker, sizeof(marker)));
    g_assert_true(contains(memory, size, "private page reads back"));
    sev_boot_free(boot);
}

/* Random accesses by all vCPUs and a device, each checked */
static void test_stress(const void *opaque)
{
    bool slow = g_test_slow() || g_getenv("G_TEST_SLOW");
    const char *rounds = slow ? "250000" : "10000";
    g_autofree char *options =
        g_strdup_printf(SEV " -m 64 -fw_cfg name=opt/sev/rounds,string=%s %s",
                        rounds, (char *)opaque);
    SevBoot *boot = sev_boot("memory-stress", options);
    unsigned cpus = sev_boot_info(boot, "cpus");

    g_assert_cmpuint(boot->passed, ==, 4 + 4 * cpus);
    sev_boot_free(boot);
}

static void test_views_guest(const void *opaque)
{
    g_autofree char *options = g_strdup_printf(SEV " %s", (char *)opaque);
    SevBoot *boot = sev_boot("memory-views", options);

    g_assert_cmpuint(boot->passed, ==, 22);
    sev_boot_free(boot);
}

static void test_code(const void *opaque)
{
    g_autofree char *options = g_strdup_printf(SEV " %s", (char *)opaque);
    SevBoot *boot = sev_boot("memory-code", options);

    g_assert_cmpuint(boot->passed, ==, 5);
    sev_boot_free(boot);
}

static void test_pages(const void *opaque)
{
    g_autofree char *options = g_strdup_printf(SEV " %s", (char *)opaque);
    SevBoot *boot = sev_boot("memory-pages", options);

    g_assert_cmpuint(boot->passed, ==, 26);
    sev_boot_free(boot);
}

/* The guest's RAM is made of this memory backend */
static void check_backend(const char *backend)
{
    g_autofree char *options =
        g_strdup_printf("-smp 4 -machine memory-backend=m -object %s,id=m,"
                        "size=64M", backend);
    g_autofree char *all = g_strdup_printf(SEV " %s", options);

    check_views(all, 0);
    test_views_guest(options);
    test_stress(options);
}

static void test_backend(const void *backend)
{
    check_backend(backend);
}

static bool have_huge_pages(void)
{
    g_autofree char *info = NULL;
    const char *line;
    unsigned long long pages, size;

    if (!g_file_get_contents("/proc/meminfo", &info, NULL, NULL)) {
        return false;
    }
    line = strstr(info, "HugePages_Free:");
    if (!line || sscanf(line, "HugePages_Free: %llu", &pages) != 1) {
        return false;
    }
    line = strstr(info, "Hugepagesize:");
    return line && sscanf(line, "Hugepagesize: %llu kB", &size) == 1 &&
           pages * size >= 64 * 1024;
}

static void test_backend_huge(void)
{
    if (!have_huge_pages()) {
        g_test_skip("less than 64 MiB of free huge pages");
        return;
    }
    check_backend("memory-backend-memfd,hugetlb=on");
}

#define DIMM            UINT64_C(0x100000000)
#define DIMM_SIZE       (16 * 1024 * 1024)

/* The guest's side of ACPI memory hotplug */
#define ACPI_SLOT       0xa00
#define ACPI_FLAGS      0xa14
#define ACPI_EJECT      (1 << 3)

static void plug(SevBoot *boot, uint64_t number)
{
    qtest_qmp_assert_success(boot->qts,
        "{ 'execute': 'object-add', 'arguments': { 'id': 'm1', "
        "'qom-type': 'memory-backend-ram', 'size': %d } }", DIMM_SIZE);
    qtest_qmp_assert_success(boot->qts,
        "{ 'execute': 'device_add', 'arguments': { 'driver': 'pc-dimm', "
        "'id': 'd1', 'memdev': 'm1', 'addr': %" PRIu64 " } }", DIMM);
    qtest_writeq(boot->qts, sev_boot_info(boot, "told"), number);
}

static void unplug(SevBoot *boot)
{
    qtest_qmp_assert_success(boot->qts, "{ 'execute': 'device_del', "
                             "'arguments': { 'id': 'd1' } }");
    qtest_outl(boot->qts, ACPI_SLOT, 0);
    qtest_outb(boot->qts, ACPI_FLAGS, ACPI_EJECT);
    qtest_qmp_eventwait(boot->qts, "DEVICE_DELETED");
    qtest_qmp_assert_success(boot->qts, "{ 'execute': 'object-del', "
                             "'arguments': { 'id': 'm1' } }");
}

/* Private data in memory that goes away does not come back with the next */
static void test_hotplug(const void *machine)
{
    g_autofree char *options = g_strdup_printf("%s -m 64,slots=1,maxmem=1G",
                                               (char *)machine);
    SevBoot *boot = sev_boot_begin("hotplug", options);

    sev_boot_wait_for(boot, "info waits 0x1");
    plug(boot, 1);
    sev_boot_wait_for(boot, "info waits 0x2");
    unplug(boot);
    plug(boot, 2);
    sev_boot_end(boot, "hotplug");
    g_assert_cmpuint(boot->passed, ==, 10);
    sev_boot_free(boot);
}

/* So long QEMU may put off to free memory that no vCPU looks at any more */
#define FREE_US         (G_USEC_PER_SEC / 2)

static void reset(SevBoot *boot)
{
    qtest_qmp_assert_success(boot->qts, "{ 'execute': 'system_reset' }");
    qtest_qmp_eventwait(boot->qts, "RESET");
}

/*
 * Memory that was used and is gone is nothing that a reset would come across,
 * whether other memory has its place or not.
 */
static void check_hotplug_reset(bool again)
{
    SevBoot *boot = sev_boot_begin("hotplug", SEV " -m 64,slots=1,maxmem=1G");

    sev_boot_wait_for(boot, "info waits 0x1");
    plug(boot, 1);
    sev_boot_wait_for(boot, "info waits 0x2");
    unplug(boot);
    qtest_qmp_assert_success(boot->qts, "{ 'execute': 'stop' }");
    g_usleep(FREE_US);
    if (again) {
        plug(boot, 0);
    }
    qtest_qmp_assert_success(boot->qts, "{ 'execute': 'cont' }");
    reset(boot);
    reset(boot);
    sev_boot_free(boot);
}

static void test_hotplug_reset(void)
{
    check_hotplug_reset(false);
    check_hotplug_reset(true);
}

/* As many modules as a machine takes, beside its other memory */
#define MODULES         256
#define MODULE_SIZE     (2 * 1024 * 1024)

static uint64_t module(unsigned i)
{
    return DIMM + (uint64_t)i * MODULE_SIZE;
}

static void test_many_blocks(void)
{
    g_autofree char *firmware = test_firmware_full();
    GString *options = g_string_new(NULL);
    QTestState *qts;

    g_string_printf(options, SEV " -nodefaults -S -bios %s "
                    "-m 64,slots=%u,maxmem=8G", firmware, MODULES);
    for (unsigned i = 0; i < MODULES; i++) {
        g_string_append_printf(options, " -object memory-backend-ram,id=m%u,"
                               "size=%u -device pc-dimm,memdev=m%u,addr=%"
                               PRIu64, i, MODULE_SIZE, i, module(i));
    }
    qts = qtest_init(options->str);
    for (unsigned i = 0; i < MODULES; i++) {
        qtest_writeq(qts, module(i), i);
    }
    for (unsigned i = 0; i < MODULES; i++) {
        g_assert_cmpuint(qtest_readq(qts, module(i)), ==, i);
    }
    qtest_quit(qts);
    g_string_free(options, true);
    test_files_remove();
}

/* A balloon takes no memory from an encrypted guest, whatever it is told */
static void check_balloon(const char *machine, unsigned words_left)
{
    g_autofree char *options =
        g_strdup_printf("%s -device virtio-balloon-pci,disable-legacy=on,"
                        "iommu_platform=on", machine);
    SevBoot *boot = sev_boot("balloon", options);

    g_assert_cmpuint(boot->passed, ==, 4);
    g_assert_cmpuint(sev_boot_info(boot, "private-words"), ==, words_left);
    g_assert_cmpuint(sev_boot_info(boot, "shared-words"), ==, words_left);
    sev_boot_free(boot);
}

static void test_balloon(void)
{
    check_balloon(SEV, WORDS);
    check_balloon("-accel tcg -cpu max -machine q35", 0);
}

/* What the guest "flash" writes where */
#define FLASH_SIZE      (64 * 1024)
#define FLASH_OFFSET    8
#define FLASH_VALUES    { 0x5a, 0xc3 }

/* A file of flash memory holds what was written to it, whoever read it how */
static void check_flash(const char *machine, uint64_t c_bit)
{
    g_autofree char *firmware = sev_boot_image("flash");
    g_autofree char *vars = test_file_pattern("vars", 1, FLASH_SIZE);
    g_autofree char *options = g_strdup_printf(
        "%s -drive if=pflash,format=raw,readonly=on,file=%s "
        "-drive if=pflash,format=raw,file=%s", machine, firmware, vars);
    g_autofree char *before = NULL, *after = NULL;
    const uint8_t values[] = FLASH_VALUES;
    size_t size;
    SevBoot *boot;

    g_assert_true(g_file_get_contents(vars, &before, NULL, NULL));
    boot = sev_boot_firmware("flash", options);
    g_assert_cmpuint(boot->passed, ==, 5);
    g_assert_cmphex(sev_boot_info(boot, "c-bit"), ==, c_bit);
    g_assert_cmphex(sev_boot_info(boot, "first"), ==, ldq_le_p(before));
    sev_boot_free(boot);
    g_assert_true(g_file_get_contents(vars, &after, &size, NULL));
    memcpy(before + FLASH_OFFSET, values, sizeof(values));
    g_assert_cmpmem(after, size, before, FLASH_SIZE);
}

static void test_flash(void)
{
    check_flash(SEV, 1ULL << 51);
    check_flash("-accel tcg -cpu max -machine q35", 0);
    test_files_remove();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_data_func("sev/memory/views/q35", SEV, test_views);
    qtest_add_data_func("sev/memory/backend/ram", "memory-backend-ram",
                        test_backend);
    qtest_add_data_func("sev/memory/backend/prealloc",
                        "memory-backend-ram,prealloc=on", test_backend);
    qtest_add_data_func("sev/memory/backend/memfd", "memory-backend-memfd",
                        test_backend);
    qtest_add_data_func("sev/memory/backend/file",
                        "memory-backend-file,share=on,mem-path=/dev/shm",
                        test_backend);
    qtest_add_func("sev/memory/backend/huge-pages", test_backend_huge);
    qtest_add_data_func("sev/memory/hotplug/encrypted", SEV, test_hotplug);
    qtest_add_data_func("sev/memory/hotplug/plain",
                        "-accel tcg -cpu max -machine q35", test_hotplug);
    qtest_add_func("sev/memory/hotplug/reset", test_hotplug_reset);
    qtest_add_func("sev/memory/many-blocks", test_many_blocks);
    qtest_add_func("sev/memory/balloon", test_balloon);
    qtest_add_func("sev/memory/flash", test_flash);
    qtest_add_data_func("sev/memory/code/multi", "-smp 4", test_code);
    qtest_add_data_func("sev/memory/code/icount", "-icount shift=0",
                        test_code);
    qtest_add_data_func("sev/memory/pages/multi", "-smp 4", test_pages);
    qtest_add_data_func("sev/memory/pages/icount", "-icount shift=0",
                        test_pages);
    qtest_add_func("sev/memory/plain", test_plain);
    qtest_add_func("sev/memory/device", test_device);
    qtest_add_func("sev/memory/xp", test_xp);
    qtest_add_func("sev/memory/key", test_key);
    qtest_add_func("sev/memory/markers", test_markers);
    qtest_add_data_func("sev/memory/guest/pc", "-machine pc",
                        test_views_guest);
    qtest_add_data_func("sev/memory/guest/icount", "-icount shift=0",
                        test_views_guest);
    qtest_add_data_func("sev/memory/guest/pcid", "-smp 2 -cpu EPYC",
                        test_views_guest);
    qtest_add_data_func("sev/memory/stress/multi",
                        "-smp 4 -accel tcg,thread=multi", test_stress);
    qtest_add_data_func("sev/memory/stress/icount",
                        "-smp 4 -icount shift=0", test_stress);
    return g_test_run();
}
