/*
 * SEV: what was measured at launch, in order
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "asp/crypto.h"
#include "regions.h"

typedef struct SevRegionEntry {
    SevRegion region;
    void *data;
} SevRegionEntry;

struct SevRegions {
    GArray *list;               /* of SevRegionEntry */
    unsigned hashed;            /* so many of them have their hashes */
    AspHash *hash;              /* of those */
};

static SevRegionEntry *entry_of(const SevRegions *regions, unsigned i)
{
    assert(i < regions->list->len);
    return &g_array_index(regions->list, SevRegionEntry, i);
}

SevRegions *sev_regions_new(void)
{
    SevRegions *regions = g_new0(SevRegions, 1);

    regions->list = g_array_new(false, false, sizeof(SevRegionEntry));
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

static void hash_next(SevRegions *regions)
{
    SevRegionEntry *entry = entry_of(regions, regions->hashed);
    SevRegion *region = &entry->region;

    asp_hash_update(regions->hash, entry->data, region->size);
    asp_hash_digest(regions->hash, region->digest);
    if (regions->hashed == 0) {
        /* The first range is the large one: do not hash it twice */
        memcpy(region->sha256, region->digest, sizeof(region->sha256));
    } else {
        asp_sha256(entry->data, region->size, region->sha256);
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

char *sev_digest_hex(const uint8_t *digest)
{
    GString *hex = g_string_sized_new(2 * SEV_DIGEST_SIZE + 1);

    for (int i = 0; i < SEV_DIGEST_SIZE; i++) {
        g_string_append_printf(hex, "%02x", digest[i]);
    }
    return g_string_free(hex, false);
}
