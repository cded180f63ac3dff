/*
 * qemu-sev show: describe a file or a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "describe.h"
#include "platform.h"
#include "qemu-sev.h"

static bool show_version(Report *report, const PlatformInfo *info)
{
    report_int(report, "api-major", info->api_major);
    report_int(report, "api-minor", info->api_minor);
    report_int(report, "build-id", info->build);
    return true;
}

static bool show_flags(Report *report, const PlatformInfo *info)
{
    if (info->is_platform) {
        report_str(report, "state", "%s", info->state);
        report_bool(report, "owned", info->external);
        report_bool(report, "es", info->es);
    }
    return info->is_platform;
}

static bool show_guests(Report *report, const PlatformInfo *info)
{
    if (info->is_platform) {
        report_int(report, "guests", info->guests);
    } else {
        describe_guest(report, info);
    }
    return true;
}

/* Each returns false if @info does not have it: QEMU did not tell */
static const struct {
    const char *name;
    bool (*show)(Report *report, const PlatformInfo *info);
} subjects[] = {
    { "version", show_version },
    { "flags", show_flags },
    { "guests", show_guests },
    { "guest", show_guests },
};

static bool show_identifier(ToolRun *run, const PlatformArgs *args,
                            GError **err)
{
    g_autoptr(Platform) platform = platform_open(args, err);
    g_autoptr(Report) report = NULL;

    if (platform) {
        report = report_new(run);
        report_hex(report, "identifier", platform->chip_id->data,
                   platform->chip_id->len);
    }
    return platform;
}

static bool show_platform(ToolRun *run, const PlatformArgs *args,
                          size_t subject, GError **err)
{
    g_autoptr(Report) report = NULL;
    PlatformInfo info;

    if (!platform_info(args, &info, err)) {
        return false;
    }
    report = report_new(run);
    if (!subjects[subject].show(report, &info)) {
        report_abort(report);
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "QEMU does not tell the %s of its platform; ask the host's "
                    "/dev/sev, for example with 'sevctl show %s'",
                    subjects[subject].name, subjects[subject].name);
        return false;
    }
    return true;
}

static bool show_file(ToolRun *run, const char *path, GError **err)
{
    g_autoptr(ToolBlob) data = tool_read_blocks(path, "a thing of SEV",
                                                describe_sizes, err);
    g_autoptr(Report) report = NULL;

    if (!data) {
        return false;
    }
    report = report_new(run);
    report_str(report, "file", "%s", path);
    if (!describe_data(report, data, err)) {
        report_abort(report);
        g_prefix_error(err, "%s: ", path);
        return false;
    }
    return true;
}

static bool run_show(ToolRun *run, GError **err)
{
    g_auto(PlatformArgs) args = { 0 };
    const char *what;

    platform_options(run, &args);
    if (!tool_parse(run, 1, 1, err)) {
        return false;
    }
    what = run->args[1];
    if (!strcmp(what, "identifier")) {
        return show_identifier(run, &args, err);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(subjects); i++) {
        if (!strcmp(what, subjects[i].name)) {
            return show_platform(run, &args, i, err);
        }
    }
    return show_file(run, what, err);
}

const ToolCommand tool_show = {
    .name = "show",
    .args = "FILE|version|flags|guests|identifier",
    .summary = "Describe a file or a platform",
    .description =
        "FILE is a certificate, chain, session, launch measurement, packet\n"
        "header, attestation report, table of kernel hashes or CPU state, as\n"
        "it is or in base64.  A file called as one of the words needs ./\n"
        "before its name.  The platform is the built-in test identity unless\n"
        "--state or --qmp names another.",
    .run = run_show,
};
