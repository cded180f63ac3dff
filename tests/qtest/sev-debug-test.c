/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV guests under TCG: debuggers and dumps see ciphertext, unless the policy
 * allows more and the user asked for it.
 */

#include "qemu/osdep.h"
#include <zlib.h>
#include "qemu/bswap.h"
#include "elf.h"
#include "qobject/qdict.h"
#include "sev/boot.h"
#include "sev/gdb.h"
#include "sev/launch.h"

#define PAGE    4096
#define MACHINE "-accel tcg -cpu max -machine q35,memory-encryption=sev0 "
#define OPEN    MACHINE "-object sev-guest,id=sev0,policy=0"
#define CLOSED  MACHINE "-object sev-guest,id=sev0,policy=1"

/* What the guest "shared" writes to its two pages */
#define SHARED_SEED     0x5ea5ed0000000000ull
#define PRIVATE_SEED    0x9c1ce70000000000ull
#define STEP            0x0101010101010101ull

/* The first word that the guest "views-change" writes */
#define CHANGE_SEED     0xd1a60005e0000000ull

static void set_access(QTestState *qts, bool on)
{
    qtest_qmp_assert_success(qts, "{ 'execute': 'qom-set', 'arguments': "
                             "{ 'path': '/objects/sev0', "
                             "'property': 'debug-access', 'value': %i } }",
                             on);
}

static bool shows(QTestState *qts, const char *command, uint64_t address,
                  uint64_t value)
{
    g_autofree char *text = qtest_hmp(qts, "%s 0x%" PRIx64, command, address);
    g_autofree char *digits = g_strdup_printf("0x%016" PRIx64, value);

    return strstr(text, digits);
}

/* The choice can be made and taken back while the guest is there */
static void test_monitor(void)
{
    SevBoot *boot = sev_boot("shared", OPEN);
    QTestState *qts = boot->qts;
    uint64_t private = sev_boot_info(boot, "private-virtual");
    uint64_t physical = sev_boot_info(boot, "private-physical");
    uint64_t shared = sev_boot_info(boot, "shared-virtual");

    for (unsigned i = 0; i < 2; i++) {
        g_assert_false(shows(qts, "x /1gx", private, PRIVATE_SEED));
        g_assert_true(shows(qts, "x /1gx", shared, SHARED_SEED));

        set_access(qts, true);
        g_assert_true(shows(qts, "x /1gx", private, PRIVATE_SEED));
        g_assert_true(shows(qts, "x /1gx", private + 4088,
                            PRIVATE_SEED + 511 * STEP));
        g_assert_true(shows(qts, "x /1gx", shared, SHARED_SEED));
        g_assert_false(shows(qts, "xp /1gx", physical, PRIVATE_SEED));

        set_access(qts, false);
    }
    sev_boot_free(boot);
}

/* By the property at start; and memory that is only looked at stays */
static void test_memsave(void)
{
    SevBoot *boot = sev_boot("shared", OPEN ",debug-access=on");
    g_autofree char *file = test_file("saved", "", 0);
    g_autofree char *data = NULL;
    gsize len;

    qtest_qmp_assert_success(boot->qts, "{ 'execute': 'memsave', "
                             "'arguments': { 'val': %" PRIu64 ", "
                             "'size': 4096, 'filename': %s } }",
                             sev_boot_info(boot, "private-virtual"), file);
    g_assert_true(g_file_get_contents(file, &data, &len, NULL));
    g_assert_cmpuint(len, ==, PAGE);
    for (unsigned i = 0; i < PAGE / 8; i++) {
        g_assert_cmphex(ldq_le_p(data + 8 * i), ==, PRIVATE_SEED + i * STEP);
    }
    sev_boot_free(boot);
}

static void test_refusals(void)
{
    g_autofree char *firmware = test_firmware_full();
    SevBoot *boot = sev_boot("shared", CLOSED);

    test_qmp_refused(boot->qts, "NODBG", "{ 'execute': 'qom-set', "
                     "'arguments': { 'path': '/objects/sev0', "
                     "'property': 'debug-access', 'value': true } }");
    g_assert_false(shows(boot->qts, "x /1gx",
                         sev_boot_info(boot, "private-virtual"),
                         PRIVATE_SEED));
    sev_boot_free(boot);
    test_refused("policy 0x1 forbids debugging (NODBG, bit 0)",
                 CLOSED ",debug-access=on -bios %s", firmware);
}

