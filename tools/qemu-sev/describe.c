/*
 * qemu-sev: SEV's formats in readable form
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "chain.h"
#include "describe.h"
#include "qemu-sev.h"
#include "target/i386/sev/asp/launch.h"
#include "target/i386/sev/formats/kernel-hashes.h"
#include "target/i386/sev/formats/policy-bits.h"

void describe_policy(Report *report, uint32_t policy)
{
    report_open(report, "policy");
    if (report_is_json(report)) {
        report_int(report, "value", policy);
    } else {
        report_str(report, "value", "0x%" PRIx32, policy);
    }
    for (const SevPolicyBit *flag = sev_policy_bits; flag->bit; flag++) {
        report_bool(report, flag->name, policy & flag->bit);
    }
    report_str(report, "lowest-api", "%u.%u",
               extract32(policy, SEV_POLICY_API_MAJOR_SHIFT, 8),
               extract32(policy, SEV_POLICY_API_MINOR_SHIFT, 8));
    report_close(report);
}

void describe_guest(Report *report, const PlatformInfo *info)
{
    report_str(report, "type", "%s", info->type);
    report_str(report, "state", "%s", info->state);
    if (info->snp) {
        report_str(report, "policy", "0x%" PRIx64, info->policy);
        return;
    }
    report_int(report, "handle", info->handle);
    describe_policy(report, info->policy);
}

static void describe_signatures(Report *report, const SevCert *cert)
{
    report_open_list(report, "signatures");
    for (unsigned i = 0; i < SEV_CERT_SLOTS; i++) {
        SevCertSlot slot = sev_cert_slot(cert, i);

        if (slot.usage == SEV_USAGE_NONE) {
            continue;
        }
        if (report_is_json(report)) {
            report_open(report, NULL);
            report_str(report, "signer", "%s", sev_usage_name(slot.usage));
            report_str(report, "algorithm", "%s", sev_algo_name(slot.algo));
            report_close(report);
        } else {
            report_line(report, "signed by: %s, %s",
                        sev_usage_name(slot.usage),
                        sev_algo_name(slot.algo));
        }
    }
    report_close_list(report);
}

static void describe_cert_members(Report *report, const SevCert *cert)
{
    g_autoptr(GError) defect = NULL;
    uint8_t major, minor;
    AspEcPoint key;

    sev_cert_api(cert, &major, &minor);
    report_str(report, "usage", "%s", sev_usage_name(sev_cert_usage(cert)));
    report_str(report, "algorithm", "%s", sev_algo_name(sev_cert_algo(cert)));
    report_str(report, "api", "%u.%u", major, minor);
    if (sev_cert_public_key(cert, &key, NULL)) {
        report_hex(report, "x", key.x, sizeof(key.x));
        report_hex(report, "y", key.y, sizeof(key.y));
    }
    describe_signatures(report, cert);
    report_bool(report, "well-formed",
                sev_cert_check(cert, sev_cert_usage(cert), &defect));
    if (defect) {
        report_str(report, "defect", "%s", defect->message);
    }
}

static bool describe_cert(Report *report, const ToolBlob *data, GError **err)
{
    describe_cert_members(report, (const SevCert *)data->data);
    return true;
}

static void describe_amd_members(Report *report, const SevAmdCert *cert)
{
    const char *family = cert->usage == SEV_USAGE_ARK
        ? amd_root_family(cert) : NULL;

    report_str(report, "usage", "%s", sev_usage_name(cert->usage));
    report_hex(report, "key-id", cert->key_id, sizeof(cert->key_id));
    report_hex(report, "signer-id", cert->certifying_id,
               sizeof(cert->certifying_id));
    report_int(report, "rsa-bits", cert->bytes * 8);
    if (family) {
        report_str(report, "amd-root-of", "%s", family);
    }
}

static bool describe_amd(Report *report, const ToolBlob *data, GError **err)
{
    SevAmdCert cert;

    if (!sev_amd_cert_parse(data->data, data->len, SEV_USAGE_ASK, &cert,
                            NULL) &&
        !sev_amd_cert_parse(data->data, data->len, SEV_USAGE_ARK, &cert,
                            err)) {
        return false;
    }
    describe_amd_members(report, &cert);
    return true;
}

static bool describe_ca_bytes(Report *report, const uint8_t *ca, size_t len,
                              GError **err)
{
    SevAmdCert ask, ark;

    if (!sev_ca_parse(ca, len, &ask, &ark, err)) {
        return false;
    }
    report_open(report, "ask");
    describe_amd_members(report, &ask);
    report_close(report);
    report_open(report, "ark");
    describe_amd_members(report, &ark);
    report_close(report);
    report_bool(report, "emulated", sev_ca_is_emulated(ca, len));
    return true;
}

static bool describe_ca(Report *report, const ToolBlob *data, GError **err)
{
    return describe_ca_bytes(report, data->data, data->len, err);
}

static void describe_certs(Report *report, const uint8_t *certs,
                           const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        report_open(report, names[i]);
        describe_cert_members(report, (const SevCert *)certs + i);
        report_close(report);
    }
}

static bool describe_chain(Report *report, const ToolBlob *data, GError **err)
{
    static const char *const names[] = { "pdh", "pek", "oca", "cek" };

    describe_certs(report, data->data, names, G_N_ELEMENTS(names));
    return data->len == CHAIN_SIZE ||
           describe_ca_bytes(report, data->data + CHAIN_SIZE,
                             data->len - CHAIN_SIZE, err);
}

static bool describe_exported(Report *report, const ToolBlob *data,
                              GError **err)
{
    static const char *const names[] = { "pek", "oca", "cek" };

    describe_certs(report, data->data, names, G_N_ELEMENTS(names));
    return true;
}

static bool describe_session(Report *report, const ToolBlob *data,
                             GError **err)
{
    const SevSession *session = (const SevSession *)data->data;

    report_hex(report, "nonce", session->nonce, sizeof(session->nonce));
    report_hex(report, "wrapped-keys", session->wrap_tk,
               sizeof(session->wrap_tk));
    report_hex(report, "wrap-iv", session->wrap_iv, sizeof(session->wrap_iv));
    report_hex(report, "wrap-mac", session->wrap_mac,
               sizeof(session->wrap_mac));
    report_hex(report, "policy-mac", session->policy_mac,
               sizeof(session->policy_mac));
    return true;
}

static bool describe_measurement(Report *report, const ToolBlob *data,
                                 GError **err)
{
    const SevMeasurement *m = (const SevMeasurement *)data->data;

    report_hex(report, "measure", m->measure, sizeof(m->measure));
    report_hex(report, "nonce", m->mnonce, sizeof(m->mnonce));
    return true;
}

static bool describe_header(Report *report, const ToolBlob *data, GError **err)
{
    const SevPacketHeader *header = (const SevPacketHeader *)data->data;

    report_int(report, "flags", ldl_le_p(&header->flags));
    report_hex(report, "iv", header->iv, sizeof(header->iv));
    report_hex(report, "mac", header->mac, sizeof(header->mac));
    return true;
}

static bool describe_report(Report *report, const ToolBlob *data, GError **err)
{
    const SevReport *r = (const SevReport *)data->data;

    report_hex(report, "nonce", r->mnonce, sizeof(r->mnonce));
    report_hex(report, "launch-digest", r->digest, sizeof(r->digest));
    describe_policy(report, ldl_le_p(&r->policy));
    report_str(report, "signer", "%s",
               sev_usage_name(ldl_le_p(&r->sig_usage)));
    report_str(report, "algorithm", "%s",
               sev_algo_name(ldl_le_p(&r->sig_algo)));
    return true;
}

static bool describe_hashes(Report *report, const ToolBlob *data, GError **err)
{
    const SevHashTable *table = (const SevHashTable *)data->data;

    report_hex(report, "cmdline", table->cmdline.sha256, SEV_DIGEST_SIZE);
    report_hex(report, "initrd", table->initrd.sha256, SEV_DIGEST_SIZE);
    report_hex(report, "kernel", table->kernel.sha256, SEV_DIGEST_SIZE);
    return true;
}

static bool is_hashes(const ToolBlob *data)
{
    return sev_hash_table_check((const SevHashTable *)data->data);
}

static bool is_report(const ToolBlob *data)
{
    const SevReport *r = (const SevReport *)data->data;

    return ldl_le_p(&r->sig_usage) == SEV_USAGE_PEK;
}

/* Nothing but the keys of its launch opens a payload */
static void describe_unknown(Report *report, const ToolBlob *data)
{
    report_str(report, "type", "unknown");
    report_int(report, "size", data->len);
    report_line(report, "perhaps the payload of a secret, which only the "
                "launch that it was made for can open");
}

