/*
 * Software AMD Secure Processor: attestation reports of SEV-SNP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SNP firmware ABI, "attestation report", version 2.
 */

#include "cert-wire.h"
#include "reader.h"
#include "snp-internal.h"

#define VMPL_MAX        3
#define KEY_SEL_VLEK    2

/* A guest asks for itself, or for what is less privileged. */
static AspStatus check(const SnpGuest *guest, unsigned vmpck,
                       const SnpReportReq *req)
{
    uint32_t vmpl = GUINT32_FROM_LE(req->vmpl);
    uint32_t key = GUINT32_FROM_LE(req->key_sel);

    if (vmpl > VMPL_MAX || vmpl < vmpck || key > KEY_SEL_VLEK ||
        !asp_is_zero(req->reserved, sizeof(req->reserved))) {
        return ASP_INVALID_PARAM;
    }
    /* No VLEK was ever loaded. */
    return key == KEY_SEL_VLEK || guest->vcek_disabled ? ASP_INVALID_KEY
                                                       : ASP_SUCCESS;
}

static void put_guest(const SnpGuest *guest, SnpReport *r)
{
    r->guest_svn = guest->id.guest_svn;
    r->policy = GUINT64_TO_LE(guest->policy);
    memcpy(r->family_id, guest->id.family_id, sizeof(r->family_id));
    memcpy(r->image_id, guest->id.image_id, sizeof(r->image_id));
    r->flags = GUINT32_TO_LE(guest->has_author ? SNP_REPORT_AUTHOR_KEY : 0);
    memcpy(r->measurement, guest->digest, sizeof(r->measurement));
    memcpy(r->host_data, guest->host_data, sizeof(r->host_data));
    memcpy(r->id_key_digest, guest->id_key_digest, sizeof(r->id_key_digest));
    memcpy(r->author_key_digest, guest->author_key_digest,
           sizeof(r->author_key_digest));
    memcpy(r->report_id, guest->report_id, sizeof(r->report_id));
    /* No migration agent */
    memset(r->report_id_ma, 0xff, sizeof(r->report_id_ma));
}

/* The platform never changed its version, so all of them are one. */
static void put_platform(const Asp *asp, SnpReport *r)
{
    const uint64_t tcb = GUINT64_TO_LE(SNP_TCB);

    r->platform_info = GUINT64_TO_LE(SNP_INFO_SMT);
    r->current_tcb = tcb;
    r->reported_tcb = tcb;
    r->committed_tcb = tcb;
    r->launch_tcb = tcb;
    memcpy(r->chip_id, asp->identity->chip.id, sizeof(r->chip_id));
    r->current_build = ASP_BUILD;
    r->current_minor = ASP_API_MINOR;
    r->current_major = ASP_API_MAJOR;
    r->committed_build = ASP_BUILD;
    r->committed_minor = ASP_API_MINOR;
    r->committed_major = ASP_API_MAJOR;
}

static void sign(const Asp *asp, SnpReport *r)
{
    AspEcKey vcek;
    AspEcSig sig;

    asp_chip_derive_vcek(&asp->identity->chip, SNP_TCB, &vcek);
    asp_ecdsa_sign(&vcek, ASP_SIG_SHA384, r, offsetof(SnpReport, signature),
                   &sig);
    sev_number_store(r->signature.r, sig.r);
    sev_number_store(r->signature.s, sig.s);
    asp_wipe(&vcek, sizeof(vcek));
}

void snp_report(const Asp *asp, const SnpGuest *guest, unsigned vmpck,
                const SnpReportReq *req, SnpReportRsp *rsp)
{
    AspStatus status = check(guest, vmpck, req);
    SnpReport *r = &rsp->report;

    memset(rsp, 0, sizeof(*rsp));
    rsp->status = GUINT32_TO_LE(status);
    if (status) {
        return;
    }
    rsp->size = GUINT32_TO_LE(sizeof(*r));
    r->version = GUINT32_TO_LE(SNP_REPORT_VERSION);
    r->vmpl = req->vmpl;
    r->sig_algo = GUINT32_TO_LE(SNP_ALGO_ECDSA_P384_SHA384);
    memcpy(r->report_data, req->report_data, sizeof(r->report_data));
    put_guest(guest, r);
    put_platform(asp, r);
    sign(asp, r);
}

void asp_snp_vcek(const Asp *asp, uint8_t *x, uint8_t *y)
{
    AspEcKey vcek;

    asp_chip_derive_vcek(&asp->identity->chip, SNP_TCB, &vcek);
    memcpy(x, vcek.pub.x, sizeof(vcek.pub.x));
    memcpy(y, vcek.pub.y, sizeof(vcek.pub.y));
    asp_wipe(&vcek, sizeof(vcek));
}
