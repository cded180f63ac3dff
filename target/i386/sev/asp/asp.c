/*
 * Software AMD Secure Processor: the command interface
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "snp-internal.h"

/* States in which a command is legal, as sets */
#define IN(state)       (1u << (state))
#define P_UNINIT        IN(ASP_PLATFORM_UNINIT)
#define P_INIT          IN(ASP_PLATFORM_INIT)
#define P_WORKING       IN(ASP_PLATFORM_WORKING)
#define P_READY         (P_INIT | P_WORKING)
#define P_ANY           (P_UNINIT | P_READY)

#define G_LUPDATE       IN(ASP_GUEST_LUPDATE)
#define G_LSECRET       IN(ASP_GUEST_LSECRET)
#define G_RUNNING       IN(ASP_GUEST_RUNNING)
#define G_ANY           (~0u)

/* The largest command buffer, SEND_START's */
#define BUFFER_MAX      0x44

/*
 * One command: SEV API, chapters 5 and 6, in what is @size, @platform and
 * @guest states.  @guest 0: not a command of an existing guest.  Commands of
 * guests have the handle at the start of their buffer.
 */
typedef struct CommandInfo {
    AspHandler *run;                    /* NULL: known but not supported */
    uint32_t platform;
    uint32_t guest;
    uint16_t size;
    bool active;                        /* touches memory, needs an ASID */
} CommandInfo;

#define PLATFORM_COMMAND(run_, states, size_) \
    { .run = run_, .platform = states, .size = size_ }
#define GUEST_COMMAND(run_, states, type) \
    { .run = run_, .platform = P_WORKING, .guest = states, \
      .size = sizeof(type) }
#define MEMORY_COMMAND(run_, states, type) \
    { .run = run_, .platform = P_WORKING, .guest = states, \
      .size = sizeof(type), .active = true }
#define NOT_SUPPORTED   { .platform = P_ANY }

static const CommandInfo command_table[] = {
    [ASP_CMD_INIT] = PLATFORM_COMMAND(
        asp_cmd_init, P_UNINIT, sizeof(AspCmdInit)),
    [ASP_CMD_INIT_EX] = PLATFORM_COMMAND(
        asp_cmd_init_ex, P_UNINIT, sizeof(AspCmdInitEx)),
    [ASP_CMD_SHUTDOWN] = PLATFORM_COMMAND(asp_cmd_shutdown, P_ANY, 0),
    [ASP_CMD_PLATFORM_RESET] = PLATFORM_COMMAND(
        asp_cmd_platform_reset, P_UNINIT, 0),
    [ASP_CMD_PLATFORM_STATUS] = PLATFORM_COMMAND(
        asp_cmd_platform_status, P_ANY, sizeof(AspCmdPlatformStatus)),
    [ASP_CMD_PEK_GEN] = PLATFORM_COMMAND(asp_cmd_pek_gen, P_INIT, 0),
    [ASP_CMD_PEK_CSR] = PLATFORM_COMMAND(
        asp_cmd_pek_csr, P_INIT, sizeof(AspCmdPekCsr)),
    [ASP_CMD_PEK_CERT_IMPORT] = PLATFORM_COMMAND(
        asp_cmd_pek_cert_import, P_INIT, sizeof(AspCmdPekCertImport)),
    [ASP_CMD_PDH_CERT_EXPORT] = PLATFORM_COMMAND(
        asp_cmd_pdh_cert_export, P_READY, sizeof(AspCmdPdhCertExport)),
    [ASP_CMD_PDH_GEN] = PLATFORM_COMMAND(asp_cmd_pdh_gen, P_READY, 0),
    [ASP_CMD_DF_FLUSH] = PLATFORM_COMMAND(asp_cmd_df_flush, P_READY, 0),
    [ASP_CMD_GET_ID] = PLATFORM_COMMAND(
        asp_cmd_get_id, P_ANY, sizeof(AspCmdGetId)),
    [ASP_CMD_NOP] = PLATFORM_COMMAND(asp_cmd_nop, P_ANY, 0),
    [ASP_CMD_DOWNLOAD_FIRMWARE] = NOT_SUPPORTED,
    [ASP_CMD_RING_BUFFER] = NOT_SUPPORTED,

    [ASP_CMD_ACTIVATE] = GUEST_COMMAND(
        asp_cmd_activate, G_ANY, AspCmdActivate),
    [ASP_CMD_DEACTIVATE] = GUEST_COMMAND(
        asp_cmd_deactivate, G_ANY, AspCmdGuest),
    [ASP_CMD_DECOMMISSION] = GUEST_COMMAND(
        asp_cmd_decommission, G_ANY, AspCmdGuest),
    [ASP_CMD_GUEST_STATUS] = GUEST_COMMAND(
        asp_cmd_guest_status, G_ANY, AspCmdGuestStatus),
    [ASP_CMD_ACTIVATE_EX] = NOT_SUPPORTED,
    [ASP_CMD_COPY] = NOT_SUPPORTED,

    [ASP_CMD_LAUNCH_START] = PLATFORM_COMMAND(
        asp_cmd_launch_start, P_READY, sizeof(AspCmdLaunchStart)),
    [ASP_CMD_LAUNCH_UPDATE_DATA] = MEMORY_COMMAND(
        asp_cmd_launch_update_data, G_LUPDATE, AspCmdLaunchUpdate),
    [ASP_CMD_LAUNCH_UPDATE_VMSA] = MEMORY_COMMAND(
        asp_cmd_launch_update_vmsa, G_LUPDATE, AspCmdLaunchUpdate),
    [ASP_CMD_LAUNCH_MEASURE] = GUEST_COMMAND(
        asp_cmd_launch_measure, G_LUPDATE, AspCmdLaunchMeasure),
    [ASP_CMD_LAUNCH_SECRET] = MEMORY_COMMAND(
        asp_cmd_launch_secret, G_LSECRET, AspCmdLaunchSecret),
    [ASP_CMD_LAUNCH_FINISH] = GUEST_COMMAND(
        asp_cmd_launch_finish, G_LSECRET, AspCmdGuest),
    [ASP_CMD_ATTESTATION] = GUEST_COMMAND(
        asp_cmd_attestation, G_LSECRET | G_RUNNING, AspCmdAttestation),
    [ASP_CMD_DBG_DECRYPT] = MEMORY_COMMAND(
        asp_cmd_dbg_decrypt, G_ANY, AspCmdDbg),
    [ASP_CMD_DBG_ENCRYPT] = MEMORY_COMMAND(
        asp_cmd_dbg_encrypt, G_ANY, AspCmdDbg),

    [ASP_CMD_SEND_START] = NOT_SUPPORTED,
    [ASP_CMD_SEND_UPDATE_DATA] = NOT_SUPPORTED,
    [ASP_CMD_SEND_UPDATE_VMSA] = NOT_SUPPORTED,
    [ASP_CMD_SEND_FINISH] = NOT_SUPPORTED,
    [ASP_CMD_SEND_CANCEL] = NOT_SUPPORTED,
    [ASP_CMD_RECEIVE_START] = NOT_SUPPORTED,
    [ASP_CMD_RECEIVE_UPDATE_DATA] = NOT_SUPPORTED,
    [ASP_CMD_RECEIVE_UPDATE_VMSA] = NOT_SUPPORTED,
    [ASP_CMD_RECEIVE_FINISH] = NOT_SUPPORTED,
    [ASP_CMD_SWAP_OUT] = NOT_SUPPORTED,
    [ASP_CMD_SWAP_IN] = NOT_SUPPORTED,
};

