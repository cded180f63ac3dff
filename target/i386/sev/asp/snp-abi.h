/*
 * SEV-SNP firmware ABI: wire formats
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * AMD publication 56860, "SEV Secure Nested Paging Firmware ABI".  All
 * integers are little-endian, also those of the elliptic curve.  Every *_paddr
 * is a system physical address; a gctx_paddr is that of a guest's context
 * page and is what names the guest.
 */

#ifndef I386_SEV_ASP_SNP_ABI_H
#define I386_SEV_ASP_SNP_ABI_H

#include "abi.h"

#define SNP_PAGE_SIZE           4096
#define SNP_LARGE_PAGE_SIZE     (512 * SNP_PAGE_SIZE)
#define SNP_DIGEST_SIZE         48      /* SHA-384 */
#define SNP_VMPCK_SIZE          32
#define SNP_VMPCK_COUNT         4
#define SNP_HOST_DATA_SIZE      32
#define SNP_GOSVW_SIZE          16
#define SNP_ID_SIZE             16      /* family and image id */

/*
 * Guest policy.  The two low bytes are the minor and the major version of the
 * firmware ABI that the guest needs.
 */
#define SNP_POLICY_SMT                  (1ull << 16)
#define SNP_POLICY_RESERVED_ONE         (1ull << 17)
#define SNP_POLICY_MIGRATE_MA           (1ull << 18)
#define SNP_POLICY_DEBUG                (1ull << 19)
#define SNP_POLICY_SINGLE_SOCKET        (1ull << 20)
#define SNP_POLICY_CXL_ALLOW            (1ull << 21)
#define SNP_POLICY_MEM_AES_256_XTS      (1ull << 22)
#define SNP_POLICY_RAPL_DIS             (1ull << 23)
#define SNP_POLICY_CIPHERTEXT_HIDING    (1ull << 24)
#define SNP_POLICY_PAGE_SWAP_DISABLE    (1ull << 25)
#define SNP_POLICY_RESERVED_ZERO        (~0ull << 26)

typedef enum SnpPlatformState {
    SNP_PLATFORM_UNINIT         = 0,
    SNP_PLATFORM_INIT           = 1,
} SnpPlatformState;

/* Guest states, as SNP_GUEST_STATUS returns them */
typedef enum SnpGuestState {
    SNP_GUEST_INIT              = 0,
    SNP_GUEST_LAUNCH            = 1,
    SNP_GUEST_RUNNING           = 2,
} SnpGuestState;

#define SNP_INIT_EX_RMP         (1u << 0)       /* SnpCmdInitEx.flags */

typedef struct SnpCmdInitEx {
    uint32_t flags;
    uint32_t reserved;
    uint64_t list_paddr;                /* of ranges that stay with the host */
    uint8_t reserved2[48];
} ASP_PACKED SnpCmdInitEx;

typedef struct SnpCmdShutdownEx {
    uint32_t length;                    /* of this structure */
    uint32_t flags;
} ASP_PACKED SnpCmdShutdownEx;

#define SNP_STATUS_RMP_INIT     (1u << 0)       /* SnpPlatformStatus.flags */

/* What SNP_PLATFORM_STATUS writes to its page */
typedef struct SnpPlatformStatus {
    uint8_t api_major;
    uint8_t api_minor;
    uint8_t state;                      /* SnpPlatformState */
    uint8_t flags;
    uint32_t build;
    uint32_t features;
    uint32_t guest_count;
    uint64_t current_tcb;
    uint64_t reported_tcb;
} ASP_PACKED SnpPlatformStatus;

/* SNP_PLATFORM_STATUS, SNP_GCTX_CREATE, SNP_DECOMMISSION, SNP_PAGE_RECLAIM */
typedef struct SnpCmdAddress {
    uint64_t paddr;                     /* PAGE_RECLAIM: bit 0: 2 MiB */
} ASP_PACKED SnpCmdAddress;

typedef struct SnpCmdActivate {
    uint64_t gctx_paddr;
    uint32_t asid;
} ASP_PACKED SnpCmdActivate;

typedef struct SnpCmdGuestStatus {
    uint64_t gctx_paddr;
    uint64_t status_paddr;              /* SnpGuestStatus */
} ASP_PACKED SnpCmdGuestStatus;

typedef struct SnpGuestStatus {
    uint64_t policy;
    uint32_t asid;                      /* 0: not active */
    uint8_t state;                      /* SnpGuestState */
    uint8_t reserved[19];
} ASP_PACKED SnpGuestStatus;

#define SNP_START_MA            (1u << 0)       /* SnpCmdLaunchStart.flags */
#define SNP_START_IMI           (1u << 1)

