/*
 * qemu-sev show: describe a file or a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "describe.h"
#include "platform.h"
#include "qemu-sev.h"

static void show_version(Report *report, const PlatformInfo *info)
{
    report_int(report, "api-major", info->api_major);
    report_int(report, "api-minor", info->api_minor);
    report_int(report, "build-id", info->build);
}

static void show_flags(Report *report, const PlatformInfo *info)
{
    report_str(report, "state", "%s", info->state);
    if (info->has_flags) {
        report_bool(report, "owned", info->external);
        report_bool(report, "es", info->es);
    }
}

static void show_guests(Report *report, const PlatformInfo *info)
{
    report_int(report, "guests", info->guests);
    if (info->has_guest) {
        report_int(report, "handle", info->handle);
        report_str(report, "state", "%s", info->state);
        describe_policy(report, info->policy);
    }
}

static const struct {
    const char *name;
    void (*show)(Report *report, const PlatformInfo *info);
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
    subjects[subject].show(report, &info);
    g_free(info.state);
    return true;
}

static bool show_file(ToolRun *run, const char *path, GError **err)
{
    g_autoptr(ToolBlob) data = tool_read_sized(path, "a thing of SEV",
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