Asp *asp_new(AspIdentity *identity, const AspMemory *memory, void *opaque)
{
    Asp *asp = g_new0(Asp, 1);

    g_assert(!memory->guest_read == !memory->guest_write);
    g_assert(!memory->rmp_read == !memory->rmp_write);
    asp->identity = identity;
    asp->memory = *memory;
    asp->opaque = opaque;
    asp->guests = g_hash_table_new_full(NULL, NULL, NULL, asp_guest_free);
    asp->snp_guests = snp_guests_new();
    asp->snp_cpuid_refused = g_array_new(false, false, sizeof(AspCpuidBits));
    return asp;
}

void asp_free(Asp *asp)
{
    if (asp) {
        g_hash_table_destroy(asp->guests);
        g_hash_table_destroy(asp->snp_guests);
        g_array_free(asp->snp_cpuid_refused, true);
        asp_wipe(asp, sizeof(*asp));
        g_free(asp);
    }
}

void asp_set_transport_keys(Asp *asp, const SevTransportKeys *keys)
{
    asp->fixed_keys = keys != NULL;
    asp_wipe(&asp->transport_keys, sizeof(asp->transport_keys));
    if (keys) {
        asp->transport_keys = *keys;
    }
}

AspStatus asp_length_query(void *len, uint32_t needed)
{
    uint32_t has, le = GUINT32_TO_LE(needed);

    memcpy(&has, len, sizeof(has));
    memcpy(len, &le, sizeof(le));
    return GUINT32_FROM_LE(has) < needed ? ASP_INVALID_LENGTH : ASP_SUCCESS;
}

/* Find the guest that a command is for and whether it may have it now */
static AspStatus find_guest(Asp *asp, const CommandInfo *info,
                            const void *cmd, AspGuest **guest)
{
    uint32_t handle;

    memcpy(&handle, cmd, sizeof(handle));
    *guest = asp_guest_find(asp, GUINT32_FROM_LE(handle));
    if (!*guest) {
        return ASP_INVALID_GUEST;
    }
    if (!(info->guest & IN((*guest)->state))) {
        return ASP_INVALID_GUEST_STATE;
    }
    if (info->active && !(*guest)->asid) {
        return ASP_INACTIVE;
    }
    return ASP_SUCCESS;
}

static const CommandInfo *find_command(uint32_t id)
{
    if (id >= G_N_ELEMENTS(command_table) || !command_table[id].platform) {
        return NULL;
    }
    return &command_table[id];
}

/* Whether the platform may have the command now */
static AspStatus check(const Asp *asp, const CommandInfo *info, size_t len)
{
    if (!info) {
        return ASP_INVALID_COMMAND;
    }
    if (!info->run) {
        return ASP_UNSUPPORTED;
    }
    if (!(info->platform & IN(asp->state))) {
        return ASP_INVALID_PLATFORM_STATE;
    }
    return len < info->size ? ASP_INVALID_LENGTH : ASP_SUCCESS;
}

AspStatus asp_command(Asp *asp, AspCommand id, void *buf, size_t len)
{
    const CommandInfo *info = find_command(id);
    AspGuest *guest = NULL;
    uint8_t cmd[BUFFER_MAX];
    AspStatus status;

    if (snp_is_command(id)) {
        return snp_command(asp, id, buf, len);
    }
    status = check(asp, info, len);
    if (status) {
        return status;
    }
    /* A copy: the caller's buffer may be memory that others can change. */
    g_assert(info->size <= sizeof(cmd));
    if (info->size) {
        memcpy(cmd, buf, info->size);
    }
    if (info->guest) {
        status = find_guest(asp, info, cmd, &guest);
    }
    if (!status) {
        status = info->run(asp, guest, cmd);
        if (info->size) {
            memcpy(buf, cmd, info->size);
        }
    }
    return status;
}
