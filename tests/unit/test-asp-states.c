/*
 * Every command in every state of the platform and of a guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tables are those of the SEV API (platform states, guest states),
 * written down here once more and not taken from the code.
 */

#include "asp-harness.h"

/* Ids are tried up to this one, so also ids that nobody knows. */
#define ID_END 0x80

/* Columns: UNINIT, INIT, WORKING */
static const Rule platform_rules[] = {
    { 0x01, 0x14, "+--" },              /* INIT */
    { 0x0d, 0x24, "+--" },              /* INIT_EX */
    { 0x02, 0x00, "+++" },              /* SHUTDOWN */
    { 0x03, 0x00, "+--" },              /* PLATFORM_RESET */
    { 0x04, 0x0c, "+++" },              /* PLATFORM_STATUS */
    { 0x05, 0x00, "-+-" },              /* PEK_GEN */
    { 0x06, 0x0c, "-+-" },              /* PEK_CSR */
    { 0x07, 0x1c, "-+-" },              /* PEK_CERT_IMPORT */
    { 0x08, 0x1c, "-++" },              /* PDH_CERT_EXPORT */
    { 0x09, 0x00, "-++" },              /* PDH_GEN */
    { 0x0a, 0x00, "-++" },              /* DF_FLUSH */
    { 0x0c, 0x0c, "+++" },              /* GET_ID */
    { 0x0e, 0x00, "+++" },              /* NOP */
    { 0x30, 0x24, "-++" },              /* LAUNCH_START */
    /* Guest commands, which find no guest in this test */
    { 0x20, 0x04, "--+" },              /* DECOMMISSION */
    { 0x21, 0x08, "--+" },              /* ACTIVATE */
    { 0x22, 0x04, "--+" },              /* DEACTIVATE */
    { 0x23, 0x0d, "--+" },              /* GUEST_STATUS */
    { 0x31, 0x14, "--+" },              /* LAUNCH_UPDATE_DATA */
    { 0x32, 0x14, "--+" },              /* LAUNCH_UPDATE_VMSA */
    { 0x33, 0x14, "--+" },              /* LAUNCH_MEASURE */
    { 0x34, 0x34, "--+" },              /* LAUNCH_SECRET */
    { 0x35, 0x04, "--+" },              /* LAUNCH_FINISH */
    { 0x36, 0x24, "--+" },              /* ATTESTATION */
    { 0x60, 0x1c, "--+" },              /* DBG_DECRYPT */
    { 0x61, 0x1c, "--+" },              /* DBG_ENCRYPT */
};

/* Known to the SEV API and not to this platform */
static const uint8_t unsupported[] = {
    0x0b, 0x0f, 0x24, 0x25, 0x40, 0x41, 0x42, 0x43, 0x44,
    0x50, 0x51, 0x52, 0x53, 0x70, 0x71,
};

static bool is_guest_command(AspCommand id)
{
    return (id >= 0x20 && id < 0x30) || id > 0x30;
}

static Machine *machine_in(AspPlatformState state)
{
    Machine *m = machine_new(asp_identity_builtin());
    uint32_t handle = 0;

    if (state != ASP_PLATFORM_UNINIT) {
        ASSERT_OK(run_init(m, 0));
    }
    if (state == ASP_PLATFORM_WORKING) {
        ASSERT_OK(run_launch_start(m, 0, &handle));
    }
    g_assert_cmpint(platform_status(m).state, ==, state);
    return m;
}

/*
 * A buffer that lets the commands of the platform succeed, but for
 * PEK_CERT_IMPORT, which has a test of its own
 */
static void fill(AspCommand id, uint8_t *buf)
{
    AspCmdPdhCertExport export = {
        .pdh_paddr = GUINT64_TO_LE(AT_OUT),
        .pdh_len = GUINT32_TO_LE(SEV_CERT_SIZE),
        .certs_paddr = GUINT64_TO_LE(AT_OUT2),
        .certs_len = GUINT32_TO_LE(SEV_CERT_CHAIN_SIZE),
    };
    AspCmdPekCsr csr = {
        .csr_paddr = GUINT64_TO_LE(AT_OUT),
        .csr_len = GUINT32_TO_LE(SEV_CERT_SIZE),
    };

    memset(buf, 0, 64);
    switch (id) {
    case ASP_CMD_INIT_EX:
        buf[0] = 0x24;
        break;
    case ASP_CMD_PDH_CERT_EXPORT:
        memcpy(buf, &export, sizeof(export));
        break;
    case ASP_CMD_PEK_CSR:
    case ASP_CMD_GET_ID:
        memcpy(buf, &csr, sizeof(csr));
        break;
    default:
        break;
    }
}