static void report_u64(Report *report, const char *name, const uint8_t *at)
{
    report_str(report, name, "0x%" PRIx64, ldq_le_p(at));
}

static bool describe_vmsa(Report *report, const ToolBlob *data, GError **err)
{
    uint8_t digest[SEV_DIGEST_SIZE];

    report_u64(report, "cs-base", data->data + 0x018);
    report_u64(report, "rip", data->data + 0x178);
    report_u64(report, "cpu-signature", data->data + 0x310);
    report_u64(report, "sev-features", data->data + 0x3b0);
    asp_sha256(data->data, data->len, digest);
    report_hex(report, "sha256", digest, sizeof(digest));
    return true;
}

/*
 * A thing is known by its size, but whole cipher blocks may as well be the
 * payload of a secret.  @is tells; without it, it is told that nothing does.
 */
static const struct {
    size_t size;
    const char *type;
    bool (*describe)(Report *report, const ToolBlob *data, GError **err);
    bool (*is)(const ToolBlob *data);
    bool by_size_alone;
} formats[] = {
    { SEV_MEASURE_BLOB_SIZE, "launch-measurement", describe_measurement,
      .by_size_alone = true },
    { SEV_PACKET_HEADER_SIZE, "packet-header", describe_header },
    { SEV_SESSION_SIZE, "session", describe_session, .by_size_alone = true },
    { sizeof(SevHashTable), "kernel-hashes", describe_hashes, is_hashes },
    { SEV_REPORT_SIZE, "attestation-report", describe_report, is_report },
    { CA_SIZE_2048 / 2, "amd-certificate", describe_amd },
    { CA_SIZE_4096 / 2, "amd-certificate", describe_amd },
    { CA_SIZE_2048, "ca", describe_ca },
    { CA_SIZE_4096, "ca", describe_ca },
    { SEV_CERT_SIZE, "sev-certificate", describe_cert },
    { SEV_VMSA_SIZE, "vmsa", describe_vmsa, .by_size_alone = true },
    { SEV_CERT_CHAIN_SIZE, "exported-chain", describe_exported },
    { CHAIN_SIZE, "chain", describe_chain },
    { CHAIN_SIZE + CA_SIZE_2048, "full-chain", describe_chain },
    { CHAIN_SIZE + CA_SIZE_4096, "full-chain", describe_chain },
};

