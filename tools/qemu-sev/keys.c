/*
 * qemu-sev: the transport keys of a session
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "input.h"
#include "keys.h"

/* sev-tool's tmp_tk.bin, and --tk of virt-qemu-sev-validate: TEK, TIK */
#define PAIR_SIZE (2 * SEV_KEY_SIZE)

void key_options(ToolRun *run, KeyArgs *args, bool tek)
{
    const GOptionEntry options[] = {
        { "tik", 0, 0, G_OPTION_ARG_FILENAME, &args->tik,
          "Transport integrity key of the session", "FILE" },
        { "tk", 0, 0, G_OPTION_ARG_FILENAME, &args->tk,
          "TEK and TIK in one file of 32 bytes, as sev-tool writes it",
          "FILE" },
        { NULL }
    };
    const GOptionEntry tek_option[] = {
        { "tek", 0, 0, G_OPTION_ARG_FILENAME, &args->tek,
          "Transport encryption key of the session", "FILE" },
        { NULL }
    };

    tool_options(run, options);
    if (tek) {
        tool_options(run, tek_option);
    }
}

void key_args_clear(KeyArgs *args)
{
    g_free(args->tik);
    g_free(args->tek);
    g_free(args->tk);
}

static bool usage(GError **err, const char *message)
{
    g_set_error_literal(err, TOOL_ERROR, TOOL_USAGE, message);
    return false;
}

static bool read_key(const char *path, const char *what, uint8_t *key,
                     GError **err)
{
    g_autofree char *wanted = g_strdup_printf("%d", SEV_KEY_SIZE);
    g_autoptr(ToolBlob) blob = tool_read_wanted(path, what, 1, PAIR_SIZE,
                                                wanted, err);

    if (!blob) {
        return false;
    }
    if (blob->len != SEV_KEY_SIZE) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s has %zu bytes; %s has %d%s", path, blob->len, what,
                    SEV_KEY_SIZE, blob->len == PAIR_SIZE
                    ? ".  If it is TEK and TIK in one file, as sev-tool "
                      "writes it, name it with --tk" : "");
        return false;
    }
    memcpy(key, blob->data, SEV_KEY_SIZE);
    return true;
}

static bool read_pair(const char *path, SevTransportKeys *keys, GError **err)
{
    g_autoptr(ToolBlob) blob = tool_read(path, "a file with TEK and TIK",
                                         PAIR_SIZE, PAIR_SIZE, err);

    if (blob) {
        memcpy(keys->tek, blob->data, SEV_KEY_SIZE);
        memcpy(keys->tik, blob->data + SEV_KEY_SIZE, SEV_KEY_SIZE);
    }
    return blob;
}

static bool check(const KeyArgs *args, bool tek, GError **err)
{
    if (args->tk && (args->tik || args->tek)) {
        return usage(err, "--tk has both keys; give it, or --tik and --tek");
    }
    if (!args->tk && !args->tik) {
        return usage(err, "--tik is needed, or --tk");
    }
    if (!args->tk && tek && !args->tek) {
        return usage(err, "--tek is needed, or --tk instead of --tik");
    }
    return true;
}

bool key_read_both(const KeyArgs *args, SevTransportKeys *keys, GError **err)
{
    if (!check(args, true, err)) {
        return false;
    }
    if (args->tk) {
        return read_pair(args->tk, keys, err);
    }
    return read_key(args->tik, "a transport integrity key (TIK)", keys->tik,
                    err) &&
           read_key(args->tek, "a transport encryption key (TEK)", keys->tek,
                    err);
}

bool key_read_tik(const KeyArgs *args, uint8_t *tik, GError **err)
{
    SevTransportKeys keys;
    bool ok;

    if (!check(args, false, err)) {
        return false;
    }
    if (!args->tk) {
        return read_key(args->tik, "a transport integrity key (TIK)", tik,
                        err);
    }
    ok = read_pair(args->tk, &keys, err);
    if (ok) {
        memcpy(tik, keys.tik, SEV_KEY_SIZE);
    }
    asp_wipe(&keys, sizeof(keys));
    return ok;
}
