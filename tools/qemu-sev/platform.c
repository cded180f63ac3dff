/*
 * qemu-sev: the platform that a command is about
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qobject/qnum.h"
#include "qemu-sev.h"
#include "firmware.h"
#include "input.h"
#include "platform.h"
#include "qmp.h"

/* Bytes of a certificate that its signatures cover (SEV API, appendix C) */
#define CERT_BODY 0x414

void platform_free(Platform *platform)
{
    if (platform) {
        g_free(platform->origin);
        g_clear_pointer(&platform->ca, g_byte_array_unref);
        g_clear_pointer(&platform->chip_id, g_byte_array_unref);
        g_free(platform);
    }
}

void platform_options(ToolRun *run, PlatformArgs *args)
{
    const GOptionEntry options[] = {
        { "state", 0, 0, G_OPTION_ARG_FILENAME, &args->state,
          "Identity of the platform, made by 'platform init'", "FILE" },
        { "qmp", 0, 0, G_OPTION_ARG_FILENAME, &args->qmp,
          "Ask the QEMU behind this QMP socket: PATH or tcp:HOST:PORT",
          "SOCKET" },
        { NULL }
    };

    tool_options(run, options);
}

void platform_args_clear(PlatformArgs *args)
{
    g_free(args->state);
    g_free(args->qmp);
}

static void take_chain(Platform *platform, const uint8_t *pdh,
                       const uint8_t *chain)
{
    memcpy(&platform->pdh, pdh, SEV_CERT_SIZE);
    memcpy(&platform->pek, chain, SEV_CERT_SIZE);
    memcpy(&platform->oca, chain + SEV_CERT_SIZE, SEV_CERT_SIZE);
    memcpy(&platform->cek, chain + 2 * SEV_CERT_SIZE, SEV_CERT_SIZE);
}

/* With a CEK of @identity's own, the root is known: use the signed one. */
static void add_root(Platform *platform, const AspIdentity *identity)
{
    SevCert cek;

    asp_identity_signed_cek(identity, &cek);
    if (memcmp(cek.bytes, platform->cek.bytes, CERT_BODY) == 0) {
        platform->cek = cek;
        platform->cek_signed = true;
        platform->ca = asp_identity_ca(identity);
    }
}

static bool export_certs(Firmware *fw, Platform *platform, GError **err)
{
    uint8_t *memory = firmware_memory(fw);
    AspCmdPdhCertExport cmd = {
        .pdh_paddr = GUINT64_TO_LE(FIRMWARE_BASE),
        .pdh_len = GUINT32_TO_LE(SEV_CERT_SIZE),
        .certs_paddr = GUINT64_TO_LE(FIRMWARE_BASE + SEV_CERT_SIZE),
        .certs_len = GUINT32_TO_LE(SEV_CERT_CHAIN_SIZE),
    };

    if (!firmware_command(fw, ASP_CMD_PDH_CERT_EXPORT, &cmd, sizeof(cmd),
                          err)) {
        return false;
    }
    take_chain(platform, memory, memory + SEV_CERT_SIZE);
    return true;
}

static bool export_id(Firmware *fw, Platform *platform, GError **err)
{
    AspCmdGetId cmd = {
        .id_paddr = GUINT64_TO_LE(FIRMWARE_BASE),
        .id_len = GUINT32_TO_LE(SEV_CHIP_ID_SIZE),
    };

    if (!firmware_command(fw, ASP_CMD_GET_ID, &cmd, sizeof(cmd), err)) {
        return false;
    }
    platform->chip_id = g_byte_array_append(g_byte_array_new(),
                                            firmware_memory(fw),
                                            SEV_CHIP_ID_SIZE);
    return true;
}

static bool open_local(Platform *platform, const char *state, GError **err)
{
    g_autoptr(Firmware) fw = firmware_open(state, err);

    if (!fw || !firmware_init(fw, err) || !export_certs(fw, platform, err) ||
        !export_id(fw, platform, err)) {
        return false;
    }
    platform->origin = state ? g_strdup_printf("state file %s", state)
                             : g_strdup("the built-in identity");
    add_root(platform, firmware_identity(fw));
    return true;
}

/* A member of query-sev-capabilities, decoded */
static ToolBlob *capability(QDict *caps, const char *name, size_t max,
                            GError **err)
{
    const char *text = qdict_get_try_str(caps, name);

    if (!text) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "query-sev-capabilities gave no %s", name);
        return NULL;
    }
    return tool_base64(name, "query-sev-capabilities' member", text,
                       strlen(text), max, err);
}

static bool take_capabilities(Platform *platform, QDict *caps, GError **err)
{
    g_autoptr(ToolBlob) pdh = NULL, chain = NULL, id = NULL;

    pdh = capability(caps, "pdh", SEV_CERT_SIZE, err);
    chain = pdh ? capability(caps, "cert-chain", SEV_CERT_CHAIN_SIZE, err)
                : NULL;
    id = chain ? capability(caps, "cpu0-id", 2 * SEV_CHIP_ID_SIZE, err) : NULL;
    if (!id) {
        return false;
    }
    if (pdh->len != SEV_CERT_SIZE || chain->len != SEV_CERT_CHAIN_SIZE) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "query-sev-capabilities gave a pdh of %zu and a "
                    "cert-chain of %zu bytes instead of %d and %d",
                    pdh->len, chain->len, SEV_CERT_SIZE, SEV_CERT_CHAIN_SIZE);
        return false;
    }
    take_chain(platform, pdh->data, chain->data);
    platform->chip_id = g_byte_array_append(g_byte_array_new(), id->data,
                                            id->len);
    return true;
}

