/*
 * SEV API: command ids, status codes, policy bits and wire formats
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * AMD publication 55766, "SEV API".  All integers are little-endian, also in
 * the structures: read and write them with GUINT32_FROM_LE() and friends.
 */

#ifndef I386_SEV_ASP_ABI_H
#define I386_SEV_ASP_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Version that the software platform reports (PLATFORM_STATUS). */
#define ASP_API_MAJOR           1
#define ASP_API_MINOR           51
#define ASP_BUILD               3

#define SEV_KEY_SIZE            16      /* TEK, TIK, VEK, KEK, KIK, MS */
#define SEV_NONCE_SIZE          16
#define SEV_IV_SIZE             16
#define SEV_DIGEST_SIZE         32      /* SHA-256, also every MAC */
#define SEV_MEASURE_BLOB_SIZE   48      /* MEASURE and mnonce */
#define SEV_CERT_SIZE           2084
#define SEV_CERT_CHAIN_SIZE     (3 * SEV_CERT_SIZE)     /* PEK, OCA, CEK */
#define SEV_SESSION_SIZE        128
#define SEV_PACKET_HEADER_SIZE  52
#define SEV_SECRET_MAX          (16 * 1024)
#define SEV_REPORT_SIZE         208
#define SEV_CHIP_ID_SIZE        64
#define SEV_VMSA_SIZE           4096

/* Guest policy, chapter 3 */
#define SEV_POLICY_NODBG        (1u << 0)
#define SEV_POLICY_NOKS         (1u << 1)
#define SEV_POLICY_ES           (1u << 2)
#define SEV_POLICY_NOSEND       (1u << 3)
#define SEV_POLICY_DOMAIN       (1u << 4)
#define SEV_POLICY_SEV          (1u << 5)
#define SEV_POLICY_RESERVED     0x0000ffc0u
#define SEV_POLICY_API_MAJOR_SHIFT 16
#define SEV_POLICY_API_MINOR_SHIFT 24

typedef enum AspStatus {
    ASP_SUCCESS                 = 0x00,
    ASP_INVALID_PLATFORM_STATE  = 0x01,
    ASP_INVALID_GUEST_STATE     = 0x02,
    ASP_INVALID_CONFIG          = 0x03,
    ASP_INVALID_LENGTH          = 0x04,
    ASP_ALREADY_OWNED           = 0x05,
    ASP_INVALID_CERTIFICATE     = 0x06,
    ASP_POLICY_FAILURE          = 0x07,
    ASP_INACTIVE                = 0x08,
    ASP_INVALID_ADDRESS         = 0x09,
    ASP_BAD_SIGNATURE           = 0x0a,
    ASP_BAD_MEASUREMENT         = 0x0b,
    ASP_ASID_OWNED              = 0x0c,
    ASP_INVALID_ASID            = 0x0d,
    ASP_WBINVD_REQUIRED         = 0x0e,
    ASP_DFFLUSH_REQUIRED        = 0x0f,
    ASP_INVALID_GUEST           = 0x10,
    ASP_INVALID_COMMAND         = 0x11,
    ASP_ACTIVE                  = 0x12,
    ASP_HWERROR_PLATFORM        = 0x13,
    ASP_HWERROR_UNSAFE          = 0x14,
    ASP_UNSUPPORTED             = 0x15,
    ASP_INVALID_PARAM           = 0x16,
    ASP_RESOURCE_LIMIT          = 0x17,
    ASP_SECURE_DATA_INVALID     = 0x18,
    ASP_INVALID_PAGE_SIZE       = 0x19,
    ASP_INVALID_PAGE_STATE      = 0x1a,
    ASP_INVALID_MDATA_ENTRY     = 0x1b,
    ASP_INVALID_PAGE_OWNER      = 0x1c,
    ASP_AEAD_OFLOW              = 0x1d,
    ASP_RING_BUFFER_EXIT        = 0x1f,
    ASP_RMP_INIT_REQUIRED       = 0x20,
    ASP_BAD_SVN                 = 0x21,
    ASP_BAD_VERSION             = 0x22,
    ASP_SHUTDOWN_REQUIRED       = 0x23,
    ASP_UPDATE_FAILED           = 0x24,
    ASP_RESTORE_REQUIRED        = 0x25,
    ASP_RMP_INIT_FAILED         = 0x26,
    ASP_INVALID_KEY             = 0x27,
} AspStatus;

