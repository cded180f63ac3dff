/*
 * qemu-sev: what a launch measures
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The firmware image, the table of kernel hashes and, with SEV-ES, the
 * initial state of each virtual CPU: the order of QEMU's launch.
 */

#include "qemu/osdep.h"
#include "input.h"
#include "kernel-hashes.h"
#include "launch-digest.h"
#include "report.h"
#include "target/i386/sev/formats/firmware-table.h"
#include "target/i386/sev/formats/guids.h"

#define MAX_CPUS 4096

void launch_options(ToolRun *run, LaunchArgs *args)
{
    const GOptionEntry options[] = {
        { "firmware", 'f', 0, G_OPTION_ARG_FILENAME, &args->firmware,
          "Firmware image", "FILE" },
        { "kernel", 'k', 0, G_OPTION_ARG_FILENAME, &args->kernel,
          "Kernel, with kernel-hashes=on", "FILE" },
        { "initrd", 'r', 0, G_OPTION_ARG_FILENAME, &args->initrd,
          "Its initrd", "FILE" },
        { "cmdline", 'e', 0, G_OPTION_ARG_FILENAME, &args->cmdline,
          "Its command line", "TEXT" },
        { "num-cpus", 0, 0, G_OPTION_ARG_STRING, &args->num_cpus,
          "Virtual CPUs of an SEV-ES guest (default: 1)", "N" },
        { "vmsa-cpu0", '0', 0, G_OPTION_ARG_FILENAME, &args->vmsa_cpu0,
          "Initial state of the boot CPU", "FILE" },
        { "vmsa-cpu1", '1', 0, G_OPTION_ARG_FILENAME, &args->vmsa_cpu1,
          "Initial state of each other CPU", "FILE" },
        { "cpu-family", 0, 0, G_OPTION_ARG_STRING, &args->cpu.family,
          "CPU family, to make the initial states", "N" },
        { "cpu-model", 0, 0, G_OPTION_ARG_STRING, &args->cpu.model,
          "CPU model number", "N" },
        { "cpu-stepping", 0, 0, G_OPTION_ARG_STRING, &args->cpu.stepping,
          "CPU stepping", "N" },
        { "init2", 0, 0, G_OPTION_ARG_NONE, &args->init2,
          "Initial states as KVM_SEV_INIT2 makes them", NULL },
        { "launch-digest", 0, 0, G_OPTION_ARG_STRING, &args->digest,
          "SHA-256 of all that, instead", "B64|HEX" },
        { "digest", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING,
          &args->digest, NULL, NULL },
        { NULL }
    };

    tool_options(run, options);
}

void launch_args_clear(LaunchArgs *args)
{
    g_free(args->digest);
    g_free(args->firmware);
    g_free(args->kernel);
    g_free(args->initrd);
    g_free(args->cmdline);
    g_free(args->num_cpus);
    g_free(args->vmsa_cpu0);
    g_free(args->vmsa_cpu1);
    g_free(args->cpu.family);
    g_free(args->cpu.model);
    g_free(args->cpu.stepping);
}

static bool usage(GError **err, const char *message)
{
    g_set_error_literal(err, TOOL_ERROR, TOOL_USAGE, message);
    return false;
}

static bool has_cpu(const LaunchArgs *args)
{
    return args->cpu.family || args->cpu.model || args->cpu.stepping;
}

static bool has_vmsa(const LaunchArgs *args)
{
    return args->vmsa_cpu0 || args->vmsa_cpu1 || has_cpu(args);
}

static bool check_args(const LaunchArgs *args, uint32_t policy, GError **err)
{
    bool es = policy & SEV_POLICY_ES;

    if (args->digest && (args->firmware || args->kernel || has_vmsa(args))) {
        return usage(err, "--launch-digest replaces --firmware, --kernel and "
                     "all CPU states; give one or the others");
    }
    if (!args->digest && !args->firmware) {
        return usage(err, "--firmware or --launch-digest is needed");
    }
    if (!args->kernel && (args->initrd || args->cmdline)) {
        return usage(err, "--initrd and --cmdline are measured with --kernel "
                     "only");
    }
    if (!es && (has_vmsa(args) || args->num_cpus)) {
        return usage(err, "CPU states are measured only with SEV-ES, and the "
                     "policy does not ask for it (bit 2)");
    }
    if (es && !args->digest && !has_vmsa(args)) {
        return usage(err, "the policy asks for SEV-ES (bit 2), which measures "
                     "CPU states: give --vmsa-cpu0 or --cpu-family, "
                     "--cpu-model and --cpu-stepping");
    }
    if (has_cpu(args) && (args->vmsa_cpu0 || args->vmsa_cpu1)) {
        return usage(err, "CPU states come from --vmsa-cpu0 and --vmsa-cpu1, "
                     "or from --cpu-family, --cpu-model and --cpu-stepping");
    }
    return true;
}