/* A debugger reads and writes; only the block that it writes changes */
static void test_gdb_memory(void)
{
    g_autofree char *path = test_file("gdb", "", 0);
    g_autofree char *options =
        g_strdup_printf(OPEN ",debug-access=on "
                        "-gdb unix:path=%s,server=on,wait=off", path);
    g_autofree char *seed = g_strdup_printf("%016" PRIx64,
                                            bswap64(PRIVATE_SEED));
    g_autofree char *read = NULL, *written = NULL;
    uint8_t before[PAGE], after[PAGE];
    uint64_t page;
    SevBoot *boot;
    TestGdb *gdb;

    unlink(path);
    boot = sev_boot("shared", options);
    page = sev_boot_info(boot, "private-virtual");
    qtest_memread(boot->qts, page, before, PAGE);
    gdb = test_gdb_connect(path);
    read = test_gdb_ask(gdb, "m%" PRIx64 ",8", page);
    g_assert_cmpstr(read, ==, seed);
    written = test_gdb_ask(gdb, "M%" PRIx64 ",3:0a0b0c", page + 37);
    g_assert_cmpstr(written, ==, "OK");
    g_free(read);
    read = test_gdb_ask(gdb, "m%" PRIx64 ",3", page + 37);
    g_assert_cmpstr(read, ==, "0a0b0c");
    qtest_memread(boot->qts, page, after, PAGE);
    g_assert_cmpmem(before, 32, after, 32);
    g_assert_true(memcmp(before + 32, after + 32, 16));
    g_assert_cmpmem(before + 48, PAGE - 48, after + 48, PAGE - 48);
    test_gdb_close(gdb);
    sev_boot_free(boot);
}

/* A breakpoint in a private page; and what the debugger sees at it */
static void check_breakpoint(const char *object, bool plain)
{
    SevBoot *boot = sev_boot("views-change", CLOSED);
    uint64_t touch = sev_boot_info(boot, "touch");
    uint64_t page = sev_boot_info(boot, "page");
    g_autofree char *path = test_file("gdb", "", 0);
    g_autofree char *image = sev_boot_image("views-change");
    g_autofree char *set = NULL, *stop = NULL, *regs = NULL, *read = NULL;
    g_autofree char *rip = g_strdup_printf("%016" PRIx64, bswap64(touch));
    g_autofree char *seed = g_strdup_printf("%016" PRIx64,
                                            bswap64(CHANGE_SEED));
    QTestState *qts;
    TestGdb *gdb;

    sev_boot_free(boot);
    unlink(path);
    qts = qtest_initf("%s -nodefaults -m 64 -S -no-shutdown -bios %s "
                      "-serial null "
                      "-device isa-debug-exit,iobase=0xf4,iosize=4 "
                      "-gdb unix:path=%s,server=on,wait=off", object, image,
                      path);
    gdb = test_gdb_connect(path);
    set = test_gdb_ask(gdb, "Z0,%" PRIx64 ",1", touch);
    g_assert_cmpstr(set, ==, "OK");
    stop = test_gdb_ask(gdb, "c");
    g_assert_true(g_str_has_prefix(stop, "T05"));
    regs = test_gdb_ask(gdb, "p10");    /* rip */
    g_assert_cmpstr(regs, ==, rip);
    read = test_gdb_ask(gdb, "m%" PRIx64 ",8", page);
    g_assert_cmpint(g_str_equal(read, seed), ==, plain);
    test_gdb_close(gdb);
    qtest_quit(qts);
}

static void test_gdb_breakpoint(void)
{
    check_breakpoint(CLOSED, false);
    check_breakpoint(OPEN, false);
    check_breakpoint(OPEN ",debug-access=on", true);
}

static char *dump(QTestState *qts, bool paging, gsize *len)
{
    g_autofree char *file = test_file("dump", "", 0);
    g_autofree char *protocol = g_strdup_printf("file:%s", file);
    char *data;

    qtest_qmp_assert_success(qts, "{ 'execute': 'dump-guest-memory', "
                             "'arguments': { 'paging': %i, "
                             "'protocol': %s } }", paging, protocol);
    g_assert_true(g_file_get_contents(file, &data, len, NULL));
    unlink(file);
    return data;
}

