/*
 * qemu-sev: options of subcommands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu-sev.h"
#include "target/i386/sev/asp/abi.h"

GQuark tool_error_quark(void)
{
    return g_quark_from_static_string("qemu-sev-tool-error");
}

/* @args with the command's name before them, for GOption to change */
static GStrv copy_args(const ToolCommand *command, char **args)
{
    guint n = g_strv_length(args);
    GStrv copy = g_new0(char *, n + 2);

    copy[0] = g_strdup_printf("qemu-sev %s", command->name);
    for (guint i = 0; i < n; i++) {
        copy[i + 1] = g_strdup(args[i]);
    }
    return copy;
}

void tool_run_init(ToolRun *run, const ToolCommand *command, char **args)
{
    const GOptionEntry common[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &run->json,
          "Print for programs, as JSON", NULL },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &run->quiet,
          "Print no progress", NULL },
        { NULL }
    };

    run->command = command;
    run->args = copy_args(command, args);
    run->options = g_option_context_new(command->args);
    g_option_context_set_summary(run->options, command->summary);
    g_option_context_set_description(run->options, command->description);
    tool_options(run, common);
}

void tool_run_clear(ToolRun *run)
{
    g_strfreev(run->args);
    g_option_context_free(run->options);
}

void tool_options(ToolRun *run, const GOptionEntry *options)
{
    g_option_context_add_main_entries(run->options, options, NULL);
}

static bool check_positional(ToolRun *run, guint min, guint max, GError **err)
{
    guint found = g_strv_length(run->args) - 1;

    if (found >= min && found <= max) {
        return true;
    }
    g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                "%u argument%s where '%s' is expected; see --help", found,
                found == 1 ? "" : "s", run->command->args);
    return false;
}

/* Errors of GOption become usage errors with a hint */
static void usage_error(GError **err, GError *cause)
{
    g_set_error(err, TOOL_ERROR, TOOL_USAGE, "%s; see --help",
                cause->message);
    g_error_free(cause);
}

/* GOption leaves "--" in place where a negative-looking argument follows */
static void drop_separator(GStrv args)
{
    while (*args && strcmp(*args, "--")) {
        args++;
    }
    g_free(*args);
    while (*args) {
        args[0] = args[1];
        args++;
    }
}

bool tool_parse(ToolRun *run, guint min, guint max, GError **err)
{
    GError *cause = NULL;

    if (!g_option_context_parse_strv(run->options, &run->args, &cause)) {
        usage_error(err, cause);
        return false;
    }
    drop_separator(run->args);
    return check_positional(run, min, max, err);
}

bool tool_number(const char *what, const char *text, uint64_t max,
                 uint64_t *value, GError **err)
{
    bool hex = g_ascii_strncasecmp(text, "0x", 2) == 0;

    if (!g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10,
                                    0, max, value, NULL)) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "%s: '%s' is not a number from 0 to %" PRIu64
                    " (decimal, or hexadecimal with 0x)", what, text, max);
        return false;
    }
    return true;
}

bool tool_policy(const char *text, uint32_t *policy, GError **err)
{
    uint64_t value;

    if (!tool_number("policy", text, UINT32_MAX, &value, err)) {
        return false;
    }
    if (value & SEV_POLICY_RESERVED) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "policy: 0x%" PRIx64 " sets reserved bits 0x%" PRIx64
                    "; bits 0 to 5 are flags, 16 to 23 and 24 to 31 the "
                    "lowest API version", value, value & SEV_POLICY_RESERVED);
        return false;
    }
    *policy = value;
    return true;
}
