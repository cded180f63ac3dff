/*
 * SEV-SNP launch: from the firmware image to private memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "sev/formats/guids.h"
#include "cpuid-page.h"
#include "firmware-table.h"
#include "sev/guest-ram.h"
#include "launch.h"
#include "snp.h"
#include "snp-metadata.h"

struct SevSnpLaunch {
    SevLaunch *launch;
    GArray *sections;           /* of SnpSection; NULL: not known */

    /* The firmware image; NULL: none yet */
    hwaddr image_gpa;
    void *image;
    uint64_t image_len;

    /* The table of kernel hashes; NULL: none */
    hwaddr hashes_gpa;
    void *hashes;
    uint64_t hashes_len;
    bool hashes_launched;
};

SevSnpLaunch *sev_snp_launch_new(SevLaunch *launch)
{
    SevSnpLaunch *snp = g_new0(SevSnpLaunch, 1);

    snp->launch = launch;
    return snp;
}

void sev_snp_launch_free(SevSnpLaunch *snp)
{
    if (snp) {
        g_clear_pointer(&snp->sections, g_array_unref);
        g_free(snp->hashes);
        g_free(snp);
    }
}

/* --- What the machine hands over */

bool sev_snp_launch_metadata(SevSnpLaunch *snp, const uint8_t *image,
                             size_t size, Error **errp)
{
    size_t len;
    /* u32 offset of the metadata from the end of the image */
    const uint8_t *data = sev_firmware_entry(SEV_GUID_SNP_METADATA, &len);

    if (!data || len < sizeof(uint32_t)) {
        error_setg(errp, "the firmware image has no SEV-SNP metadata: use a "
                   "firmware that was built for SEV-SNP, for example OVMF's "
                   "AmdSev build (Debian package ovmf-amdsev)");
        return false;
    }
    snp->sections = snp_metadata_parse(image, size, ldl_le_p(data), errp);
    return snp->sections;
}

void sev_snp_launch_plan(SevSnpLaunch *snp, hwaddr gpa, void *hva,
                         uint64_t len, SevMeasuredKind kind)
{
    if (kind == SEV_MEASURED_KIND_FIRMWARE) {
        snp->image_gpa = gpa;
        snp->image = hva;
        snp->image_len = len;
        return;
    }
    assert(kind == SEV_MEASURED_KIND_KERNEL_HASHES);
    g_free(snp->hashes);
    snp->hashes_gpa = gpa;
    snp->hashes = g_memdup2(hva, len);
    snp->hashes_len = len;
}

/* --- What becomes of it */

static bool update(SevSnpLaunch *snp, hwaddr gpa, void *hva, uint64_t len,
                   SnpPageType type, SevMeasuredKind kind, Error **errp)
{
    SevLaunch *launch = snp->launch;
    g_autofree void *data = NULL;

    if (!sev_launch_check(launch, SEV_STEP_UPDATE_DATA, errp)) {
        return false;
    }
    if (type == SNP_PAGE_NORMAL) {
        data = g_memdup2(hva, len);
    }
    if (!launch->backend->ops->snp_launch_update(launch->backend, gpa, hva, len,
                                              type, errp)) {
        return false;
    }
    sev_launch_measured(launch, gpa, hva, len, kind, g_steal_pointer(&data));
    return true;
}

static bool update_memory(SevSnpLaunch *snp, const SnpSection *section,
                          void *hva, Error **errp)
{
    return update(snp, section->gpa, hva, section->len, SNP_PAGE_ZERO,
                  SEV_MEASURED_KIND_ZERO, errp);
}

static bool update_secrets(SevSnpLaunch *snp, const SnpSection *section,
                           void *hva, Error **errp)
{
    return update(snp, section->gpa, hva, section->len, SNP_PAGE_SECRETS,
                  SEV_MEASURED_KIND_SECRETS, errp);
}

