/*
 * Software AMD Secure Processor: ownership and the certificates of a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, chapter 5: PEK_GEN, PEK_CSR, PEK_CERT_IMPORT, PDH_GEN and
 * PDH_CERT_EXPORT.
 */

#include "asp-internal.h"
#include "cert-wire.h"

/* Make @store the platform's, and wipe it */
static AspStatus commit(Asp *asp, AspStore *store)
{
    bool ok = asp_identity_update(asp->identity, store);

    asp_wipe(store, sizeof(*store));
    return ok ? ASP_SUCCESS : ASP_HWERROR_PLATFORM;
}

AspStatus asp_cmd_pek_gen(Asp *asp, AspGuest *guest, void *cmd)
{
    AspStore store;

    asp_store_make(&store, &asp->identity->chip);
    return commit(asp, &store);
}

AspStatus asp_cmd_pdh_gen(Asp *asp, AspGuest *guest, void *cmd)
{
    AspStore store = asp->identity->store;

    asp_store_make_pdh(&store);
    return commit(asp, &store);
}

static void make_csr(const Asp *asp, SevCert *csr)
{
    *csr = asp->identity->store.pek;
    sev_cert_unsign(csr, 0);
    sev_cert_unsign(csr, 1);
}

AspStatus asp_cmd_pek_csr(Asp *asp, AspGuest *guest, void *cmd)
{
    AspCmdPekCsr *c = cmd;
    AspStatus status = asp_length_query(&c->csr_len, SEV_CERT_SIZE);
    SevCert csr;

    if (status) {
        return status;
    }
    make_csr(asp, &csr);
    return asp_mem_write(asp, GUINT64_FROM_LE(c->csr_paddr), csr.bytes,
                         sizeof(csr.bytes));
}

/* The status that goes with an error of certificates; frees it */
static AspStatus cert_status(GError *err)
{
    AspStatus status = err->code;

    g_error_free(err);
    return status;
}

/* Is @pek our own request, signed by @oca in one slot and in no other? */
static AspStatus check_import(const Asp *asp, const SevCert *pek,
                              const SevCert *oca)
{
    GError *err = NULL;
    SevCert csr;

    make_csr(asp, &csr);
    if (memcmp(csr.bytes, pek->bytes, SEV_CERT_BODY_SIZE)) {
        return ASP_INVALID_CERTIFICATE;
    }
    if (sev_cert_slot(pek, 0).usage != SEV_USAGE_NONE &&
        sev_cert_slot(pek, 1).usage != SEV_USAGE_NONE) {
        return ASP_INVALID_CERTIFICATE;
    }
    if (!sev_cert_check(oca, SEV_USAGE_OCA, &err) ||
        !sev_cert_verify(oca, oca, &err) ||
        !sev_cert_verify(pek, oca, &err)) {
        return cert_status(err);
    }
    return ASP_SUCCESS;
}

/* Put the OCA's signature first, where certificates of platforms have it */
static void normalise(SevCert *pek)
{
    SevCertWire *w = (SevCertWire *)pek->bytes;

    if (sev_cert_slot(pek, 0).usage == SEV_USAGE_NONE) {
        w->sig[0] = w->sig[1];
    }
    sev_cert_unsign(pek, 1);
}

static AspStatus import(Asp *asp, const SevCert *pek, const SevCert *oca)
{
    AspStore store = asp->identity->store;

    store.pek = *pek;
    normalise(&store.pek);
    sev_cert_sign(&store.pek, 1, SEV_USAGE_CEK, &asp->identity->chip.cek_key);
    store.oca = *oca;
    asp_wipe(&store.oca_key, sizeof(store.oca_key));
    store.external_owner = true;
    asp_store_make_pdh(&store);
    return commit(asp, &store);
}

AspStatus asp_cmd_pek_cert_import(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspCmdPekCertImport *c = cmd;
    SevCert pek, oca;
    AspStatus status;

    if (GUINT32_FROM_LE(c->pek_len) != SEV_CERT_SIZE ||
        GUINT32_FROM_LE(c->oca_len) != SEV_CERT_SIZE) {
        return ASP_INVALID_LENGTH;
    }
    if (asp->identity->store.external_owner) {
        return ASP_ALREADY_OWNED;
    }
    status = asp_mem_read(asp, GUINT64_FROM_LE(c->pek_paddr), pek.bytes,
                          sizeof(pek.bytes));
    if (!status) {
        status = asp_mem_read(asp, GUINT64_FROM_LE(c->oca_paddr), oca.bytes,
                              sizeof(oca.bytes));
    }
    if (!status) {
        status = check_import(asp, &pek, &oca);
    }
    return status ? status : import(asp, &pek, &oca);
}

/* Both lengths are told, also when only one is too small. */
static AspStatus export_lengths(AspCmdPdhCertExport *c)
{
    if (GUINT32_FROM_LE(c->pdh_len) >= SEV_CERT_SIZE &&
        GUINT32_FROM_LE(c->certs_len) >= SEV_CERT_CHAIN_SIZE) {
        return ASP_SUCCESS;
    }
    c->pdh_len = GUINT32_TO_LE(SEV_CERT_SIZE);
    c->certs_len = GUINT32_TO_LE(SEV_CERT_CHAIN_SIZE);
    return ASP_INVALID_LENGTH;
}

AspStatus asp_cmd_pdh_cert_export(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspStore *store = &asp->identity->store;
    AspCmdPdhCertExport *c = cmd;
    SevCert chain[3] = { store->pek, store->oca, asp->identity->chip.cek };
    uint64_t pdh_paddr = GUINT64_FROM_LE(c->pdh_paddr);
    uint64_t certs_paddr = GUINT64_FROM_LE(c->certs_paddr);
    AspStatus status = export_lengths(c);

    G_STATIC_ASSERT(sizeof(chain) == SEV_CERT_CHAIN_SIZE);
    /* Firmware does not know the ASK's signature: AMD's server gives it. */
    sev_cert_unsign(&chain[2], 0);
    if (!status) {
        status = asp_mem_probe_out(asp, pdh_paddr, SEV_CERT_SIZE);
    }
    if (!status) {
        status = asp_mem_write(asp, certs_paddr, chain, sizeof(chain));
    }
    if (!status) {
        status = asp_mem_write(asp, pdh_paddr, &store->pdh, SEV_CERT_SIZE);
    }
    if (!status) {
        c->pdh_len = GUINT32_TO_LE(SEV_CERT_SIZE);
        c->certs_len = GUINT32_TO_LE(SEV_CERT_CHAIN_SIZE);
    }
    return status;
}