const size_t describe_sizes[] = {
    SEV_MEASURE_BLOB_SIZE, SEV_PACKET_HEADER_SIZE, SEV_SESSION_SIZE,
    sizeof(SevHashTable), SEV_REPORT_SIZE, CA_SIZE_2048 / 2, CA_SIZE_4096 / 2,
    CA_SIZE_2048, CA_SIZE_4096, SEV_CERT_SIZE, SEV_VMSA_SIZE,
    SEV_CERT_CHAIN_SIZE, CHAIN_SIZE, CHAIN_SIZE + CA_SIZE_2048,
    CHAIN_SIZE + CA_SIZE_4096, 0
};
QEMU_BUILD_BUG_ON(G_N_ELEMENTS(describe_sizes) != G_N_ELEMENTS(formats) + 1);

static bool describe_format(Report *report, const ToolBlob *data, size_t i,
                            GError **err)
{
    report_str(report, "type", "%s", formats[i].type);
    if (formats[i].by_size_alone) {
        report_bool(report, "by-size-alone", true);
        report_line(report, "the payload of a secret may have this size too");
    }
    return formats[i].describe(report, data, err);
}

bool describe_data(Report *report, const ToolBlob *data, GError **err)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (formats[i].size == data->len &&
            (!formats[i].is || formats[i].is(data))) {
            return describe_format(report, data, i, err);
        }
    }
    describe_unknown(report, data);
    return true;
}
