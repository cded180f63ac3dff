/*
 * SEV guests under TCG: what a debugger can do without a right to debug
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "sev/boot.h"
#include "sev/gdb.h"

#define PAGE    4096
#define PLAIN   "-accel tcg -cpu max -machine q35"
#define SEV     PLAIN ",memory-encryption=sev0 -object sev-guest,id=sev0"

/* Of every guest: where its code is, in memory and in the image */
#define BODY_BASE       0x00100000

/* The first words of shared.c's pages, and how they go on */
#define SHARED_SEED     0x5ea5ed0000000000ull
#define PRIVATE_SEED    0x9c1ce70000000000ull
#define STEP            0x0101010101010101ull

#define CHUNK           1024            /* bytes of memory in a packet */
#define RIP_OFFSET      (16 * 8)        /* in what "g" answers */

static void expect_ok(TestGdb *gdb, const char *packet)
{
    g_autofree char *answer = test_gdb_ask(gdb, "%s", packet);

    g_assert_cmpstr(answer, ==, "OK");
}

static void unhex(const char *digits, uint8_t *data, size_t size)
{
    g_assert_cmpuint(strlen(digits), >=, 2 * size);
    for (size_t i = 0; i < size; i++) {
        int high = g_ascii_xdigit_value(digits[2 * i]);
        int low = g_ascii_xdigit_value(digits[2 * i + 1]);

        g_assert_true(high >= 0 && low >= 0);
        data[i] = high << 4 | low;
    }
}

/* What the debugger sees of memory */
static void gdb_read(TestGdb *gdb, uint64_t address, uint8_t *data,
                     size_t size)
{
    for (size_t at = 0; at < size; at += CHUNK) {
        size_t part = MIN(CHUNK, size - at);
        g_autofree char *answer = test_gdb_ask(gdb, "m%" PRIx64 ",%zx",
                                               address + at, part);

        unhex(answer, data + at, part);
    }
}

static uint64_t gdb_rip(TestGdb *gdb)
{
    g_autofree char *answer = test_gdb_ask(gdb, "g");
    uint8_t rip[8];

    g_assert_cmpuint(strlen(answer), >=, 2 * (RIP_OFFSET + sizeof(rip)));
    unhex(answer + 2 * RIP_OFFSET, rip, sizeof(rip));
    return ldq_le_p(rip);
}

static char *socket_path(void)
{
    return g_strdup_printf("%s/sev-gdb-%d.sock", g_get_tmp_dir(), getpid());
}

static char *options_with_gdb(const char *options, const char *path)
{
    return g_strdup_printf("%s -gdb unix:%s,server=on,wait=off", options,
                           path);
}

static unsigned matches(const uint8_t *page, uint64_t seed)
{
    unsigned count = 0;

    for (unsigned i = 0; i < PAGE / 8; i++) {
        count += ldq_le_p(page + 8 * i) == seed + i * STEP;
    }
    return count;
}

static void check_page(SevBoot *boot, TestGdb *gdb, const char *which,
                       uint64_t seed, unsigned words)
{
    g_autofree char *physical = g_strdup_printf("%s-physical", which);
    g_autofree char *virtual = g_strdup_printf("%s-virtual", which);
    uint8_t seen[PAGE], saved[PAGE];

    sev_boot_save(boot, "pmemsave", sev_boot_info(boot, physical), PAGE,
                  saved);
    gdb_read(gdb, sev_boot_info(boot, virtual), seen, PAGE);
    g_assert_cmpuint(matches(seen, seed), ==, words);
    g_assert_cmpmem(seen, PAGE, saved, PAGE);

    expect_ok(gdb, "Qqemu.PhyMemMode:1");
    gdb_read(gdb, sev_boot_info(boot, physical), seen, PAGE);
    g_assert_cmpmem(seen, PAGE, saved, PAGE);
    expect_ok(gdb, "Qqemu.PhyMemMode:0");
}

