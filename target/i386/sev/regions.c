/*
 * SEV: what was measured at launch, in order
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "asp/crypto.h"
#include "regions.h"

struct SevRegions {
    GArray *list;               /* of SevRegion */
    AspHash *hash;              /* of all ranges in the list */
    AspHash *next_hash;         /* and of the prepared one */
    SevRegion next;
};

SevRegions *sev_regions_new(void)
{
    SevRegions *regions = g_new0(SevRegions, 1);

    regions->list = g_array_new(false, false, sizeof(SevRegion));
    regions->hash = asp_hash_new();
    return regions;
}

void sev_regions_free(SevRegions *regions)
{
    if (!regions) {
        return;
    }
    g_array_free(regions->list, true);
    asp_hash_free(regions->hash);
    asp_hash_free(regions->next_hash);
    g_free(regions);
}

void sev_regions_prepare(SevRegions *regions, hwaddr gpa, uint64_t size,
                         SevMeasuredKind kind, const void *data)
{
    SevRegion *next = &regions->next;

    *next = (SevRegion) { .gpa = gpa, .size = size, .kind = kind };
    asp_hash_free(regions->next_hash);
    regions->next_hash = asp_hash_copy(regions->hash);
    asp_hash_update(regions->next_hash, data, size);
    asp_hash_digest(regions->next_hash, next->digest);

    if (regions->list->len == 0) {
        /* The first range is the large one: do not hash it twice */
        memcpy(next->sha256, next->digest, sizeof(next->sha256));
    } else {
        asp_sha256(data, size, next->sha256);
    }
}

const SevRegion *sev_regions_commit(SevRegions *regions)
{
    assert(regions->next_hash);
    asp_hash_free(regions->hash);
    regions->hash = g_steal_pointer(&regions->next_hash);
    g_array_append_val(regions->list, regions->next);
    return sev_regions_get(regions, regions->list->len - 1);
}

unsigned sev_regions_count(const SevRegions *regions)
{
    return regions->list->len;
}

const SevRegion *sev_regions_get(const SevRegions *regions, unsigned i)
{
    assert(i < regions->list->len);
    return &g_array_index(regions->list, SevRegion, i);
}

bool sev_regions_has(const SevRegions *regions, SevMeasuredKind kind)
{
    for (unsigned i = 0; i < regions->list->len; i++) {
        if (sev_regions_get(regions, i)->kind == kind) {
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
