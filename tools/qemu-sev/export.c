/*
 * qemu-sev export: write the certificates of a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "chain.h"
#include "qemu-sev.h"
#include "report.h"

typedef struct ExportArgs {
    PlatformArgs platform;
    gboolean full;
    char *pdh, *ca, *folder;
} ExportArgs;

static void export_args_clear(ExportArgs *args)
{
    platform_args_clear(&args->platform);
    g_free(args->pdh);
    g_free(args->ca);
    g_free(args->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ExportArgs, export_args_clear)

static bool write_certs(Report *report, const char *path, const char *content,
                        const void *data, size_t len, GError **err)
{
    if (!tool_write(path, data, len, 0666, false, err)) {
        return false;
    }
    if (report_is_json(report)) {
        report_open(report, NULL);
        report_str(report, "file", "%s", path);
        report_str(report, "content", "%s", content);
        report_int(report, "size", len);
        report_close(report);
    } else {
        report_line(report, "%s: %s, %zu bytes", path, content, len);
    }
    return true;
}

static bool write_chain(Report *report, const ChainFile *chain, bool full,
                        const char *path, GError **err)
{
    g_autoptr(ToolBlob) all = NULL;

    if (!full) {
        return write_certs(report, path, "PDH, PEK, OCA, CEK",
                           chain->certs->data, CHAIN_SIZE, err);
    }
    all = tool_blob_new(CHAIN_SIZE + chain->ca->len);
    memcpy(all->data, chain->certs->data, CHAIN_SIZE);
    memcpy(all->data + CHAIN_SIZE, chain->ca->data, chain->ca->len);
    return write_certs(report, path, "PDH, PEK, OCA, CEK, ASK, ARK",
                       all->data, all->len, err);
}

static bool write_in_folder(Report *report, const char *folder,
                            const char *name, const char *content,
                            const void *data, size_t len, GError **err)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return write_certs(report, path, content, data, len, err);
}

static bool write_folder_ca(Report *report, const char *folder,
                            const ToolBlob *ca, GError **err)
{
    SevAmdCert ask, ark;

    return sev_ca_parse(ca->data, ca->len, &ask, &ark, err) &&
           write_in_folder(report, folder, "ask.cert", "ASK", ask.data,
                           ask.size, err) &&
           write_in_folder(report, folder, "ark.cert", "ARK", ark.data,
                           ark.size, err) &&
           write_in_folder(report, folder, "ask_ark.cert", "ASK, ARK",
                           ca->data, ca->len, err);
}

/* The names that sev-tool's export_cert_chain gives its files */
static bool write_folder(Report *report, const ChainFile *chain,
                         const char *folder, GError **err)
{
    SevChain view = chain_view(chain);
    const struct {
        const char *name, *content;
        const SevCert *cert;
    } files[] = {
        { "pdh.cert", "PDH", view.pdh },
        { "pek.cert", "PEK", view.pek },
        { "oca.cert", "OCA", view.oca },
        { "cek.cert", "CEK", view.cek },
    };

    if (g_mkdir_with_parents(folder, 0777) < 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED, "cannot make %s: %s",
                    folder, g_strerror(errno));
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        if (!write_in_folder(report, folder, files[i].name, files[i].content,
                             files[i].cert, SEV_CERT_SIZE, err)) {
            return false;
        }
    }
    return !chain->ca || write_folder_ca(report, folder, chain->ca, err);
}

static bool write_all(Report *report, const ChainFile *chain,
                      const ExportArgs *args, const char *path, GError **err)
{
    return (!path || write_chain(report, chain, args->full, path, err)) &&
           (!args->pdh || write_certs(report, args->pdh, "PDH",
                                      chain->certs->data, SEV_CERT_SIZE,
                                      err)) &&
           (!args->ca || write_certs(report, args->ca, "ASK, ARK",
                                     chain->ca->data, chain->ca->len, err)) &&
           (!args->folder || write_folder(report, chain, args->folder, err));
}

static bool check_root(const ToolRun *run, const ExportArgs *args,
                       const Platform *platform, GError **err)
{
    if (!platform->ca && (args->full || args->ca)) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s has a root that is not known here; get ASK and ARK "
                    "of the processor's family from AMD, and export without "
                    "--full and --ca", platform->origin);
        return false;
    }
    if (!platform->cek_signed) {
        tool_warn(run, "the CEK is as the firmware gives it, not signed by "
                  "the ASK; AMD's key server has the signed one");
    }
    return true;
}

static bool check_outputs(const ExportArgs *args, const char *path,
                          GError **err)
{
    if (args->full && !path) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "--full is about FILE, which is missing");
        return false;
    }
    if (!path && !args->pdh && !args->ca && !args->folder) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "nothing to write: name FILE, --pdh, --ca or --folder");
        return false;
    }
    return true;
}

static bool run_export(ToolRun *run, GError **err)
{
    g_auto(ExportArgs) args = { 0 };
    g_auto(ChainFile) chain = { 0 };
    g_autoptr(Platform) platform = NULL;
    g_autoptr(Report) report = NULL;
    const GOptionEntry options[] = {
        { "full", 'f', 0, G_OPTION_ARG_NONE, &args.full,
          "Append the root: ASK and ARK", NULL },
        { "pdh", 0, 0, G_OPTION_ARG_FILENAME, &args.pdh,
          "Write the PDH alone, as 'session' takes it", "FILE" },
        { "ca", 0, 0, G_OPTION_ARG_FILENAME, &args.ca,
          "Write the root, ASK and ARK", "FILE" },
        { "folder", 0, 0, G_OPTION_ARG_FILENAME, &args.folder,
          "Write each certificate to a file of its own", "DIR" },
        { NULL }
    };

    tool_options(run, options);
    platform_options(run, &args.platform);
    if (!tool_parse(run, 0, 1, err) ||
        !check_outputs(&args, run->args[1], err)) {
        return false;
    }
    platform = platform_open(&args.platform, err);
    if (!platform || !check_root(run, &args, platform, err)) {
        return false;
    }
    chain_from_platform(&chain, platform);
    report = report_new(run);
    report_str(report, "platform", "%s", platform->origin);
    report_open_list(report, "files");
    if (!write_all(report, &chain, &args, run->args[1], err)) {
        report_abort(report);
        return false;
    }
    report_close_list(report);
    return true;
}

const ToolCommand tool_export = {
    .name = "export",
    .args = "[FILE]",
    .summary = "Write the certificate chain of a platform",
    .description =
        "FILE receives PDH, PEK, OCA and CEK, the last signed by the ASK.\n"
        "The platform is the built-in test identity unless --state or --qmp\n"
        "names another.  --folder uses the file names of sev-tool.",
    .run = run_export,
};
