/*
 * Guests of the software AMD Secure Processor: policy, sessions, sharing, ASIDs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-harness.h"

static AspStatus try_policy(Machine *m, uint32_t policy)
{
    uint32_t handle = 0;
    AspStatus status = run_launch_start(m, policy, &handle);

    if (status == ASP_SUCCESS) {
        g_assert_cmphex(GUINT32_FROM_LE(guest_status(m, handle).policy), ==,
                        policy);
        ASSERT_OK(run_guest(m, ASP_CMD_DECOMMISSION, handle));
    } else {
        g_assert_cmpuint(handle, ==, 0);
        g_assert_cmpint(platform_status(m).state, ==, ASP_PLATFORM_INIT);
    }
    return status;
}

static void test_policy(Machine *m, gconstpointer data)
{
    uint32_t bit;

    ASSERT_OK(run_init(m, 0));
    for (bit = 0; bit < 16; bit++) {
        ASSERT_STATUS(try_policy(m, 1u << bit),
                      bit == 2 ? ASP_UNSUPPORTED :
                      bit < 6 ? ASP_SUCCESS : ASP_INVALID_PARAM);
    }
    ASSERT_OK(RUN0(m, SHUTDOWN));
    ASSERT_OK(run_init(m, ASP_INIT_ES));
    ASSERT_OK(try_policy(m, 0x3f));
    ASSERT_STATUS(try_policy(m, 0x7f), ASP_INVALID_PARAM);
}

/* The platform is 1.51, in the policy major is the low byte of the two. */
static void test_policy_api(Machine *m, gconstpointer data)
{
    ASSERT_OK(run_init(m, 0));
    ASSERT_OK(try_policy(m, 0x33010000));
    ASSERT_OK(try_policy(m, 0x32010000));
    ASSERT_OK(try_policy(m, 0xff000000));
    ASSERT_STATUS(try_policy(m, 0x34010000), ASP_POLICY_FAILURE);
    ASSERT_STATUS(try_policy(m, 0x00020000), ASP_POLICY_FAILURE);
    ASSERT_STATUS(try_policy(m, 0x01330000), ASP_POLICY_FAILURE);
}

/* A session for this platform and @policy where LAUNCH_START looks for it */
static void put_session(Machine *m, uint32_t policy)
{
    SevTransportKeys keys;

    UNHEX(V_TEK, keys.tek);
    UNHEX(V_TIK, keys.tik);
    g_assert_true(sev_session_create(&m->identity->store.pdh, policy, &keys,
                                     (SevCert *)ram_at(m, AT_GODH),
                                     (SevSession *)ram_at(m, AT_SESSION),
                                     NULL));
}

static void assert_no_guest(Machine *m)
{
    AspCmdPlatformStatus s = platform_status(m);

    g_assert_cmpint(s.state, ==, ASP_PLATFORM_INIT);
    g_assert_cmpuint(s.guest_count, ==, 0);
}

static void test_session(Machine *m, gconstpointer data)
{
    uint32_t handle;

    ASSERT_OK(run_init(m, 0));
    put_session(m, 1);
    ASSERT_STATUS(run_launch_session(m, 0, &handle), ASP_BAD_MEASUREMENT);
    assert_no_guest(m);
    ASSERT_STATUS(run_launch_session(m, 0x10001, &handle),
                  ASP_BAD_MEASUREMENT);
    ram_at(m, AT_SESSION)[0x40] ^= 1;
    ASSERT_STATUS(run_launch_session(m, 1, &handle), ASP_BAD_MEASUREMENT);
    ram_at(m, AT_SESSION)[0x40] ^= 1;
    ram_at(m, AT_GODH)[8] ^= 1;
    ASSERT_STATUS(run_launch_session(m, 1, &handle), ASP_INVALID_CERTIFICATE);
    ram_at(m, AT_GODH)[8] ^= 1;
    assert_no_guest(m);
    ASSERT_OK(run_launch_session(m, 1, &handle));
    /* Nothing hinders a second launch with the same session */
    ASSERT_OK(run_launch_session(m, 1, &handle));
    ASSERT_OK(RUN0(m, PDH_GEN));
    ASSERT_STATUS(run_launch_session(m, 1, &handle), ASP_BAD_MEASUREMENT);
}

