/*
 * Software AMD Secure Processor: all commands, and who may have which when
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "snp-internal.h"

/* States in which a command is legal, as sets */
#define IN(state)       (1u << (state))
#define UNINIT          IN(ASP_PLATFORM_UNINIT)
#define INIT            IN(ASP_PLATFORM_INIT)
#define READY           (INIT | IN(ASP_PLATFORM_WORKING))
#define ANY             (UNINIT | READY)

#define LUPDATE         IN(ASP_GUEST_LUPDATE)
#define LSECRET         IN(ASP_GUEST_LSECRET)
#define RUNNING         IN(ASP_GUEST_RUNNING)
#define G_ANY           (~0u)

#define SNP_UNINIT      IN(SNP_PLATFORM_UNINIT)
#define SNP_INIT        IN(SNP_PLATFORM_INIT)
#define SNP_ANY         (SNP_UNINIT | SNP_INIT)

#define G_INIT          IN(SNP_GUEST_INIT)
#define G_LAUNCH        IN(SNP_GUEST_LAUNCH)
#define G_RUNNING       IN(SNP_GUEST_RUNNING)

/* The largest command buffer, SEND_START's */
#define BUFFER_MAX      0x44

/*
 * One command: SEV API, chapters 5 and 6, and SNP firmware ABI, chapter 8, in
 * what is @size, @platform and @guest states.  @guest 0: not a command of an
 * existing guest.  Commands of guests start with its handle; with SEV-SNP,
 * with the address of its context.
 */
typedef struct CommandInfo {
    AspHandler *run;                    /* at most one of these two, */
    SnpHandler *snp_run;                /* none: known but not supported */
    uint32_t platform;
    uint32_t guest;
    uint16_t size;
    bool active;                        /* touches memory, needs an ASID */
    bool out;                           /* writes to its command buffer */
} CommandInfo;

#define COMMAND(id, name, platform_, size_, ...) \
    [ASP_CMD_##id] = { .run = asp_cmd_##name, .platform = platform_, \
                       .size = size_, __VA_ARGS__ }
#define GUEST_COMMAND(id, name, states, type, ...) \
    COMMAND(id, name, IN(ASP_PLATFORM_WORKING), sizeof(type), \
            .guest = states, __VA_ARGS__)
#define SNP_COMMAND(id, name, platform_, size_, ...) \
    [ASP_CMD_SNP_##id] = { .snp_run = snp_cmd_##name, .size = size_, \
                           .platform = platform_, __VA_ARGS__ }
#define SNP_GUEST_COMMAND(id, name, states, type) \
    SNP_COMMAND(id, name, SNP_INIT, sizeof(type), .guest = states)
