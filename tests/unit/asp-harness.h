/*
 * A software AMD Secure Processor with memory, for tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_ASP_HARNESS_H
#define TESTS_ASP_HARNESS_H

#include "asp-vectors.h"
#include "identity-internal.h"
#include "launch.h"

#define RAM_BASE    0x80000000ull
#define RAM_SIZE    (256 * 1024)

/* Where tests put things; guest memory is the rest */
#define AT_GODH     (RAM_BASE + 0x0000)
#define AT_SESSION  (RAM_BASE + 0x1000)
#define AT_HEADER   (RAM_BASE + 0x2000)
#define AT_OUT      (RAM_BASE + 0x3000)
#define AT_OUT2     (RAM_BASE + 0x4000)
#define AT_TRANS    (RAM_BASE + 0x8000)
#define AT_GUEST    (RAM_BASE + 0x10000)
#define NOWHERE     0x1000ull

/* Pages of the firmware, without memory: nothing is ever put there */
#define AT_TMR      0x40000000ull

/* SHA-256 of nothing: the digest of a guest that was not measured */
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#define ASID        200             /* of guests without SEV-ES */
#define ASID_ES     5

typedef struct Machine {
    AspIdentity *identity;
    Asp *asp;
    uint8_t ram[RAM_SIZE];
    AspRmpEntry rmp[RAM_SIZE / SNP_PAGE_SIZE];
    int writes_left;                /* negative: any number */
} Machine;

static inline uint8_t *ram_at(Machine *m, uint64_t addr)
{
    g_assert(addr >= RAM_BASE && addr - RAM_BASE < RAM_SIZE);
    return m->ram + (addr - RAM_BASE);
}

static inline bool ram_has(uint64_t addr, size_t len)
{
    return addr >= RAM_BASE && addr - RAM_BASE <= RAM_SIZE &&
           len <= RAM_SIZE - (addr - RAM_BASE);
}

static bool ram_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    Machine *m = opaque;

    if (!ram_has(addr, len)) {
        return false;
    }
    memcpy(buf, m->ram + (addr - RAM_BASE), len);
    return true;
}

static bool ram_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    Machine *m = opaque;

    if (!ram_has(addr, len) || m->writes_left == 0) {
        return false;
    }
    m->writes_left -= m->writes_left > 0;
    memcpy(m->ram + (addr - RAM_BASE), buf, len);
    return true;
}

static bool ram_rmp_read(void *opaque, uint64_t addr, AspRmpEntry *entry)
{
    Machine *m = opaque;

    if (addr >= AT_TMR && addr - AT_TMR < ASP_TMR_SIZE_SNP) {
        *entry = (AspRmpEntry) { .assigned = true, .immutable = true };
        return true;
    }
    if (!ram_has(addr, SNP_PAGE_SIZE)) {
        return false;
    }
    *entry = m->rmp[(addr - RAM_BASE) / SNP_PAGE_SIZE];
    return true;
}

static bool ram_rmp_write(void *opaque, uint64_t addr,
                          const AspRmpEntry *entry)
{
    Machine *m = opaque;

    if (!ram_has(addr, SNP_PAGE_SIZE)) {
        return false;
    }
    m->rmp[(addr - RAM_BASE) / SNP_PAGE_SIZE] = *entry;
    return true;
}

/* With NULL for the guest's view: the library encrypts by itself */
static const AspMemory ram_memory = {
    .read = ram_read, .write = ram_write,
    .rmp_read = ram_rmp_read, .rmp_write = ram_rmp_write,
};

static inline Machine *machine_new(AspIdentity *identity)
{
    Machine *m = g_new0(Machine, 1);

    m->identity = identity;
    m->writes_left = -1;
    m->asp = asp_new(identity, &ram_memory, m);
    return m;
}

static inline void machine_free(Machine *m)
{
    asp_free(m->asp);
    asp_identity_free(m->identity);
    g_free(m);
}

/* For g_test_add(): a Machine with the built-in identity, not initialised */
static inline void machine_setup(Machine *m, gconstpointer data)
{
    memset(m, 0, sizeof(*m));
    m->identity = asp_identity_builtin();
    m->writes_left = -1;
    m->asp = asp_new(m->identity, &ram_memory, m);
}

static inline void machine_teardown(Machine *m, gconstpointer data)
{
    asp_free(m->asp);
    asp_identity_free(m->identity);
}

