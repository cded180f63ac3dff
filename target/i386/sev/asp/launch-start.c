/*
 * Software AMD Secure Processor: LAUNCH_START
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, chapter 6.2 and, for the policy, chapter 3.
 */

#include "asp-internal.h"

/* What a policy asks of the platform */
static AspStatus check_policy(const Asp *asp, uint32_t policy)
{
    uint8_t major = policy >> SEV_POLICY_API_MAJOR_SHIFT;
    uint8_t minor = policy >> SEV_POLICY_API_MINOR_SHIFT;

    if (policy & SEV_POLICY_RESERVED) {
        return ASP_INVALID_PARAM;
    }
    if ((policy & SEV_POLICY_ES) && !asp->config_es) {
        return ASP_UNSUPPORTED;
    }
    if (major > ASP_API_MAJOR ||
        (major == ASP_API_MAJOR && minor > ASP_API_MINOR)) {
        return ASP_POLICY_FAILURE;
    }
    return ASP_SUCCESS;
}

/* Find whose key to share: @from is NULL for a key of its own */
static AspStatus find_sharer(const Asp *asp, uint32_t handle, uint32_t policy,
                             const AspGuest **from)
{
    *from = NULL;
    if (!handle) {
        return ASP_SUCCESS;
    }
    *from = asp_guest_find(asp, handle);
    if (!*from) {
        return ASP_INVALID_GUEST;
    }
    if (policy != (*from)->policy || (policy & SEV_POLICY_NOKS)) {
        return ASP_POLICY_FAILURE;
    }
    return ASP_SUCCESS;
}

static AspStatus open_session(Asp *asp, const AspCmdLaunchStart *c,
                              uint32_t policy, SevTransportKeys *keys)
{
    SevSession session;
    SevCert godh;
    AspStatus status;

    if (!c->session_paddr) {
        return ASP_INVALID_ADDRESS;
    }
    if (GUINT32_FROM_LE(c->dh_cert_len) != sizeof(godh) ||
        GUINT32_FROM_LE(c->session_len) != sizeof(session)) {
        return ASP_INVALID_LENGTH;
    }
    status = asp_mem_read(asp, GUINT64_FROM_LE(c->dh_cert_paddr), &godh,
                          sizeof(godh));
    if (!status) {
        status = asp_mem_read(asp, GUINT64_FROM_LE(c->session_paddr),
                              &session, sizeof(session));
    }
    if (!status) {
        status = sev_session_open(&asp->identity->store.pdh_key, &godh,
                                  &session, policy, keys);
    }
    return status;
}

/* The transport keys: the guest owner's, or ones that nobody else knows */
static AspStatus choose_keys(Asp *asp, const AspCmdLaunchStart *c,
                             uint32_t policy, SevTransportKeys *keys)
{
    if (c->dh_cert_paddr) {
        return open_session(asp, c, policy, keys);
    }
    if (asp->fixed_keys) {
        *keys = asp->transport_keys;
    } else {
        asp_random(keys, sizeof(*keys));
    }
    return ASP_SUCCESS;
}

static AspStatus make_guest(Asp *asp, AspCmdLaunchStart *c, uint32_t policy,
                            const AspGuest *from, const SevTransportKeys *keys)
{
    AspGuest *guest = asp_guest_new(asp);

    if (!guest) {
        return ASP_RESOURCE_LIMIT;
    }
    guest->policy = policy;
    guest->keys = *keys;
    if (from) {
        memcpy(guest->key.vek, from->key.vek, sizeof(guest->key.vek));
    } else {
        asp_random(guest->key.vek, sizeof(guest->key.vek));
    }
    asp->state = ASP_PLATFORM_WORKING;
    c->handle = GUINT32_TO_LE(guest->key.handle);
    return ASP_SUCCESS;
}

AspStatus asp_cmd_launch_start(Asp *asp, AspGuest *unused, void *cmd)
{
    AspCmdLaunchStart *c = cmd;
    uint32_t policy = GUINT32_FROM_LE(c->policy);
    SevTransportKeys keys = {};
    const AspGuest *from;
    AspStatus status;

    status = find_sharer(asp, GUINT32_FROM_LE(c->handle), policy, &from);
    if (!status) {
        status = check_policy(asp, policy);
    }
    if (!status) {
        status = choose_keys(asp, c, policy, &keys);
    }
    if (!status) {
        status = make_guest(asp, c, policy, from, &keys);
    }
    asp_wipe(&keys, sizeof(keys));
    return status;
}
