/*
 * qemu-sev: what a subcommand tells, as text or as JSON
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/json-writer.h"
#include "printable.h"
#include "report.h"
#include "target/i386/sev/formats/text.h"

struct Report {
    JSONWriter *json;           /* NULL: text */
    bool silent;
    bool colour;
    bool aborted;
    unsigned depth;
};

static bool use_colour(int fd)
{
    return isatty(fd) && !g_getenv("NO_COLOR");
}

Report *report_new(const ToolRun *run)
{
    Report *report = g_new0(Report, 1);

    if (run->json) {
        report->json = json_writer_new(true);
        json_writer_start_object(report->json, NULL);
    }
    report->silent = run->quiet && !run->json;
    report->colour = use_colour(STDOUT_FILENO);
    return report;
}

void report_free(Report *report)
{
    if (!report) {
        return;
    }
    if (report->json && report->aborted) {
        json_writer_free(report->json);
    } else if (report->json) {
        json_writer_end_object(report->json);
        printf("%s\n", json_writer_get(report->json));
        json_writer_free(report->json);
    }
    g_free(report);
}

void report_abort(Report *report)
{
    report->aborted = true;
}

bool report_is_json(const Report *report)
{
    return report->json;
}

/* @mark: ours, before the text; it may hold colours */
static void print_marked(Report *report, const char *mark, const char *text)
{
    if (!report->silent) {
        g_autofree char *line = tool_printable(text);

        printf("%*s%s%s\n", report->depth * 2, "", mark, line);
    }
}

static void print_line(Report *report, const char *text)
{
    print_marked(report, "", text);
}

/* "api-major" reads "api major" */
static void print_member(Report *report, const char *name, const char *value)
{
    g_autofree char *label = g_strdelimit(g_strdup(name), "-", ' ');
    g_autofree char *line = g_strdup_printf("%s: %s", label, value);

    print_line(report, line);
}

void report_str(Report *report, const char *name, const char *format, ...)
{
    g_autofree char *value = NULL;
    va_list ap;

    va_start(ap, format);
    value = g_strdup_vprintf(format, ap);
    va_end(ap);
    if (report->json) {
        json_writer_str(report->json, name, value);
    } else {
        print_member(report, name, value);
    }
}

void report_int(Report *report, const char *name, uint64_t value)
{
    if (report->json) {
        json_writer_uint64(report->json, name, value);
    } else {
        g_autofree char *text = g_strdup_printf("%" PRIu64, value);

        print_member(report, name, text);
    }
}

void report_bool(Report *report, const char *name, bool value)
{
    if (report->json) {
        json_writer_bool(report->json, name, value);
    } else {
        print_member(report, name, value ? "yes" : "no");
    }
}

void report_hex(Report *report, const char *name, const void *data, size_t len)
{
    g_autofree char *hex = sev_hex(data, len);

    report_str(report, name, "%s", hex);
}

void report_base64(Report *report, const char *name, const void *data,
                   size_t len)
{
    g_autofree char *text = g_base64_encode(data, len);

    report_str(report, name, "%s", text);
}

void report_open(Report *report, const char *name)
{
    if (report->json) {
        json_writer_start_object(report->json, name);
        return;
    }
    if (name) {
        g_autofree char *label = g_strdelimit(g_strdup(name), "-", ' ');
        g_autofree char *line = g_strdup_printf("%s:", label);

        print_line(report, line);
    }
    report->depth++;
}

void report_close(Report *report)
{
    if (report->json) {
        json_writer_end_object(report->json);
    } else {
        report->depth--;
    }
}

void report_open_list(Report *report, const char *name)
{
    if (report->json) {
        json_writer_start_array(report->json, name);
    }
}

void report_close_list(Report *report)
{
    if (report->json) {
        json_writer_end_array(report->json);
    }
}

void report_line(Report *report, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    if (report->json) {
        return;
    }
    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    print_line(report, text);
}

void report_mark(Report *report, bool good, const char *format, ...)
{
    const char *word = good ? " ok " : "FAIL";
    const char *colour = good ? "\033[32m" : "\033[31m";
    g_autofree char *mark = NULL, *text = NULL;
    va_list ap;

    if (report->json) {
        return;
    }
    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    mark = g_strdup_printf("%s%s%s  ", report->colour ? colour : "", word,
                           report->colour ? "\033[0m" : "");
    print_marked(report, mark, text);
}

/* On standard error, after the name of the command */
static void G_GNUC_PRINTF(2, 0)
say(const char *kind, const char *format, va_list ap)
{
    g_autofree char *text = g_strdup_vprintf(format, ap);
    g_autofree char *line = tool_printable(text);

    fprintf(stderr, "%s: %s%s\n", g_get_prgname(), kind, line);
}

void tool_complain(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    say("", format, ap);
    va_end(ap);
}

void tool_progress(const ToolRun *run, const char *text)
{
    if (!run->quiet && isatty(STDERR_FILENO)) {
        fprintf(stderr, "%s\n", text);
    }
}

void tool_warn(const ToolRun *run, const char *format, ...)
{
    va_list ap;

    if (run->quiet) {
        return;
    }
    va_start(ap, format);
    say("warning: ", format, ap);
    va_end(ap);
}
