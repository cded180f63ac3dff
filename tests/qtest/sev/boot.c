/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Boot one of the bare-metal guests of tests/guest and read its report.
 */

#include "qemu/osdep.h"
#include <sys/wait.h>
#include "qemu/cutils.h"
#include "qobject/qdict.h"
#include "boot.h"

/* Far more than any guest needs, so that a busy machine is no failure. */
#define PATIENCE_US     (60 * G_USEC_PER_SEC)
#define POLL_US         2000

/* isa-debug-exit's status for what a guest without failures writes to it. */
#define EXIT_PASSED     33

char *sev_boot_image(const char *guest)
{
    const char *folder = g_getenv("SEV_GUEST_DIR");

    return g_strdup_printf("%s/%s.fd", folder ?: "tests/guest", guest);
}

static char *new_serial_file(void)
{
    GError *err = NULL;
    char *name;
    int fd = g_file_open_tmp("sev-boot-XXXXXX", &name, &err);

    g_assert_no_error(err);
    close(fd);
    return name;
}

/* Does the report have a whole line that starts like this? */
static bool has_line(const char *report, const char *start)
{
    const char *at = report;

    for (; at && *at; at = strchr(at, '\n'), at = at ? at + 1 : NULL) {
        if (g_str_has_prefix(at, start) && strchr(at, '\n')) {
            return true;
        }
    }
    return false;
}

/* Either line */
static void wait_for_line(SevBoot *boot, const char *start, const char *other)
{
    int64_t end = g_get_monotonic_time() + PATIENCE_US;

    do {
        g_usleep(POLL_US);
        g_free(boot->report);
        g_assert_true(g_file_get_contents(boot->serial, &boot->report, NULL,
                                          NULL));
        if (has_line(boot->report, start) || has_line(boot->report, other)) {
            return;
        }
    } while (g_get_monotonic_time() < end);

    g_test_message("%s", boot->report);
    g_error("the guest does not come to '%s'", start);
}

void sev_boot_wait_for(SevBoot *boot, const char *start)
{
    wait_for_line(boot, start, start);
}

/* One line of the report; "ok" lines are numbered from 1 after each start. */
static bool count_line(SevBoot *boot, const char *first, const char *line)
{
    const char *rest;
    unsigned number;

    if (g_str_equal(line, first)) {
        boot->starts++;
        boot->passed = 0;
        return true;
    }
    if (strstart(line, "ok ", &rest)) {
        return qemu_strtoui(rest, &rest, 10, &number) == 0
               && number == ++boot->passed;
    }
    if (strstart(line, "skip ", NULL)) {
        boot->skipped++;
        return true;
    }
    if (strstart(line, "done ", &rest)) {
        return qemu_strtoui(rest, NULL, 10, &number) == 0
               && number == boot->passed;
    }
    return strstart(line, "info ", NULL) || strstart(line, "data ", NULL);
}

static void check_report(SevBoot *boot, const char *guest)
{
    g_auto(GStrv) lines = g_strsplit(boot->report, "\n", -1);
    g_autofree char *first = g_strdup_printf("guest %s", guest);
    unsigned count = g_strv_length(lines);

    g_assert_cmpstr(lines[0], ==, first);
    g_assert_cmpuint(count, >, 2);
    for (unsigned i = 0; i < count - 1; i++) {
        if (!count_line(boot, first, lines[i])) {
            g_test_message("%s", boot->report);
            g_error("%s reports: %s", guest, lines[i]);
        }
    }
    g_assert_cmpuint(boot->starts, ==, 1 + g_str_equal(guest, "reset"));
    g_assert_true(g_str_has_prefix(lines[count - 2], "done "));
    g_assert_cmpstr(lines[count - 1], ==, "");
}

/* A guest may end before QMP is set up, so that its event is lost. */
static void wait_for_stop(QTestState *qts)
{
    bool running;

    do {
        QDict *response = qtest_qmp(qts, "{ 'execute': 'query-status' }");

        running = qdict_get_bool(qdict_get_qdict(response, "return"),
                                 "running");
        qobject_unref(response);
    } while (running);
}

static SevBoot *begin(const char *options)
{
    SevBoot *boot = g_new0(SevBoot, 1);

    boot->serial = new_serial_file();
    boot->qts = qtest_initf("-nodefaults -no-shutdown -m 64 "
                            "-serial file:%s "
                            "-device isa-debug-exit,iobase=0xf4,iosize=4 %s",
                            boot->serial, options);
    return boot;
}

SevBoot *sev_boot_begin(const char *guest, const char *options)
{
    g_autofree char *image = sev_boot_image(guest);
    g_autofree char *all = g_strdup_printf("%s -bios %s", options, image);

    return begin(all);
}

void sev_boot_end(SevBoot *boot, const char *guest)
{
    wait_for_line(boot, "done ", "gave-up ");
    check_report(boot, guest);
    wait_for_stop(boot->qts);
    qtest_set_expected_status(boot->qts, EXIT_PASSED);
}

SevBoot *sev_boot_firmware(const char *guest, const char *options)
{
    SevBoot *boot = begin(options);

    sev_boot_end(boot, guest);
    return boot;
}

SevBoot *sev_boot(const char *guest, const char *options)
{
    SevBoot *boot = sev_boot_begin(guest, options);

    sev_boot_end(boot, guest);
    return boot;
}

/* What follows "KIND KEY " up to the end of the line. */
static char *find_value(const SevBoot *boot, const char *kind,
                        const char *key)
{
    g_autofree char *start = g_strdup_printf("\n%s %s ", kind, key);
    const char *at = strstr(boot->report, start);

    if (!at) {
        return NULL;
    }
    at += strlen(start);
    return g_strndup(at, strcspn(at, "\n"));
}

uint64_t sev_boot_info(const SevBoot *boot, const char *key)
{
    g_autofree char *text = find_value(boot, "info", key);
    uint64_t value;

    if (!text || qemu_strtou64(text, NULL, 16, &value)) {
        g_error("no number '%s' in the report", key);
    }
    return value;
}

char *sev_boot_data(const SevBoot *boot, const char *key)
{
    return find_value(boot, "data", key);
}

void sev_boot_save(SevBoot *boot, const char *command, uint64_t address,
                   size_t size, uint8_t *data)
{
    g_autofree char *file = g_strdup_printf("%s.%s", boot->serial, command);
    g_autofree char *content = NULL;
    gsize got;

    qtest_qmp_assert_success(boot->qts,
                             "{ 'execute': %s, 'arguments': "
                             "{ 'val': %" PRIu64 ", 'size': %" PRIu64 ", "
                             "'filename': %s } }",
                             command, address, (uint64_t)size, file);
    g_assert_true(g_file_get_contents(file, &content, &got, NULL));
    g_assert_cmpuint(got, ==, size);
    memcpy(data, content, size);
    unlink(file);
}

/* libqtest looks for QEMU's end ten times a second: too slow for hundreds. */
static void end_qemu(QTestState *qts)
{
    siginfo_t info;
    pid_t pid = qtest_pid(qts);

    kill(pid, SIGTERM);
    waitid(P_PID, pid, &info, WEXITED | WNOWAIT);
    qtest_quit(qts);
}

void sev_boot_free(SevBoot *boot)
{
    end_qemu(boot->qts);
    unlink(boot->serial);
    g_free(boot->serial);
    g_free(boot->report);
    g_free(boot);
}
