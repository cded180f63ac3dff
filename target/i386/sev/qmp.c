/*
 * SEV: QMP commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-misc-target.h"
#include "qapi/qapi-commands-sev-target.h"
#include "blob.h"
#include "sev/debug/diagnose.h"
#include "sev/formats/text.h"
#include "sev/launch/firmware-table.h"
#include "guest-ram.h"
#include "sev-common.h"
#include "sev/memory/space.h"

static SevCommonState *active_guest(Error **errp)
{
    SevCommonState *sev = sev_common_active();

    if (!sev) {
        error_setg(errp, "SEV is not enabled: the machine has no "
                   "confidential-guest-support=ID of a SEV object");
    }
    return sev;
}

/* The guest of a command that SEV-SNP does without */
static SevCommonState *active_sev_guest(const char *what, Error **errp)
{
    SevCommonState *sev = active_guest(errp);

    if (sev && sev_snp_enabled()) {
        error_setg(errp, "SEV guest '%s' is a sev-snp-guest: %s is for SEV and "
                   "SEV-ES; under SEV-SNP the guest itself asks the firmware "
                   "for an attestation report", sev_common_id(sev), what);
        return NULL;
    }
    return sev;
}

/* NULL if this process does not encrypt the guest's memory */
static SevMemoryInfo *memory_info(void)
{
    SevMemory *mem = sev_memory_space_model();
    SevMemoryInfo *info;
    SevMemoryStats stats;

    if (!mem) {
        return NULL;
    }
    sev_memory_stats(mem, &stats);
    info = g_new0(SevMemoryInfo, 1);
    info->pages_turned = stats.first + stats.turned;
    info->copies = stats.copies;
    if (sev_diagnosing) {
        info->has_device_reads = true;
        info->device_reads = sev_diagnose_count(SEV_USE_DEVICE_READ);
        info->has_device_writes = true;
        info->device_writes = sev_diagnose_count(SEV_USE_DEVICE_WRITE);
        info->has_view_changes = true;
        info->view_changes = sev_diagnose_count(SEV_USE_VIEW_CHANGE);
    }
    return info;
}

SevInfo *qmp_query_sev(Error **errp)
{
    SevCommonState *sev = sev_common_active();
    SevInfo *info = g_new0(SevInfo, 1);

    if (!sev) {
        return info;
    }
    info->enabled = true;
    info->api_major = sev->platform.api_major;
    info->api_minor = sev->platform.api_minor;
    info->build_id = sev->platform.build;
    info->state = sev->launch.state;
    info->sev_type = SEV_COMMON_GET_CLASS(sev)->guest_type;
    info->memory = memory_info();
    SEV_COMMON_GET_CLASS(sev)->fill_info(sev, info);
    return info;
}

SevLaunchMeasureInfo *qmp_query_sev_launch_measure(Error **errp)
{
    SevCommonState *sev = active_sev_guest("a launch measurement", errp);
    SevLaunchMeasureInfo *info;

    if (!sev) {
        return NULL;
    }
    if (sev->launch.state != SEV_STATE_LAUNCH_SECRET &&
        sev->launch.state != SEV_STATE_RUNNING) {
        error_setg(errp, "SEV guest '%s' is in state %s: its measurement is "
                   "taken when the machine is complete", sev_common_id(sev),
                   SevState_str(sev->launch.state));
        return NULL;
    }
    info = g_new0(SevLaunchMeasureInfo, 1);
    info->data = g_base64_encode(sev->launch.measurement,
                                 sizeof(sev->launch.measurement));
    return info;
}

static SevCapability *capabilities_of(SevBackend *be, Error **errp)
{
    SevCapability *cap;
    SevPlatform platform;
    SevCerts certs;

    if (!be->ops->platform(be, &platform, errp) ||
        !be->ops->certs(be, &certs, errp)) {
        return NULL;
    }
    cap = g_new0(SevCapability, 1);
    cap->pdh = g_base64_encode(certs.pdh, sizeof(certs.pdh));
    cap->cert_chain = g_base64_encode(certs.chain, sizeof(certs.chain));
    cap->cpu0_id = g_base64_encode(certs.chip_id, sizeof(certs.chip_id));
    cap->cbitpos = platform.cbitpos;
    cap->reduced_phys_bits = platform.reduced_phys_bits;
    return cap;
}

SevCapability *qmp_query_sev_capabilities(Error **errp)
{
    SevBackendConfig config = { .sev_device = SEV_DEVICE_DEFAULT };
    SevCommonState *sev = sev_common_active();
    SevCapability *cap;
    SevBackend *be;

    if (sev) {
        return capabilities_of(sev->launch.backend, errp);
    }
    /* Management software asks before it makes a SEV guest */
    be = sev_backend_new(&config, errp);
    cap = be ? capabilities_of(be, errp) : NULL;
    sev_backend_free(be);
    return cap;
}

