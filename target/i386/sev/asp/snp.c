/*
 * Software AMD Secure Processor: commands of SEV-SNP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "snp-internal.h"

/* States in which a command is legal, as sets */
#define IN(state)       (1u << (state))
#define P_UNINIT        IN(SNP_PLATFORM_UNINIT)
#define P_INIT          IN(SNP_PLATFORM_INIT)
#define P_ANY           (P_UNINIT | P_INIT)

#define G_INIT          IN(SNP_GUEST_INIT)
#define G_LAUNCH        IN(SNP_GUEST_LAUNCH)
#define G_RUNNING       IN(SNP_GUEST_RUNNING)
#define G_ANY           (G_INIT | G_LAUNCH | G_RUNNING)

/* The largest command buffer, SNP_INIT_EX's */
#define BUFFER_MAX      0x40

/*
 * One command: SNP firmware ABI, chapter 8, in what is @size, @platform and
 * @guest states.  @guest 0: not a command of an existing guest.  Commands of
 * guests have the address of the context at the start of their buffer.
 */
typedef struct SnpCommandInfo {
    SnpHandler *run;                    /* NULL: known but not supported */
    uint32_t platform;
    uint32_t guest;
    uint16_t size;
} SnpCommandInfo;

#define PLATFORM_COMMAND(run_, states, size_) \
    { .run = run_, .platform = states, .size = size_ }
#define GUEST_COMMAND(run_, states, type) \
    { .run = run_, .platform = P_INIT, .guest = states, .size = sizeof(type) }
#define NOT_SUPPORTED   { .platform = P_ANY }

#define ROW(id)         [ASP_CMD_SNP_##id - ASP_CMD_SNP_INIT]

static const SnpCommandInfo command_table[] = {
    ROW(INIT) = PLATFORM_COMMAND(snp_cmd_init, P_UNINIT, 0),
    ROW(INIT_EX) = PLATFORM_COMMAND(
        snp_cmd_init_ex, P_UNINIT, sizeof(SnpCmdInitEx)),
    ROW(SHUTDOWN) = PLATFORM_COMMAND(snp_cmd_shutdown, P_ANY, 0),
    ROW(SHUTDOWN_EX) = PLATFORM_COMMAND(
        snp_cmd_shutdown_ex, P_ANY, sizeof(SnpCmdShutdownEx)),
    ROW(PLATFORM_STATUS) = PLATFORM_COMMAND(
        snp_cmd_platform_status, P_ANY, sizeof(SnpCmdAddress)),
    ROW(DF_FLUSH) = PLATFORM_COMMAND(snp_cmd_df_flush, P_INIT, 0),
    ROW(PAGE_RECLAIM) = PLATFORM_COMMAND(
        snp_cmd_page_reclaim, P_INIT, sizeof(SnpCmdAddress)),
    ROW(GCTX_CREATE) = PLATFORM_COMMAND(
        snp_cmd_gctx_create, P_INIT, sizeof(SnpCmdAddress)),

    ROW(ACTIVATE) = GUEST_COMMAND(
        snp_cmd_activate, G_LAUNCH | G_RUNNING, SnpCmdActivate),
    ROW(DECOMMISSION) = GUEST_COMMAND(
        snp_cmd_decommission, G_ANY, SnpCmdAddress),
    ROW(GUEST_STATUS) = GUEST_COMMAND(
        snp_cmd_guest_status, G_ANY, SnpCmdGuestStatus),
    ROW(LAUNCH_START) = GUEST_COMMAND(
        snp_cmd_launch_start, G_INIT, SnpCmdLaunchStart),
    ROW(LAUNCH_UPDATE) = GUEST_COMMAND(
        snp_cmd_launch_update, G_LAUNCH, SnpCmdLaunchUpdate),
    ROW(LAUNCH_FINISH) = GUEST_COMMAND(
        snp_cmd_launch_finish, G_LAUNCH, SnpCmdLaunchFinish),
    ROW(GUEST_REQUEST) = GUEST_COMMAND(
        snp_cmd_guest_request, G_RUNNING, SnpCmdGuestRequest),

    ROW(ACTIVATE_EX) = NOT_SUPPORTED,
    ROW(DBG_DECRYPT) = NOT_SUPPORTED,
    ROW(DBG_ENCRYPT) = NOT_SUPPORTED,
    ROW(PAGE_SWAP_OUT) = NOT_SUPPORTED,
    ROW(PAGE_SWAP_IN) = NOT_SUPPORTED,
    ROW(PAGE_MOVE) = NOT_SUPPORTED,
    ROW(PAGE_MD_INIT) = NOT_SUPPORTED,
    ROW(PAGE_SET_STATE) = NOT_SUPPORTED,
    ROW(PAGE_UNSMASH) = NOT_SUPPORTED,
    ROW(CONFIG) = NOT_SUPPORTED,
    ROW(DOWNLOAD_FIRMWARE_EX) = NOT_SUPPORTED,
    ROW(COMMIT) = NOT_SUPPORTED,
    ROW(VLEK_LOAD) = NOT_SUPPORTED,
    ROW(FEATURE_INFO) = NOT_SUPPORTED,
};

/* Whether the platform may have the command now */
static AspStatus check(const Asp *asp, const SnpCommandInfo *info, size_t len)
{
    if (!info->platform) {
        return ASP_INVALID_COMMAND;
    }
    if (!info->run || !asp->memory.rmp_read) {
        return ASP_UNSUPPORTED;
    }
    if (!(info->platform & IN(asp->snp_state))) {
        return ASP_INVALID_PLATFORM_STATE;
    }
    return len < info->size ? ASP_INVALID_LENGTH : ASP_SUCCESS;
}

/* Find the guest that a command is for and whether it may have it now */
static AspStatus find_guest(const Asp *asp, const SnpCommandInfo *info,
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

AspStatus snp_command(Asp *asp, uint32_t id, void *buf, size_t len)
{
    const SnpCommandInfo *info = &command_table[id - ASP_CMD_SNP_INIT];
    AspStatus status = check(asp, info, len);
    SnpGuest *guest = NULL;
    uint8_t cmd[BUFFER_MAX];

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
    return status ? status : info->run(asp, guest, cmd);
}
