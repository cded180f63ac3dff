/*
 * LAUNCH_SECRET
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-harness.h"
#include "asp-internal.h"

/* A guest in LSECRET with the keys of the example and the packet for it */
static uint32_t secret_guest(Machine *m, const uint8_t *text, uint32_t len)
{
    const SevTransportKeys keys = known_keys(m);
    uint32_t handle = start_guest(m, 0);

    ASSERT_OK(run_measure(m, handle));
    put_secret(m, &keys, ram_at(m, AT_OUT), text, len);
    return handle;
}

static void test_secret(Machine *m, gconstpointer data)
{
    uint8_t text[64];
    uint32_t handle;
    AspCmdLaunchSecret c;

    UNHEX(V_SECRET, text);
    handle = secret_guest(m, text, sizeof(text));
    c = secret_command(handle, sizeof(text));
    ASSERT_OK(RUN(m, LAUNCH_SECRET, c));
    g_assert_true(memcmp(ram_at(m, AT_GUEST), text, sizeof(text)));
    ASSERT_OK(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_GUEST, AT_OUT2, 64));
    g_assert_cmpmem(ram_at(m, AT_OUT2), 64, text, sizeof(text));
    /* Any number of secrets, and they are not measured */
    c.guest_paddr = GUINT64_TO_LE(AT_GUEST + 0x20f0);
    ASSERT_OK(RUN(m, LAUNCH_SECRET, c));
    assert_digest(m, handle, EMPTY);
    g_assert_cmpint(guest_status(m, handle).state, ==, ASP_GUEST_LSECRET);
}

static void test_secret_large(Machine *m, gconstpointer data)
{
    uint8_t *text = g_malloc(SEV_SECRET_MAX);
    uint32_t handle;
    AspCmdLaunchSecret c;

    memset(text, 0x42, SEV_SECRET_MAX);
    handle = secret_guest(m, text, SEV_SECRET_MAX);
    c = secret_command(handle, SEV_SECRET_MAX);
    c.guest_paddr = GUINT64_TO_LE(AT_GUEST + 0x0ff0);
    ASSERT_OK(RUN(m, LAUNCH_SECRET, c));
    ASSERT_OK(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_GUEST + 0xff0,
                      AT_GUEST + 0xff0, SEV_SECRET_MAX));
    g_assert_cmpmem(ram_at(m, AT_GUEST + 0xff0), SEV_SECRET_MAX, text,
                    SEV_SECRET_MAX);
    c = secret_command(handle, SEV_SECRET_MAX + 16);
    ASSERT_STATUS(RUN(m, LAUNCH_SECRET, c), ASP_INVALID_LENGTH);
    g_free(text);
}

static void refuse_secret(Machine *m, AspCmdLaunchSecret c, AspStatus status)
{
    uint8_t *before = g_memdup2(m->ram, sizeof(m->ram));

    ASSERT_STATUS(RUN(m, LAUNCH_SECRET, c), status);
    g_assert_cmpmem(before, sizeof(m->ram), m->ram, sizeof(m->ram));
    g_free(before);
}

static void test_secret_refused(Machine *m, gconstpointer data)
{
    const uint8_t text[32] = "thirty-two letters, or nearly so";
    uint32_t handle = secret_guest(m, text, sizeof(text));
    const AspCmdLaunchSecret good = secret_command(handle, sizeof(text));
    AspCmdLaunchSecret c;

#define REFUSE(status, field, value) do { \
        c = good; \
        c.field = value; \
        refuse_secret(m, c, status); \
    } while (0)
    REFUSE(ASP_INVALID_LENGTH, hdr_len, GUINT32_TO_LE(51));
    REFUSE(ASP_INVALID_LENGTH, hdr_len, GUINT32_TO_LE(53));
    REFUSE(ASP_INVALID_LENGTH, hdr_len, 0);
    REFUSE(ASP_INVALID_LENGTH, guest_len, GUINT32_TO_LE(16));
    REFUSE(ASP_INVALID_LENGTH, trans_len, GUINT32_TO_LE(16));
    REFUSE(ASP_INVALID_LENGTH, trans_len, 0xffffffff);
    REFUSE(ASP_INVALID_ADDRESS, guest_paddr, GUINT64_TO_LE(AT_GUEST + 1));
    REFUSE(ASP_INVALID_ADDRESS, guest_paddr, GUINT64_TO_LE(NOWHERE));
    REFUSE(ASP_INVALID_ADDRESS, guest_paddr,
           GUINT64_TO_LE(RAM_BASE + RAM_SIZE - 16));
    REFUSE(ASP_INVALID_ADDRESS, guest_paddr, GUINT64_TO_LE(UINT64_MAX - 15));
    REFUSE(ASP_INVALID_ADDRESS, hdr_paddr, GUINT64_TO_LE(NOWHERE));
    REFUSE(ASP_INVALID_ADDRESS, trans_paddr, GUINT64_TO_LE(NOWHERE));
    REFUSE(ASP_BAD_MEASUREMENT, trans_paddr, GUINT64_TO_LE(AT_TRANS + 1));
    refuse_secret(m, secret_command(handle, 0), ASP_INVALID_LENGTH);
    refuse_secret(m, secret_command(handle, 24), ASP_INVALID_LENGTH);
    refuse_secret(m, secret_command(handle, 16), ASP_BAD_MEASUREMENT);
    *ram_at(m, AT_HEADER) = 1;                  /* compressed */
    refuse_secret(m, good, ASP_INVALID_PARAM);
    *ram_at(m, AT_HEADER) = 0;
    c = good;
    ASSERT_OK(RUN(m, LAUNCH_SECRET, c));
}

/* A secret for one launch is none for the next, with the same keys. */
static void test_secret_bound(Machine *m, gconstpointer data)
{
    uint32_t handle = secret_guest(m, (uint8_t *)"sixteen letters", 16);

    ASSERT_OK(RUN0(m, SHUTDOWN));
    handle = start_guest(m, 0);
    ASSERT_OK(run_measure(m, handle));
    refuse_secret(m, secret_command(handle, 16), ASP_BAD_MEASUREMENT);
}

/* LAUNCH_FINISH leaves no transport key, SHUTDOWN nothing at all behind. */
static void test_wiped(Machine *m, gconstpointer data)
{
    static const uint8_t zero[SEV_DIGEST_SIZE];
    uint32_t handle = secret_guest(m, (uint8_t *)"sixteen letters", 16);
    AspGuest *guest = asp_guest_find(m->asp, handle);

    g_assert_true(memcmp(&guest->keys, zero, sizeof(guest->keys)));
    g_assert_true(memcmp(guest->measure, zero, sizeof(guest->measure)));
    ASSERT_OK(run_guest(m, ASP_CMD_LAUNCH_FINISH, handle));
    g_assert_cmpmem(&guest->keys, sizeof(guest->keys), zero, 32);
    g_assert_cmpmem(guest->measure, sizeof(guest->measure), zero, 32);
    g_assert_true(memcmp(guest->key.vek, zero, sizeof(guest->key.vek)));
    ASSERT_OK(RUN0(m, SHUTDOWN));
    g_assert_null(asp_guest_find(m->asp, handle));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) \
    g_test_add("/asp/secret/" name, Machine, NULL, machine_setup, func, \
               machine_teardown)
    ADD("good", test_secret);
    ADD("large", test_secret_large);
    ADD("refused", test_secret_refused);
    ADD("bound", test_secret_bound);
    ADD("wiped", test_wiped);
    return g_test_run();
}