static AspStatus expected_status(uint32_t id, AspPlatformState state)
{
    const Rule *rule = find_rule(platform_rules,
                                 G_N_ELEMENTS(platform_rules), id);

    if (rule) {
        if (rule->legal[state] == '-') {
            return ASP_INVALID_PLATFORM_STATE;
        }
        if (id == ASP_CMD_PEK_CERT_IMPORT) {
            return ASP_INVALID_LENGTH;
        }
        return is_guest_command(id) ? ASP_INVALID_GUEST : ASP_SUCCESS;
    }
    return memchr(unsupported, id, sizeof(unsupported)) ? ASP_UNSUPPORTED
                                                        : ASP_INVALID_COMMAND;
}

static AspPlatformState expected_state(uint32_t id, AspPlatformState state,
                                       AspStatus status)
{
    if (status != ASP_SUCCESS) {
        return state;
    }
    switch (id) {
    case ASP_CMD_INIT:
    case ASP_CMD_INIT_EX:
        return ASP_PLATFORM_INIT;
    case ASP_CMD_SHUTDOWN:
        return ASP_PLATFORM_UNINIT;
    case ASP_CMD_LAUNCH_START:
        return ASP_PLATFORM_WORKING;
    default:
        return state;
    }
}

static void try_platform(uint32_t id, AspPlatformState state)
{
    Machine *m = machine_in(state);
    AspStatus expected = expected_status(id, state), status;
    uint8_t buf[64];

    fill(id, buf);
    status = asp_command(m->asp, id, buf, sizeof(buf));
    assert_rule(id, state, status, expected);
    g_assert_cmpint(platform_status(m).state, ==,
                    expected_state(id, state, status));
    machine_free(m);
}

/* From 0x80 on are the commands of SEV-SNP, see test-asp-snp.c. */
static void test_platform(void)
{
    AspPlatformState state;
    uint32_t id;

    for (id = 0; id < ID_END; id++) {
        for (state = ASP_PLATFORM_UNINIT; state <= ASP_PLATFORM_WORKING;
             state++) {
            try_platform(id, state);
        }
    }
    try_platform(0x10000, ASP_PLATFORM_INIT);
    try_platform(0xffffffff, ASP_PLATFORM_INIT);
}

/* Each buffer is exactly as long as the SEV API says. */
static void test_sizes(void)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(platform_rules); i++) {
        const Rule *rule = &platform_rules[i];
        AspPlatformState state = strchr(rule->legal, '+') - rule->legal;
        Machine *m = machine_in(state);
        uint8_t buf[64];

        fill(rule->id, buf);
        assert_size(m, rule, buf, expected_status(rule->id, state));
        machine_free(m);
    }
}

/* Columns: LUPDATE, LSECRET, RUNNING */
static const Rule guest_rules[] = {
    { ASP_CMD_ACTIVATE,             0, "+++" },
    { ASP_CMD_DEACTIVATE,           0, "+++" },
    { ASP_CMD_DECOMMISSION,         0, "+++" },
    { ASP_CMD_GUEST_STATUS,         0, "+++" },
    { ASP_CMD_LAUNCH_UPDATE_DATA,   0, "+--" },
    { ASP_CMD_LAUNCH_UPDATE_VMSA,   0, "+--" },
    { ASP_CMD_LAUNCH_MEASURE,       0, "+--" },
    { ASP_CMD_LAUNCH_SECRET,        0, "-+-" },
    { ASP_CMD_LAUNCH_FINISH,        0, "-+-" },
    { ASP_CMD_ATTESTATION,          0, "-++" },
    { ASP_CMD_DBG_DECRYPT,          0, "+++" },
    { ASP_CMD_DBG_ENCRYPT,          0, "+++" },
};

