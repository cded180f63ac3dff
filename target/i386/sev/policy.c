/*
 * SEV guest policy: what its bits mean
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "policy.h"

static const struct {
    uint32_t bit;
    const char *meaning;
} policy_bits[] = {
    { SEV_POLICY_NODBG, "no debugging" },
    { SEV_POLICY_NOKS, "no key sharing" },
    { SEV_POLICY_ES, "SEV-ES required" },
    { SEV_POLICY_NOSEND, "no migration" },
    { SEV_POLICY_DOMAIN, "same domain only" },
    { SEV_POLICY_SEV, "SEV platforms only" },
};

static uint8_t api_major_of(uint32_t policy)
{
    return policy >> SEV_POLICY_API_MAJOR_SHIFT;
}

static uint8_t api_minor_of(uint32_t policy)
{
    return policy >> SEV_POLICY_API_MINOR_SHIFT;
}

static bool api_is_enough(uint32_t policy, const SevPlatform *platform)
{
    uint8_t major = api_major_of(policy);

    return platform->api_major > major ||
           (platform->api_major == major &&
            platform->api_minor >= api_minor_of(policy));
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
    if (!api_is_enough(policy, platform)) {
        error_setg(errp, "policy 0x%" PRIx32 " requires SEV API %d.%d (bits 16 "
                   "to 31), but the platform has %d.%d: lower the minimum in "
                   "the policy", policy, api_major_of(policy),
                   api_minor_of(policy), platform->api_major,
                   platform->api_minor);
        return false;
    }
    return true;
}

char *sev_policy_describe(uint32_t policy)
{
    GString *text = g_string_new("");

    for (size_t i = 0; i < ARRAY_SIZE(policy_bits); i++) {
        if (policy & policy_bits[i].bit) {
            g_string_append_printf(text, "%s%s", text->len ? ", " : "",
                                   policy_bits[i].meaning);
        }
    }
    if (api_major_of(policy) || api_minor_of(policy)) {
        g_string_append_printf(text, "%sAPI %d.%d or later",
                               text->len ? ", " : "", api_major_of(policy),
                               api_minor_of(policy));
    }
    if (!text->len) {
        g_string_append(text, "no restrictions");
    }
    return g_string_free(text, false);
}
