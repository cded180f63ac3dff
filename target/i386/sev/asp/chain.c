/*
 * The certificate chain of a platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 *   ARK -> ASK -> CEK -> PEK -> PDH, OCA -> PEK; ARK and OCA sign themselves
 */

#include "cert-wire.h"

typedef struct LinkInfo {
    const char *name;
    SevCertUsage subject, issuer;
} LinkInfo;

static const LinkInfo links[SEV_LINK__MAX] = {
    [SEV_LINK_ARK_BY_ARK] = {
        "ARK signed by itself", SEV_USAGE_ARK, SEV_USAGE_ARK
    },
    [SEV_LINK_ASK_BY_ARK] = {
        "ASK signed by ARK", SEV_USAGE_ASK, SEV_USAGE_ARK
    },
    [SEV_LINK_CEK_BY_ASK] = {
        "CEK signed by ASK", SEV_USAGE_CEK, SEV_USAGE_ASK
    },
    [SEV_LINK_OCA_BY_OCA] = {
        "OCA signed by itself", SEV_USAGE_OCA, SEV_USAGE_OCA
    },
    [SEV_LINK_PEK_BY_CEK] = {
        "PEK signed by CEK", SEV_USAGE_PEK, SEV_USAGE_CEK
    },
    [SEV_LINK_PEK_BY_OCA] = {
        "PEK signed by OCA", SEV_USAGE_PEK, SEV_USAGE_OCA
    },
    [SEV_LINK_PDH_BY_PEK] = {
        "PDH signed by PEK", SEV_USAGE_PDH, SEV_USAGE_PEK
    },
};

const char *sev_link_name(SevChainLink link)
{
    g_assert(link < SEV_LINK__MAX);
    return links[link].name;
}

static const SevCert *chain_get(const SevChain *chain, SevCertUsage usage)
{
    switch (usage) {
    case SEV_USAGE_PDH:
        return chain->pdh;
    case SEV_USAGE_PEK:
        return chain->pek;
    case SEV_USAGE_OCA:
        return chain->oca;
    case SEV_USAGE_CEK:
        return chain->cek;
    default:
        g_assert_not_reached();
    }
}

/* The certificate of @usage if the chain has it and it is well-formed */
static const SevCert *chain_cert(const SevChain *chain, SevCertUsage usage,
                                 GError **err)
{
    const SevCert *cert = chain_get(chain, usage);

    if (!cert) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "there is no %s certificate", sev_usage_name(usage));
        return NULL;
    }
    if (!sev_cert_check(cert, usage, err)) {
        g_prefix_error(err, "%s: ", sev_usage_name(usage));
        return NULL;
    }
    return cert;
}

static bool check_ec_link(const SevChain *chain, const LinkInfo *link,
                          GError **err)
{
    const SevCert *issuer = chain_cert(chain, link->issuer, err);
    const SevCert *subject = issuer ? chain_cert(chain, link->subject, err)
                                    : NULL;

    return subject && sev_cert_verify(subject, issuer, err);
}

static bool check_amd_link(const SevChain *chain, SevChainLink link,
                           GError **err)
{
    SevAmdCert ask, ark;
    const SevCert *cek;

    if (!chain->ca) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "there are no ASK and ARK certificates");
        return false;
    }
    if (!sev_ca_parse(chain->ca, chain->ca_len, &ask, &ark, err)) {
        return false;
    }
    switch (link) {
    case SEV_LINK_ARK_BY_ARK:
        return sev_amd_cert_verify(&ark, &ark, err);
    case SEV_LINK_ASK_BY_ARK:
        return sev_amd_cert_verify(&ask, &ark, err);
    default:
        cek = chain_cert(chain, SEV_USAGE_CEK, err);
        return cek && sev_cert_verify_by_ask(cek, &ask, err);
    }
}

bool sev_chain_check_link(const SevChain *chain, SevChainLink link,
                          GError **err)
{
    g_assert(link < SEV_LINK__MAX);
    if (link <= SEV_LINK_CEK_BY_ASK) {
        return check_amd_link(chain, link, err);
    }
    return check_ec_link(chain, &links[link], err);
}

bool sev_chain_verify(const SevCert *pdh, const SevCert *pek,
                      const SevCert *oca, const SevCert *cek,
                      const uint8_t *ca, size_t ca_len, GError **err)
{
    const SevChain chain = {
        .pdh = pdh, .pek = pek, .oca = oca, .cek = cek,
        .ca = ca, .ca_len = ca_len,
    };
    SevChainLink link;

    for (link = 0; link < SEV_LINK__MAX; link++) {
        if (!sev_chain_check_link(&chain, link, err)) {
            g_prefix_error(err, "%s: ", sev_link_name(link));
            return false;
        }
    }
    return true;
}
