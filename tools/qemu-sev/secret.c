/*
 * qemu-sev secret build: wrap secrets for one launch
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "keys.h"
#include "output.h"
#include "qemu-sev.h"
#include "report.h"
#include "secret-table.h"
#include "target/i386/sev/asp/launch.h"

typedef struct SecretArgs {
    KeyArgs keys;
    char *blob;
    char **secrets;
    gboolean base64;
} SecretArgs;

static void secret_args_clear(SecretArgs *args)
{
    key_args_clear(&args->keys);
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

/* From here on @payload is ciphertext */
static bool wrap(const SecretArgs *args, ToolBlob *payload,
                 SevPacketHeader *header, GError **err)
{
    g_autoptr(ToolBlob) measure = tool_measure_blob(args->blob, err);
    SevTransportKeys keys;
    uint8_t iv[SEV_IV_SIZE];

    if (!measure || !key_read_both(&args->keys, &keys, err)) {
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
    g_autoptr(ToolOutputs) outputs = tool_outputs_new(NULL);
    void (*add)(ToolOutputs *outputs, const char *path, const void *data,
                size_t len) = args->base64 ? tool_outputs_add_base64
                                           : tool_outputs_add;

    add(outputs, files[0], header, sizeof(*header));
    add(outputs, files[1], payload->data, payload->len);
    return tool_outputs_commit(outputs, err);
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
        { "launch-measure-blob", 'm', 0, G_OPTION_ARG_FILENAME, &args.blob,
          "What query-sev-launch-measure gave: base64, or a file with it",
          "B64|FILE" },
        { "secret", 's', 0, G_OPTION_ARG_FILENAME_ARRAY, &args.secrets,
          "A secret; may be given again", "GUID:FILE" },
        { "base64", 0, 0, G_OPTION_ARG_NONE, &args.base64,
          "Write base64, as sev-inject-launch-secret takes it", NULL },
        { NULL }
    };

    key_options(run, &args.keys, true);
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