/* Where an ELF file has guest physical memory */
static const char *dumped(const char *elf, gsize len, uint64_t address,
                          gsize size)
{
    const Elf64_Ehdr *header = (const void *)elf;
    const Elf64_Phdr *ph = (const void *)(elf + header->e_phoff);

    g_assert_cmpmem(elf, 4, ELFMAG, 4);
    for (unsigned i = 0; i < header->e_phnum; i++, ph++) {
        uint64_t offset = address - ph->p_paddr;

        if (ph->p_type == PT_LOAD && address >= ph->p_paddr &&
            offset + size <= ph->p_filesz) {
            g_assert_cmpuint(ph->p_offset + offset + size, <=, len);
            return elf + ph->p_offset + offset;
        }
    }
    return NULL;
}

static const char *dumped_page(const char *elf, gsize len, uint64_t address)
{
    return dumped(elf, len, address, PAGE);
}

static bool has_plaintext(const char *data, gsize len)
{
    uint8_t marker[16];

    stq_le_p(marker, PRIVATE_SEED + 100 * STEP);
    stq_le_p(marker + 8, PRIVATE_SEED + 101 * STEP);
    return memmem(data, len, marker, sizeof(marker));
}

static void check_dump(const char *options, bool paging, bool plain)
{
    SevBoot *boot = sev_boot("shared", options);
    uint64_t private = sev_boot_info(boot, "private-physical");
    uint64_t shared = sev_boot_info(boot, "shared-physical");
    gsize len;
    g_autofree char *data = dump(boot->qts, paging, &len);
    const char *page = dumped_page(data, len, private);
    uint8_t raw[PAGE];

    /* With paging, a mapping of several blocks has the first one's bytes */
    g_assert_true(page || paging);
    qtest_memread(boot->qts, private, raw, PAGE);
    if (page) {
        g_assert_cmpint(memcmp(page, raw, PAGE) == 0, ==, !plain);
    }
    g_assert_cmpint(has_plaintext(data, len), ==, plain);
    page = dumped_page(data, len, shared);
    g_assert_nonnull(page);
    for (unsigned i = 0; i < PAGE / 8; i++) {
        g_assert_cmphex(ldq_le_p(page + 8 * i), ==, SHARED_SEED + i * STEP);
    }
    sev_boot_free(boot);
}

static void test_dump(void)
{
    check_dump(CLOSED, false, false);
    check_dump(CLOSED, true, false);
    check_dump(OPEN, false, false);
    check_dump(OPEN ",debug-access=on", false, true);
    check_dump(OPEN ",debug-access=on", true, true);
}

/* From the midst of a page to that of another, not in whole blocks */
static void check_dump_part(const char *options, bool plain)
{
    SevBoot *boot = sev_boot("shared", options);
    uint64_t page = sev_boot_info(boot, "private-physical");
    g_autofree char *file = test_file("part", "", 0);
    g_autofree char *protocol = g_strdup_printf("file:%s", file);
    uint8_t wanted[PAGE];

    qtest_memread(boot->qts, page, wanted, PAGE);
    for (unsigned i = 0; plain && i < PAGE / 8; i++) {
        stq_le_p(wanted + 8 * i, PRIVATE_SEED + i * STEP);
    }
    for (int skip = -0x123; skip < 0x200; skip += 0x55) {
        unsigned from = MAX(skip, 0);
        g_autofree char *data = NULL;
        const char *bytes;
        gsize len;

        qtest_qmp_assert_success(
            boot->qts, "{ 'execute': 'dump-guest-memory', 'arguments': "
            "{ 'paging': false, 'protocol': %s, 'begin': %" PRIu64 ", "
            "'length': 8192 } }", protocol, page + skip);
        g_assert_true(g_file_get_contents(file, &data, &len, NULL));
        bytes = dumped(data, len, page + from, PAGE - from);
        g_assert_nonnull(bytes);
        g_assert_cmpmem(bytes, PAGE - from, wanted + from, PAGE - from);
    }
    sev_boot_free(boot);
}

static void test_dump_part(void)
{
    check_dump_part(CLOSED, false);
    check_dump_part(OPEN, false);
    check_dump_part(OPEN ",debug-access=on", true);
}

/* A page of the guest's among those that zlib packed */
static bool has_packed_plaintext(const char *data, gsize len)
{
    for (gsize i = 0; i + 2 < len; i++) {
        uint8_t page[PAGE];
        uLongf size = PAGE;

        if (!(lduw_be_p(data + i) % 31) && (data[i] & 0xf) == Z_DEFLATED &&
            uncompress(page, &size, (void *)(data + i),
                       MIN(len - i, PAGE)) == Z_OK &&
            has_plaintext((char *)page, size)) {
            return true;
        }
    }
    return false;
}