/* A guest with SEV-ES that went through its launch up to @state */
static uint32_t guest_in(Machine *m, AspGuestState state)
{
    const SevTransportKeys keys = known_keys(m);
    uint32_t handle = start_guest(m, SEV_POLICY_ES);

    if (state >= ASP_GUEST_LSECRET) {
        ASSERT_OK(run_measure(m, handle));
        put_secret(m, &keys, ram_at(m, AT_OUT), "sixteen letters", 16);
    }
    if (state >= ASP_GUEST_RUNNING) {
        ASSERT_OK(run_guest(m, ASP_CMD_LAUNCH_FINISH, handle));
    }
    g_assert_cmpint(guest_status(m, handle).state, ==, state);
    return handle;
}

/* The command with parameters that let it succeed where it is legal */
static AspStatus run_valid(Machine *m, AspCommand id, uint32_t handle)
{
    AspCmdLaunchSecret secret = secret_command(handle, 16);
    AspCmdAttestation attestation = {
        .handle = GUINT32_TO_LE(handle),
        .report_paddr = GUINT64_TO_LE(AT_OUT2),
        .report_len = GUINT32_TO_LE(SEV_REPORT_SIZE),
    };
    AspCmdGuestStatus status = { .handle = GUINT32_TO_LE(handle) };

    switch (id) {
    case ASP_CMD_ACTIVATE:
        return run_activate(m, handle, ASID_ES + 1);
    case ASP_CMD_GUEST_STATUS:
        return RUN(m, GUEST_STATUS, status);
    case ASP_CMD_LAUNCH_UPDATE_DATA:
    case ASP_CMD_LAUNCH_UPDATE_VMSA:
        return run_update(m, id, handle, AT_GUEST, SEV_VMSA_SIZE);
    case ASP_CMD_LAUNCH_MEASURE:
        return run_measure(m, handle);
    case ASP_CMD_LAUNCH_SECRET:
        return RUN(m, LAUNCH_SECRET, secret);
    case ASP_CMD_ATTESTATION:
        return RUN(m, ATTESTATION, attestation);
    case ASP_CMD_DBG_DECRYPT:
    case ASP_CMD_DBG_ENCRYPT:
        return run_dbg(m, id, handle, AT_GUEST, AT_TRANS, 4096);
    default:
        return run_guest(m, id, handle);
    }
}

static AspGuestState expected_guest_state(AspCommand id, AspGuestState state)
{
    switch (id) {
    case ASP_CMD_LAUNCH_MEASURE:
        return ASP_GUEST_LSECRET;
    case ASP_CMD_LAUNCH_FINISH:
        return ASP_GUEST_RUNNING;
    default:
        return state;
    }
}

static void try_guest(const Rule *rule, AspGuestState state)
{
    Machine *m = machine_new(asp_identity_builtin());
    uint32_t handle = guest_in(m, state);
    bool legal = rule->legal[state - ASP_GUEST_LUPDATE] == '+';
    AspStatus status;

    /* These two are about a guest that has no ASID. */
    if (rule->id == ASP_CMD_ACTIVATE || rule->id == ASP_CMD_DECOMMISSION) {
        ASSERT_OK(run_guest(m, ASP_CMD_DEACTIVATE, handle));
    }
    status = run_valid(m, rule->id, handle);
    assert_rule(rule->id, state, status,
                legal ? ASP_SUCCESS : ASP_INVALID_GUEST_STATE);
    if (rule->id == ASP_CMD_DECOMMISSION) {
        g_assert_cmpint(platform_status(m).state, ==, ASP_PLATFORM_INIT);
    } else if (legal) {
        g_assert_cmpint(guest_status(m, handle).state, ==,
                        expected_guest_state(rule->id, state));
    } else {
        g_assert_cmpint(guest_status(m, handle).state, ==, state);
    }
    machine_free(m);
}

static void test_guest(void)
{
    AspGuestState state;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(guest_rules); i++) {
        for (state = ASP_GUEST_LUPDATE; state <= ASP_GUEST_RUNNING; state++) {
            try_guest(&guest_rules[i], state);
        }
    }
}