static void test_session_buffers(Machine *m, gconstpointer data)
{
    const AspCmdLaunchStart good = {
        .dh_cert_paddr = GUINT64_TO_LE(AT_GODH),
        .dh_cert_len = GUINT32_TO_LE(SEV_CERT_SIZE),
        .session_paddr = GUINT64_TO_LE(AT_SESSION),
        .session_len = GUINT32_TO_LE(SEV_SESSION_SIZE),
    };
    AspCmdLaunchStart c;

    ASSERT_OK(run_init(m, 0));
    put_session(m, 0);
    c = good;
    c.dh_cert_len = GUINT32_TO_LE(SEV_CERT_SIZE - 1);
    ASSERT_STATUS(RUN(m, LAUNCH_START, c), ASP_INVALID_LENGTH);
    c.dh_cert_len = GUINT32_TO_LE(SEV_CERT_SIZE + 1);
    ASSERT_STATUS(RUN(m, LAUNCH_START, c), ASP_INVALID_LENGTH);
    c = good;
    c.session_len = GUINT32_TO_LE(SEV_SESSION_SIZE - 1);
    ASSERT_STATUS(RUN(m, LAUNCH_START, c), ASP_INVALID_LENGTH);
    c = good;
    c.session_paddr = 0;
    ASSERT_STATUS(RUN(m, LAUNCH_START, c), ASP_INVALID_ADDRESS);
    c.session_paddr = GUINT64_TO_LE(NOWHERE);
    ASSERT_STATUS(RUN(m, LAUNCH_START, c), ASP_INVALID_ADDRESS);
    c = good;
    c.dh_cert_paddr = GUINT64_TO_LE(UINT64_MAX);
    ASSERT_STATUS(RUN(m, LAUNCH_START, c), ASP_INVALID_ADDRESS);
    assert_no_guest(m);
    c = good;
    ASSERT_OK(RUN(m, LAUNCH_START, c));
    /* Without a certificate nobody looks at the session */
    c = (AspCmdLaunchStart) {
        .session_paddr = GUINT64_TO_LE(NOWHERE),
        .session_len = GUINT32_TO_LE(1),
    };
    ASSERT_OK(RUN(m, LAUNCH_START, c));
}

static void test_share(Machine *m, gconstpointer data)
{
    uint32_t first = start_guest(m, 8), second = first, third;
    const uint8_t text[16] = "sixteen letters";

    third = ~first;
    ASSERT_STATUS(run_launch_start(m, 8, &third), ASP_INVALID_GUEST);
    third = first;
    ASSERT_STATUS(run_launch_start(m, 0, &third), ASP_POLICY_FAILURE);
    ASSERT_OK(run_launch_start(m, 8, &second));
    g_assert_cmpuint(second, !=, first);
    ASSERT_OK(run_activate(m, second, ASID + 1));
    third = 0;
    ASSERT_OK(run_launch_start(m, 8, &third));
    ASSERT_OK(run_activate(m, third, ASID + 2));

    /* What one encrypts, the sharer can read and the other cannot. */
    memcpy(ram_at(m, AT_GUEST), text, sizeof(text));
    ASSERT_OK(run_update(m, ASP_CMD_LAUNCH_UPDATE_DATA, first, AT_GUEST, 16));
    g_assert_true(memcmp(ram_at(m, AT_GUEST), text, sizeof(text)));
    ASSERT_OK(run_dbg(m, ASP_CMD_DBG_DECRYPT, second, AT_GUEST, AT_OUT, 16));
    g_assert_cmpmem(ram_at(m, AT_OUT), 16, text, 16);
    ASSERT_OK(run_dbg(m, ASP_CMD_DBG_DECRYPT, third, AT_GUEST, AT_OUT, 16));
    g_assert_true(memcmp(ram_at(m, AT_OUT), text, sizeof(text)));

    /* The key survives the guest that it was made for */
    ASSERT_OK(run_guest(m, ASP_CMD_DEACTIVATE, first));
    ASSERT_OK(run_guest(m, ASP_CMD_DECOMMISSION, first));
    ASSERT_OK(run_dbg(m, ASP_CMD_DBG_DECRYPT, second, AT_GUEST, AT_OUT, 16));
    g_assert_cmpmem(ram_at(m, AT_OUT), 16, text, 16);
    third = first;
    ASSERT_STATUS(run_launch_start(m, 8, &third), ASP_INVALID_GUEST);
}

