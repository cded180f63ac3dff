/*
 * SEV: what was measured at launch, in order
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The launch digest is one hash over everything; when it is not the expected
 * one it does not say why.  This list does: each measured range with its own
 * hash and with the launch digest as it was after it.
 *
 * To hash a firmware image takes longer than the rest of a launch, and hardly
 * anybody asks.  So the list keeps a copy of what was measured, and hashes it
 * when the first one does.  The copy is also what the next launch measures,
 * after a reset.
 */

#ifndef I386_SEV_REGIONS_H
#define I386_SEV_REGIONS_H

#include "exec/hwaddr.h"
#include "qapi/qapi-types-misc-target.h"
#include "qapi/qapi-types-sev-target.h"
#include "sev/asp/snp-abi.h"

typedef struct SevRegion {
    hwaddr gpa;
    void *hva;
    uint64_t size;
    SevMeasuredKind kind;
    const void *data;                       /* plaintext, @size bytes */
    uint8_t sha256[SEV_DIGEST_SIZE];        /* of this range alone */
    uint8_t digest[SNP_DIGEST_SIZE];        /* launch digest after it */
    uint8_t digest_size;
} SevRegion;

typedef struct SevRegions SevRegions;

/**
 * sev_regions_new - an empty list
 * @type: of guest; SEV and SEV-SNP have launch digests of their own
 *
 * Returns: the list; free it with sev_regions_free()
 */
SevRegions *sev_regions_new(SevGuestType type);

/**
 * sev_regions_free - NULL is allowed
 */
void sev_regions_free(SevRegions *regions);

/**
 * sev_regions_add - append a range that was measured
 * @hva: the same memory as the host sees it
 * @data: the @size bytes of plaintext that went into the measurement; the
 *   list owns them from now on, g_free() releases them.  NULL if only type
 *   and address do (SEV-SNP), then they count as zeros
 */
void sev_regions_add(SevRegions *regions, hwaddr gpa, void *hva,
                     uint64_t size, SevMeasuredKind kind, void *data);

/**
 * sev_regions_count - number of ranges
 */
unsigned sev_regions_count(const SevRegions *regions);

/**
 * sev_regions_peek - the range number @i, from 0, without its hashes
 *
 * Returns: the range, owned by the list; good until the next addition
 */
const SevRegion *sev_regions_peek(const SevRegions *regions, unsigned i);

/**
 * sev_regions_get - the range number @i, from 0, with its hashes
 *
 * Returns: the range, owned by the list; good until the next addition
 */
const SevRegion *sev_regions_get(SevRegions *regions, unsigned i);

/**
 * sev_regions_has - whether a range of this kind was measured
 */
bool sev_regions_has(const SevRegions *regions, SevMeasuredKind kind);

#endif
