/*
 * SEV-SNP launch: from the firmware image to private memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the machine hands over is noted down, and launched when the machine is
 * complete: not before that are all of the guest's addresses backed by private
 * memory, and its processors' CPUID known.  The order is the one that tools
 * for launch digests expect: the firmware image, then the sections of its
 * metadata as they come; the registers of all processors follow at
 * SNP_LAUNCH_FINISH.
 */

#ifndef I386_SEV_SNP_LAUNCH_H
#define I386_SEV_SNP_LAUNCH_H

#include "launch.h"

/**
 * sev_snp_launch_new - a launch of which nothing is known yet
 * @launch: what it is a part of
 *
 * Returns: the launch; free it with sev_snp_launch_free()
 */
SevSnpLaunch *sev_snp_launch_new(SevLaunch *launch);

/**
 * sev_snp_launch_free - NULL is allowed
 */
void sev_snp_launch_free(SevSnpLaunch *snp);

/**
 * sev_snp_launch_metadata - learn what the firmware image wants
 * @image: firmware image of @size bytes, whose GUIDed table was found
 * @errp: set when it does not say
 */
bool sev_snp_launch_metadata(SevSnpLaunch *snp, const uint8_t *image,
                             size_t size, Error **errp);

/**
 * sev_snp_launch_plan - note down memory that is to be measured
 * @hva: the same memory as the host sees it; must stay
 * @kind: firmware or kernel hashes
 */
void sev_snp_launch_plan(SevSnpLaunch *snp, hwaddr gpa, void *hva,
                         uint64_t len, SevMeasuredKind kind);

/**
 * sev_snp_launch_memory - SNP_LAUNCH_UPDATE of all that was noted down
 */
bool sev_snp_launch_memory(SevSnpLaunch *snp, Error **errp);

#endif
