/*
 * qemu-sev: what every subcommand shares
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A subcommand is a ToolCommand: its run function parses its options with
 * tool_parse() and reports failure through a GError.  The exit status follows
 * from the error: see ToolExit.
 */

#ifndef QEMU_SEV_H
#define QEMU_SEV_H

#include <glib.h>

/* Exit status of the program, and code of an error of domain TOOL_ERROR */
typedef enum ToolExit {
    TOOL_OK = 0,
    TOOL_FAILED = 1,            /* a file, the platform or a format is bad */
    TOOL_USAGE = 2,             /* the command line is wrong */
    TOOL_UNVERIFIED = 3,        /* what was to be verified does not hold */
} ToolExit;

#define TOOL_ERROR tool_error_quark()
GQuark tool_error_quark(void);

typedef struct ToolCommand ToolCommand;

/* One run of a subcommand */
typedef struct ToolRun {
    const ToolCommand *command;
    GOptionContext *options;
    GStrv args;                 /* command name, then what follows it */
    gboolean json;              /* --json: output for programs */
    gboolean quiet;             /* --quiet: no progress */
} ToolRun;

struct ToolCommand {
    const char *name;           /* "measurement build" */
    const char *args;           /* its arguments, for --help */
    const char *summary;        /* one line */
    const char *description;    /* the end of --help; NULL if there is none */
    bool (*run)(ToolRun *run, GError **err);
};

extern const ToolCommand tool_export;
extern const ToolCommand tool_verify;
extern const ToolCommand tool_show;
extern const ToolCommand tool_session;
extern const ToolCommand tool_measurement_build;
extern const ToolCommand tool_measurement_verify;
extern const ToolCommand tool_secret_build;
extern const ToolCommand tool_vmsa_build;
extern const ToolCommand tool_platform_init;
extern const ToolCommand tool_platform_reset;
extern const ToolCommand tool_platform_rotate;
extern const ToolCommand tool_platform_status;

/**
 * tool_run_init - prepare a run of @command with --json, --quiet and --help
 * @args: what follows the command's name; copied
 */
void tool_run_init(ToolRun *run, const ToolCommand *command, char **args);

/**
 * tool_run_clear - free what @run holds
 */
void tool_run_clear(ToolRun *run);

/**
 * tool_options - add options to a run
 * @options: ended by a row of zeros; copied
 */
void tool_options(ToolRun *run, const GOptionEntry *options);

/**
 * tool_parse - parse the options of a subcommand
 * @run: its options are taken out of @run->args; the name and the positional
 *   arguments stay
 * @min, @max: how many positional arguments there must be
 *
 * --help prints and exits.
 *
 * Returns: false with @err set for a wrong command line
 */
bool tool_parse(ToolRun *run, guint min, guint max, GError **err);

/**
 * tool_number - an option's number, decimal or hexadecimal with 0x
 * @what: the option, for the error
 * @text: what the user wrote; leading zeros do not mean octal
 * @max: the largest value allowed
 *
 * Returns: false with @err set if @text is no number or above @max
 */
bool tool_number(const char *what, const char *text, uint64_t max,
                 uint64_t *value, GError **err);

/**
 * tool_policy - a guest policy, with its reserved bits checked
 */
bool tool_policy(const char *text, uint32_t *policy, GError **err);

#endif
