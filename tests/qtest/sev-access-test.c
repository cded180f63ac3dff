/*
 * SEV guests under TCG: instructions whose operands lie in two pages
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sev/boot.h"

#define MACHINE "-machine q35,memory-encryption=sev0 " \
                "-object sev-guest,id=sev0"
#define SEV     "-accel tcg " MACHINE

typedef struct Guest {
    const char *name;
    unsigned most;              /* properties on CPU model max */
    unsigned least;             /* on any 64-bit model */
} Guest;

static const Guest guests[] = {
    { "across-atomics", 30, 27 },
    { "across-data", 67, 49 },
    { "across-fetch", 8, 8 },
    { "across-legacy", 32, 32 },
    { "across-stack", 27, 27 },
    { "across-state", 39, 30 },
    { "across-strings", 25, 25 },
    { "across-tables", 15, 15 },
    { "across-tasks", 11, 11 },
};

static SevBoot *boot(const Guest *guest, const char *options)
{
    SevBoot *result = sev_boot(guest->name, options);

    g_assert_cmpuint(result->passed, <=, guest->most);
    return result;
}

static void test_max(const void *opaque)
{
    const Guest *guest = opaque;
    SevBoot *result = boot(guest, SEV " -cpu max");

    g_assert_cmpuint(result->passed, ==, guest->most);
    sev_boot_free(result);
}

/* With a second CPU LOCK is more than a word: TCG uses the host's atomics */
static void test_two_cpus(const void *opaque)
{
    const Guest *guest = opaque;
    SevBoot *result = boot(guest, SEV " -cpu max -smp 2");

    g_assert_cmpuint(result->passed, ==, guest->most);
    sev_boot_free(result);
}

static void test_old_cpu(const void *opaque)
{
    const Guest *guest = opaque;
    SevBoot *result = boot(guest, SEV " -cpu Opteron_G1");

    g_assert_cmpuint(result->passed, >=, guest->least);
    sev_boot_free(result);
}

static void test_icount(const void *opaque)
{
    const Guest *guest = opaque;
    SevBoot *result = boot(guest, SEV " -cpu max -icount shift=0");

    g_assert_cmpuint(result->passed, ==, guest->most);
    sev_boot_free(result);
}

/* What the guests expect is not peculiar to SEV */
static void test_plain(const void *opaque)
{
    const Guest *guest = opaque;
    SevBoot *result = boot(guest, "-accel tcg -machine q35 -cpu max -smp 2");

    g_assert_cmpuint(result->passed, ==, guest->most);
    sev_boot_free(result);
}

/* Register areas of three CPUs, with pages that the fourth wants otherwise */
static void test_race(const void *options)
{
    g_autofree char *all = g_strdup_printf("-cpu max -smp 4 %s",
                                           (char *)options);
    SevBoot *result = sev_boot("across-race", all);

    g_assert_cmpuint(result->passed, ==, 9);
    sev_boot_free(result);
}

static void add(const char *how, const Guest *guest,
                void (*test)(const void *))
{
    g_autofree char *path = g_strdup_printf("sev/access/%s/%s", how,
                                            guest->name);

    qtest_add_data_func(path, guest, test);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(guests); i++) {
        add("max", &guests[i], test_max);
        add("two-cpus", &guests[i], test_two_cpus);
        add("old-cpu", &guests[i], test_old_cpu);
        add("icount", &guests[i], test_icount);
        add("plain", &guests[i], test_plain);
    }
    qtest_add_data_func("sev/access/race/multi", SEV, test_race);
    qtest_add_data_func("sev/access/race/single",
                        "-accel tcg,thread=single " MACHINE, test_race);
    qtest_add_data_func("sev/access/race/plain", "-accel tcg -machine q35",
                        test_race);
    return g_test_run();
}