/* Decode and place a secret; nothing is written unless all of it is right */
static bool inject_secret(SevCommonState *sev, const char *header64,
                          const char *secret64, uint64_t gpa, Error **errp)
{
    uint8_t header[SEV_PACKET_HEADER_SIZE];
    g_autofree uint8_t *data = g_malloc(SEV_SECRET_MAX);
    SevLaunchSecret secret;
    ssize_t len;

    if (!sev_blob_decode("packet-header", header64, header, sizeof(header),
                         errp)) {
        return false;
    }
    len = sev_base64_decode(secret64, strlen(secret64), data, SEV_SECRET_MAX);
    if (len < 0) {
        error_setg(errp, "secret is not valid base64 text");
        return false;
    }
    if (len == 0 || len > SEV_SECRET_MAX || len % 16) {
        error_setg(errp, "secret has %zd bytes, but must have a multiple of "
                   "16, at most %d", len, SEV_SECRET_MAX);
        return false;
    }
    secret = (SevLaunchSecret) {
        .header = header,
        .data = data,
        .len = len,
        .gpa = gpa,
        .hva = sev_guest_ram(gpa, len, errp),
    };
    return secret.hva && sev_launch_secret(&sev->launch, &secret, errp);
}

int sev_inject_launch_secret(const char *hdr, const char *secret,
                             uint64_t gpa, Error **errp)
{
    SevCommonState *sev = active_sev_guest("a launch secret", errp);

    if (!sev || !sev_launch_check(&sev->launch, SEV_STEP_SECRET, errp) ||
        !inject_secret(sev, hdr, secret, gpa, errp)) {
        return -1;
    }
    return 0;
}

/* The area of the firmware, if the decoded secret fits into it */
static bool find_secret_gpa(const char *secret, uint64_t *gpa, Error **errp)
{
    ERRP_GUARD();
    SevArea area;
    ssize_t len;

    if (!sev_firmware_secret_area(&area, errp)) {
        error_prepend(errp, "no gpa was given, and ");
        return false;
    }
    len = sev_base64_decode(secret, strlen(secret), NULL, 0);
    if (len > area.size) {
        error_setg(errp, "secret has %zd bytes, but the firmware's launch "
                   "secret area has %" PRIu32, len, area.size);
        return false;
    }
    *gpa = area.base;
    return true;
}

void qmp_sev_inject_launch_secret(const char *packet_header,
                                  const char *secret, bool has_gpa,
                                  uint64_t gpa, Error **errp)
{
    SevCommonState *sev = active_sev_guest("a launch secret", errp);

    if (!sev || !sev_launch_check(&sev->launch, SEV_STEP_SECRET, errp)) {
        return;
    }
    if (!has_gpa && !find_secret_gpa(secret, &gpa, errp)) {
        return;
    }
    inject_secret(sev, packet_header, secret, gpa, errp);
}

SevAttestationReport *qmp_query_sev_attestation_report(const char *mnonce,
                                                       Error **errp)
{
    SevCommonState *sev = active_sev_guest("the host's attestation report",
                                           errp);
    SevBackend *be = sev ? sev->launch.backend : NULL;
    uint8_t nonce[SEV_NONCE_SIZE], report[SEV_REPORT_SIZE];
    SevAttestationReport *ret;

    if (!sev || !sev_launch_check(&sev->launch, SEV_STEP_ATTESTATION, errp) ||
        !sev_blob_decode("mnonce", mnonce, nonce, sizeof(nonce), errp) ||
        !be->ops->attestation(be, nonce, report, errp)) {
        return NULL;
    }
    ret = g_new0(SevAttestationReport, 1);
    ret->data = g_base64_encode(report, sizeof(report));
    return ret;
}

SevMeasuredRangeList *qmp_query_sev_measured_ranges(Error **errp)
{
    SevLaunch *launch = sev_launch_current();
    SevMeasuredRangeList *head = NULL, **tail = &head;

    for (unsigned i = 0;
         launch && i < sev_regions_count(launch->regions); i++) {
        const SevRegion *region = sev_regions_get(launch->regions, i);
        SevMeasuredRange *range = g_new0(SevMeasuredRange, 1);

        range->gpa = region->gpa;
        range->size = region->size;
        range->kind = region->kind;
        range->sha256 = sev_hex(region->sha256, sizeof(region->sha256));
        range->launch_digest = sev_hex(region->digest, region->digest_size);
        QAPI_LIST_APPEND(tail, range);
    }
    return head;
}
