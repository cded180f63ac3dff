/*
 * qemu-sev secret build: wrap secrets for one launch
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu-sev.h"
#include "report.h"
#include "secret-table.h"
#include "target/i386/sev/asp/launch.h"

typedef struct SecretArgs {
    char *tik, *tek, *blob;
    char **secrets;
    gboolean base64;
} SecretArgs;

static void secret_args_clear(SecretArgs *args)
{
    g_free(args->tik);
    g_free(args->tek);
    g_free(args->blob);
    g_strfreev(args->secrets);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SecretArgs, secret_args_clear)

static bool check_args(const SecretArgs *args, GError **err)
{
    const struct {
        const char *option;
        const void *value;
    } needed[] = {
        { "--tik", args->tik },
        { "--tek", args->tek },
        { "--launch-measure-blob", args->blob },
        { "--secret", args->secrets },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (!needed[i].value) {
            g_set_error(err, TOOL_ERROR, TOOL_USAGE, "%s is needed",
                        needed[i].option);
            return false;
        }
    }
    return true;
}

static bool add_secret(SecretTable *table, const char *text, GError **err)
{
    g_autoptr(ToolBlob) secret = NULL;
    const char *path;
    QemuUUID guid;

    path = secret_parse(text, &guid, err);
    secret = path ? tool_read(path, "a secret", 1, SEV_SECRET_MAX, err) : NULL;
    return secret && secret_table_add(table, &guid, secret, err);
}

static SecretTable *collect(char **secrets, GError **err)
{
    g_autoptr(SecretTable) table = secret_table_new();

    for (; *secrets; secrets++) {
        if (!add_secret(table, *secrets, err)) {
            return NULL;
        }
    }
    return g_steal_pointer(&table);
}

static bool read_keys(const SecretArgs *args, SevTransportKeys *keys,
                      GError **err)
{
    g_autoptr(ToolBlob) tik = NULL, tek = NULL;

    tik = tool_read_key(args->tik, "a transport integrity key (TIK)", err);
    tek = tik ? tool_read_key(args->tek, "a transport encryption key (TEK)",
                              err) : NULL;
    if (!tek) {
        return false;
    }
    memcpy(keys->tik, tik->data, SEV_KEY_SIZE);
    memcpy(keys->tek, tek->data, SEV_KEY_SIZE);
    return true;
}

/* From here on @payload is ciphertext */
static bool wrap(const SecretArgs *args, ToolBlob *payload,
                 SevPacketHeader *header, GError **err)
{
    g_autoptr(ToolBlob) measure = tool_measure_blob(args->blob, err);
    SevTransportKeys keys;
    uint8_t iv[SEV_IV_SIZE];

    if (!measure || !read_keys(args, &keys, err)) {
        return false;
    }
    asp_random(iv, sizeof(iv));
    sev_secret_wrap(&keys, measure->data, iv, payload->data, payload->len,
                    header);
    asp_wipe(&keys, sizeof(keys));
    return true;
}

static bool write_packet(const SecretArgs *args, char **files,
                         const SevPacketHeader *header,
                         const ToolBlob *payload, GError **err)
{
    if (args->base64) {
        return tool_write_base64(files[0], header, sizeof(*header), false,
                                 err) &&
               tool_write_base64(files[1], payload->data, payload->len, false,
                                 err);
    }
    return tool_write(files[0], header, sizeof(*header), 0666, false, err) &&
           tool_write(files[1], payload->data, payload->len, 0666, false,
                      err);
}

static void report_packet(ToolRun *run, const SevPacketHeader *header,
                          const ToolBlob *payload)
{
    g_autoptr(Report) report = report_new(run);

    report_str(report, "header-file", "%s", run->args[1]);
    report_str(report, "secret-file", "%s", run->args[2]);
    report_int(report, "size", payload->len);
    if (report_is_json(report)) {
        report_base64(report, "packet-header", header, sizeof(*header));
        report_base64(report, "secret", payload->data, payload->len);
    }
}

static bool build(ToolRun *run, const SecretArgs *args, GError **err)
{
    g_autoptr(SecretTable) table = NULL;
    SevPacketHeader header;
    ToolBlob *payload;

    if (!check_args(args, err)) {
        return false;
    }
    table = collect(args->secrets, err);
    if (!table) {
        return false;
    }
    payload = secret_table_finish(table);
    if (!wrap(args, payload, &header, err) ||
        !write_packet(args, run->args + 1, &header, payload, err)) {
        return false;
    }
    report_packet(run, &header, payload);
    return true;
}

static bool run_secret(ToolRun *run, GError **err)
{
    g_auto(SecretArgs) args = { 0 };
    const GOptionEntry options[] = {
        { "tik", 0, 0, G_OPTION_ARG_FILENAME, &args.tik,
          "Transport integrity key of the session", "FILE" },
        { "tek", 0, 0, G_OPTION_ARG_FILENAME, &args.tek,
          "Transport encryption key of the session", "FILE" },
        { "launch-measure-blob", 'm', 0, G_OPTION_ARG_FILENAME, &args.blob,
          "What query-sev-launch-measure gave: base64, or a file with it",
          "B64|FILE" },
        { "secret", 's', 0, G_OPTION_ARG_FILENAME_ARRAY, &args.secrets,
          "A secret; may be given again", "GUID:FILE" },
        { "base64", 0, 0, G_OPTION_ARG_NONE, &args.base64,
          "Write base64, as sev-inject-launch-secret takes it", NULL },
        { NULL }
    };

    tool_options(run, options);
    return tool_parse(run, 2, 2, err) && build(run, &args, err);
}

const ToolCommand tool_secret_build = {
    .name = "secret build",
    .args = "HEADERFILE PAYLOADFILE",
    .summary = "Encrypt secrets for one launch",
    .description =
        "Only the launch that has this measurement can open the result.\n"
        "Verify the measurement before.  The packet header goes into\n"
        "HEADERFILE and the encrypted table of secrets into PAYLOADFILE,\n"
        "as they are, or in base64 with --base64.",
    .run = run_secret,
};
