/*
 * SEV guest policy: what its bits mean
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_POLICY_H
#define I386_SEV_POLICY_H

#include "backend.h"

/**
 * sev_policy_check - whether a guest with this policy can run on a platform
 * @policy: SEV API, chapter 3; host endian
 * @backend: what kind of platform it is, for the error
 * @errp: set to the bits that cannot be and what to do about them
 */
bool sev_policy_check(uint32_t policy, const SevPlatform *platform,
                      const char *backend, Error **errp);

/**
 * sev_snp_policy_check - the same for SEV-SNP
 * @policy: SNP firmware ABI, "guest policy"
 */
bool sev_snp_policy_check(uint64_t policy, const SevPlatform *platform,
                          Error **errp);

/**
 * sev_snp_policy_describe - such a policy in words
 *
 * Returns: a new string like "SMT allowed, debugging allowed"
 */
char *sev_snp_policy_describe(uint64_t policy);

/**
 * sev_policy_describe - a policy in words
 *
 * Returns: a new string like "no debugging, no key sharing"
 */
char *sev_policy_describe(uint32_t policy);

#endif
