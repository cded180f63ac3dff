/*
 * qemu-sev platform init, reset, rotate, status
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "describe.h"
#include "firmware.h"
#include "platform.h"
#include "qemu-sev.h"
#include "report.h"

static bool parse_state(ToolRun *run, char **state, GError **err)
{
    const GOptionEntry options[] = {
        { "state", 0, 0, G_OPTION_ARG_FILENAME, state,
          "The file that holds the platform's identity", "FILE" },
        { NULL }
    };

    tool_options(run, options);
    if (!tool_parse(run, 0, 0, err)) {
        return false;
    }
    if (!*state) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "--state FILE is needed; the built-in identity never "
                    "changes");
    }
    return *state;
}

static void report_identity(ToolRun *run, const char *state,
                            const char *action)
{
    g_autoptr(Report) report = report_new(run);

    report_str(report, "state-file", "%s", state);
    report_str(report, "action", "%s", action);
}

static bool run_init(ToolRun *run, GError **err)
{
    g_autofree char *state = NULL;
    AspIdentity *identity;

    if (!parse_state(run, &state, err)) {
        return false;
    }
    tool_progress(run, "making root, chip and platform keys ...");
    identity = asp_identity_create(state, err);
    if (!identity) {
        return false;
    }
    asp_identity_free(identity);
    report_identity(run, state, "created");
    return true;
}

static bool run_reset(ToolRun *run, GError **err)
{
    g_autofree char *state = NULL;
    g_autoptr(Firmware) fw = NULL;

    if (!parse_state(run, &state, err)) {
        return false;
    }
    fw = firmware_open(state, err);
    if (!fw || !firmware_command(fw, ASP_CMD_PLATFORM_RESET, NULL, 0, err) ||
        !firmware_init(fw, err)) {
        return false;
    }
    report_identity(run, state, "reset");
    return true;
}

static bool run_rotate(ToolRun *run, GError **err)
{
    g_autofree char *state = NULL;
    g_autoptr(Firmware) fw = NULL;

    if (!parse_state(run, &state, err)) {
        return false;
    }
    fw = firmware_open(state, err);
    if (!fw || !firmware_init(fw, err) ||
        !firmware_command(fw, ASP_CMD_PDH_GEN, NULL, 0, err)) {
        return false;
    }
    report_identity(run, state, "rotated");
    return true;
}

static void report_info(ToolRun *run, const PlatformInfo *info)
{
    g_autoptr(Report) report = report_new(run);

    report_int(report, "api-major", info->api_major);
    report_int(report, "api-minor", info->api_minor);
    report_int(report, "build-id", info->build);
    if (!info->is_platform) {
        report_open(report, "guest");
        describe_guest(report, info);
        report_close(report);
        return;
    }
    report_str(report, "state", "%s", info->state);
    report_str(report, "owner", "%s", info->external ? "external" : "self");
    report_bool(report, "es", info->es);
    report_int(report, "guests", info->guests);
}

static bool run_status(ToolRun *run, GError **err)
{
    g_auto(PlatformArgs) args = { 0 };
    PlatformInfo info;

    platform_options(run, &args);
    if (!tool_parse(run, 0, 0, err) ||
        !platform_info(&args, &info, err)) {
        return false;
    }
    report_info(run, &info);
    return true;
}

const ToolCommand tool_platform_init = {
    .name = "platform init",
    .args = "",
    .summary = "Make an emulated platform with keys of its own",
    .description =
        "The state file, readable by its owner only, holds the private keys\n"
        "of the platform.  It must not exist.",
    .run = run_init,
};

const ToolCommand tool_platform_reset = {
    .name = "platform reset",
    .args = "",
    .summary = "Give an emulated platform new OCA, PEK and PDH",
    .description =
        "Sessions made for the old PDH cannot be opened any more.  Root, chip\n"
        "and CEK stay (PLATFORM_RESET).",
    .run = run_reset,
};

const ToolCommand tool_platform_rotate = {
    .name = "platform rotate",
    .args = "",
    .summary = "Give an emulated platform a new PDH",
    .description =
        "Sessions made for the old PDH cannot be opened any more (PDH_GEN).",
    .run = run_rotate,
};

const ToolCommand tool_platform_status = {
    .name = "platform status",
    .args = "",
    .summary = "Tell API version, owner and state of a platform",
    .description = "The platform is the built-in test identity unless "
        "--state or --qmp\nnames another.  QEMU knows the version of its "
        "platform and its own guest,\nand tells these.",
    .run = run_status,
};