/**
 * asp_status_name - the specification's name of a status ("POLICY_FAILURE")
 * @status: as firmware returned it, any number
 *
 * Returns: a constant string; "unknown status" for an unknown number
 */
const char *asp_status_name(uint32_t status);

/**
 * asp_status_hint - the likely cause of a status, a clause for an error hint
 *
 * Returns: a constant string; "" where there is nothing useful to say
 */
const char *asp_status_hint(uint32_t status);

/* Mailbox command ids */
typedef enum AspCommand {
    ASP_CMD_INIT                = 0x01,
    ASP_CMD_SHUTDOWN            = 0x02,
    ASP_CMD_PLATFORM_RESET      = 0x03,
    ASP_CMD_PLATFORM_STATUS     = 0x04,
    ASP_CMD_PEK_GEN             = 0x05,
    ASP_CMD_PEK_CSR             = 0x06,
    ASP_CMD_PEK_CERT_IMPORT     = 0x07,
    ASP_CMD_PDH_CERT_EXPORT     = 0x08,
    ASP_CMD_PDH_GEN             = 0x09,
    ASP_CMD_DF_FLUSH            = 0x0a,
    ASP_CMD_DOWNLOAD_FIRMWARE   = 0x0b,
    ASP_CMD_GET_ID              = 0x0c,
    ASP_CMD_INIT_EX             = 0x0d,
    ASP_CMD_NOP                 = 0x0e,
    ASP_CMD_RING_BUFFER         = 0x0f,
    ASP_CMD_DECOMMISSION        = 0x20,
    ASP_CMD_ACTIVATE            = 0x21,
    ASP_CMD_DEACTIVATE          = 0x22,
    ASP_CMD_GUEST_STATUS        = 0x23,
    ASP_CMD_COPY                = 0x24,
    ASP_CMD_ACTIVATE_EX         = 0x25,
    ASP_CMD_LAUNCH_START        = 0x30,
    ASP_CMD_LAUNCH_UPDATE_DATA  = 0x31,
    ASP_CMD_LAUNCH_UPDATE_VMSA  = 0x32,
    ASP_CMD_LAUNCH_MEASURE      = 0x33,
    ASP_CMD_LAUNCH_SECRET       = 0x34,
    ASP_CMD_LAUNCH_FINISH       = 0x35,
    ASP_CMD_ATTESTATION         = 0x36,
    ASP_CMD_SEND_START          = 0x40,
    ASP_CMD_SEND_UPDATE_DATA    = 0x41,
    ASP_CMD_SEND_UPDATE_VMSA    = 0x42,
    ASP_CMD_SEND_FINISH         = 0x43,
    ASP_CMD_SEND_CANCEL         = 0x44,
    ASP_CMD_RECEIVE_START       = 0x50,
    ASP_CMD_RECEIVE_UPDATE_DATA = 0x51,
    ASP_CMD_RECEIVE_UPDATE_VMSA = 0x52,
    ASP_CMD_RECEIVE_FINISH      = 0x53,
    ASP_CMD_DBG_DECRYPT         = 0x60,
    ASP_CMD_DBG_ENCRYPT         = 0x61,
    ASP_CMD_SWAP_OUT            = 0x70,
    ASP_CMD_SWAP_IN             = 0x71,

    /* SEV-SNP (snp-abi.h) */
    ASP_CMD_SNP_INIT            = 0x81,
    ASP_CMD_SNP_SHUTDOWN        = 0x82,
    ASP_CMD_SNP_PLATFORM_STATUS = 0x83,
    ASP_CMD_SNP_DF_FLUSH        = 0x84,
    ASP_CMD_SNP_INIT_EX         = 0x85,
    ASP_CMD_SNP_SHUTDOWN_EX     = 0x86,
    ASP_CMD_SNP_DECOMMISSION    = 0x90,
    ASP_CMD_SNP_ACTIVATE        = 0x91,
    ASP_CMD_SNP_GUEST_STATUS    = 0x92,
    ASP_CMD_SNP_GCTX_CREATE     = 0x93,
    ASP_CMD_SNP_GUEST_REQUEST   = 0x94,
    ASP_CMD_SNP_ACTIVATE_EX     = 0x95,
    ASP_CMD_SNP_LAUNCH_START    = 0xa0,
    ASP_CMD_SNP_LAUNCH_UPDATE   = 0xa1,
    ASP_CMD_SNP_LAUNCH_FINISH   = 0xa2,
    ASP_CMD_SNP_DBG_DECRYPT     = 0xb0,
    ASP_CMD_SNP_DBG_ENCRYPT     = 0xb1,
    ASP_CMD_SNP_PAGE_SWAP_OUT   = 0xc0,
    ASP_CMD_SNP_PAGE_SWAP_IN    = 0xc1,
    ASP_CMD_SNP_PAGE_MOVE       = 0xc2,
    ASP_CMD_SNP_PAGE_MD_INIT    = 0xc3,
    ASP_CMD_SNP_PAGE_SET_STATE  = 0xc6,
    ASP_CMD_SNP_PAGE_RECLAIM    = 0xc7,
    ASP_CMD_SNP_PAGE_UNSMASH    = 0xc8,
    ASP_CMD_SNP_CONFIG          = 0xc9,
    ASP_CMD_SNP_DOWNLOAD_FIRMWARE_EX = 0xca,
    ASP_CMD_SNP_COMMIT          = 0xcb,
    ASP_CMD_SNP_VLEK_LOAD       = 0xcd,
    ASP_CMD_SNP_FEATURE_INFO    = 0xce,
} AspCommand;

