/*
 * SEV-SNP: launch digest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include "crypto.h"
#include "snp.h"

void snp_digest_page(SnpPageInfo *info, uint8_t *digest)
{
    memcpy(info->digest, digest, sizeof(info->digest));
    info->length = GUINT16_TO_LE(sizeof(*info));
    asp_sha384(info, sizeof(*info), digest);
}