/* Formats that take page by page */
static void check_dump_kdump(const char *options, bool plain)
{
    SevBoot *boot = sev_boot("shared", options);
    g_autofree char *file = test_file("kdump", "", 0);
    g_autofree char *protocol = g_strdup_printf("file:%s", file);
    gsize len;

    for (unsigned i = 0; i < 2; i++) {
        g_autofree char *data = NULL;

        qtest_qmp_assert_success(boot->qts, "{ 'execute': 'dump-guest-memory',"
                                 " 'arguments': { 'paging': false, "
                                 "'protocol': %s, 'format': %s } }", protocol,
                                 i ? "kdump-raw-zlib" : "kdump-zlib");
        g_assert_true(g_file_get_contents(file, &data, &len, NULL));
        /* Ciphertext does not shrink, and there is more of it than this */
        g_assert_true(plain || len > 64 * 1024);
        g_assert_false(has_plaintext(data, len));
        g_assert_cmpint(has_packed_plaintext(data, len), ==, plain);
    }
    sev_boot_free(boot);
}

static void test_dump_kdump(void)
{
    check_dump_kdump(CLOSED, false);
    check_dump_kdump(OPEN, false);
    check_dump_kdump(OPEN ",debug-access=on", true);
}

/* Accesses that had to transform, until now */
static int64_t count_copies(QTestState *qts)
{
    QDict *response = qtest_qmp(qts, "{ 'execute': 'query-sev' }");
    QDict *info = qdict_get_qdict(response, "return");
    int64_t copies = qdict_get_int(qdict_get_qdict(info, "memory"), "copies");

    qobject_unref(response);
    return copies;
}

/* No page is encrypted more than once, whatever the format */
static void test_dump_once(void)
{
    static const char *const formats[] = { "elf", "kdump-raw-zlib" };
    SevBoot *boot = sev_boot("shared", CLOSED);
    g_autofree char *file = test_file("once", "", 0);
    g_autofree char *protocol = g_strdup_printf("file:%s", file);
    int64_t copies[2];

    for (unsigned i = 0; i < 2; i++) {
        int64_t before = count_copies(boot->qts);

        qtest_qmp_assert_success(boot->qts, "{ 'execute': 'dump-guest-memory',"
                                 " 'arguments': { 'paging': false, "
                                 "'protocol': %s, 'format': %s } }", protocol,
                                 formats[i]);
        copies[i] = count_copies(boot->qts) - before;
    }
    g_assert_cmpint(copies[0], >, 0);
    g_assert_cmpint(copies[1], ==, copies[0]);
    sev_boot_free(boot);
}

/* Page tables are private, and their entries are shown without the C-bit */
static void test_tables(const void *opaque)
{
    g_autofree char *options = g_strdup_printf(CLOSED ",cbitpos=%s",
                                               (char *)opaque);
    SevBoot *boot = sev_boot("shared", options);
    g_autofree char *tlb = qtest_hmp(boot->qts, "info tlb");
    g_autofree char *mem = qtest_hmp(boot->qts, "info mem");
    g_autofree char *line = g_strdup_printf(
        "%016" PRIx64 ": %016" PRIx64 " -",
        sev_boot_info(boot, "shared-virtual"),
        sev_boot_info(boot, "shared-physical"));

    g_assert_nonnull(strstr(tlb, line));
    g_assert_nonnull(strstr(tlb, "0000000000400000: 0000000000400000 --P"));
    g_assert_nonnull(strstr(mem, "0000000000000000-"));
    sev_boot_free(boot);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sev/debug/monitor", test_monitor);
    qtest_add_func("/sev/debug/memsave", test_memsave);
    qtest_add_func("/sev/debug/refused", test_refusals);
    qtest_add_func("/sev/debug/gdb/memory", test_gdb_memory);
    qtest_add_func("/sev/debug/gdb/breakpoint", test_gdb_breakpoint);
    qtest_add_func("/sev/debug/dump", test_dump);
    qtest_add_func("/sev/debug/dump/part", test_dump_part);
    qtest_add_func("/sev/debug/dump/kdump", test_dump_kdump);
    qtest_add_func("/sev/debug/dump/once", test_dump_once);
    qtest_add_data_func("/sev/debug/tables/51", "51", test_tables);
    qtest_add_data_func("/sev/debug/tables/47", "47", test_tables);
    qtest_add_data_func("/sev/debug/tables/40", "40", test_tables);
    ret = g_test_run();
    test_files_remove();
    return ret;
}