/**
 * asp_command_name - the specification's name of a command ("LAUNCH_START")
 */
const char *asp_command_name(uint32_t id);

/* Guest states, as GUEST_STATUS returns them */
typedef enum AspGuestState {
    ASP_GUEST_UNINIT            = 0,
    ASP_GUEST_LUPDATE           = 1,
    ASP_GUEST_LSECRET           = 2,
    ASP_GUEST_RUNNING           = 3,
    ASP_GUEST_SUPDATE           = 4,
    ASP_GUEST_RUPDATE           = 5,
    ASP_GUEST_SENT              = 6,
} AspGuestState;

/*
 * Command buffers, SEV API chapters 5 and 6: what asp_command() takes.  Every
 * *_paddr is a system physical address; an "(io)" length holds the size of
 * the buffer on the way in and the needed size on the way out.
 */
#define ASP_PACKED __attribute__((packed))

#define ASP_INIT_ES             (1u << 0)       /* AspCmdInit.options */
#define ASP_TMR_SIZE            (1024 * 1024)   /* also its alignment */
#define ASP_TMR_SIZE_SNP        (2 * ASP_TMR_SIZE) /* while SNP is in INIT */

typedef struct AspCmdInit {
    uint32_t options;
    uint32_t reserved;
    uint64_t tmr_paddr;                 /* ignored unless ASP_INIT_ES */
    uint32_t tmr_len;
} ASP_PACKED AspCmdInit;

typedef struct AspCmdInitEx {
    uint32_t length;                    /* of this structure */
    uint32_t options;
    uint64_t tmr_paddr;
    uint32_t tmr_len;
    uint32_t reserved;
    uint64_t nv_paddr;                  /* 0: as INIT; else not supported */
    uint32_t nv_len;
} ASP_PACKED AspCmdInitEx;

typedef enum AspPlatformState {
    ASP_PLATFORM_UNINIT         = 0,
    ASP_PLATFORM_INIT           = 1,
    ASP_PLATFORM_WORKING        = 2,
} AspPlatformState;

/* AspCmdPlatformStatus.owner and .config */
#define ASP_OWNER_EXTERNAL      (1u << 0)
#define ASP_CONFIG_ES           (1u << 0)