static bool update_cpuid(SevSnpLaunch *snp, const SnpSection *section,
                         void *hva, Error **errp)
{
    ERRP_GUARD();
    SevBackend *be = snp->launch->backend;
    g_autofree SnpCpuidPage *page = g_new0(SnpCpuidPage, 1);

    if (section->len != sizeof(*page)) {
        error_setg(errp, "the page of CPUID has 0x%" PRIx32 " bytes instead of "
                   "0x%zx", section->len, sizeof(*page));
        return false;
    }
    if (!be->ops->snp_cpuid(be, page, errp)) {
        return false;
    }
    memcpy(hva, page, sizeof(*page));
    if (!update(snp, section->gpa, hva, section->len, SNP_PAGE_CPUID,
                SEV_MEASURED_KIND_CPUID, errp)) {
        sev_cpuid_page_explain(page, hva, errp);
        return false;
    }
    return true;
}

/* The table is somewhere in pages that are 0 otherwise */
static bool update_hashes(SevSnpLaunch *snp, const SnpSection *section,
                          void *hva, Error **errp)
{
    uint64_t offset = snp->hashes_gpa - section->gpa;

    if (!snp->hashes) {
        return update_memory(snp, section, hva, errp);
    }
    if (snp->hashes_gpa < section->gpa || offset > section->len ||
        snp->hashes_len > section->len - offset) {
        error_setg(errp, "the pages for kernel hashes do not hold the kernel "
                   "hash area, which is at 0x%" HWADDR_PRIx,
                   snp->hashes_gpa);
        return false;
    }
    memset(hva, 0, section->len);
    memcpy((uint8_t *)hva + offset, snp->hashes, snp->hashes_len);
    snp->hashes_launched = true;
    return update(snp, section->gpa, hva, section->len, SNP_PAGE_NORMAL,
                  SEV_MEASURED_KIND_KERNEL_HASHES, errp);
}

typedef bool UpdateSection(SevSnpLaunch *snp, const SnpSection *section,
                           void *hva, Error **errp);

static UpdateSection *updater_of(const SnpSection *section, Error **errp)
{
    switch (section->type) {
    case SNP_SECTION_MEMORY:
    case SNP_SECTION_SVSM_CAA:
        return update_memory;
    case SNP_SECTION_SECRETS:
        return update_secrets;
    case SNP_SECTION_CPUID:
        return update_cpuid;
    case SNP_SECTION_KERNEL_HASHES:
        return update_hashes;
    }
    error_setg(errp, "this type is not known");
    return NULL;
}

static bool update_section(SevSnpLaunch *snp, const SnpSection *section,
                           Error **errp)
{
    ERRP_GUARD();
    UpdateSection *updater = updater_of(section, errp);
    void *hva = updater ? sev_guest_ram(section->gpa, section->len, errp)
                        : NULL;

    if (hva && updater(snp, section, hva, errp)) {
        return true;
    }
    error_prepend(errp, "SEV-SNP metadata of the firmware image, section of "
                  "type 0x%" PRIx32 ", 0x%" PRIx32 " bytes at 0x%" PRIx32 ": ",
                  section->type, section->len, section->gpa);
    return false;
}

bool sev_snp_launch_memory(SevSnpLaunch *snp, Error **errp)
{
    if (!snp->image) {
        return true;
    }
    if (!update(snp, snp->image_gpa, snp->image, snp->image_len,
                SNP_PAGE_NORMAL, SEV_MEASURED_KIND_FIRMWARE, errp)) {
        return false;
    }
    for (unsigned i = 0; i < snp->sections->len; i++) {
        if (!update_section(snp, &g_array_index(snp->sections,
                                                   SnpSection, i), errp)) {
            return false;
        }
    }
    if (snp->hashes && !snp->hashes_launched) {
        error_setg(errp, "kernel-hashes=on of '%s': the SEV-SNP metadata of "
                   "the firmware image has no section for kernel hashes (type "
                   "0x10): use a firmware that was built for it, for example "
                   "OVMF's AmdSev build (Debian package ovmf-amdsev)",
                   snp->launch->id);
        return false;
    }
    return true;
}
