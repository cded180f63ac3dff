/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV guests under TCG: uses of memory that are probably not meant are
 * reported, if somebody asked for it.
 */

#include "qemu/osdep.h"
#include "qobject/qdict.h"
#include "sev/boot.h"
#include "sev/launch.h"

#define SEV     "-accel tcg -cpu max -machine q35,memory-encryption=sev0 " \
                "-object sev-guest,id=sev0"

/* Of the network card in the test of devices */
#define CARD_BAR        0xe0000000u
#define CARD_TCTL       0x400
#define CARD_TDBAL      0x3800
#define CARD_TDLEN      0x3808
#define CARD_TDT        0x3818

typedef struct Diagnosis {
    SevBoot *boot;
    char *log;                          /* file with trace events */
} Diagnosis;

static Diagnosis diagnose(const char *guest, const char *options)
{
    Diagnosis d = { .log = test_file("trace", "", 0) };
    g_autofree char *all = g_strdup_printf(SEV "%s -trace sev_diagnose_* "
                                           "-D %s", options, d.log);

    d.boot = sev_boot(guest, all);
    return d;
}

static void diagnosis_free(Diagnosis d)
{
    sev_boot_free(d.boot);
    g_free(d.log);
}

static unsigned count_events(Diagnosis d, const char *text)
{
    g_autofree char *log = NULL;
    unsigned count = 0;

    g_assert_true(g_file_get_contents(d.log, &log, NULL, NULL));
    for (char *at = strstr(log, text); at; at = strstr(at + 1, text)) {
        count++;
    }
    return count;
}

/* A counter of query-sev, or -1 */
static int64_t counter(Diagnosis d, const char *name)
{
    QDict *reply = qtest_qmp(d.boot->qts, "{ 'execute': 'query-sev' }");
    QDict *memory = qdict_get_qdict(qdict_get_qdict(reply, "return"),
                                    "memory");
    int64_t value = qdict_get_try_int(memory, name, -1);

    qobject_unref(reply);
    return value;
}

static void read_page(Diagnosis d, const char *key)
{
    uint8_t page[4096];

    qtest_memread(d.boot->qts, sev_boot_info(d.boot, key), page,
                  sizeof(page));
}

static void test_off(void)
{
    Diagnosis d = diagnose("shared", "");
    g_autofree char *info = NULL;

    read_page(d, "private-physical");
    g_assert_cmpuint(count_events(d, "sev_diagnose"), ==, 0);
    g_assert_cmpint(counter(d, "device-reads"), ==, -1);
    g_assert_cmpint(counter(d, "pages-turned"), >, 0);
    g_assert_cmpint(counter(d, "copies"), >, 0);
    info = qtest_hmp(d.boot->qts, "info sev");
    g_assert_nonnull(strstr(info, "pages turned over"));
    g_assert_null(strstr(info, "by devices"));
    diagnosis_free(d);
}

/* One report for each page and direction, but all are counted */
static void test_first(void)
{
    Diagnosis d = diagnose("shared", ",diagnose=first");
    uint64_t page = sev_boot_info(d.boot, "private-physical");
    g_autofree char *seen = g_strdup_printf(
        "private page at gpa 0x%" PRIx64 " read by a device or the host, "
        "RIP unknown", page);
    g_autofree char *written = g_strdup_printf(
        "private page at gpa 0x%" PRIx64 " written by a device or the host",
        page + 8);
    g_autofree char *info = NULL;
    int64_t reads;

    g_assert_cmpint(counter(d, "device-reads"), ==, 0);
    read_page(d, "shared-physical");
    g_assert_cmpint(counter(d, "device-reads"), ==, 0);

    read_page(d, "private-physical");
    reads = counter(d, "device-reads");
    g_assert_cmpint(reads, >, 0);
    read_page(d, "private-physical");
    g_assert_cmpint(counter(d, "device-reads"), ==, 2 * reads);
    g_assert_cmpuint(count_events(d, seen), ==, 1);
    g_assert_cmpuint(count_events(d, "sev_diagnose"), ==, 1);

    g_assert_cmpint(counter(d, "device-writes"), ==, 0);
    qtest_writeq(d.boot->qts, page + 8, 1);
    g_assert_cmpint(counter(d, "device-writes"), ==, 1);
    g_assert_cmpuint(count_events(d, written), ==, 1);

    info = qtest_hmp(d.boot->qts, "info sev");
    g_assert_nonnull(strstr(info, "written by devices 1,"));
    diagnosis_free(d);
}

static void test_every(void)
{
    Diagnosis d = diagnose("shared", ",diagnose=every");

    for (unsigned i = 0; i < 3; i++) {
        qtest_readq(d.boot->qts, sev_boot_info(d.boot, "private-physical"));
    }
    g_assert_cmpint(counter(d, "device-reads"), ==, 3);
    g_assert_cmpuint(count_events(d, "sev_diagnose_device"), ==, 3);
    diagnosis_free(d);
}

static void test_panic(void)
{
    Diagnosis d = diagnose("shared", ",diagnose=panic");

    read_page(d, "shared-physical");
    g_assert_null(qtest_qmp_event_ref(d.boot->qts, "GUEST_PANICKED"));
    read_page(d, "private-physical");
    qtest_qmp_eventwait(d.boot->qts, "GUEST_PANICKED");
    diagnosis_free(d);
}