#define NOT_SUPPORTED(id) \
    [ASP_CMD_##id] = { .platform = ANY }

static const CommandInfo command_table[] = {
    COMMAND(INIT, init, UNINIT, sizeof(AspCmdInit)),
    COMMAND(INIT_EX, init_ex, UNINIT, sizeof(AspCmdInitEx)),
    COMMAND(SHUTDOWN, shutdown, ANY, 0),
    COMMAND(PLATFORM_RESET, platform_reset, UNINIT, 0),
    COMMAND(PLATFORM_STATUS, platform_status, ANY,
            sizeof(AspCmdPlatformStatus), .out = true),
    COMMAND(PEK_GEN, pek_gen, INIT, 0),
    COMMAND(PEK_CSR, pek_csr, INIT, sizeof(AspCmdPekCsr), .out = true),
    COMMAND(PEK_CERT_IMPORT, pek_cert_import, INIT,
            sizeof(AspCmdPekCertImport)),
    COMMAND(PDH_CERT_EXPORT, pdh_cert_export, READY,
            sizeof(AspCmdPdhCertExport), .out = true),
    COMMAND(PDH_GEN, pdh_gen, READY, 0),
    COMMAND(DF_FLUSH, df_flush, READY, 0),
    COMMAND(GET_ID, get_id, ANY, sizeof(AspCmdGetId), .out = true),
    COMMAND(NOP, nop, ANY, 0),
    NOT_SUPPORTED(DOWNLOAD_FIRMWARE),
    NOT_SUPPORTED(RING_BUFFER),

    GUEST_COMMAND(ACTIVATE, activate, G_ANY, AspCmdActivate),
    GUEST_COMMAND(DEACTIVATE, deactivate, G_ANY, AspCmdGuest),
    GUEST_COMMAND(DECOMMISSION, decommission, G_ANY, AspCmdGuest),
    GUEST_COMMAND(GUEST_STATUS, guest_status, G_ANY, AspCmdGuestStatus,
                  .out = true),
    NOT_SUPPORTED(ACTIVATE_EX),
    NOT_SUPPORTED(COPY),

    COMMAND(LAUNCH_START, launch_start, READY, sizeof(AspCmdLaunchStart),
            .out = true),
    GUEST_COMMAND(LAUNCH_UPDATE_DATA, launch_update_data, LUPDATE,
                  AspCmdLaunchUpdate, .active = true),
    GUEST_COMMAND(LAUNCH_UPDATE_VMSA, launch_update_vmsa, LUPDATE,
                  AspCmdLaunchUpdate, .active = true),
    GUEST_COMMAND(LAUNCH_MEASURE, launch_measure, LUPDATE,
                  AspCmdLaunchMeasure, .out = true),
    GUEST_COMMAND(LAUNCH_SECRET, launch_secret, LSECRET,
                  AspCmdLaunchSecret, .active = true),
    GUEST_COMMAND(LAUNCH_FINISH, launch_finish, LSECRET, AspCmdGuest),
    GUEST_COMMAND(ATTESTATION, attestation, LSECRET | RUNNING,
                  AspCmdAttestation, .out = true),
    GUEST_COMMAND(DBG_DECRYPT, dbg_decrypt, G_ANY, AspCmdDbg, .active = true),
    GUEST_COMMAND(DBG_ENCRYPT, dbg_encrypt, G_ANY, AspCmdDbg, .active = true),

    NOT_SUPPORTED(SEND_START),
    NOT_SUPPORTED(SEND_UPDATE_DATA),
    NOT_SUPPORTED(SEND_UPDATE_VMSA),
    NOT_SUPPORTED(SEND_FINISH),
    NOT_SUPPORTED(SEND_CANCEL),
    NOT_SUPPORTED(RECEIVE_START),
    NOT_SUPPORTED(RECEIVE_UPDATE_DATA),
    NOT_SUPPORTED(RECEIVE_UPDATE_VMSA),
    NOT_SUPPORTED(RECEIVE_FINISH),
    NOT_SUPPORTED(SWAP_OUT),
    NOT_SUPPORTED(SWAP_IN),

    SNP_COMMAND(INIT, init, SNP_UNINIT, 0),
    SNP_COMMAND(INIT_EX, init_ex, SNP_UNINIT, sizeof(SnpCmdInitEx)),
    SNP_COMMAND(SHUTDOWN, shutdown, SNP_ANY, 0),
    SNP_COMMAND(SHUTDOWN_EX, shutdown_ex, SNP_ANY, sizeof(SnpCmdShutdownEx)),
    SNP_COMMAND(PLATFORM_STATUS, platform_status, SNP_ANY,
                sizeof(SnpCmdAddress)),
    SNP_COMMAND(DF_FLUSH, df_flush, SNP_INIT, 0),
    SNP_COMMAND(PAGE_RECLAIM, page_reclaim, SNP_INIT, sizeof(SnpCmdAddress)),
    SNP_COMMAND(GCTX_CREATE, gctx_create, SNP_INIT, sizeof(SnpCmdAddress)),

    SNP_GUEST_COMMAND(ACTIVATE, activate, G_LAUNCH | G_RUNNING,
                      SnpCmdActivate),
    SNP_GUEST_COMMAND(DECOMMISSION, decommission, G_ANY, SnpCmdAddress),
    SNP_GUEST_COMMAND(GUEST_STATUS, guest_status, G_ANY, SnpCmdGuestStatus),
    SNP_GUEST_COMMAND(LAUNCH_START, launch_start, G_INIT, SnpCmdLaunchStart),
    SNP_GUEST_COMMAND(LAUNCH_UPDATE, launch_update, G_LAUNCH,
                      SnpCmdLaunchUpdate),
    SNP_GUEST_COMMAND(LAUNCH_FINISH, launch_finish, G_LAUNCH,
                      SnpCmdLaunchFinish),
    SNP_GUEST_COMMAND(GUEST_REQUEST, guest_request, G_RUNNING,
                      SnpCmdGuestRequest),

    NOT_SUPPORTED(SNP_ACTIVATE_EX),
    NOT_SUPPORTED(SNP_DBG_DECRYPT),
    NOT_SUPPORTED(SNP_DBG_ENCRYPT),
    NOT_SUPPORTED(SNP_PAGE_SWAP_OUT),
    NOT_SUPPORTED(SNP_PAGE_SWAP_IN),
    NOT_SUPPORTED(SNP_PAGE_MOVE),
    NOT_SUPPORTED(SNP_PAGE_MD_INIT),
    NOT_SUPPORTED(SNP_PAGE_SET_STATE),
    NOT_SUPPORTED(SNP_PAGE_UNSMASH),
    NOT_SUPPORTED(SNP_CONFIG),
    NOT_SUPPORTED(SNP_DOWNLOAD_FIRMWARE_EX),
    NOT_SUPPORTED(SNP_COMMIT),
    NOT_SUPPORTED(SNP_VLEK_LOAD),
    NOT_SUPPORTED(SNP_FEATURE_INFO),
};

/* The guest that a command is for; both NULL: none */
typedef struct Target {
    AspGuest *guest;
    SnpGuest *snp;
} Target;

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
    uint32_t state = asp->state;

    if (!info) {
        return ASP_INVALID_COMMAND;
    }
    if (info->snp_run) {
        state = asp->snp_state;
    }
    if (info->snp_run ? !asp->memory.rmp_read : !info->run) {
        return ASP_UNSUPPORTED;
    }
    if (!(info->platform & IN(state))) {
        return ASP_INVALID_PLATFORM_STATE;
    }
    g_assert(info->size <= BUFFER_MAX);
    return len < info->size ? ASP_INVALID_LENGTH : ASP_SUCCESS;
}

