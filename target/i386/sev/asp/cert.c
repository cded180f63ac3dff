/*
 * SEV certificates: OCA, CEK, PEK, PDH and GODH
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "cert-wire.h"

GQuark sev_cert_error_quark(void)
{
    return g_quark_from_static_string("sev-cert-error-quark");
}

const char *sev_usage_name(uint32_t usage)
{
    switch (usage) {
    case SEV_USAGE_ARK:
        return "ARK";
    case SEV_USAGE_ASK:
        return "ASK";
    case SEV_USAGE_NONE:
        return "none";
    case SEV_USAGE_OCA:
        return "OCA";
    case SEV_USAGE_PEK:
        return "PEK";
    case SEV_USAGE_PDH:
        return "PDH";
    case SEV_USAGE_CEK:
        return "CEK";
    default:
        return "unknown";
    }
}

const char *sev_algo_name(uint32_t algo)
{
    switch (algo) {
    case SEV_ALGO_NONE:
        return "none";
    case SEV_ALGO_RSA_SHA256:
        return "RSA with SHA-256";
    case SEV_ALGO_ECDSA_SHA256:
        return "ECDSA with SHA-256";
    case SEV_ALGO_ECDH_SHA256:
        return "ECDH with SHA-256";
    case SEV_ALGO_RSA_SHA384:
        return "RSA with SHA-384";
    case SEV_ALGO_ECDSA_SHA384:
        return "ECDSA with SHA-384";
    case SEV_ALGO_ECDH_SHA384:
        return "ECDH with SHA-384";
    default:
        return "unknown";
    }
}

uint32_t sev_cert_usage(const SevCert *cert)
{
    return GUINT32_FROM_LE(sev_cert_wire(cert)->usage);
}

uint32_t sev_cert_algo(const SevCert *cert)
{
    return GUINT32_FROM_LE(sev_cert_wire(cert)->algo);
}

void sev_cert_api(const SevCert *cert, uint8_t *major, uint8_t *minor)
{
    *major = sev_cert_wire(cert)->api_major;
    *minor = sev_cert_wire(cert)->api_minor;
}

SevCertSlot sev_cert_slot(const SevCert *cert, unsigned i)
{
    const SevCertSigWire *sig = &sev_cert_wire(cert)->sig[i];

    g_assert(i < SEV_CERT_SLOTS);
    return (SevCertSlot) {
        .usage = GUINT32_FROM_LE(sig->usage),
        .algo = GUINT32_FROM_LE(sig->algo),
    };
}

bool sev_number_load(const uint8_t *field, uint8_t *be)
{
    size_t i;

    for (i = ASP_EC_SIZE; i < SEV_CERT_NUMBER_SIZE; i++) {
        if (field[i]) {
            return false;
        }
    }
    asp_reverse(be, field, ASP_EC_SIZE);
    return true;
}

bool sev_cert_public_key(const SevCert *cert, AspEcPoint *pub, GError **err)
{
    const SevCertWire *w = sev_cert_wire(cert);

    if (GUINT32_FROM_LE(w->curve) != SEV_CURVE_P384) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "curve %u of the public key is not P-384 (%u)",
                    GUINT32_FROM_LE(w->curve), SEV_CURVE_P384);
        return false;
    }
    if (!sev_number_load(w->qx, pub->x) || !sev_number_load(w->qy, pub->y) ||
        !asp_ec_valid(pub)) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "the public key is not a point on P-384");
        return false;
    }
    return true;
}

/* ECDSA keys sign, the PDH's only agrees on secrets. */
static bool algo_allowed(uint32_t algo, SevCertUsage usage)
{
    if (usage == SEV_USAGE_PDH) {
        return algo == SEV_ALGO_ECDH_SHA256 || algo == SEV_ALGO_ECDH_SHA384;
    }
    return algo == SEV_ALGO_ECDSA_SHA256 || algo == SEV_ALGO_ECDSA_SHA384;
}

static bool check_header(const SevCert *cert, SevCertUsage usage, GError **err)
{
    uint32_t version = GUINT32_FROM_LE(sev_cert_wire(cert)->version);
    uint32_t is = sev_cert_usage(cert), algo = sev_cert_algo(cert);

    if (version != SEV_CERT_VERSION) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "version 0x%x is not that of a SEV certificate (%u)",
                    version, SEV_CERT_VERSION);
        return false;
    }
    if (is != usage) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "key usage 0x%x (%s) where 0x%x (%s) is expected",
                    is, sev_usage_name(is), usage, sev_usage_name(usage));
        return false;
    }
    if (!algo_allowed(algo, usage)) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "key algorithm 0x%x (%s) is not for a %s", algo,
                    sev_algo_name(algo), sev_usage_name(usage));
        return false;
    }
    return true;
}

