/*
 * qemu-sev: what a subcommand tells, as text or as JSON
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A report is written member by member, in order.  For people each member is
 * a line "name: value", indented by nesting; with --json the same members
 * make one JSON object on standard output.  Members and lines may hold text of
 * any origin: see printable.h.
 */

#ifndef QEMU_SEV_REPORT_H
#define QEMU_SEV_REPORT_H

#include "qemu-sev.h"

typedef struct Report Report;

/**
 * report_new - start a report in the form that @run asks for
 */
Report *report_new(const ToolRun *run);

/**
 * report_free - print the rest and free @report; NULL is allowed
 */
void report_free(Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Report, report_free)

/**
 * report_abort - a failure came in between: print no JSON, free @report later
 */
void report_abort(Report *report);

/**
 * report_is_json - whether the report goes to a program
 */
bool report_is_json(const Report *report);

/* Members; @name in the style of QAPI ("api-major") */
void report_str(Report *report, const char *name, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void report_int(Report *report, const char *name, uint64_t value);
void report_bool(Report *report, const char *name, bool value);
void report_hex(Report *report, const char *name, const void *data,
                size_t len);
void report_base64(Report *report, const char *name, const void *data,
                   size_t len);

/* A nested object */
void report_open(Report *report, const char *name);
void report_close(Report *report);

/* A list of objects: report_open(report, NULL) for each */
void report_open_list(Report *report, const char *name);
void report_close_list(Report *report);

/**
 * report_line - a line for people only, not a member
 */
void report_line(Report *report, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

/**
 * report_mark - a checked statement: a line with a coloured mark for people
 */
void report_mark(Report *report, bool good, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/**
 * tool_progress - say on standard error what was done, if it is a terminal
 * @text: ours alone
 */
void tool_progress(const ToolRun *run, const char *text);

/**
 * tool_complain - say on standard error what went wrong
 */
void tool_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);

/**
 * tool_warn - say on standard error what the user should know
 */
void tool_warn(const ToolRun *run, const char *format, ...)
    G_GNUC_PRINTF(2, 3);

#endif