static void test_noks(Machine *m, gconstpointer data)
{
    uint32_t first = start_guest(m, SEV_POLICY_NOKS), second = first;

    ASSERT_STATUS(run_launch_start(m, SEV_POLICY_NOKS, &second),
                  ASP_POLICY_FAILURE);
    ASSERT_STATUS(run_launch_start(m, 0, &second), ASP_POLICY_FAILURE);
    g_assert_cmpuint(GUINT32_FROM_LE(platform_status(m).guest_count), ==, 1);
}

static void test_asid(Machine *m, gconstpointer data)
{
    uint32_t a = 0, b = 0, es = 0;

    ASSERT_OK(run_init(m, ASP_INIT_ES));
    ASSERT_OK(run_launch_start(m, 0, &a));
    ASSERT_OK(run_launch_start(m, 0, &b));
    ASSERT_OK(run_launch_start(m, SEV_POLICY_ES, &es));
    g_assert_cmpuint(guest_status(m, a).asid, ==, 0);

    ASSERT_STATUS(run_activate(m, a, ASID), ASP_DFFLUSH_REQUIRED);
    ASSERT_OK(RUN0(m, DF_FLUSH));
    ASSERT_STATUS(run_activate(m, a, 0), ASP_INVALID_ASID);
    ASSERT_STATUS(run_activate(m, a, 99), ASP_INVALID_ASID);
    ASSERT_STATUS(run_activate(m, a, 510), ASP_INVALID_ASID);
    ASSERT_STATUS(run_activate(m, a, UINT32_MAX), ASP_INVALID_ASID);
    ASSERT_STATUS(run_activate(m, es, 0), ASP_INVALID_ASID);
    ASSERT_STATUS(run_activate(m, es, 100), ASP_INVALID_ASID);
    ASSERT_OK(run_activate(m, es, 99));
    ASSERT_OK(run_activate(m, a, 100));
    g_assert_cmpuint(GUINT32_FROM_LE(guest_status(m, a).asid), ==, 100);
    ASSERT_STATUS(run_activate(m, a, 101), ASP_ACTIVE);
    ASSERT_STATUS(run_activate(m, b, 100), ASP_ASID_OWNED);
    ASSERT_OK(run_activate(m, b, 509));

    ASSERT_STATUS(run_guest(m, ASP_CMD_DECOMMISSION, a), ASP_ACTIVE);
    ASSERT_OK(run_guest(m, ASP_CMD_DEACTIVATE, a));
    ASSERT_STATUS(run_guest(m, ASP_CMD_DEACTIVATE, a), ASP_INACTIVE);
    ASSERT_STATUS(run_activate(m, a, 100), ASP_DFFLUSH_REQUIRED);
    ASSERT_OK(RUN0(m, DF_FLUSH));
    ASSERT_OK(run_activate(m, a, 100));
    /* A flush does not free what is in use */
    ASSERT_OK(run_guest(m, ASP_CMD_DEACTIVATE, b));
    ASSERT_STATUS(run_activate(m, b, 100), ASP_ASID_OWNED);
}

static void test_limit(Machine *m, gconstpointer data)
{
    uint32_t handle = 0, first, i;
    GHashTable *seen = g_hash_table_new(NULL, NULL);

    ASSERT_OK(run_init(m, 0));
    for (i = 0; i < 509; i++) {
        handle = 0;
        ASSERT_OK(run_launch_start(m, 0, &handle));
        g_assert_cmpuint(handle, !=, 0);
        g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(handle)));
    }
    first = handle;
    handle = 0;
    ASSERT_STATUS(run_launch_start(m, 0, &handle), ASP_RESOURCE_LIMIT);
    ASSERT_OK(run_guest(m, ASP_CMD_DECOMMISSION, first));
    ASSERT_OK(run_launch_start(m, 0, &handle));
    g_hash_table_unref(seen);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) \
    g_test_add("/asp/guest/" name, Machine, NULL, machine_setup, func, \
               machine_teardown)
    ADD("policy", test_policy);
    ADD("policy-api", test_policy_api);
    ADD("session", test_session);
    ADD("session-buffers", test_session_buffers);
    ADD("share", test_share);
    ADD("noks", test_noks);
    ADD("asid", test_asid);
    ADD("limit", test_limit);
    return g_test_run();
}