/* Statuses by name, so that a failing test says something */
#define ASSERT_STATUS(call, expected) \
    g_assert_cmpstr(asp_status_name(call), ==, asp_status_name(expected))
#define ASSERT_OK(call) ASSERT_STATUS(call, ASP_SUCCESS)

/* A command without a buffer, and one with; the latter is written back to */
#define RUN0(m, id) asp_command((m)->asp, ASP_CMD_##id, NULL, 0)
#define RUN(m, id, buffer) \
    asp_command((m)->asp, ASP_CMD_##id, &(buffer), sizeof(buffer))

/* A row of a table: in which states a command is legal, one column a state */
typedef struct Rule {
    AspCommand id;
    size_t size;                        /* of the command buffer */
    const char *legal;                  /* in which states: + or - */
} Rule;

/* NULL if there is none among these @count */
static inline const Rule *find_rule(const Rule *rules, size_t count,
                                    uint32_t id)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (rules[i].id == id) {
            return &rules[i];
        }
    }
    return NULL;
}

/* The command's status in @state, the row and the column of a table */
static inline void assert_rule(uint32_t id, int state, AspStatus status,
                               AspStatus expected)
{
    if (status != expected) {
        g_error("command 0x%x (%s) in state %d: %s, not %s", id,
                asp_command_name(id), state, asp_status_name(status),
                asp_status_name(expected));
    }
}

/*
 * That the command takes a buffer of its rule's size and none that is shorter.
 * @buf: 64 bytes of parameters that bring the status @expected.
 */
static inline void assert_size(Machine *m, const Rule *rule, uint8_t *buf,
                               AspStatus expected)
{
    uint8_t *exact;

    if (rule->size) {
        ASSERT_STATUS(asp_command(m->asp, rule->id, buf, rule->size - 1),
                      ASP_INVALID_LENGTH);
        ASSERT_STATUS(asp_command(m->asp, rule->id, NULL, 0),
                      ASP_INVALID_LENGTH);
    }
    /* An allocation of its own, so that sanitizers see its end */
    exact = g_memdup2(buf, rule->size);
    ASSERT_STATUS(asp_command(m->asp, rule->id, exact, rule->size), expected);
    g_free(exact);
}

static inline AspStatus run_init(Machine *m, uint32_t options)
{
    AspCmdInit c = {
        .options = GUINT32_TO_LE(options),
        .tmr_paddr = GUINT64_TO_LE(AT_TMR),
        .tmr_len = GUINT32_TO_LE(ASP_TMR_SIZE_SNP),
    };

    return RUN(m, INIT, c);
}

static inline AspCmdPlatformStatus platform_status(Machine *m)
{
    AspCmdPlatformStatus c = {};

    ASSERT_OK(RUN(m, PLATFORM_STATUS, c));
    return c;
}

/* LAUNCH_START without a session; @handle: in: to share with, out: the new */
static inline AspStatus run_launch_start(Machine *m, uint32_t policy,
                                         uint32_t *handle)
{
    AspCmdLaunchStart c = {
        .handle = GUINT32_TO_LE(*handle),
        .policy = GUINT32_TO_LE(policy),
    };
    AspStatus status = RUN(m, LAUNCH_START, c);

    *handle = GUINT32_FROM_LE(c.handle);
    return status;
}

/* A command buffer for what lies at AT_GODH and AT_SESSION */
static inline AspCmdLaunchStart session_command(uint32_t policy)
{
    return (AspCmdLaunchStart) {
        .policy = GUINT32_TO_LE(policy),
        .dh_cert_paddr = GUINT64_TO_LE(AT_GODH),
        .dh_cert_len = GUINT32_TO_LE(SEV_CERT_SIZE),
        .session_paddr = GUINT64_TO_LE(AT_SESSION),
        .session_len = GUINT32_TO_LE(SEV_SESSION_SIZE),
    };
}

/* LAUNCH_START with that session */
static inline AspStatus run_launch_session(Machine *m, uint32_t policy,
                                           uint32_t *handle)
{
    AspCmdLaunchStart c = session_command(policy);
    AspStatus status = RUN(m, LAUNCH_START, c);

    *handle = GUINT32_FROM_LE(c.handle);
    return status;
}

static inline AspStatus run_activate(Machine *m, uint32_t handle,
                                     uint32_t asid)
{
    AspCmdActivate c = {
        .handle = GUINT32_TO_LE(handle), .asid = GUINT32_TO_LE(asid),
    };

    return RUN(m, ACTIVATE, c);
}

