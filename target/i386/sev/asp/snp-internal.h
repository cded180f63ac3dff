/*
 * Software AMD Secure Processor: guests with SEV-SNP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private to the library.
 */

#ifndef I386_SEV_ASP_SNP_INTERNAL_H
#define I386_SEV_ASP_SNP_INTERNAL_H

#include "asp-internal.h"
#include "snp.h"

/* The versions of boot loader, TEE, SNP and microcode that it claims */
#define SNP_TCB         0x7300000000080004ull

/* EAX of CPUID leaf 1: family 19h, model 01h, stepping 1 */
#define SNP_FMS         0x00a00f11

/* SNP's ASIDs are those of SEV-ES. */
#define SNP_ASID_MAX    (ASP_ASID_MIN_SEV - 1)

/* A guest context, SNP firmware ABI, "guest context" */
typedef struct SnpGuest {
    uint64_t gctx_paddr;
    SnpGuestState state;
    uint64_t policy;
    uint32_t asid;                      /* 0: not active */
    AspMemKey key;
    uint32_t tsc_khz;
    uint8_t gosvw[SNP_GOSVW_SIZE];
    bool imi;                           /* has an initial migration image */
    uint8_t digest[SNP_DIGEST_SIZE];    /* LD */
    uint8_t imi_digest[SNP_DIGEST_SIZE];
    uint8_t vmpck[SNP_VMPCK_COUNT][SNP_VMPCK_SIZE];
    uint64_t seqno[SNP_VMPCK_COUNT];    /* of the last message of each key */
    uint8_t report_id[SNP_REPORT_ID_SIZE];

    /* From LAUNCH_FINISH on */
    bool has_id, has_author, vcek_disabled;
    SnpIdBlock id;                      /* 0 unless @has_id */
    uint8_t id_key_digest[SNP_DIGEST_SIZE];
    uint8_t author_key_digest[SNP_DIGEST_SIZE];
    uint8_t host_data[SNP_HOST_DATA_SIZE];
} SnpGuest;

/* A command: @guest is NULL for those of the platform, @cmd is the buffer */
typedef AspStatus SnpHandler(Asp *asp, SnpGuest *guest, void *cmd);

/* snp-platform.c */
SnpHandler snp_cmd_init, snp_cmd_init_ex, snp_cmd_shutdown;
SnpHandler snp_cmd_shutdown_ex, snp_cmd_platform_status, snp_cmd_df_flush;

/* snp-guest.c */
SnpHandler snp_cmd_gctx_create, snp_cmd_activate, snp_cmd_decommission;
SnpHandler snp_cmd_guest_status;

/* snp-launch.c, snp-update.c, snp-rmp.c */
SnpHandler snp_cmd_launch_start, snp_cmd_launch_finish;
SnpHandler snp_cmd_launch_update;
SnpHandler snp_cmd_page_reclaim;

/* snp-message.c */
SnpHandler snp_cmd_guest_request;

/**
 * snp_report - answer a request for an attestation report
 * @vmpck: number of the key that the request came with
 * @rsp: out: a status, and with ASP_SUCCESS a report
 */
void snp_report(const Asp *asp, const SnpGuest *guest, unsigned vmpck,
                const SnpReportReq *req, SnpReportRsp *rsp);

/**
 * snp_guest_find - the guest whose context is at an address, or NULL
 */
SnpGuest *snp_guest_find(const Asp *asp, uint64_t gctx_paddr);

/**
 * snp_guests_new - an empty table of guests by the address of their context
 */
GHashTable *snp_guests_new(void);

/*
 * snp-rmp.c: pages and their states, SNP firmware ABI, "page states".  All
 * return ASP_SUCCESS or INVALID_ADDRESS, for an address that is not a page or
 * not in the RMP; snp_rmp_expect() also INVALID_PAGE_STATE, _PAGE_SIZE.
 */
typedef enum SnpPageState {
    SNP_STATE_HYPERVISOR,
    SNP_STATE_FIRMWARE,
    SNP_STATE_RECLAIM,
    SNP_STATE_CONTEXT,
    SNP_STATE_METADATA,
    SNP_STATE_PRE_GUEST,
    SNP_STATE_GUEST_INVALID,
    SNP_STATE_GUEST_VALID,
    SNP_STATE_PRE_SWAP,
} SnpPageState;

SnpPageState snp_rmp_state(const AspRmpEntry *entry);
AspStatus snp_rmp_read(Asp *asp, uint64_t addr, AspRmpEntry *entry);
AspStatus snp_rmp_write(Asp *asp, uint64_t addr, const AspRmpEntry *entry);

/* That the page at @addr is of 4 KiB and in @state; @entry: out */
AspStatus snp_rmp_expect(Asp *asp, uint64_t addr, SnpPageState state,
                         AspRmpEntry *entry);

/* Move a page of the firmware's to another of its states */
AspStatus snp_rmp_set_state(Asp *asp, uint64_t addr, SnpPageState state);

/**
 * snp_write_out - write a result to a page that the firmware was given for it
 * @addr: anywhere in the page, which has to hold all @len bytes
 *
 * Before INIT any page will do.  Afterwards it goes from Firmware to Reclaim.
 *
 * Returns: ASP_SUCCESS, INVALID_ADDRESS or INVALID_PAGE_STATE
 */
AspStatus snp_write_out(Asp *asp, uint64_t addr, const void *data,
                        size_t len);

#endif
