/*
 * qemu-sev: options of subcommands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu-sev.h"
#include "target/i386/sev/asp/abi.h"

G_DEFINE_QUARK(qemu-sev-tool-error, tool_error)

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

bool tool_parse(ToolRun *run, const GOptionEntry *options, guint min,
                guint max, GError **err)
{
    g_autoptr(GOptionContext) context =
        g_option_context_new(run->command->args);
    const GOptionEntry common[] = {
        { "json", 0, 0, G_OPTION_ARG_NONE, &run->json,
          "Print for programs, as JSON", NULL },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &run->quiet,
          "Print no progress", NULL },
        { NULL }
    };
    GError *cause = NULL;

    g_option_context_set_summary(context, run->command->summary);
    g_option_context_set_description(context, run->command->description);
    g_option_context_add_main_entries(context, options, NULL);
    g_option_context_add_main_entries(context, common, NULL);
    if (!g_option_context_parse_strv(context, &run->args, &cause)) {
        usage_error(err, cause);
        return false;
    }
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
