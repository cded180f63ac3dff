/*
 * Software AMD Secure Processor: LAUNCH_MEASURE to LAUNCH_FINISH, ATTESTATION
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, chapters 6.5 to 6.8.
 */

#include "asp-internal.h"
#include "cert-wire.h"
#include "launch.h"

AspStatus asp_cmd_launch_measure(Asp *asp, AspGuest *guest, void *cmd)
{
    AspCmdLaunchMeasure *c = cmd;
    SevMeasureInput in = {
        .api_major = ASP_API_MAJOR,
        .api_minor = ASP_API_MINOR,
        .build = ASP_BUILD,
        .policy = guest->policy,
    };
    SevMeasurement blob;
    AspStatus status = asp_length_query(&c->measure_len, sizeof(blob));

    if (status) {
        return status;
    }
    asp_hash_digest(guest->running_digest, in.digest);
    asp_random(blob.mnonce, sizeof(blob.mnonce));
    sev_measure(guest->keys.tik, &in, blob.mnonce, blob.measure);
    status = asp_mem_write(asp, GUINT64_FROM_LE(c->measure_paddr), &blob,
                           sizeof(blob));
    if (status) {
        return status;
    }
    memcpy(guest->digest, in.digest, sizeof(guest->digest));
    memcpy(guest->measure, blob.measure, sizeof(guest->measure));
    asp_hash_free(guest->running_digest);
    guest->running_digest = NULL;
    guest->state = ASP_GUEST_LSECRET;
    return ASP_SUCCESS;
}

/* Verify and decrypt the packet and give it to the guest */
static AspStatus inject(Asp *asp, AspGuest *guest, const AspCmdLaunchSecret *c,
                        uint8_t *data, uint32_t len)
{
    SevPacketHeader hdr;
    AspStatus status;

    status = asp_mem_read(asp, GUINT64_FROM_LE(c->hdr_paddr), &hdr,
                          sizeof(hdr));
    if (!status) {
        status = asp_mem_read(asp, GUINT64_FROM_LE(c->trans_paddr), data, len);
    }
    if (!status) {
        status = sev_secret_unwrap(&guest->keys, guest->measure, &hdr,
                                   data, len);
    }
    if (!status) {
        status = asp_guest_write(asp, &guest->key,
                                 GUINT64_FROM_LE(c->guest_paddr), data, len);
    }
    return status;
}

AspStatus asp_cmd_launch_secret(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspCmdLaunchSecret *c = cmd;
    uint32_t len = GUINT32_FROM_LE(c->trans_len);
    uint8_t *data;
    AspStatus status;

    if (GUINT32_FROM_LE(c->hdr_len) != sizeof(SevPacketHeader) ||
        len > SEV_SECRET_MAX || GUINT32_FROM_LE(c->guest_len) != len) {
        return ASP_INVALID_LENGTH;
    }
    if (GUINT64_FROM_LE(c->guest_paddr) % ASP_MEM_BLOCK) {
        return ASP_INVALID_ADDRESS;
    }
    data = g_malloc(SEV_SECRET_MAX);
    status = inject(asp, guest, c, data, len);
    asp_wipe(data, SEV_SECRET_MAX);
    g_free(data);
    return status;
}

AspStatus asp_cmd_launch_finish(Asp *asp, AspGuest *guest, void *cmd)
{
    asp_wipe(&guest->keys, sizeof(guest->keys));
    asp_wipe(guest->measure, sizeof(guest->measure));
    guest->state = ASP_GUEST_RUNNING;
    return ASP_SUCCESS;
}

/* The PEK signs everything before the signature's own description. */
static void make_report(const Asp *asp, const AspGuest *guest,
                        const uint8_t *mnonce, SevReport *report)
{
    AspEcSig sig;

    memset(report, 0, sizeof(*report));
    memcpy(report->mnonce, mnonce, sizeof(report->mnonce));
    memcpy(report->digest, guest->digest, sizeof(report->digest));
    report->policy = GUINT32_TO_LE(guest->policy);
    asp_ecdsa_sign(&asp->identity->store.pek_key, ASP_SIG_SHA256, report,
                   offsetof(SevReport, sig_usage), &sig);
    report->sig_usage = GUINT32_TO_LE(SEV_USAGE_PEK);
    report->sig_algo = GUINT32_TO_LE(SEV_ALGO_ECDSA_SHA256);
    sev_number_store(report->sig_r, sig.r);
    sev_number_store(report->sig_s, sig.s);
}

AspStatus asp_cmd_attestation(Asp *asp, AspGuest *guest, void *cmd)
{
    AspCmdAttestation *c = cmd;
    AspStatus status = asp_length_query(&c->report_len, sizeof(SevReport));
    SevReport report;

    if (status) {
        return status;
    }
    make_report(asp, guest, c->mnonce, &report);
    return asp_mem_write(asp, GUINT64_FROM_LE(c->report_paddr), &report,
                         sizeof(report));
}