typedef struct AspCmdPlatformStatus {
    uint8_t api_major;                  /* all fields: out */
    uint8_t api_minor;
    uint8_t state;                      /* AspPlatformState */
    uint8_t owner;
    uint16_t config;
    uint8_t reserved;
    uint8_t build;
    uint32_t guest_count;
} ASP_PACKED AspCmdPlatformStatus;

typedef struct AspCmdPekCsr {
    uint64_t csr_paddr;
    uint32_t csr_len;                   /* (io) SEV_CERT_SIZE */
} ASP_PACKED AspCmdPekCsr;

typedef struct AspCmdPekCertImport {
    uint64_t pek_paddr;
    uint32_t pek_len;
    uint32_t reserved;
    uint64_t oca_paddr;
    uint32_t oca_len;
} ASP_PACKED AspCmdPekCertImport;

typedef struct AspCmdPdhCertExport {
    uint64_t pdh_paddr;
    uint32_t pdh_len;                   /* (io) SEV_CERT_SIZE */
    uint32_t reserved;
    uint64_t certs_paddr;
    uint32_t certs_len;                 /* (io) SEV_CERT_CHAIN_SIZE */
} ASP_PACKED AspCmdPdhCertExport;

typedef struct AspCmdGetId {
    uint64_t id_paddr;                  /* multiple of 8 */
    uint32_t id_len;                    /* (io) SEV_CHIP_ID_SIZE */
} ASP_PACKED AspCmdGetId;

/* DECOMMISSION, DEACTIVATE, LAUNCH_FINISH */
typedef struct AspCmdGuest {
    uint32_t handle;
} ASP_PACKED AspCmdGuest;

/*
 * ASIDs of the software platform: 1 ... ASP_ASID_MIN_SEV - 1 for guests with
 * SEV-ES, ASP_ASID_MIN_SEV ... ASP_ASID_MAX for the others.  All need a
 * DF_FLUSH after INIT, and each after its DEACTIVATE, before it is activated.
 */
#define ASP_ASID_MIN_SEV        100
#define ASP_ASID_MAX            509

typedef struct AspCmdActivate {
    uint32_t handle;
    uint32_t asid;
} ASP_PACKED AspCmdActivate;

typedef struct AspCmdGuestStatus {
    uint32_t handle;
    uint32_t policy;                    /* out, as the rest */
    uint32_t asid;                      /* 0: not active */
    uint8_t state;                      /* AspGuestState */
} ASP_PACKED AspCmdGuestStatus;

/* The handle is that of the new guest afterwards. */
typedef struct AspCmdLaunchStart {
    uint32_t handle;                    /* in: 0, or who shares its key */
    uint32_t policy;
    uint64_t dh_cert_paddr;             /* 0: no session */
    uint32_t dh_cert_len;
    uint32_t reserved;
    uint64_t session_paddr;
    uint32_t session_len;
} ASP_PACKED AspCmdLaunchStart;

/* LAUNCH_UPDATE_DATA, LAUNCH_UPDATE_VMSA */
typedef struct AspCmdLaunchUpdate {
    uint32_t handle;
    uint32_t reserved;
    uint64_t paddr;
    uint32_t len;
} ASP_PACKED AspCmdLaunchUpdate;

typedef struct AspCmdLaunchMeasure {
    uint32_t handle;
    uint32_t reserved;
    uint64_t measure_paddr;
    uint32_t measure_len;               /* (io) SEV_MEASURE_BLOB_SIZE */
} ASP_PACKED AspCmdLaunchMeasure;

typedef struct AspCmdLaunchSecret {
    uint32_t handle;
    uint32_t reserved;
    uint64_t hdr_paddr;                 /* SevPacketHeader */
    uint32_t hdr_len;
    uint32_t reserved2;
    uint64_t guest_paddr;
    uint32_t guest_len;
    uint32_t reserved3;
    uint64_t trans_paddr;
    uint32_t trans_len;
} ASP_PACKED AspCmdLaunchSecret;

typedef struct AspCmdAttestation {
    uint32_t handle;
    uint32_t reserved;
    uint64_t report_paddr;
    uint8_t mnonce[SEV_NONCE_SIZE];
    uint32_t report_len;                /* (io) SEV_REPORT_SIZE */
} ASP_PACKED AspCmdAttestation;

