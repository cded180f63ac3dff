/*
 * SEV guest policy: what its bits mean
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "sev/formats/policy-bits.h"
#include "policy.h"

static uint8_t api_major_of(uint32_t policy)
{
    return policy >> SEV_POLICY_API_MAJOR_SHIFT;
}

static uint8_t api_minor_of(uint32_t policy)
{
    return policy >> SEV_POLICY_API_MINOR_SHIFT;
}

static bool api_is_enough(uint8_t major, uint8_t minor,
                          const SevPlatform *platform)
{
    return platform->api_major > major ||
           (platform->api_major == major && platform->api_minor >= minor);
}

bool sev_policy_check(uint32_t policy, const SevPlatform *platform,
                      const char *backend, Error **errp)
{
    if (policy & SEV_POLICY_RESERVED) {
        error_setg(errp, "policy 0x%" PRIx32 " has unknown bits 0x%" PRIx32
                   ": bits 6 to 15 must be 0", policy,
                   policy & SEV_POLICY_RESERVED);
        return false;
    }
    if (policy & SEV_POLICY_ES && !platform->has_es) {
        error_setg(errp, "policy 0x%" PRIx32 " requires SEV-ES (bit 2), which "
                   "the %s platform cannot run: use policy 0x%" PRIx32,
                   policy, backend, policy & ~(uint32_t)SEV_POLICY_ES);
        return false;
    }
    if (!api_is_enough(api_major_of(policy), api_minor_of(policy), platform)) {
        error_setg(errp, "policy 0x%" PRIx32 " requires SEV API %d.%d (bits 16 "
                   "to 31), but the platform has %d.%d: lower the minimum in "
                   "the policy", policy, api_major_of(policy),
                   api_minor_of(policy), platform->api_major,
                   platform->api_minor);
        return false;
    }
    return true;
}

static char *describe(uint64_t policy, const SevPolicyBit *bit,
                      uint8_t api_major, uint8_t api_minor)
{
    GString *text = g_string_new("");

    for (; bit->bit; bit++) {
        if (policy & bit->bit) {
            g_string_append_printf(text, "%s%s", text->len ? ", " : "",
                                   bit->meaning);
        }
    }
    if (api_major || api_minor) {
        g_string_append_printf(text, "%sAPI %d.%d or later",
                               text->len ? ", " : "", api_major, api_minor);
    }
    if (!text->len) {
        g_string_append(text, "no restrictions");
    }
    return g_string_free(text, false);
}

char *sev_policy_describe(uint32_t policy)
{
    return describe(policy, sev_policy_bits, api_major_of(policy),
                    api_minor_of(policy));
}

bool sev_snp_policy_check(uint64_t policy, const SevPlatform *platform,
                          Error **errp)
{
    uint8_t major = policy >> 8, minor = policy;

    if (!(policy & SNP_POLICY_RESERVED_ONE)) {
        error_setg(errp, "policy 0x%" PRIx64 " is none of SEV-SNP, which has "
                   "bit 17 always set: use policy 0x%" PRIx64, policy,
                   policy | (uint64_t)SNP_POLICY_RESERVED_ONE);
        return false;
    }
    if (!api_is_enough(major, minor, platform)) {
        error_setg(errp, "policy 0x%" PRIx64 " requires SEV API %d.%d (bits 0 "
                   "to 15), but the platform has %d.%d: lower the minimum in "
                   "the policy", policy, major, minor, platform->api_major,
                   platform->api_minor);
        return false;
    }
    return true;
}

char *sev_snp_policy_describe(uint64_t policy)
{
    return describe(policy, sev_snp_policy_bits, policy >> 8, policy);
}