typedef struct SnpCmdLaunchStart {
    uint64_t gctx_paddr;
    uint64_t policy;
    uint64_t ma_gctx_paddr;             /* migration agent */
    uint32_t flags;
    uint32_t tsc_khz;                   /* 0: that of the processor */
    uint8_t gosvw[SNP_GOSVW_SIZE];      /* OS visible workarounds */
} ASP_PACKED SnpCmdLaunchStart;

typedef enum SnpPageType {
    SNP_PAGE_NORMAL             = 1,
    SNP_PAGE_VMSA               = 2,
    SNP_PAGE_ZERO               = 3,
    SNP_PAGE_UNMEASURED         = 4,
    SNP_PAGE_SECRETS            = 5,
    SNP_PAGE_CPUID              = 6,
} SnpPageType;

/* SnpCmdLaunchUpdate.flags; bits 3:1 are the SnpPageType */
#define SNP_UPDATE_LARGE        (1u << 0)
#define SNP_UPDATE_TYPE_SHIFT   1
#define SNP_UPDATE_IMI          (1u << 4)
#define SNP_UPDATE_RESERVED     (~0u << 5)

typedef struct SnpCmdLaunchUpdate {
    uint64_t gctx_paddr;
    uint32_t flags;
    uint32_t reserved;
    uint64_t page_paddr;
    uint8_t reserved2;
    uint8_t vmpl_perms[3];              /* of VMPL 1, 2 and 3 */
    uint32_t reserved3;
} ASP_PACKED SnpCmdLaunchUpdate;

#define SNP_FINISH_ID_BLOCK     (1u << 0)       /* SnpCmdLaunchFinish.flags */
#define SNP_FINISH_AUTH_KEY     (1u << 1)
#define SNP_FINISH_VCEK_DIS     (1u << 2)

typedef struct SnpCmdLaunchFinish {
    uint64_t gctx_paddr;
    uint64_t id_block_paddr;            /* SnpIdBlock */
    uint64_t id_auth_paddr;             /* SnpIdAuth */
    uint64_t flags;
    uint8_t host_data[SNP_HOST_DATA_SIZE];
} ASP_PACKED SnpCmdLaunchFinish;

/* One step of the launch digest: each page makes one from the digest before */
typedef struct SnpPageInfo {
    uint8_t digest[SNP_DIGEST_SIZE];
    uint8_t contents[SNP_DIGEST_SIZE];  /* 0 unless NORMAL or VMSA */
    uint16_t length;                    /* of this structure */
    uint8_t page_type;
    uint8_t imi_page;
    uint8_t reserved;
    uint8_t vmpl_perms[3];              /* of VMPL 1, 2 and 3 */
    uint64_t gpa;
} ASP_PACKED SnpPageInfo;

#define SNP_SECRETS_VERSION     3
#define SNP_SECRETS_IMI         (1u << 0)       /* SnpSecretsPage.flags */

/* What LAUNCH_UPDATE writes to a page of type SECRETS; the rest is 0 */
typedef struct SnpSecretsPage {
    uint32_t version;
    uint32_t flags;
    uint32_t fms;                       /* EAX of CPUID leaf 1 */
    uint32_t reserved;
    uint8_t gosvw[SNP_GOSVW_SIZE];
    uint8_t vmpck[SNP_VMPCK_COUNT][SNP_VMPCK_SIZE];
    uint8_t guest[96];                  /* for the guest's software */
    uint8_t vmsa_tweak[64];
    uint8_t svsm[32];                   /* for an SVSM */
    uint32_t tsc_factor;
    uint8_t reserved2[3740];
} ASP_PACKED SnpSecretsPage;

#define SNP_CPUID_MAX           64

typedef struct SnpCpuidEntry {
    uint32_t eax_in, ecx_in;
    uint64_t xcr0_in, xss_in;
    uint32_t eax, ebx, ecx, edx;
    uint64_t reserved;
} ASP_PACKED SnpCpuidEntry;

/* What a page of type CPUID holds; the rest is 0 */
typedef struct SnpCpuidPage {
    uint32_t count;
    uint32_t reserved;
    uint64_t reserved2;
    SnpCpuidEntry entries[SNP_CPUID_MAX];
    uint8_t reserved3[1008];
} ASP_PACKED SnpCpuidPage;

#define SNP_ID_BLOCK_VERSION    1

typedef struct SnpIdBlock {
    uint8_t launch_digest[SNP_DIGEST_SIZE];
    uint8_t family_id[SNP_ID_SIZE];
    uint8_t image_id[SNP_ID_SIZE];
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
} ASP_PACKED SnpIdBlock;

#define SNP_ALGO_ECDSA_P384_SHA384 1
#define SNP_CURVE_P384          2
#define SNP_NUMBER_SIZE         72

