/*
 * SEV: what was measured at launch, in order
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "sev/asp/crypto.h"
#include "sev/asp/snp.h"
#include "regions.h"

typedef struct SevRegionEntry {
    SevRegion region;
    void *data;
} SevRegionEntry;

struct SevRegions {
    GArray *list;               /* of SevRegionEntry */
    unsigned hashed;            /* so many of them have their hashes */
    SevGuestType type;
    AspHash *hash;              /* of those, with SEV */
    uint8_t snp_digest[SNP_DIGEST_SIZE];
};

static SevRegionEntry *entry_of(const SevRegions *regions, unsigned i)
{
    assert(i < regions->list->len);
    return &g_array_index(regions->list, SevRegionEntry, i);
}

SevRegions *sev_regions_new(SevGuestType type)
{
    SevRegions *regions = g_new0(SevRegions, 1);

    regions->list = g_array_new(false, false, sizeof(SevRegionEntry));
    regions->type = type;
    regions->hash = asp_hash_new();
    return regions;
}

void sev_regions_free(SevRegions *regions)
{
    if (!regions) {
        return;
    }
    for (unsigned i = 0; i < regions->list->len; i++) {
        g_free(entry_of(regions, i)->data);
    }
    g_array_free(regions->list, true);
    asp_hash_free(regions->hash);
    g_free(regions);
}

void sev_regions_add(SevRegions *regions, hwaddr gpa, void *hva,
                     uint64_t size, SevMeasuredKind kind, void *data)
{
    SevRegionEntry entry = {
        .region = {
            .gpa = gpa, .hva = hva, .size = size, .kind = kind, .data = data,
        },
        .data = data,
    };

    g_array_append_val(regions->list, entry);
}

/* SEV: one hash over all of it */
static void digest_sev(SevRegions *regions, SevRegionEntry *entry)
{
    SevRegion *region = &entry->region;

    asp_hash_update(regions->hash, entry->data, region->size);
    asp_hash_digest(regions->hash, region->digest);
    region->digest_size = SEV_DIGEST_SIZE;
    if (regions->hashed == 0) {
        /* The first range is the large one: do not hash it twice */
        memcpy(region->sha256, region->digest, sizeof(region->sha256));
    } else {
        asp_sha256(entry->data, region->size, region->sha256);
    }
}

static SnpPageType page_type(SevMeasuredKind kind)
{
    switch (kind) {
    case SEV_MEASURED_KIND_ZERO:
        return SNP_PAGE_ZERO;
    case SEV_MEASURED_KIND_SECRETS:
        return SNP_PAGE_SECRETS;
    case SEV_MEASURED_KIND_CPUID:
        return SNP_PAGE_CPUID;
    default:
        return SNP_PAGE_NORMAL;
    }
}

/* SEV-SNP: a chain of hashes, page by page */
static void digest_snp(SevRegions *regions, SevRegionEntry *entry)
{
    SevRegion *region = &entry->region;
    g_autofree void *zeros = NULL;

    for (uint64_t at = 0; at < region->size; at += SNP_PAGE_SIZE) {
        SnpPageInfo info = {
            .page_type = page_type(region->kind),
            .gpa = cpu_to_le64(region->gpa + at),
        };

        if (entry->data) {
            asp_sha384((uint8_t *)entry->data + at, SNP_PAGE_SIZE,
                       info.contents);
        }
        snp_digest_page(&info, regions->snp_digest);
    }
    memcpy(region->digest, regions->snp_digest, SNP_DIGEST_SIZE);
    region->digest_size = SNP_DIGEST_SIZE;
    zeros = entry->data ? NULL : g_malloc0(region->size);
    asp_sha256(entry->data ?: zeros, region->size, region->sha256);
}

static void hash_next(SevRegions *regions)
{
    SevRegionEntry *entry = entry_of(regions, regions->hashed);

    if (regions->type == SEV_GUEST_TYPE_SEV_SNP) {
        digest_snp(regions, entry);
    } else {
        digest_sev(regions, entry);
    }
    regions->hashed++;
}

unsigned sev_regions_count(const SevRegions *regions)
{
    return regions->list->len;
}

const SevRegion *sev_regions_peek(const SevRegions *regions, unsigned i)
{
    return &entry_of(regions, i)->region;
}

const SevRegion *sev_regions_get(SevRegions *regions, unsigned i)
{
    SevRegionEntry *entry = entry_of(regions, i);

    while (regions->hashed <= i) {
        hash_next(regions);
    }
    return &entry->region;
}

bool sev_regions_has(const SevRegions *regions, SevMeasuredKind kind)
{
    for (unsigned i = 0; i < regions->list->len; i++) {
        if (entry_of(regions, i)->region.kind == kind) {
            return true;
        }
    }
    return false;
}
