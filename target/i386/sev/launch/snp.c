/*
 * SEV-SNP launch: from the firmware image to private memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "hw/i386/pc.h"
#include "cpuid-page.h"
#include "sev/guest-ram.h"
#include "guids.h"
#include "launch.h"
#include "snp.h"
#include "snp-metadata.h"

struct SevSnpLaunch {
    SevCommonState *sev;
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

SevSnpLaunch *sev_snp_launch_new(SevCommonState *sev)
{
    SevSnpLaunch *launch = g_new0(SevSnpLaunch, 1);

    launch->sev = sev;
    return launch;
}

void sev_snp_launch_free(SevSnpLaunch *launch)
{
    if (launch) {
        g_clear_pointer(&launch->sections, g_array_unref);
        g_free(launch->hashes);
        g_free(launch);
    }
}

/* --- What the machine hands over */

bool sev_snp_launch_metadata(SevSnpLaunch *launch, const uint8_t *image,
                             size_t size, Error **errp)
{
    uint8_t *data;
    int len;

    /* The entry: u32 offset of the metadata from the end of the image */
    if (!pc_system_ovmf_table_find(SEV_GUID_SNP_METADATA, &data, &len) ||
        len < sizeof(uint32_t)) {
        error_setg(errp, "the firmware image has no SEV-SNP metadata: use a "
                   "firmware that was built for SEV-SNP, for example OVMF's "
                   "AmdSev build (Debian package ovmf-amdsev)");
        return false;
    }
    launch->sections = snp_metadata_parse(image, size, ldl_le_p(data), errp);
    return launch->sections;
}

void sev_snp_launch_plan(SevSnpLaunch *launch, hwaddr gpa, void *hva,
                         uint64_t len, SevMeasuredKind kind)
{
    if (kind == SEV_MEASURED_KIND_FIRMWARE) {
        launch->image_gpa = gpa;
        launch->image = hva;
        launch->image_len = len;
        return;
    }
    assert(kind == SEV_MEASURED_KIND_KERNEL_HASHES);
    g_free(launch->hashes);
    launch->hashes_gpa = gpa;
    launch->hashes = g_memdup2(hva, len);
    launch->hashes_len = len;
}

/* --- What becomes of it */

static bool update(SevSnpLaunch *launch, hwaddr gpa, void *hva, uint64_t len,
                   SnpPageType type, SevMeasuredKind kind, Error **errp)
{
    SevCommonState *sev = launch->sev;
    g_autofree void *data = NULL;

    if (!sev_launch_check(sev, SEV_STEP_UPDATE_DATA, errp)) {
        return false;
    }
    if (type == SNP_PAGE_NORMAL) {
        data = g_memdup2(hva, len);
    }
    if (!sev->backend->ops->snp_launch_update(sev->backend, gpa, hva, len,
                                              type, errp)) {
        return false;
    }
    sev_launch_measured(sev, gpa, hva, len, kind, g_steal_pointer(&data));
    return true;
}

static bool update_memory(SevSnpLaunch *launch, const SnpSection *section,
                          void *hva, Error **errp)
{
    return update(launch, section->gpa, hva, section->len, SNP_PAGE_ZERO,
                  SEV_MEASURED_KIND_ZERO, errp);
}

static bool update_secrets(SevSnpLaunch *launch, const SnpSection *section,
                           void *hva, Error **errp)
{
    return update(launch, section->gpa, hva, section->len, SNP_PAGE_SECRETS,
                  SEV_MEASURED_KIND_SECRETS, errp);
}

static bool update_cpuid(SevSnpLaunch *launch, const SnpSection *section,
                         void *hva, Error **errp)
{
    ERRP_GUARD();
    SevBackend *be = launch->sev->backend;
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
    if (!update(launch, section->gpa, hva, section->len, SNP_PAGE_CPUID,
                SEV_MEASURED_KIND_CPUID, errp)) {
        sev_cpuid_page_explain(page, hva, errp);
        return false;
    }
    return true;
}

/* The table is somewhere in pages that are 0 otherwise */
static bool update_hashes(SevSnpLaunch *launch, const SnpSection *section,
                          void *hva, Error **errp)
{
    uint64_t offset = launch->hashes_gpa - section->gpa;

    if (!launch->hashes) {
        return update_memory(launch, section, hva, errp);
    }
    if (launch->hashes_gpa < section->gpa || offset > section->len ||
        launch->hashes_len > section->len - offset) {
        error_setg(errp, "the pages for kernel hashes do not hold the kernel "
                   "hash area, which is at 0x%" HWADDR_PRIx,
                   launch->hashes_gpa);
        return false;
    }
    memset(hva, 0, section->len);
    memcpy((uint8_t *)hva + offset, launch->hashes, launch->hashes_len);
    launch->hashes_launched = true;
    return update(launch, section->gpa, hva, section->len, SNP_PAGE_NORMAL,
                  SEV_MEASURED_KIND_KERNEL_HASHES, errp);
}

typedef bool UpdateSection(SevSnpLaunch *launch, const SnpSection *section,
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

static bool update_section(SevSnpLaunch *launch, const SnpSection *section,
                           Error **errp)
{
    ERRP_GUARD();
    UpdateSection *updater = updater_of(section, errp);
    void *hva = updater ? sev_guest_ram(section->gpa, section->len, errp)
                        : NULL;

    if (hva && updater(launch, section, hva, errp)) {
        return true;
    }
    error_prepend(errp, "SEV-SNP metadata of the firmware image, section of "
                  "type 0x%" PRIx32 ", 0x%" PRIx32 " bytes at 0x%" PRIx32 ": ",
                  section->type, section->len, section->gpa);
    return false;
}

bool sev_snp_launch_memory(SevSnpLaunch *launch, Error **errp)
{
    if (!launch->image) {
        return true;
    }
    if (!update(launch, launch->image_gpa, launch->image, launch->image_len,
                SNP_PAGE_NORMAL, SEV_MEASURED_KIND_FIRMWARE, errp)) {
        return false;
    }
    for (unsigned i = 0; i < launch->sections->len; i++) {
        if (!update_section(launch, &g_array_index(launch->sections,
                                                   SnpSection, i), errp)) {
            return false;
        }
    }
    if (launch->hashes && !launch->hashes_launched) {
        error_setg(errp, "kernel-hashes=on of '%s': the SEV-SNP metadata of "
                   "the firmware image has no section for kernel hashes (type "
                   "0x10): use a firmware that was built for it, for example "
                   "OVMF's AmdSev build (Debian package ovmf-amdsev)",
                   sev_common_id(launch->sev));
        return false;
    }
    return true;
}