bool sev_cert_check(const SevCert *cert, SevCertUsage usage, GError **err)
{
    AspEcPoint pub;

    return check_header(cert, usage, err) &&
           sev_cert_public_key(cert, &pub, err);
}

void sev_cert_unsign(SevCert *cert, unsigned i)
{
    SevCertSigWire *sig = &((SevCertWire *)cert->bytes)->sig[i];

    g_assert(i < SEV_CERT_SLOTS);
    memset(sig, 0, sizeof(*sig));
    sig->usage = GUINT32_TO_LE(SEV_USAGE_NONE);
    sig->algo = GUINT32_TO_LE(SEV_ALGO_NONE);
}

void sev_cert_init(SevCert *cert, SevCertUsage usage, const AspEcPoint *pub,
                   uint8_t api_major, uint8_t api_minor)
{
    SevCertWire *w = (SevCertWire *)cert->bytes;

    memset(cert, 0, sizeof(*cert));
    w->version = GUINT32_TO_LE(SEV_CERT_VERSION);
    w->api_major = api_major;
    w->api_minor = api_minor;
    w->usage = GUINT32_TO_LE(usage);
    w->algo = GUINT32_TO_LE(usage == SEV_USAGE_PDH ? SEV_ALGO_ECDH_SHA256
                                                   : SEV_ALGO_ECDSA_SHA256);
    w->curve = GUINT32_TO_LE(SEV_CURVE_P384);
    sev_number_store(w->qx, pub->x);
    sev_number_store(w->qy, pub->y);
    sev_cert_unsign(cert, 0);
    sev_cert_unsign(cert, 1);
}

void sev_cert_put_sig(SevCert *cert, unsigned i, SevCertUsage usage,
                      const AspEcSig *value)
{
    SevCertSigWire *sig = &((SevCertWire *)cert->bytes)->sig[i];

    sev_cert_unsign(cert, i);
    sig->usage = GUINT32_TO_LE(usage);
    sig->algo = GUINT32_TO_LE(SEV_ALGO_ECDSA_SHA256);
    sev_number_store(sig->ec.r, value->r);
    sev_number_store(sig->ec.s, value->s);
}

void sev_cert_sign(SevCert *cert, unsigned i, SevCertUsage usage,
                   const AspEcKey *key)
{
    AspEcSig value;

    asp_ecdsa_sign(key, ASP_SIG_SHA256, cert->bytes, SEV_CERT_BODY_SIZE,
                   &value);
    sev_cert_put_sig(cert, i, usage, &value);
}

int sev_cert_find_slot(const SevCert *cert, uint32_t usage, uint32_t algo,
                       GError **err)
{
    int i;

    for (i = 0; i < SEV_CERT_SLOTS; i++) {
        SevCertSlot slot = sev_cert_slot(cert, i);

        if (slot.usage == usage && slot.algo == algo) {
            return i;
        }
    }
    g_set_error(err, SEV_CERT_ERROR, ASP_BAD_SIGNATURE,
                "there is no signature by a %s key using %s",
                sev_usage_name(usage), sev_algo_name(algo));
    return -1;
}

bool sev_cert_verify(const SevCert *cert, const SevCert *signer, GError **err)
{
    uint32_t usage = sev_cert_usage(signer), algo = sev_cert_algo(signer);
    const SevCertSigWire *sig;
    AspEcPoint pub;
    AspEcSig value;
    int i;

    if (algo != SEV_ALGO_ECDSA_SHA256) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "signatures by keys for %s (0x%x) are not supported",
                    sev_algo_name(algo), algo);
        return false;
    }
    if (!sev_cert_public_key(signer, &pub, err)) {
        return false;
    }
    i = sev_cert_find_slot(cert, usage, algo, err);
    if (i < 0) {
        return false;
    }
    sig = &sev_cert_wire(cert)->sig[i];
    if (!sev_number_load(sig->ec.r, value.r) ||
        !sev_number_load(sig->ec.s, value.s) ||
        !asp_ecdsa_verify(&pub, ASP_SIG_SHA256, cert->bytes,
                          SEV_CERT_BODY_SIZE, &value)) {
        g_set_error(err, SEV_CERT_ERROR, ASP_BAD_SIGNATURE,
                    "the signature by the %s is wrong", sev_usage_name(usage));
        return false;
    }
    return true;
}
