/*
 * qemu-sev vmsa build: the initial state of an SEV-ES virtual CPU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "input.h"
#include "output.h"
#include "qemu-sev.h"
#include "report.h"
#include "target/i386/sev/formats/firmware-table.h"
#include "vmsa.h"

typedef struct BuildArgs {
    VmsaCpuArgs model;
    char *userspace, *firmware, *cpu;
    gboolean init2;
} BuildArgs;

static void build_args_clear(BuildArgs *args)
{
    g_free(args->model.family);
    g_free(args->model.model);
    g_free(args->model.stepping);
    g_free(args->userspace);
    g_free(args->firmware);
    g_free(args->cpu);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BuildArgs, build_args_clear)

static bool usage(GError **err, const char *message)
{
    g_set_error_literal(err, TOOL_ERROR, TOOL_USAGE, message);
    return false;
}

static bool reset_address(const char *path, uint32_t *addr, GError **err)
{
    g_autoptr(ToolBlob) image = tool_read_firmware(path, err);

    if (!image) {
        return false;
    }
    *addr = sev_firmware_reset_address(image->data, image->len);
    if (!*addr) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s does not say where SEV-ES starts other CPUs than the "
                    "first; use a firmware built for SEV-ES", path);
    }
    return *addr;
}

static bool make_spec(const BuildArgs *args, VmsaSpec *spec, GError **err)
{
    uint64_t cpu = 0;

    if (args->userspace && strcmp(args->userspace, "qemu")) {
        return usage(err, "--userspace: only qemu is known here");
    }
    if ((args->cpu && !tool_number("--cpu", args->cpu, UINT32_MAX, &cpu,
                                   err)) ||
        !vmsa_parse_cpu(&args->model, &spec->signature, err)) {
        return false;
    }
    if (cpu == 0) {
        return true;
    }
    if (!args->firmware) {
        return usage(err, "--firmware is needed for other CPUs than 0");
    }
    return reset_address(args->firmware, &spec->reset_addr, err);
}

static bool run_build(ToolRun *run, GError **err)
{
    g_auto(BuildArgs) args = { 0 };
    g_autoptr(ToolOutputs) outputs = tool_outputs_new(NULL);
    g_autoptr(Report) report = NULL;
    uint8_t page[SEV_VMSA_SIZE];
    VmsaSpec spec = { 0 };
    const GOptionEntry options[] = {
        { "userspace", 0, 0, G_OPTION_ARG_STRING, &args.userspace,
          "Who starts the guest; only qemu", "NAME" },
        { "family", 0, 0, G_OPTION_ARG_STRING, &args.model.family,
          "CPU family", "N" },
        { "model", 0, 0, G_OPTION_ARG_STRING, &args.model.model,
          "CPU model number", "N" },
        { "stepping", 0, 0, G_OPTION_ARG_STRING, &args.model.stepping,
          "CPU stepping", "N" },
        { "firmware", 0, 0, G_OPTION_ARG_FILENAME, &args.firmware,
          "Firmware image, for other CPUs than 0", "FILE" },
        { "cpu", 0, 0, G_OPTION_ARG_STRING, &args.cpu,
          "Number of the CPU (default: 0)", "N" },
        { "init2", 0, 0, G_OPTION_ARG_NONE, &args.init2,
          "As KVM_SEV_INIT2 makes it", NULL },
        { NULL }
    };

    tool_options(run, options);
    if (!tool_parse(run, 1, 1, err) ||
        !make_spec(&args, &spec, err)) {
        return false;
    }
    spec.init2 = args.init2;
    vmsa_fill(&spec, page);
    tool_outputs_add(outputs, run->args[1], page, sizeof(page));
    if (!tool_outputs_commit(outputs, err)) {
        return false;
    }
    report = report_new(run);
    report_str(report, "file", "%s", run->args[1]);
    report_int(report, "size", sizeof(page));
    return true;
}

const ToolCommand tool_vmsa_build = {
    .name = "vmsa build",
    .args = "FILE",
    .summary = "Write the initial state of an SEV-ES CPU",
    .description = "For --vmsa-cpu0 and --vmsa-cpu1 of 'measurement'.",
    .run = run_build,
};