static void check_memory(const char *machine, unsigned private_words)
{
    g_autofree char *path = socket_path();
    g_autofree char *options = options_with_gdb(machine, path);
    SevBoot *boot = sev_boot("shared", options);
    TestGdb *gdb = test_gdb_connect(path);

    check_page(boot, gdb, "shared", SHARED_SEED, PAGE / 8);
    check_page(boot, gdb, "private", PRIVATE_SEED, private_words);
    test_gdb_close(gdb);
    sev_boot_free(boot);
}

static void test_memory(void)
{
    check_memory(SEV, 0);
}

static void test_memory_plain(void)
{
    check_memory(PLAIN, PAGE / 8);
}

static void wait_for_stop(TestGdb *gdb, const char *command)
{
    g_autofree char *answer = test_gdb_ask(gdb, "%s", command);

    g_assert_true(g_str_has_prefix(answer, "T05"));
}

/* Are these the bytes of the image? */
static bool is_code(uint64_t address, const uint8_t *seen, size_t size)
{
    g_autofree char *name = sev_boot_image("breakpoint");
    g_autofree char *image = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(name, &image, &length, NULL));
    g_assert_cmpuint(address - BODY_BASE + size, <=, length);
    return !memcmp(image + (address - BODY_BASE), seen, size);
}

/* Code is private, but breakpoints are not made of memory */
static void check_breakpoint(SevBoot *boot, TestGdb *gdb, bool encrypted)
{
    uint64_t function = sev_boot_info(boot, "function");
    g_autofree char *set = g_strdup_printf("Z0,%" PRIx64 ",1", function);
    g_autofree char *clear = g_strdup_printf("z0,%" PRIx64 ",1", function);
    uint8_t code[8];

    expect_ok(gdb, set);
    for (int i = 0; i < 3; i++) {
        wait_for_stop(gdb, "c");
        g_assert_cmphex(gdb_rip(gdb), ==, function);
    }
    gdb_read(gdb, function, code, sizeof(code));
    g_assert_true(is_code(function, code, sizeof(code)) == !encrypted);
    wait_for_stop(gdb, "s");
    g_assert_cmphex(gdb_rip(gdb), >, function);
    g_assert_cmphex(gdb_rip(gdb), <, function + 16);
    expect_ok(gdb, clear);
}

/* Who stops at a write to private memory still does not see what it was */
static void check_watchpoint(SevBoot *boot, TestGdb *gdb, bool encrypted)
{
    uint64_t counter = sev_boot_info(boot, "counter");
    g_autofree char *set = g_strdup_printf("Z2,%" PRIx64 ",8", counter);
    g_autofree char *clear = g_strdup_printf("z2,%" PRIx64 ",8", counter);
    uint8_t seen[8];

    expect_ok(gdb, set);
    wait_for_stop(gdb, "c");
    gdb_read(gdb, counter, seen, sizeof(seen));
    g_assert_true((ldq_le_p(seen) < UINT32_MAX) == !encrypted);
    expect_ok(gdb, clear);
}

static void check_stops(const char *machine, bool encrypted)
{
    g_autofree char *path = socket_path();
    g_autofree char *options = options_with_gdb(machine, path);
    SevBoot *boot = sev_boot_begin("breakpoint", options);
    g_autofree char *flag = NULL;
    TestGdb *gdb;

    sev_boot_wait_for(boot, "info flag ");
    gdb = test_gdb_connect(path);
    check_breakpoint(boot, gdb, encrypted);
    check_watchpoint(boot, gdb, encrypted);
    flag = g_strdup_printf("M%" PRIx64 ",1:01", sev_boot_info(boot, "flag"));
    expect_ok(gdb, flag);
    expect_ok(gdb, "D");
    sev_boot_end(boot, "breakpoint");
    test_gdb_close(gdb);
    sev_boot_free(boot);
}

static void test_stops(void)
{
    check_stops(SEV, true);
}

static void test_stops_plain(void)
{
    check_stops(PLAIN, false);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_func("sev/gdb/memory/encrypted", test_memory);
    qtest_add_func("sev/gdb/memory/plain", test_memory_plain);
    qtest_add_func("sev/gdb/stops/encrypted", test_stops);
    qtest_add_func("sev/gdb/stops/plain", test_stops_plain);
    return g_test_run();
}
