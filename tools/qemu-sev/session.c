/*
 * qemu-sev session: a guest owner's session for a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "chain.h"
#include "output.h"
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
 * of the files is there, unless @force.
 */
static bool write_session(const Session *session, bool force, GError **err)
{
    g_autoptr(ToolOutputs) outputs = tool_outputs_new(
        force ? NULL : "choose another --name, or replace the session with "
                       "--force");

    tool_outputs_add_key(outputs, session->paths[FILE_TIK],
                         session->keys.tik, SEV_KEY_SIZE);
    tool_outputs_add_key(outputs, session->paths[FILE_TEK],
                         session->keys.tek, SEV_KEY_SIZE);
    tool_outputs_add_base64(outputs, session->paths[FILE_GODH],
                            &session->godh, sizeof(session->godh));
    tool_outputs_add_base64(outputs, session->paths[FILE_SESSION],
                            &session->session, sizeof(session->session));
    return tool_outputs_commit(outputs, err);
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
           write_session(session, force, err);
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
