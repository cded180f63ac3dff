/*
 * SEV-SNP: launch digest, identity of a guest and CPUID page
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a platform and a guest owner calculate alike, without a platform.
 */

#ifndef I386_SEV_ASP_SNP_H
#define I386_SEV_ASP_SNP_H

#include <glib.h>
#include "asp.h"

/**
 * snp_digest_page - let a launch digest go on by one page of 4 KiB
 * @info: of the page: all but its digest and length, which are filled in
 * @digest: in and out: SNP_DIGEST_SIZE bytes, 0 before the first page
 *
 * SNP firmware ABI, SNP_LAUNCH_UPDATE.
 */
void snp_digest_page(SnpPageInfo *info, uint8_t *digest);

/**
 * snp_id_check - verify who a guest is
 * @block: the ID block
 * @auth: keys and signatures that go with it
 * @author: also verify the signature of the author's key
 * @id_key_digest: out: SHA-384 of the ID key, SNP_DIGEST_SIZE bytes
 * @author_key_digest: out: that of the author's key, 0 without @author
 *
 * SNP firmware ABI, SNP_LAUNCH_FINISH.  It is the caller who compares the
 * block with the guest.
 *
 * Returns: ASP_SUCCESS; BAD_VERSION, INVALID_PARAM or BAD_SIGNATURE
 */
AspStatus snp_id_check(const SnpIdBlock *block, const SnpIdAuth *auth,
                       bool author, uint8_t *id_key_digest,
                       uint8_t *author_key_digest);

/**
 * snp_cpuid_check - whether firmware lets a guest have a CPUID page
 * @page: in: as the hypervisor made it; out: with the values that firmware
 *   would accept, where it does not
 * @refused: features that the platform lacks, of AspCpuidBits; or NULL
 *
 * SNP firmware ABI, "CPUID page".
 *
 * Returns: ASP_SUCCESS with @page unchanged, or INVALID_PARAM
 */
AspStatus snp_cpuid_check(SnpCpuidPage *page, const GArray *refused);

#endif