/* Handles that no guest has: none, a wrong one, one of a guest that is gone */
static void test_no_guest(void)
{
    Machine *m = machine_new(asp_identity_builtin());
    uint32_t handle = guest_in(m, ASP_GUEST_RUNNING), gone = 0;
    size_t i;

    ASSERT_OK(run_launch_start(m, 0, &gone));
    ASSERT_OK(run_guest(m, ASP_CMD_DECOMMISSION, gone));
    for (i = 0; i < G_N_ELEMENTS(guest_rules); i++) {
        AspCommand id = guest_rules[i].id;

        ASSERT_STATUS(run_valid(m, id, 0), ASP_INVALID_GUEST);
        ASSERT_STATUS(run_valid(m, id, gone), ASP_INVALID_GUEST);
        ASSERT_STATUS(run_valid(m, id, ~handle), ASP_INVALID_GUEST);
    }
    machine_free(m);
}

/* Commands that need the encryption engine want an ASID. */
static void test_inactive(void)
{
    static const struct {
        AspCommand id;
        AspGuestState state;
    } commands[] = {
        { ASP_CMD_LAUNCH_UPDATE_DATA, ASP_GUEST_LUPDATE },
        { ASP_CMD_LAUNCH_UPDATE_VMSA, ASP_GUEST_LUPDATE },
        { ASP_CMD_LAUNCH_SECRET, ASP_GUEST_LSECRET },
        { ASP_CMD_DBG_DECRYPT, ASP_GUEST_RUNNING },
        { ASP_CMD_DBG_ENCRYPT, ASP_GUEST_RUNNING },
        { ASP_CMD_DEACTIVATE, ASP_GUEST_RUNNING },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(commands); i++) {
        Machine *m = machine_new(asp_identity_builtin());
        uint32_t handle = guest_in(m, commands[i].state);

        ASSERT_OK(run_guest(m, ASP_CMD_DEACTIVATE, handle));
        ASSERT_STATUS(run_valid(m, commands[i].id, handle), ASP_INACTIVE);
        machine_free(m);
    }
}

static void test_names(void)
{
    static const char *const names[] = {
        "SUCCESS", "INVALID_PLATFORM_STATE", "INVALID_GUEST_STATE",
        "INVALID_CONFIG", "INVALID_LENGTH", "ALREADY_OWNED",
        "INVALID_CERTIFICATE", "POLICY_FAILURE", "INACTIVE",
        "INVALID_ADDRESS", "BAD_SIGNATURE", "BAD_MEASUREMENT", "ASID_OWNED",
        "INVALID_ASID", "WBINVD_REQUIRED", "DFFLUSH_REQUIRED",
        "INVALID_GUEST", "INVALID_COMMAND", "ACTIVE", "HWERROR_PLATFORM",
        "HWERROR_UNSAFE", "UNSUPPORTED", "INVALID_PARAM", "RESOURCE_LIMIT",
        "SECURE_DATA_INVALID", "INVALID_PAGE_SIZE", "INVALID_PAGE_STATE",
        "INVALID_MDATA_ENTRY", "INVALID_PAGE_OWNER", "AEAD_OFLOW",
        "unknown status", "RING_BUFFER_EXIT", "RMP_INIT_REQUIRED", "BAD_SVN",
        "BAD_VERSION", "SHUTDOWN_REQUIRED", "UPDATE_FAILED",
        "RESTORE_REQUIRED", "RMP_INIT_FAILED", "INVALID_KEY",
        "unknown status",
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(names); i++) {
        g_assert_cmpstr(asp_status_name(i), ==, names[i]);
        g_assert_nonnull(asp_status_hint(i));
        if (i > 0 && i < 0x19) {
            g_assert_cmpstr(asp_status_hint(i), !=, "");
        }
    }
    g_assert_cmpstr(asp_status_name(0xffffffff), ==, "unknown status");
    g_assert_cmpstr(asp_status_hint(0xffffffff), ==, "");
    g_assert_cmpstr(asp_command_name(0x33), ==, "LAUNCH_MEASURE");
    g_assert_cmpstr(asp_command_name(0x10), ==, "unknown command");
    g_assert_cmpstr(asp_command_name(0xffffffff), ==, "unknown command");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asp/states/platform", test_platform);
    g_test_add_func("/asp/states/sizes", test_sizes);
    g_test_add_func("/asp/states/guest", test_guest);
    g_test_add_func("/asp/states/no-guest", test_no_guest);
    g_test_add_func("/asp/states/inactive", test_inactive);
    g_test_add_func("/asp/states/names", test_names);
    return g_test_run();
}
