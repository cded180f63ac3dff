/*
 * qemu-sev session: a guest owner's session for a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "chain.h"
#include "qemu-sev.h"
#include "report.h"
#include "target/i386/sev/asp/session.h"

/* Files of a session; the first two hold keys */
typedef enum SessionFile {
    FILE_TIK,
    FILE_TEK,
    FILE_GODH,
    FILE_SESSION,
    FILE__MAX
} SessionFile;

static const char *const suffixes[FILE__MAX] = {
    [FILE_TIK] = "_tik.bin",
    [FILE_TEK] = "_tek.bin",
    [FILE_GODH] = "_godh.b64",
    [FILE_SESSION] = "_session.b64",
};

typedef struct Session {
    char *paths[FILE__MAX];
    SevTransportKeys keys;
    SevCert godh;
    SevSession session;
} Session;

static void session_clear(Session *session)
{
    for (size_t i = 0; i < FILE__MAX; i++) {
        g_free(session->paths[i]);
    }
    asp_wipe(&session->keys, sizeof(session->keys));
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Session, session_clear)

/*
 * Keys that exist may belong to a guest that runs: nothing is written if one
 * of the files is there.  With @force they are removed, so that new files do
 * not inherit the permissions of old ones.
 */
static bool clear_way(const Session *session, bool force, GError **err)
{
    for (size_t i = 0; i < FILE__MAX; i++) {
        if (!force && g_file_test(session->paths[i], G_FILE_TEST_EXISTS)) {
            g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                        "%s exists; choose another --name, or replace the "
                        "session with --force", session->paths[i]);
            return false;
        }
    }
    for (size_t i = 0; force && i < FILE__MAX; i++) {
        if (g_unlink(session->paths[i]) < 0 && errno != ENOENT) {
            g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                        "cannot replace %s: %s", session->paths[i],
                        g_strerror(errno));
            return false;
        }
    }
    return true;
}

static bool write_session(const Session *session, GError **err)
{
    const SevTransportKeys *keys = &session->keys;

    return tool_write(session->paths[FILE_TIK], keys->tik, SEV_KEY_SIZE, 0600,
                      true, err) &&
           tool_write(session->paths[FILE_TEK], keys->tek, SEV_KEY_SIZE, 0600,
                      true, err) &&
           tool_write_base64(session->paths[FILE_GODH], &session->godh,
                             sizeof(session->godh), true, err) &&
           tool_write_base64(session->paths[FILE_SESSION], &session->session,
                             sizeof(session->session), true, err);
}

/* The PDH alone or a chain that begins with it */
static bool read_pdh(const char *path, SevCert *pdh, GError **err)
{
    static const size_t sizes[] = {
        SEV_CERT_SIZE, CHAIN_SIZE, CHAIN_SIZE + CA_SIZE_2048,
        CHAIN_SIZE + CA_SIZE_4096, 0
    };
    g_autoptr(ToolBlob) blob = tool_read_sized(path, "a PDH certificate",
                                               sizes, err);

    if (!blob) {
        return false;
    }
    memcpy(pdh, blob->data, sizeof(*pdh));
    if (!sev_cert_check(pdh, SEV_USAGE_PDH, err)) {
        g_prefix_error(err, "%s: ", path);
        return false;
    }
    return true;
}

static void report_session(ToolRun *run, const Session *session,
                           uint32_t policy)
{
    g_autoptr(Report) report = report_new(run);

    report_int(report, "policy", policy);
    report_str(report, "tik", "%s", session->paths[FILE_TIK]);
    report_str(report, "tek", "%s", session->paths[FILE_TEK]);
    report_str(report, "dh-cert-file", "%s", session->paths[FILE_GODH]);
    report_str(report, "session-file", "%s", session->paths[FILE_SESSION]);
}

static bool make_session(Session *session, const char *name, const char *pdh,
                         uint32_t policy, bool force, GError **err)
{
    SevCert cert;

    for (size_t i = 0; i < FILE__MAX; i++) {
        session->paths[i] = g_strconcat(name, suffixes[i], NULL);
    }
    asp_random(&session->keys, sizeof(session->keys));
    return read_pdh(pdh, &cert, err) &&
           sev_session_create(&cert, policy, &session->keys, &session->godh,
                              &session->session, err) &&
           clear_way(session, force, err) &&
           write_session(session, err);
}

static bool run_session(ToolRun *run, GError **err)
{
    g_auto(Session) session = { 0 };
    g_autofree char *name = NULL;
    gboolean force = FALSE;
    uint32_t policy;
    const GOptionEntry options[] = {
        { "name", 'n', 0, G_OPTION_ARG_FILENAME, &name,
          "What the names of the files begin with (default: vm)", "NAME" },
        { "force", 0, 0, G_OPTION_ARG_NONE, &force,
          "Replace files that exist", NULL },
        { NULL }
    };

    tool_options(run, options);
    if (!tool_parse(run, 2, 2, err) ||
        !tool_policy(run->args[2], &policy, err) ||
        !make_session(&session, name ?: "vm", run->args[1], policy, force,
                      err)) {
        return false;
    }
    report_session(run, &session, policy);
    return true;
}

const ToolCommand tool_session = {
    .name = "session",
    .args = "PDHFILE POLICY",
    .summary = "Make the session of a guest for a platform",
    .description =
        "Writes NAME_tik.bin and NAME_tek.bin, which stay with the guest\n"
        "owner, and NAME_godh.b64 and NAME_session.b64 for dh-cert-file= and\n"
        "session-file= of sev-guest.  PDHFILE is the platform's PDH or its\n"
        "chain; verify the chain before.  POLICY is the guest policy, decimal\n"
        "or hexadecimal with 0x.",
    .run = run_session,
};