typedef struct SnpPublicKey {
    uint32_t curve;
    uint8_t qx[SNP_NUMBER_SIZE];
    uint8_t qy[SNP_NUMBER_SIZE];
    uint8_t reserved[880];
} ASP_PACKED SnpPublicKey;

typedef struct SnpSignature {
    uint8_t r[SNP_NUMBER_SIZE];
    uint8_t s[SNP_NUMBER_SIZE];
    uint8_t reserved[368];
} ASP_PACKED SnpSignature;

typedef struct SnpIdAuth {
    uint32_t id_key_algo;
    uint32_t auth_key_algo;
    uint8_t reserved[56];
    SnpSignature id_block_sig;          /* by @id_key */
    SnpPublicKey id_key;
    uint8_t reserved2[60];
    SnpSignature id_key_sig;            /* by @author_key */
    SnpPublicKey author_key;
    uint8_t reserved3[892];
} ASP_PACKED SnpIdAuth;

typedef struct SnpCmdGuestRequest {
    uint64_t gctx_paddr;
    uint64_t request_paddr;             /* SnpMessage */
    uint64_t response_paddr;            /* a page for an SnpMessage */
} ASP_PACKED SnpCmdGuestRequest;

#define SNP_MESSAGE_MAX         4000    /* bytes of a payload */
#define SNP_MESSAGE_ALGO        1       /* AES-256-GCM */
#define SNP_MESSAGE_VERSION     1

typedef enum SnpMessageType {
    SNP_MSG_REPORT_REQ          = 5,    /* the answer has the next number */
} SnpMessageType;

/* From @algo on it is authenticated; the payload follows it, encrypted */
typedef struct SnpMessageHeader {
    uint8_t tag[32];                    /* 16 are used */
    uint64_t seqno;
    uint64_t reserved;
    uint8_t algo;
    uint8_t hdr_version;
    uint16_t hdr_size;
    uint8_t msg_type;                   /* SnpMessageType */
    uint8_t msg_version;
    uint16_t msg_size;                  /* of the payload */
    uint32_t reserved2;
    uint8_t vmpck;                      /* which key it is encrypted with */
    uint8_t reserved3[35];
} ASP_PACKED SnpMessageHeader;

typedef struct SnpMessage {
    SnpMessageHeader hdr;
    uint8_t payload[SNP_MESSAGE_MAX];
} ASP_PACKED SnpMessage;

#define SNP_REPORT_DATA_SIZE    64

typedef struct SnpReportReq {
    uint8_t report_data[SNP_REPORT_DATA_SIZE];
    uint32_t vmpl;
    uint32_t key_sel;                   /* 0, 1: VCEK; 2: VLEK */
    uint8_t reserved[24];
} ASP_PACKED SnpReportReq;

#define SNP_REPORT_VERSION      2
#define SNP_REPORT_ID_SIZE      32
#define SNP_INFO_SMT            (1u << 0)       /* SnpReport.platform_info */
#define SNP_REPORT_AUTHOR_KEY   (1u << 0)       /* SnpReport.flags */

typedef struct SnpReport {
    uint32_t version;
    uint32_t guest_svn;
    uint64_t policy;
    uint8_t family_id[SNP_ID_SIZE];
    uint8_t image_id[SNP_ID_SIZE];
    uint32_t vmpl;
    uint32_t sig_algo;
    uint64_t current_tcb;
    uint64_t platform_info;
    uint32_t flags;
    uint32_t reserved;
    uint8_t report_data[SNP_REPORT_DATA_SIZE];
    uint8_t measurement[SNP_DIGEST_SIZE];
    uint8_t host_data[SNP_HOST_DATA_SIZE];
    uint8_t id_key_digest[SNP_DIGEST_SIZE];
    uint8_t author_key_digest[SNP_DIGEST_SIZE];
    uint8_t report_id[SNP_REPORT_ID_SIZE];
    uint8_t report_id_ma[SNP_REPORT_ID_SIZE];
    uint64_t reported_tcb;
    uint8_t reserved2[24];
    uint8_t chip_id[SEV_CHIP_ID_SIZE];
    uint64_t committed_tcb;
    uint8_t current_build, current_minor, current_major, reserved3;
    uint8_t committed_build, committed_minor, committed_major, reserved4;
    uint64_t launch_tcb;
    uint8_t reserved5[168];
    SnpSignature signature;             /* of all in front of it */
} ASP_PACKED SnpReport;

typedef struct SnpReportRsp {
    uint32_t status;                    /* AspStatus */
    uint32_t size;                      /* of @report */
    uint8_t reserved[24];
    SnpReport report;
} ASP_PACKED SnpReportRsp;