static AspStatus find_by_handle(const Asp *asp, const CommandInfo *info,
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
    return info->active && !(*guest)->asid ? ASP_INACTIVE : ASP_SUCCESS;
}

static AspStatus find_by_context(const Asp *asp, const CommandInfo *info,
                                 const void *cmd, SnpGuest **guest)
{
    uint64_t gctx_paddr;

    memcpy(&gctx_paddr, cmd, sizeof(gctx_paddr));
    gctx_paddr = GUINT64_FROM_LE(gctx_paddr);
    if (gctx_paddr % SNP_PAGE_SIZE) {
        return ASP_INVALID_ADDRESS;
    }
    *guest = snp_guest_find(asp, gctx_paddr);
    if (!*guest) {
        return ASP_INVALID_GUEST;
    }
    return info->guest & IN((*guest)->state) ? ASP_SUCCESS
                                             : ASP_INVALID_GUEST_STATE;
}

/* Find the guest that a command is for and whether it may have it now */
static AspStatus find_target(const Asp *asp, const CommandInfo *info,
                             const void *cmd, Target *target)
{
    *target = (Target) {};
    if (!info->guest) {
        return ASP_SUCCESS;
    }
    return info->run ? find_by_handle(asp, info, cmd, &target->guest)
                     : find_by_context(asp, info, cmd, &target->snp);
}

/* @cmd: the processor's own copy of the command buffer */
static AspStatus run(Asp *asp, const CommandInfo *info, void *cmd)
{
    Target target;
    AspStatus status = find_target(asp, info, cmd, &target);

    if (status) {
        return status;
    }
    return info->run ? info->run(asp, target.guest, cmd)
                     : info->snp_run(asp, target.snp, cmd);
}

AspStatus asp_command(Asp *asp, AspCommand id, void *buf, size_t len)
{
    const CommandInfo *info = find_command(id);
    AspStatus status = check(asp, info, len);
    uint8_t cmd[BUFFER_MAX];

    if (status) {
        return status;
    }
    /* A copy: the caller's buffer may be memory that others can change. */
    if (info->size) {
        memcpy(cmd, buf, info->size);
    }
    status = run(asp, info, cmd);
    if (info->out) {
        memcpy(buf, cmd, info->size);
    }
    return status;
}

AspStatus asp_mailbox(Asp *asp, AspCommand id, uint64_t paddr)
{
    const CommandInfo *info = find_command(id);
    AspStatus status = check(asp, info, BUFFER_MAX);
    uint8_t cmd[BUFFER_MAX];

    if (status) {
        return status;
    }
    status = info->out ? asp_mem_probe_out(asp, paddr, info->size)
                       : ASP_SUCCESS;
    if (!status) {
        status = asp_mem_read(asp, paddr, cmd, info->size);
    }
    if (status) {
        return status;
    }
    status = run(asp, info, cmd);
    if (info->out && asp_mem_write(asp, paddr, cmd, info->size)) {
        return ASP_HWERROR_UNSAFE;      /* it could be written to before */
    }
    return status;
}
