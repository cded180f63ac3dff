/*
 * AMD certificates: ARK and ASK
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, appendix B.
 */

#include "cert-wire.h"
#include "reader.h"
#include "amd-cert.h"

static bool bad(GError **err, const char *what, uint32_t value)
{
    g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                "AMD certificate with %s 0x%x", what, value);
    return false;
}

bool sev_amd_cert_parse(const uint8_t *data, size_t len, SevCertUsage usage,
                        SevAmdCert *cert, GError **err)
{
    AspReader r = asp_reader(data, len);
    uint32_t version = asp_read_u32(&r), exponent_bits, modulus_bits;

    memset(cert, 0, sizeof(*cert));
    cert->data = data;
    asp_read_bytes(&r, cert->key_id, sizeof(cert->key_id));
    asp_read_bytes(&r, cert->certifying_id, sizeof(cert->certifying_id));
    cert->usage = asp_read_u32(&r);
    asp_read_ptr(&r, SEV_AMD_CERT_RESERVED);
    exponent_bits = asp_read_u32(&r);
    modulus_bits = asp_read_u32(&r);
    if (asp_reader_ok(&r) && version != SEV_AMD_CERT_VERSION) {
        return bad(err, "version", version);
    }
    if (asp_reader_ok(&r) && cert->usage != usage) {
        return bad(err, usage == SEV_USAGE_ARK ? "key usage not ARK's but"
                                               : "key usage not ASK's but",
                   cert->usage);
    }
    if (asp_reader_ok(&r) && modulus_bits != 2048 && modulus_bits != 4096) {
        return bad(err, "modulus size", modulus_bits);
    }
    if (asp_reader_ok(&r) && exponent_bits != modulus_bits) {
        return bad(err, "exponent size", exponent_bits);
    }
    cert->bytes = modulus_bits / 8;
    cert->exponent = asp_read_ptr(&r, cert->bytes);
    cert->modulus = asp_read_ptr(&r, cert->bytes);
    cert->signature = asp_read_ptr(&r, cert->bytes);
    cert->size = len - r.left;
    if (!asp_reader_ok(&r)) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "AMD certificate cut short at %zu bytes", len);
        return false;
    }
    return true;
}

uint32_t sev_amd_cert_algo(const SevAmdCert *cert)
{
    return cert->bytes == ASP_RSA_MAX ? SEV_ALGO_RSA_SHA384
                                      : SEV_ALGO_RSA_SHA256;
}

bool sev_amd_cert_verify(const SevAmdCert *cert, const SevAmdCert *signer,
                         GError **err)
{
    if (memcmp(cert->certifying_id, signer->key_id, sizeof(signer->key_id))) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "the %s was certified by another key than this %s",
                    sev_usage_name(cert->usage),
                    sev_usage_name(signer->usage));
        return false;
    }
    /* The signature ends the certificate and has the size of its modulus. */
    if (cert->bytes != signer->bytes ||
        !asp_rsa_verify(signer->modulus, signer->exponent, signer->bytes,
                        cert->data, cert->size - cert->bytes,
                        cert->signature)) {
        g_set_error(err, SEV_CERT_ERROR, ASP_BAD_SIGNATURE,
                    "the signature by the %s is wrong",
                    sev_usage_name(signer->usage));
        return false;
    }
    return true;
}

bool sev_cert_verify_by_ask(const SevCert *cert, const SevAmdCert *ask,
                            GError **err)
{
    uint32_t algo = sev_amd_cert_algo(ask);
    const SevCertWire *w = sev_cert_wire(cert);
    int i = sev_cert_find_slot(cert, SEV_USAGE_ASK, algo, err);

    if (i < 0) {
        return false;
    }
    if (!asp_rsa_verify(ask->modulus, ask->exponent, ask->bytes, cert->bytes,
                        SEV_CERT_BODY_SIZE, w->sig[i].rsa)) {
        g_set_error(err, SEV_CERT_ERROR, ASP_BAD_SIGNATURE,
                    "the signature by the ASK is wrong");
        return false;
    }
    return true;
}

bool sev_ca_parse(const uint8_t *ca, size_t ca_len, SevAmdCert *ask,
                  SevAmdCert *ark, GError **err)
{
    if (!sev_amd_cert_parse(ca, ca_len, SEV_USAGE_ASK, ask, err) ||
        !sev_amd_cert_parse(ca + ask->size, ca_len - ask->size,
                            SEV_USAGE_ARK, ark, err)) {
        return false;
    }
    if (ask->size + ark->size != ca_len) {
        g_set_error(err, SEV_CERT_ERROR, ASP_INVALID_CERTIFICATE,
                    "%zu bytes after the ARK",
                    ca_len - ask->size - ark->size);
        return false;
    }
    return true;
}

bool sev_ca_is_emulated(const uint8_t *ca, size_t ca_len)
{
    SevAmdCert ask, ark;

    return sev_ca_parse(ca, ca_len, &ask, &ark, NULL) &&
           !memcmp(ark.key_id, SEV_EMULATED_ARK_ID, sizeof(ark.key_id)) &&
           !memcmp(ask.key_id, SEV_EMULATED_ASK_ID, sizeof(ask.key_id));
}

void sev_amd_cert_init(SevAmdCertWire *w, SevCertUsage usage)
{
    static const uint8_t exponent[] = { 0x01, 0x00, 0x01 };
    const char *id = usage == SEV_USAGE_ARK ? SEV_EMULATED_ARK_ID
                                            : SEV_EMULATED_ASK_ID;

    memset(w, 0, sizeof(*w));
    w->version = GUINT32_TO_LE(SEV_AMD_CERT_VERSION);
    memcpy(w->key_id, id, sizeof(w->key_id));
    memcpy(w->certifying_id, SEV_EMULATED_ARK_ID, sizeof(w->certifying_id));
    w->usage = GUINT32_TO_LE(usage);
    w->exponent_bits = GUINT32_TO_LE(ASP_RSA_MAX * 8);
    w->modulus_bits = GUINT32_TO_LE(ASP_RSA_MAX * 8);
    memcpy(w->exponent, exponent, sizeof(exponent));
}

void sev_cert_put_ask_sig(SevCert *cek, const uint8_t *value)
{
    SevCertSigWire *sig = &((SevCertWire *)cek->bytes)->sig[0];

    sig->usage = GUINT32_TO_LE(SEV_USAGE_ASK);
    sig->algo = GUINT32_TO_LE(SEV_ALGO_RSA_SHA384);
    memcpy(sig->rsa, value, sizeof(sig->rsa));
}

static void make(SevAmdCertWire *w, SevCertUsage usage, const AspRsaKey *key,
                 const AspRsaKey *signer)
{
    sev_amd_cert_init(w, usage);
    asp_rsa_modulus(key, w->modulus);
    asp_rsa_sign(signer, w, offsetof(SevAmdCertWire, signature), w->signature);
}

void sev_root_make(SevEmulatedCa *ca, SevCert *cek)
{
    AspRsaKey *ark = asp_rsa_generate(ASP_RSA_MAX);
    AspRsaKey *ask = asp_rsa_generate(ASP_RSA_MAX);
    uint8_t sig[ASP_RSA_MAX];

    make(&ca->ask, SEV_USAGE_ASK, ask, ark);
    make(&ca->ark, SEV_USAGE_ARK, ark, ark);
    asp_rsa_sign(ask, cek->bytes, SEV_CERT_BODY_SIZE, sig);
    sev_cert_put_ask_sig(cek, sig);
    asp_rsa_free(ask);
    asp_rsa_free(ark);
}