/* Which instruction it was, and what it used */
static void test_vcpu(const void *opaque)
{
    Diagnosis d = diagnose("views-change", opaque);
    g_autofree char *expected = g_strdup_printf(
        "sev_diagnose_vcpu cpu 0 gpa 0x%" PRIx64 " gva 0x%" PRIx64
        " RIP 0x%016" PRIx64 " now with C=0",
        sev_boot_info(d.boot, "page"), sev_boot_info(d.boot, "window"),
        sev_boot_info(d.boot, "touch"));
    g_autofree char *back = g_strdup_printf(
        "sev_diagnose_vcpu cpu 0 gpa 0x%" PRIx64 " gva 0x%" PRIx64,
        sev_boot_info(d.boot, "page"), sev_boot_info(d.boot, "page"));
    bool every = strstr(opaque, "every");

    if (every) {
        g_assert_cmpuint(count_events(d, expected), >=, 1);
        g_assert_cmpuint(count_events(d, back), >=, 1);
    } else {
        g_assert_cmpuint(count_events(d, expected), ==, 1);
        g_assert_cmpuint(count_events(d, back), ==, 0);
    }
    g_assert_cmpint(counter(d, "view-changes"), >=, 2);
    g_assert_cmpint(counter(d, "device-reads"), ==, 0);
    diagnosis_free(d);
}

/* What the user reads: of vCPUs only if that was asked for */
static unsigned count_warnings(const char *options)
{
    g_autofree char *log = test_file("warnings", "", 0);
    g_autofree char *all = g_strdup_printf(SEV "%s 2>%s", options, log);
    SevBoot *boot = sev_boot("views-change", all);
    g_autofree char *text = NULL;
    unsigned count = 0;

    sev_boot_free(boot);
    g_assert_true(g_file_get_contents(log, &text, NULL, NULL));
    for (char *at = strstr(text, "SEV guest 'sev0': vCPU"); at;
         at = strstr(at + 1, "SEV guest 'sev0': vCPU")) {
        count++;
    }
    return count;
}

static void test_vcpu_warnings(void)
{
    g_assert_cmpuint(count_warnings(",diagnose=first"), ==, 0);
    g_assert_cmpuint(count_warnings(",diagnose=every"), ==, 0);
    g_assert_cmpuint(count_warnings(",diagnose=panic"), ==, 0);
    g_assert_cmpuint(count_warnings(",diagnose=first,diagnose-vcpus=on"),
                     >, 0);
}

static void config_write(QTestState *qts, unsigned slot, unsigned offset,
                         uint32_t value)
{
    qtest_outl(qts, 0xcf8, 1u << 31 | slot << 11 | offset);
    qtest_outl(qts, 0xcfc, value);
}

/* A network card fetches what it is to send from a page that is private */
static void test_device(void)
{
    Diagnosis d = diagnose("shared", ",diagnose=first "
                           "-device e1000,addr=5,id=buggy");
    QTestState *qts = d.boot->qts;
    uint64_t page = sev_boot_info(d.boot, "private-physical");
    g_autofree char *expected = g_strdup_printf(
        "private page at gpa 0x%" PRIx64 " read by device 'buggy'", page);

    config_write(qts, 5, 0x10, CARD_BAR);
    config_write(qts, 5, 0x04, 6);      /* memory, bus master */
    qtest_writel(qts, CARD_BAR + CARD_TDBAL, page);
    qtest_writel(qts, CARD_BAR + CARD_TDLEN, 4096);
    qtest_writel(qts, CARD_BAR + CARD_TCTL, 2);
    qtest_writel(qts, CARD_BAR + CARD_TDT, 1);
    g_assert_cmpuint(count_events(d, expected), ==, 1);
    diagnosis_free(d);
}

static void expect_device_use(Diagnosis d, const char *use, const char *rip)
{
    g_autofree char *expected = g_strdup_printf(
        "private page at gpa 0x%" PRIx64 " %s, RIP 0x%016" PRIx64 "\n",
        sev_boot_info(d.boot, "page"), use, sev_boot_info(d.boot, rip));

    g_assert_cmpuint(count_events(d, expected), ==, 1);
}

/* Devices that work at once: whose instruction it was, by MMIO or by a port */
static void test_device_rip(const void *opaque)
{
    g_autofree char *options = g_strdup_printf(
        ",diagnose=first -device e1000,id=buggy %s", (const char *)opaque);
    Diagnosis d = diagnose("dma-private", options);

    expect_device_use(d, "read by device 'buggy'", "store");
    expect_device_use(d, "written by a device or the host", "output");
    g_assert_cmpuint(count_events(d, "sev_diagnose_device"), ==, 2);
    diagnosis_free(d);
}

int main(int argc, char **argv)
{
    int ret;

    g_test_init(&argc, &argv, NULL);
    qtest_add_func("/sev/diagnose/off", test_off);
    qtest_add_func("/sev/diagnose/first", test_first);
    qtest_add_func("/sev/diagnose/every", test_every);
    qtest_add_func("/sev/diagnose/panic", test_panic);
    qtest_add_func("/sev/diagnose/vcpu/warnings", test_vcpu_warnings);
    qtest_add_data_func("/sev/diagnose/vcpu/first", ",diagnose=first",
                        test_vcpu);
    qtest_add_data_func("/sev/diagnose/vcpu/every", ",diagnose=every",
                        test_vcpu);
    qtest_add_data_func("/sev/diagnose/vcpu/icount",
                        ",diagnose=every -icount shift=0", test_vcpu);
    qtest_add_func("/sev/diagnose/device", test_device);
    qtest_add_data_func("/sev/diagnose/rip", "", test_device_rip);
    qtest_add_data_func("/sev/diagnose/rip/icount", "-icount shift=0",
                        test_device_rip);
    ret = g_test_run();
    test_files_remove();
    return ret;
}
