/*
 * qemu-sev export: write the certificates of a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "chain.h"
#include "output.h"
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

/* The files to write, and what the report says of each */
typedef struct Export {
    ToolOutputs *outputs;
    GArray *files;              /* of ExportFile */
} Export;

typedef struct ExportFile {
    char *path;
    const char *content;
    size_t len;
} ExportFile;

static void export_file_clear(gpointer data)
{
    ExportFile *file = data;

    g_free(file->path);
}

static void export_clear(Export *export)
{
    tool_outputs_free(export->outputs);
    g_array_unref(export->files);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Export, export_clear)

static void add_file(Export *export, const char *path, const char *content,
                     const void *data, size_t len)
{
    const ExportFile file = {
        .path = g_strdup(path), .content = content, .len = len,
    };

    tool_outputs_add(export->outputs, path, data, len);
    g_array_append_val(export->files, file);
}

static void add_chain(Export *export, const ChainFile *chain, bool full,
                      const char *path)
{
    g_autoptr(ToolBlob) all = NULL;

    if (!full) {
        add_file(export, path, "PDH, PEK, OCA, CEK", chain->certs->data,
                 CHAIN_SIZE);
        return;
    }
    all = tool_blob_new(CHAIN_SIZE + chain->ca->len);
    memcpy(all->data, chain->certs->data, CHAIN_SIZE);
    memcpy(all->data + CHAIN_SIZE, chain->ca->data, chain->ca->len);
    add_file(export, path, "PDH, PEK, OCA, CEK, ASK, ARK", all->data,
             all->len);
}

static void add_in_folder(Export *export, const char *folder,
                          const char *name, const char *content,
                          const void *data, size_t len)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    add_file(export, path, content, data, len);
}

static bool add_folder_ca(Export *export, const char *folder,
                          const ToolBlob *ca, GError **err)
{
    SevAmdCert ask, ark;

    if (!sev_ca_parse(ca->data, ca->len, &ask, &ark, err)) {
        return false;
    }
    add_in_folder(export, folder, "ask.cert", "ASK", ask.data, ask.size);
    add_in_folder(export, folder, "ark.cert", "ARK", ark.data, ark.size);
    add_in_folder(export, folder, "ask_ark.cert", "ASK, ARK", ca->data,
                  ca->len);
    return true;
}

/* The names that sev-tool's export_cert_chain gives its files */
static bool add_folder(Export *export, const ChainFile *chain,
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

    tool_outputs_folder(export->outputs, folder);
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        add_in_folder(export, folder, files[i].name, files[i].content,
                      files[i].cert, SEV_CERT_SIZE);
    }
    return !chain->ca || add_folder_ca(export, folder, chain->ca, err);
}

static bool write_all(Export *export, const ChainFile *chain,
                      const ExportArgs *args, const char *path, GError **err)
{
    if (path) {
        add_chain(export, chain, args->full, path);
    }
    if (args->pdh) {
        add_file(export, args->pdh, "PDH", chain->certs->data, SEV_CERT_SIZE);
    }
    if (args->ca) {
        add_file(export, args->ca, "ASK, ARK", chain->ca->data,
                 chain->ca->len);
    }
    return (!args->folder || add_folder(export, chain, args->folder, err)) &&
           tool_outputs_commit(export->outputs, err);
}

static void report_files(ToolRun *run, const Platform *platform,
                         const Export *export)
{
    g_autoptr(Report) report = report_new(run);

    report_str(report, "platform", "%s", platform->origin);
    report_open_list(report, "files");
    for (guint i = 0; i < export->files->len; i++) {
        const ExportFile *file = &g_array_index(export->files, ExportFile, i);

        if (report_is_json(report)) {
            report_open(report, NULL);
            report_str(report, "file", "%s", file->path);
            report_str(report, "content", "%s", file->content);
            report_int(report, "size", file->len);
            report_close(report);
        } else {
            report_line(report, "%s: %s, %zu bytes", file->path,
                        file->content, file->len);
        }
    }
    report_close_list(report);
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
    g_auto(Export) export = {
        .outputs = tool_outputs_new(NULL),
        .files = g_array_new(false, false, sizeof(ExportFile)),
    };
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

    g_array_set_clear_func(export.files, export_file_clear);
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
    if (!write_all(&export, &chain, &args, run->args[1], err)) {
        return false;
    }
    report_files(run, platform, &export);
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
