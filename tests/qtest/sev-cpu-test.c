/*
 * What encrypted guests need of TCG besides encryption: bare-metal guests on
 * CPU models that have a feature and on some that have not
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "sev/boot.h"

#define SEV     " -machine q35,memory-encryption=sev0 " \
                "-object sev-guest,id=sev0"
#define PLAIN   " -machine q35"

typedef struct Case {
    const char *name;
    const char *guest;
    const char *options;
    unsigned properties;        /* that the guest looks at */
} Case;

/* With MPX and PKRU as with AVX only: the layout depends on the neighbours. */
static const Case cases[] = {
    { "max", "xsave-layout", "-cpu max", 13 },
    { "no-mpx", "xsave-layout", "-cpu max,-mpx", 13 },
    { "avx-only", "xsave-layout", "-cpu max,-mpx,-pku", 13 },
    { "no-xsaves", "xsave-layout", "-cpu max,-xsaves", 8 },
    { "model/EPYC-Milan", "xsave-layout", "-cpu EPYC-Milan", 13 },
    { "max", "xsave-faults", "-cpu max", 54 },
    { "no-xsaves", "xsave-faults", "-cpu max,-xsaves", 29 },
    { "no-xsavec", "xsave-faults", "-cpu max,-xsavec,-xsaves", 11 },
    { "model/EPYC", "xsave-faults", "-cpu EPYC", 29 },
    { "smp", "invlpgb", "-cpu max -smp 4", 28 },
    { "one-cpu", "invlpgb", "-cpu max -smp 1", 22 },
    { "absent", "invlpgb", "-cpu max,-invlpgb", 3 },
    { "max", "control-registers", "-cpu max", 6 },
    { "max", "svm-assists", "-cpu max", 109 },
    { "no-assists", "svm-assists", "-cpu max,-nrip-save,-decodeassists", 53 },
    { "model/EPYC-Milan", "svm-assists", "-cpu EPYC-Milan,+svm", 75 },
    { "model/Haswell", "xsave-faults", "-cpu Haswell", 11 },
};

static void boot_with(const Case *test, const char *accel,
                      const char *machine)
{
    g_autofree char *options = g_strdup_printf("%s%s %s", accel, machine,
                                               test->options);
    SevBoot *boot = sev_boot(test->guest, options);

    g_assert_cmpuint(boot->passed, ==, test->properties);
    sev_boot_free(boot);
}

static void test_case(const void *opaque)
{
    const Case *test = opaque;

    boot_with(test, "-accel tcg", PLAIN);
    boot_with(test, "-accel tcg", SEV);
    boot_with(test, "-accel tcg,thread=single", PLAIN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("sev/cpu/%s/%s",
                                                cases[i].guest,
                                                cases[i].name);

        qtest_add_data_func(path, &cases[i], test_case);
    }
    return g_test_run();
}