/* DBG_DECRYPT: guest memory to plaintext; DBG_ENCRYPT: the opposite */
typedef struct AspCmdDbg {
    uint32_t handle;
    uint32_t reserved;
    uint64_t src_paddr;
    uint64_t dst_paddr;
    uint32_t len;
} ASP_PACKED AspCmdDbg;

/* The attestation report (SEV API, ATTESTATION) */
typedef struct SevReport {
    uint8_t mnonce[SEV_NONCE_SIZE];     /* signed: up to and with policy */
    uint8_t digest[SEV_DIGEST_SIZE];
    uint32_t policy;
    uint32_t sig_usage;
    uint32_t sig_algo;
    uint32_t reserved;
    uint8_t sig_r[72];                  /* little-endian numbers */
    uint8_t sig_s[72];
} ASP_PACKED SevReport;

#define ASP_CHECK_SIZE(type, size) \
    _Static_assert(sizeof(type) == (size), "size of " #type)
#define ASP_CHECK_OFFSET(type, field, offset) \
    _Static_assert(offsetof(type, field) == (offset), \
                   "offset of " #type "." #field)

ASP_CHECK_SIZE(AspCmdInit, 0x14);
ASP_CHECK_OFFSET(AspCmdInit, tmr_paddr, 0x08);
ASP_CHECK_SIZE(AspCmdInitEx, 0x24);
ASP_CHECK_OFFSET(AspCmdInitEx, tmr_paddr, 0x08);
ASP_CHECK_OFFSET(AspCmdInitEx, nv_paddr, 0x18);
ASP_CHECK_SIZE(AspCmdPlatformStatus, 0x0c);
ASP_CHECK_OFFSET(AspCmdPlatformStatus, config, 0x04);
ASP_CHECK_OFFSET(AspCmdPlatformStatus, build, 0x07);
ASP_CHECK_SIZE(AspCmdPekCsr, 0x0c);
ASP_CHECK_SIZE(AspCmdPekCertImport, 0x1c);
ASP_CHECK_OFFSET(AspCmdPekCertImport, oca_paddr, 0x10);
ASP_CHECK_SIZE(AspCmdPdhCertExport, 0x1c);
ASP_CHECK_OFFSET(AspCmdPdhCertExport, certs_paddr, 0x10);
ASP_CHECK_SIZE(AspCmdGetId, 0x0c);
ASP_CHECK_SIZE(AspCmdGuest, 0x04);
ASP_CHECK_SIZE(AspCmdActivate, 0x08);
ASP_CHECK_SIZE(AspCmdGuestStatus, 0x0d);
ASP_CHECK_SIZE(AspCmdLaunchStart, 0x24);
ASP_CHECK_OFFSET(AspCmdLaunchStart, dh_cert_paddr, 0x08);
ASP_CHECK_OFFSET(AspCmdLaunchStart, session_paddr, 0x18);
ASP_CHECK_SIZE(AspCmdLaunchUpdate, 0x14);
ASP_CHECK_OFFSET(AspCmdLaunchUpdate, paddr, 0x08);
ASP_CHECK_SIZE(AspCmdLaunchMeasure, 0x14);
ASP_CHECK_SIZE(AspCmdLaunchSecret, 0x34);
ASP_CHECK_OFFSET(AspCmdLaunchSecret, guest_paddr, 0x18);
ASP_CHECK_OFFSET(AspCmdLaunchSecret, trans_paddr, 0x28);
ASP_CHECK_SIZE(AspCmdAttestation, 0x24);
ASP_CHECK_OFFSET(AspCmdAttestation, report_len, 0x20);
ASP_CHECK_SIZE(AspCmdDbg, 0x1c);
ASP_CHECK_OFFSET(AspCmdDbg, dst_paddr, 0x10);
ASP_CHECK_SIZE(SevReport, SEV_REPORT_SIZE);
ASP_CHECK_OFFSET(SevReport, sig_r, 0x40);

#endif
