/*
 * Software AMD Secure Processor: SNP_GUEST_REQUEST
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SNP firmware ABI, "guest messages": sealed with a key that the guest found
 * in its secrets page, and numbered, so that the hypervisor who carries them
 * can neither read, change, repeat nor reorder them.
 */

#include "reader.h"
#include "snp-internal.h"

/* The number of a message is its IV. */
static AspGcm gcm(const SnpGuest *guest, SnpMessage *msg, uint8_t *iv)
{
    const size_t aad = offsetof(SnpMessageHeader, algo);

    memset(iv, 0, ASP_GCM_IV_SIZE);
    memcpy(iv, &msg->hdr.seqno, sizeof(msg->hdr.seqno));
    return (AspGcm) {
        .key = guest->vmpck[msg->hdr.vmpck],
        .iv = iv,
        .aad = { (uint8_t *)msg + aad, sizeof(msg->hdr) - aad },
        .data = msg->payload,
        .len = GUINT16_FROM_LE(msg->hdr.msg_size),
    };
}

/* What can be told before the message is known to be the guest's */
static AspStatus check(const SnpGuest *guest, const SnpMessageHeader *hdr)
{
    if (hdr->algo != SNP_MESSAGE_ALGO ||
        hdr->hdr_version != SNP_MESSAGE_VERSION ||
        GUINT16_FROM_LE(hdr->hdr_size) != sizeof(*hdr) ||
        hdr->vmpck >= SNP_VMPCK_COUNT || hdr->reserved || hdr->reserved2 ||
        !asp_is_zero(hdr->reserved3, sizeof(hdr->reserved3)) ||
        !asp_is_zero(hdr->tag + ASP_GCM_TAG_SIZE,
                     sizeof(hdr->tag) - ASP_GCM_TAG_SIZE)) {
        return ASP_INVALID_PARAM;
    }
    if (hdr->msg_type != SNP_MSG_REPORT_REQ ||
        hdr->msg_version != SNP_MESSAGE_VERSION ||
        GUINT16_FROM_LE(hdr->msg_size) != sizeof(SnpReportReq)) {
        return ASP_INVALID_PARAM;
    }
    if (guest->seqno[hdr->vmpck] >= UINT64_MAX - 1) {
        return ASP_AEAD_OFLOW;
    }
    return GUINT64_FROM_LE(hdr->seqno) != guest->seqno[hdr->vmpck] + 1
           ? ASP_INVALID_PARAM : ASP_SUCCESS;
}

/* Read a request, verify and decrypt it */
static AspStatus open_request(Asp *asp, const SnpGuest *guest, uint64_t addr,
                              SnpMessage *msg)
{
    AspStatus status = addr % SNP_PAGE_SIZE ? ASP_INVALID_ADDRESS :
                       asp_mem_read(asp, addr, msg, sizeof(*msg));
    uint8_t iv[ASP_GCM_IV_SIZE];
    AspGcm sealed;

    if (!status) {
        status = check(guest, &msg->hdr);
    }
    if (status) {
        return status;
    }
    sealed = gcm(guest, msg, iv);
    return asp_gcm_open(&sealed, msg->hdr.tag) ? ASP_SUCCESS
                                               : ASP_BAD_MEASUREMENT;
}

/* Make the answer to @request of @len bytes in @msg */
static void seal_response(const SnpGuest *guest, const SnpMessageHeader *req,
                          const void *payload, size_t len, SnpMessage *msg)
{
    uint8_t iv[ASP_GCM_IV_SIZE];
    AspGcm plain;

    memset(msg, 0, sizeof(*msg));
    msg->hdr = (SnpMessageHeader) {
        .seqno = GUINT64_TO_LE(GUINT64_FROM_LE(req->seqno) + 1),
        .algo = SNP_MESSAGE_ALGO,
        .hdr_version = SNP_MESSAGE_VERSION,
        .hdr_size = GUINT16_TO_LE(sizeof(msg->hdr)),
        .msg_type = req->msg_type + 1,
        .msg_version = req->msg_version,
        .msg_size = GUINT16_TO_LE(len),
        .vmpck = req->vmpck,
    };
    memcpy(msg->payload, payload, len);
    plain = gcm(guest, msg, iv);
    asp_gcm_seal(&plain, msg->hdr.tag);
}

/* @request is verified: from here on its number is used up. */
static AspStatus answer(Asp *asp, SnpGuest *guest, const SnpMessage *request,
                        uint64_t response_paddr)
{
    unsigned vmpck = request->hdr.vmpck;
    SnpMessage *msg = g_new(SnpMessage, 1);
    SnpReportReq req;
    SnpReportRsp rsp;
    AspStatus status;

    memcpy(&req, request->payload, sizeof(req));
    snp_report(asp, guest, vmpck, &req, &rsp);
    seal_response(guest, &request->hdr, &rsp, sizeof(rsp), msg);
    guest->seqno[vmpck] += 2;
    /* The page stays the firmware's: it takes one answer after the other. */
    status = asp_mem_write(asp, response_paddr, msg, sizeof(*msg));
    g_free(msg);
    return status;
}

AspStatus snp_cmd_guest_request(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdGuestRequest *c = cmd;
    uint64_t response_paddr = GUINT64_FROM_LE(c->response_paddr);
    SnpMessage *msg = g_new(SnpMessage, 1);
    AspRmpEntry entry;
    AspStatus status;

    status = snp_rmp_expect(asp, response_paddr, SNP_STATE_FIRMWARE, &entry);
    if (!status) {
        status = asp_mem_probe(asp, response_paddr, SNP_PAGE_SIZE);
    }
    if (!status) {
        status = open_request(asp, guest, GUINT64_FROM_LE(c->request_paddr),
                              msg);
    }
    if (!status) {
        status = answer(asp, guest, msg, response_paddr);
    }
    asp_wipe(msg, sizeof(*msg));
    g_free(msg);
    return status;
}