/* DEACTIVATE, DECOMMISSION, LAUNCH_FINISH */
static inline AspStatus run_guest(Machine *m, AspCommand id, uint32_t handle)
{
    AspCmdGuest c = { .handle = GUINT32_TO_LE(handle) };

    return asp_command(m->asp, id, &c, sizeof(c));
}

static inline AspCmdGuestStatus guest_status(Machine *m, uint32_t handle)
{
    AspCmdGuestStatus c = { .handle = GUINT32_TO_LE(handle) };

    ASSERT_OK(RUN(m, GUEST_STATUS, c));
    return c;
}

static inline AspStatus run_update(Machine *m, AspCommand id, uint32_t handle,
                                   uint64_t addr, uint32_t len)
{
    AspCmdLaunchUpdate c = {
        .handle = GUINT32_TO_LE(handle),
        .paddr = GUINT64_TO_LE(addr),
        .len = GUINT32_TO_LE(len),
    };

    return asp_command(m->asp, id, &c, sizeof(c));
}

/* To AT_OUT */
static inline AspStatus run_measure(Machine *m, uint32_t handle)
{
    AspCmdLaunchMeasure c = {
        .handle = GUINT32_TO_LE(handle),
        .measure_paddr = GUINT64_TO_LE(AT_OUT),
        .measure_len = GUINT32_TO_LE(SEV_MEASURE_BLOB_SIZE),
    };

    return RUN(m, LAUNCH_MEASURE, c);
}

/* A command buffer for what lies at AT_HEADER and AT_TRANS */
static inline AspCmdLaunchSecret secret_command(uint32_t handle, uint32_t len)
{
    return (AspCmdLaunchSecret) {
        .handle = GUINT32_TO_LE(handle),
        .hdr_paddr = GUINT64_TO_LE(AT_HEADER),
        .hdr_len = GUINT32_TO_LE(SEV_PACKET_HEADER_SIZE),
        .guest_paddr = GUINT64_TO_LE(AT_GUEST),
        .guest_len = GUINT32_TO_LE(len),
        .trans_paddr = GUINT64_TO_LE(AT_TRANS),
        .trans_len = GUINT32_TO_LE(len),
    };
}

static inline AspStatus run_dbg(Machine *m, AspCommand id, uint32_t handle,
                                uint64_t src, uint64_t dst, uint32_t len)
{
    AspCmdDbg c = {
        .handle = GUINT32_TO_LE(handle),
        .src_paddr = GUINT64_TO_LE(src),
        .dst_paddr = GUINT64_TO_LE(dst),
        .len = GUINT32_TO_LE(len),
    };

    return asp_command(m->asp, id, &c, sizeof(c));
}

/* Transport keys that the test knows, as a session would bring them */
static inline SevTransportKeys known_keys(Machine *m)
{
    SevTransportKeys keys;

    UNHEX(V_TEK, keys.tek);
    UNHEX(V_TIK, keys.tik);
    asp_set_transport_keys(m->asp, &keys);
    return keys;
}

/* An active guest in LUPDATE, on a platform that is initialised if need be */
static inline uint32_t start_guest(Machine *m, uint32_t policy)
{
    uint32_t handle = 0;

    if (platform_status(m).state == ASP_PLATFORM_UNINIT) {
        ASSERT_OK(run_init(m, ASP_INIT_ES));
    }
    ASSERT_OK(run_launch_start(m, policy, &handle));
    ASSERT_OK(RUN0(m, DF_FLUSH));
    ASSERT_OK(run_activate(m, handle,
                           policy & SEV_POLICY_ES ? ASID_ES : ASID));
    return handle;
}

static inline void assert_digest(Machine *m, uint32_t handle, const char *hex)
{
    uint8_t digest[SEV_DIGEST_SIZE];

    g_assert_true(asp_guest_digest(m->asp, handle, digest));
    ASSERT_HEX(digest, hex);
}

/* Put the packet of @text (@len a multiple of 16) where commands expect it */
static inline void put_secret(Machine *m, const SevTransportKeys *keys,
                              const uint8_t *measure, const void *text,
                              uint32_t len)
{
    uint8_t *data = ram_at(m, AT_TRANS), iv[SEV_IV_SIZE];

    UNHEX(V_SECRET_IV, iv);
    memcpy(data, text, len);
    sev_secret_wrap(keys, measure, iv, data, len,
                    (SevPacketHeader *)ram_at(m, AT_HEADER));
}

#endif
