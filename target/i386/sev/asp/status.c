/*
 * SEV API: names of status codes and commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <glib.h>
#include "abi.h"

typedef struct StatusInfo {
    const char *name, *hint;
} StatusInfo;

static const StatusInfo statuses[] = {
    [ASP_SUCCESS] = { "SUCCESS", "" },
    [ASP_INVALID_PLATFORM_STATE] = { "INVALID_PLATFORM_STATE",
        "the platform was not initialised, or guests are still running" },
    [ASP_INVALID_GUEST_STATE] = { "INVALID_GUEST_STATE",
        "the guest's launch is not at this step, or is past it" },
    [ASP_INVALID_CONFIG] = { "INVALID_CONFIG",
        "the platform does not support the configuration asked for at INIT" },
    [ASP_INVALID_LENGTH] = { "INVALID_LENGTH",
        "a buffer is too small, or a size is not what its content demands" },
    [ASP_ALREADY_OWNED] = { "ALREADY_OWNED",
        "the platform has an owner; reset it first" },
    [ASP_INVALID_CERTIFICATE] = { "INVALID_CERTIFICATE",
        "a certificate is malformed or is not of the kind expected here" },
    [ASP_POLICY_FAILURE] = { "POLICY_FAILURE",
        "the guest policy forbids it, or asks for more than the platform "
        "has" },
    [ASP_INACTIVE] = { "INACTIVE",
        "the guest has no ASID; ACTIVATE it first" },
    [ASP_INVALID_ADDRESS] = { "INVALID_ADDRESS",
        "an address is misaligned or not in usable memory" },
    [ASP_BAD_SIGNATURE] = { "BAD_SIGNATURE",
        "a signature does not verify" },
    [ASP_BAD_MEASUREMENT] = { "BAD_MEASUREMENT",
        "a MAC does not verify: a session or secret made for another "
        "platform, policy or launch, or changed on the way; or an ID block "
        "is for another launch digest" },
    [ASP_ASID_OWNED] = { "ASID_OWNED", "another guest has this ASID" },
    [ASP_INVALID_ASID] = { "INVALID_ASID",
        "the ASID is out of the range for this kind of guest" },
    [ASP_WBINVD_REQUIRED] = { "WBINVD_REQUIRED",
        "run WBINVD on all cores, then DF_FLUSH" },
    [ASP_DFFLUSH_REQUIRED] = { "DFFLUSH_REQUIRED",
        "the ASID was in use before; run DF_FLUSH first" },
    [ASP_INVALID_GUEST] = { "INVALID_GUEST",
        "no guest on this platform has this handle" },
    [ASP_INVALID_COMMAND] = { "INVALID_COMMAND",
        "the firmware does not know the command" },
    [ASP_ACTIVE] = { "ACTIVE", "the guest has an ASID; DEACTIVATE it first" },
    [ASP_HWERROR_PLATFORM] = { "HWERROR_PLATFORM",
        "the platform failed; buffers are safe to use again" },
    [ASP_HWERROR_UNSAFE] = { "HWERROR_UNSAFE",
        "the platform failed; buffers are in an unknown state" },
    [ASP_UNSUPPORTED] = { "UNSUPPORTED",
        "the platform cannot do this; SEV-ES has to be enabled at INIT" },
    [ASP_INVALID_PARAM] = { "INVALID_PARAM",
        "a reserved bit is set or parameters do not fit together" },
    [ASP_RESOURCE_LIMIT] = { "RESOURCE_LIMIT",
        "the platform has no room for another guest" },
    [ASP_SECURE_DATA_INVALID] = { "SECURE_DATA_INVALID",
        "the persistent store is damaged and was reset; try again" },
    [ASP_INVALID_PAGE_SIZE] = { "INVALID_PAGE_SIZE",
        "the page and its RMP entry differ in size" },
    [ASP_INVALID_PAGE_STATE] = { "INVALID_PAGE_STATE",
        "the page is in the wrong state for the command, see its RMP entry" },
    [ASP_INVALID_MDATA_ENTRY] = { "INVALID_MDATA_ENTRY", "" },
    [ASP_INVALID_PAGE_OWNER] = { "INVALID_PAGE_OWNER",
        "the page belongs to another guest" },
    [ASP_AEAD_OFLOW] = { "AEAD_OFLOW", "" },
    [ASP_RING_BUFFER_EXIT] = { "RING_BUFFER_EXIT", "" },
    [ASP_RMP_INIT_REQUIRED] = { "RMP_INIT_REQUIRED",
        "the RMP was not initialised; run SNP_INIT_EX with INIT_RMP" },
    [ASP_BAD_SVN] = { "BAD_SVN", "" },
    [ASP_BAD_VERSION] = { "BAD_VERSION",
        "the version of a structure is not supported" },
    [ASP_SHUTDOWN_REQUIRED] = { "SHUTDOWN_REQUIRED", "" },
    [ASP_UPDATE_FAILED] = { "UPDATE_FAILED", "" },
    [ASP_RESTORE_REQUIRED] = { "RESTORE_REQUIRED", "" },
    [ASP_RMP_INIT_FAILED] = { "RMP_INIT_FAILED", "" },
    [ASP_INVALID_KEY] = { "INVALID_KEY",
        "the key selected for the signature is not available" },
};

const char *asp_status_name(uint32_t status)
{
    if (status < G_N_ELEMENTS(statuses) && statuses[status].name) {
        return statuses[status].name;
    }
    return "unknown status";
}

const char *asp_status_hint(uint32_t status)
{
    if (status < G_N_ELEMENTS(statuses) && statuses[status].hint) {
        return statuses[status].hint;
    }
    return "";
}

static const char *const commands[] = {
    [ASP_CMD_INIT] = "INIT",
    [ASP_CMD_SHUTDOWN] = "SHUTDOWN",
    [ASP_CMD_PLATFORM_RESET] = "PLATFORM_RESET",
    [ASP_CMD_PLATFORM_STATUS] = "PLATFORM_STATUS",
    [ASP_CMD_PEK_GEN] = "PEK_GEN",
    [ASP_CMD_PEK_CSR] = "PEK_CSR",
    [ASP_CMD_PEK_CERT_IMPORT] = "PEK_CERT_IMPORT",
    [ASP_CMD_PDH_CERT_EXPORT] = "PDH_CERT_EXPORT",
    [ASP_CMD_PDH_GEN] = "PDH_GEN",
    [ASP_CMD_DF_FLUSH] = "DF_FLUSH",
    [ASP_CMD_DOWNLOAD_FIRMWARE] = "DOWNLOAD_FIRMWARE",
    [ASP_CMD_GET_ID] = "GET_ID",
    [ASP_CMD_INIT_EX] = "INIT_EX",
    [ASP_CMD_NOP] = "NOP",
    [ASP_CMD_RING_BUFFER] = "RING_BUFFER",
    [ASP_CMD_DECOMMISSION] = "DECOMMISSION",
    [ASP_CMD_ACTIVATE] = "ACTIVATE",
    [ASP_CMD_DEACTIVATE] = "DEACTIVATE",
    [ASP_CMD_GUEST_STATUS] = "GUEST_STATUS",
    [ASP_CMD_COPY] = "COPY",
    [ASP_CMD_ACTIVATE_EX] = "ACTIVATE_EX",
    [ASP_CMD_LAUNCH_START] = "LAUNCH_START",
    [ASP_CMD_LAUNCH_UPDATE_DATA] = "LAUNCH_UPDATE_DATA",
    [ASP_CMD_LAUNCH_UPDATE_VMSA] = "LAUNCH_UPDATE_VMSA",
    [ASP_CMD_LAUNCH_MEASURE] = "LAUNCH_MEASURE",
    [ASP_CMD_LAUNCH_SECRET] = "LAUNCH_SECRET",
    [ASP_CMD_LAUNCH_FINISH] = "LAUNCH_FINISH",
    [ASP_CMD_ATTESTATION] = "ATTESTATION",
    [ASP_CMD_SEND_START] = "SEND_START",
    [ASP_CMD_SEND_UPDATE_DATA] = "SEND_UPDATE_DATA",
    [ASP_CMD_SEND_UPDATE_VMSA] = "SEND_UPDATE_VMSA",
    [ASP_CMD_SEND_FINISH] = "SEND_FINISH",
    [ASP_CMD_SEND_CANCEL] = "SEND_CANCEL",
    [ASP_CMD_RECEIVE_START] = "RECEIVE_START",
    [ASP_CMD_RECEIVE_UPDATE_DATA] = "RECEIVE_UPDATE_DATA",
    [ASP_CMD_RECEIVE_UPDATE_VMSA] = "RECEIVE_UPDATE_VMSA",
    [ASP_CMD_RECEIVE_FINISH] = "RECEIVE_FINISH",
    [ASP_CMD_DBG_DECRYPT] = "DBG_DECRYPT",
    [ASP_CMD_DBG_ENCRYPT] = "DBG_ENCRYPT",
    [ASP_CMD_SWAP_OUT] = "SWAP_OUT",
    [ASP_CMD_SWAP_IN] = "SWAP_IN",
    [ASP_CMD_SNP_INIT] = "SNP_INIT",
    [ASP_CMD_SNP_SHUTDOWN] = "SNP_SHUTDOWN",
    [ASP_CMD_SNP_PLATFORM_STATUS] = "SNP_PLATFORM_STATUS",
    [ASP_CMD_SNP_DF_FLUSH] = "SNP_DF_FLUSH",
    [ASP_CMD_SNP_INIT_EX] = "SNP_INIT_EX",
    [ASP_CMD_SNP_SHUTDOWN_EX] = "SNP_SHUTDOWN_EX",
    [ASP_CMD_SNP_DECOMMISSION] = "SNP_DECOMMISSION",
    [ASP_CMD_SNP_ACTIVATE] = "SNP_ACTIVATE",
    [ASP_CMD_SNP_GUEST_STATUS] = "SNP_GUEST_STATUS",
    [ASP_CMD_SNP_GCTX_CREATE] = "SNP_GCTX_CREATE",
    [ASP_CMD_SNP_GUEST_REQUEST] = "SNP_GUEST_REQUEST",
    [ASP_CMD_SNP_ACTIVATE_EX] = "SNP_ACTIVATE_EX",
    [ASP_CMD_SNP_LAUNCH_START] = "SNP_LAUNCH_START",
    [ASP_CMD_SNP_LAUNCH_UPDATE] = "SNP_LAUNCH_UPDATE",
    [ASP_CMD_SNP_LAUNCH_FINISH] = "SNP_LAUNCH_FINISH",
    [ASP_CMD_SNP_DBG_DECRYPT] = "SNP_DBG_DECRYPT",
    [ASP_CMD_SNP_DBG_ENCRYPT] = "SNP_DBG_ENCRYPT",
    [ASP_CMD_SNP_PAGE_SWAP_OUT] = "SNP_PAGE_SWAP_OUT",
    [ASP_CMD_SNP_PAGE_SWAP_IN] = "SNP_PAGE_SWAP_IN",
    [ASP_CMD_SNP_PAGE_MOVE] = "SNP_PAGE_MOVE",
    [ASP_CMD_SNP_PAGE_MD_INIT] = "SNP_PAGE_MD_INIT",
    [ASP_CMD_SNP_PAGE_SET_STATE] = "SNP_PAGE_SET_STATE",
    [ASP_CMD_SNP_PAGE_RECLAIM] = "SNP_PAGE_RECLAIM",
    [ASP_CMD_SNP_PAGE_UNSMASH] = "SNP_PAGE_UNSMASH",
    [ASP_CMD_SNP_CONFIG] = "SNP_CONFIG",
    [ASP_CMD_SNP_DOWNLOAD_FIRMWARE_EX] = "SNP_DOWNLOAD_FIRMWARE_EX",
    [ASP_CMD_SNP_COMMIT] = "SNP_COMMIT",
    [ASP_CMD_SNP_VLEK_LOAD] = "SNP_VLEK_LOAD",
    [ASP_CMD_SNP_FEATURE_INFO] = "SNP_FEATURE_INFO",
};

const char *asp_command_name(uint32_t id)
{
    if (id < G_N_ELEMENTS(commands) && commands[id]) {
        return commands[id];
    }
    return "unknown command";
}