ASP_CHECK_SIZE(SnpCmdGuestRequest, 0x18);
ASP_CHECK_SIZE(SnpMessageHeader, 0x60);
ASP_CHECK_OFFSET(SnpMessageHeader, algo, 0x30);
ASP_CHECK_OFFSET(SnpMessageHeader, vmpck, 0x3c);
ASP_CHECK_SIZE(SnpMessage, SNP_PAGE_SIZE);
ASP_CHECK_SIZE(SnpReportReq, 0x60);
ASP_CHECK_SIZE(SnpReport, 0x4a0);
ASP_CHECK_OFFSET(SnpReport, report_data, 0x050);
ASP_CHECK_OFFSET(SnpReport, report_id, 0x140);
ASP_CHECK_OFFSET(SnpReport, reported_tcb, 0x180);
ASP_CHECK_OFFSET(SnpReport, chip_id, 0x1a0);
ASP_CHECK_OFFSET(SnpReport, launch_tcb, 0x1f0);
ASP_CHECK_OFFSET(SnpReport, signature, 0x2a0);
ASP_CHECK_SIZE(SnpReportRsp, 0x4c0);
ASP_CHECK_SIZE(SnpCmdInitEx, 0x40);
ASP_CHECK_OFFSET(SnpCmdInitEx, list_paddr, 0x08);
ASP_CHECK_SIZE(SnpCmdShutdownEx, 0x08);
ASP_CHECK_SIZE(SnpPlatformStatus, 0x20);
ASP_CHECK_OFFSET(SnpPlatformStatus, guest_count, 0x0c);
ASP_CHECK_SIZE(SnpCmdAddress, 0x08);
ASP_CHECK_SIZE(SnpCmdActivate, 0x0c);
ASP_CHECK_SIZE(SnpCmdGuestStatus, 0x10);
ASP_CHECK_SIZE(SnpGuestStatus, 0x20);
ASP_CHECK_OFFSET(SnpGuestStatus, state, 0x0c);
ASP_CHECK_SIZE(SnpCmdLaunchStart, 0x30);
ASP_CHECK_OFFSET(SnpCmdLaunchStart, flags, 0x18);
ASP_CHECK_OFFSET(SnpCmdLaunchStart, gosvw, 0x20);
ASP_CHECK_SIZE(SnpCmdLaunchUpdate, 0x20);
ASP_CHECK_OFFSET(SnpCmdLaunchUpdate, page_paddr, 0x10);
ASP_CHECK_OFFSET(SnpCmdLaunchUpdate, vmpl_perms, 0x19);
ASP_CHECK_SIZE(SnpCmdLaunchFinish, 0x40);
ASP_CHECK_OFFSET(SnpCmdLaunchFinish, flags, 0x18);
ASP_CHECK_OFFSET(SnpCmdLaunchFinish, host_data, 0x20);
ASP_CHECK_SIZE(SnpPageInfo, 0x70);
ASP_CHECK_OFFSET(SnpPageInfo, length, 0x60);
ASP_CHECK_OFFSET(SnpPageInfo, vmpl_perms, 0x65);
ASP_CHECK_OFFSET(SnpPageInfo, gpa, 0x68);
ASP_CHECK_SIZE(SnpSecretsPage, SNP_PAGE_SIZE);
ASP_CHECK_OFFSET(SnpSecretsPage, vmpck, 0x020);
ASP_CHECK_OFFSET(SnpSecretsPage, guest, 0x0a0);
ASP_CHECK_OFFSET(SnpSecretsPage, svsm, 0x140);
ASP_CHECK_OFFSET(SnpSecretsPage, tsc_factor, 0x160);
ASP_CHECK_SIZE(SnpCpuidEntry, 0x30);
ASP_CHECK_SIZE(SnpCpuidPage, SNP_PAGE_SIZE);
ASP_CHECK_OFFSET(SnpCpuidPage, entries, 0x10);
ASP_CHECK_SIZE(SnpIdBlock, 0x60);
ASP_CHECK_OFFSET(SnpIdBlock, version, 0x50);
ASP_CHECK_OFFSET(SnpIdBlock, policy, 0x58);
ASP_CHECK_SIZE(SnpPublicKey, 0x404);
ASP_CHECK_SIZE(SnpSignature, 0x200);
ASP_CHECK_SIZE(SnpIdAuth, SNP_PAGE_SIZE);
ASP_CHECK_OFFSET(SnpIdAuth, id_block_sig, 0x040);
ASP_CHECK_OFFSET(SnpIdAuth, id_key, 0x240);
ASP_CHECK_OFFSET(SnpIdAuth, id_key_sig, 0x680);
ASP_CHECK_OFFSET(SnpIdAuth, author_key, 0x880);

#endif