static bool make_vmsa(const LaunchArgs *args, const ToolBlob *image, bool ap,
                      uint8_t *page, GError **err)
{
    VmsaSpec spec = { .init2 = args->init2 };
    uint32_t addr = sev_firmware_reset_address(image->data, image->len);

    if (!vmsa_parse_cpu(&args->cpu, &spec.signature, err)) {
        return false;
    }
    if (ap && !addr) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s does not say where SEV-ES starts other CPUs than the "
                    "first; use a firmware built for SEV-ES", args->firmware);
        return false;
    }
    spec.reset_addr = ap ? addr : 0;
    vmsa_fill(&spec, page);
    return true;
}

static bool get_vmsa(const LaunchArgs *args, const ToolBlob *image, bool ap,
                     uint8_t *page, GError **err)
{
    const char *path = ap ? args->vmsa_cpu1 : args->vmsa_cpu0;
    g_autoptr(ToolBlob) blob = NULL;

    if (has_cpu(args)) {
        return make_vmsa(args, image, ap, page, err);
    }
    if (!path) {
        return usage(err, ap ? "--vmsa-cpu1 is needed with more than one CPU"
                     : "--vmsa-cpu0 is needed");
    }
    blob = tool_read(path, "a CPU state (VMSA)", SEV_VMSA_SIZE, SEV_VMSA_SIZE,
                     err);
    if (blob) {
        memcpy(page, blob->data, SEV_VMSA_SIZE);
    }
    return blob;
}

static bool add_vmsas(AspHash *hash, const LaunchArgs *args,
                      const ToolBlob *image, GError **err)
{
    uint8_t page[SEV_VMSA_SIZE];
    uint64_t cpus = 1;

    if (args->num_cpus &&
        (!tool_number("--num-cpus", args->num_cpus, MAX_CPUS, &cpus, err) ||
         (cpus == 0 && !usage(err, "--num-cpus: a guest has a CPU")))) {
        return false;
    }
    if (!get_vmsa(args, image, false, page, err)) {
        return false;
    }
    asp_hash_update(hash, page, sizeof(page));
    if (cpus > 1 && !get_vmsa(args, image, true, page, err)) {
        return false;
    }
    for (uint64_t i = 1; i < cpus; i++) {
        asp_hash_update(hash, page, sizeof(page));
    }
    return true;
}

static bool add_kernel(const ToolRun *run, AspHash *hash,
                       const LaunchArgs *args, const ToolBlob *image,
                       GError **err)
{
    SevFirmwareTable table;
    SevHashTable hashes;
    SevArea area;

    sev_firmware_table_find(image->data, image->len, &table);
    sev_firmware_table_area(&table, SEV_GUID_HASH_AREA, &area);
    if (area.size < sizeof(hashes)) {
        tool_warn(run, "%s has no room for kernel hashes: QEMU will refuse "
                  "kernel-hashes=on; use a firmware built for it "
                  "(OVMF.amdsev.fd)", args->firmware);
    }
    if (!kernel_hashes_build(args->kernel, args->initrd, args->cmdline,
                             &hashes, err)) {
        return false;
    }
    asp_hash_update(hash, &hashes, sizeof(hashes));
    return true;
}

static bool add_all(const ToolRun *run, AspHash *hash, const LaunchArgs *args,
                    uint32_t policy, GError **err)
{
    g_autoptr(ToolBlob) image = tool_read_firmware(args->firmware, err);

    if (!image) {
        return false;
    }
    asp_hash_update(hash, image->data, image->len);
    return (!args->kernel || add_kernel(run, hash, args, image, err)) &&
           (!(policy & SEV_POLICY_ES) || add_vmsas(hash, args, image, err));
}

static bool given_digest(const char *text, uint8_t *digest, GError **err)
{
    g_autoptr(ToolBlob) blob = tool_text_sized("--launch-digest",
                                               "a launch digest", text,
                                               SEV_DIGEST_SIZE, err);

    if (blob) {
        memcpy(digest, blob->data, SEV_DIGEST_SIZE);
    }
    return blob;
}

bool launch_digest(const ToolRun *run, const LaunchArgs *args,
                   uint32_t policy, uint8_t *digest, GError **err)
{
    AspHash *hash;
    bool ok;

    if (!check_args(args, policy, err)) {
        return false;
    }
    if (args->digest) {
        return given_digest(args->digest, digest, err);
    }
    hash = asp_hash_new();
    ok = add_all(run, hash, args, policy, err);
    asp_hash_digest(hash, digest);
    asp_hash_free(hash);
    return ok;
}