Platform *platform_from_qmp(Qmp *qmp, const char *state, GError **err)
{
    g_autoptr(QDict) caps = qmp_query(qmp, "query-sev-capabilities", err);
    g_autoptr(Platform) platform = g_new0(Platform, 1);
    g_autoptr(Firmware) fw = NULL;

    if (!caps || !take_capabilities(platform, caps, err)) {
        return NULL;
    }
    fw = firmware_open(state, err);
    if (!fw) {
        return NULL;
    }
    platform->origin = g_strdup_printf("QEMU at %s", qmp_name(qmp));
    add_root(platform, firmware_identity(fw));
    return g_steal_pointer(&platform);
}

Platform *platform_open(const PlatformArgs *args, GError **err)
{
    g_autoptr(Platform) platform = NULL;

    if (args->qmp) {
        g_autoptr(Qmp) qmp = qmp_open(args->qmp, err);

        return qmp ? platform_from_qmp(qmp, args->state, err) : NULL;
    }
    platform = g_new0(Platform, 1);
    return open_local(platform, args->state, err) ? g_steal_pointer(&platform)
                                                  : NULL;
}

static const char *platform_state_name(uint8_t state)
{
    switch (state) {
    case ASP_PLATFORM_UNINIT:
        return "uninit";
    case ASP_PLATFORM_INIT:
        return "init";
    case ASP_PLATFORM_WORKING:
        return "working";
    default:
        return "unknown";
    }
}

static bool info_local(const char *state, PlatformInfo *info, GError **err)
{
    g_autoptr(Firmware) fw = firmware_open(state, err);
    AspCmdPlatformStatus cmd = { 0 };

    if (!fw || !firmware_init(fw, err) ||
        !firmware_command(fw, ASP_CMD_PLATFORM_STATUS, &cmd, sizeof(cmd),
                          err)) {
        return false;
    }
    *info = (PlatformInfo) {
        .api_major = cmd.api_major,
        .api_minor = cmd.api_minor,
        .build = cmd.build,
        .is_platform = true,
        .state = platform_state_name(cmd.state),
        .external = cmd.owner & ASP_OWNER_EXTERNAL,
        .es = GUINT16_FROM_LE(cmd.config) & ASP_CONFIG_ES,
        .guests = GUINT32_FROM_LE(cmd.guest_count),
    };
    return true;
}

/* A member that has to be a number up to @max */
static bool take_number(QDict *dict, const char *name, uint64_t max,
                        uint64_t *value, GError **err)
{
    QNum *number = qobject_to(QNum, qdict_get(dict, name));

    if (!number || !qnum_get_try_uint(number, value) || *value > max) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "query-sev gave no %s from 0 to %" PRIu64, name, max);
        return false;
    }
    return true;
}

/* One of the words that QEMU has for it, or "unknown" */
static const char *take_word(QDict *dict, const char *name,
                             const char *const *words)
{
    const char *given = qdict_get_try_str(dict, name);

    while (*words && g_strcmp0(given, *words)) {
        words++;
    }
    return *words ?: "unknown";
}

static bool take_version(QDict *sev, PlatformInfo *info, GError **err)
{
    uint64_t major, minor, build;

    if (!take_number(sev, "api-major", UINT8_MAX, &major, err) ||
        !take_number(sev, "api-minor", UINT8_MAX, &minor, err) ||
        !take_number(sev, "build-id", UINT8_MAX, &build, err)) {
        return false;
    }
    info->api_major = major;
    info->api_minor = minor;
    info->build = build;
    return true;
}

static bool take_guest(QDict *sev, PlatformInfo *info, GError **err)
{
    static const char *const states[] = {
        "uninit", "launch-update", "launch-secret", "running", "send-update",
        "receive-update", NULL
    };
    static const char *const types[] = { "sev", "sev-snp", NULL };
    uint64_t handle = 0;

    info->state = take_word(sev, "state", states);
    /* QEMU did not tell before it knew more than one */
    info->type = qdict_haskey(sev, "sev-type")
        ? take_word(sev, "sev-type", types) : "sev";
    info->snp = !strcmp(info->type, "sev-snp");
    if (info->snp) {
        return take_number(sev, "snp-policy", UINT64_MAX, &info->policy, err);
    }
    if (!take_number(sev, "handle", UINT32_MAX, &handle, err) ||
        !take_number(sev, "policy", UINT32_MAX, &info->policy, err)) {
        return false;
    }
    info->handle = handle;
    return true;
}

bool platform_info_from_qmp(Qmp *qmp, PlatformInfo *info, GError **err)
{
    g_autoptr(QDict) sev = qmp_query(qmp, "query-sev", err);

    if (!sev) {
        return false;
    }
    if (!qdict_get_try_bool(sev, "enabled", false)) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "QEMU at %s has no SEV guest, and tells nothing of its "
                    "platform without one", qmp_name(qmp));
        return false;
    }
    *info = (PlatformInfo) { 0 };
    return take_version(sev, info, err) && take_guest(sev, info, err);
}

bool platform_info(const PlatformArgs *args, PlatformInfo *info, GError **err)
{
    if (args->qmp) {
        g_autoptr(Qmp) qmp = qmp_open(args->qmp, err);

        return qmp && platform_info_from_qmp(qmp, info, err);
    }
    return info_local(args->state, info, err);
}
