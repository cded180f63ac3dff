/*
 * SEV-SNP: every command in every state, platform and page states
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The tables are those of the SNP firmware ABI, written down here once more
 * and not taken from the code.
 */

#include "asp-snp-harness.h"

/* Columns: UNINIT, INIT */
static const Rule platform_rules[] = {
    { 0x81, 0x00, "+-" },               /* SNP_INIT */
    { 0x82, 0x00, "++" },               /* SNP_SHUTDOWN */
    { 0x83, 0x08, "++" },               /* SNP_PLATFORM_STATUS */
    { 0x84, 0x00, "-+" },               /* SNP_DF_FLUSH */
    { 0x85, 0x40, "+-" },               /* SNP_INIT_EX */
    { 0x86, 0x08, "++" },               /* SNP_SHUTDOWN_EX */
    { 0x93, 0x08, "-+" },               /* SNP_GCTX_CREATE */
    { 0xc7, 0x08, "-+" },               /* SNP_PAGE_RECLAIM */
    /* Guest commands, which find no guest in this test */
    { 0x90, 0x08, "-+" },               /* SNP_DECOMMISSION */
    { 0x91, 0x0c, "-+" },               /* SNP_ACTIVATE */
    { 0x92, 0x10, "-+" },               /* SNP_GUEST_STATUS */
    { 0xa0, 0x30, "-+" },               /* SNP_LAUNCH_START */
    { 0xa1, 0x20, "-+" },               /* SNP_LAUNCH_UPDATE */
    { 0xa2, 0x40, "-+" },               /* SNP_LAUNCH_FINISH */
    { 0x94, 0x18, "-+" },               /* SNP_GUEST_REQUEST */
};

/* Known to the firmware ABI and not to this platform */
static const uint8_t unsupported[] = {
    0x95, 0xb0, 0xb1, 0xc0, 0xc1, 0xc2, 0xc3, 0xc6, 0xc8, 0xc9, 0xca,
    0xcb, 0xcd, 0xce,
};

static bool is_guest_command(uint32_t id)
{
    return (id >= 0x90 && id <= 0x92) || (id >= 0xa0 && id <= 0xa2) ||
           id == 0x94;
}

static Machine *machine_in(SnpPlatformState state)
{
    Machine *m = machine_new(asp_identity_builtin());

    if (state == SNP_PLATFORM_INIT) {
        ASSERT_OK(RUN0(m, SNP_INIT));
    }
    set_page(m, AT_OUT, FIRMWARE);
    return m;
}

/* A buffer that lets the commands of the platform succeed */
static void fill(uint32_t id, uint8_t *buf)
{
    const uint64_t at = GUINT64_TO_LE(AT_OUT);

    memset(buf, 0, 64);
    if (id == ASP_CMD_SNP_INIT_EX) {
        buf[0] = 1;                     /* INIT_RMP */
    } else if (id == ASP_CMD_SNP_SHUTDOWN_EX) {
        buf[0] = 8;
    } else {
        memcpy(buf, &at, sizeof(at));
    }
}

static AspStatus expected_status(uint32_t id, SnpPlatformState state)
{
    const Rule *rule = find_rule(platform_rules,
                                 G_N_ELEMENTS(platform_rules), id);

    if (rule && rule->legal[state] == '-') {
        return ASP_INVALID_PLATFORM_STATE;
    }
    if (rule) {
        return is_guest_command(id) ? ASP_INVALID_GUEST : ASP_SUCCESS;
    }
    return memchr(unsupported, id, sizeof(unsupported)) ? ASP_UNSUPPORTED
                                                        : ASP_INVALID_COMMAND;
}

static SnpPlatformState expected_state(uint32_t id, SnpPlatformState state)
{
    switch (id) {
    case ASP_CMD_SNP_INIT:
    case ASP_CMD_SNP_INIT_EX:
        return SNP_PLATFORM_INIT;
    case ASP_CMD_SNP_SHUTDOWN:
    case ASP_CMD_SNP_SHUTDOWN_EX:
        return SNP_PLATFORM_UNINIT;
    default:
        return state;
    }
}

static const SnpPlatformStatus *snp_status(Machine *m)
{
    set_page(m, AT_STATUS, FIRMWARE);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_PLATFORM_STATUS, AT_STATUS));
    return (const SnpPlatformStatus *)ram_at(m, AT_STATUS);
}

static void try_platform(uint32_t id, SnpPlatformState state)
{
    AspStatus expected = expected_status(id, state), status;
    Machine *m = machine_in(state);
    uint8_t buf[64];

    fill(id, buf);
    status = asp_command(m->asp, id, buf, sizeof(buf));
    assert_rule(id, state, status, expected);
    if (status == ASP_SUCCESS) {
        state = expected_state(id, state);
    }
    g_assert_cmpint(snp_status(m)->state, ==, state);
    machine_free(m);
}

static void test_platform(void)
{
    uint32_t id;

    for (id = 0x80; id < 0x100; id++) {
        try_platform(id, SNP_PLATFORM_UNINIT);
        try_platform(id, SNP_PLATFORM_INIT);
    }
}

/* Each buffer is exactly as long as the ABI says. */
static void test_sizes(void)
{
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(platform_rules); i++) {
        const Rule *rule = &platform_rules[i];
        SnpPlatformState state = strchr(rule->legal, '+') - rule->legal;
        Machine *m = machine_in(state);
        uint8_t buf[64];

        fill(rule->id, buf);
        assert_size(m, rule, buf, expected_status(rule->id, state));
        machine_free(m);
    }
}

/* Columns: INIT, LAUNCH, RUNNING */
static const Rule guest_rules[] = {
    { ASP_CMD_SNP_DECOMMISSION,     0, "+++" },
    { ASP_CMD_SNP_ACTIVATE,         0, "-++" },
    { ASP_CMD_SNP_GUEST_STATUS,     0, "+++" },
    { ASP_CMD_SNP_LAUNCH_START,     0, "+--" },
    { ASP_CMD_SNP_LAUNCH_UPDATE,    0, "-+-" },
    { ASP_CMD_SNP_LAUNCH_FINISH,    0, "-+-" },
    { ASP_CMD_SNP_GUEST_REQUEST,    0, "--+" },
};

static Machine *guest_in(SnpGuestState state)
{
    Machine *m = machine_new(asp_identity_builtin());

    if (state == SNP_GUEST_INIT) {
        ASSERT_OK(RUN0(m, SNP_INIT));
        snp_context(m, AT_GCTX);
    } else {
        snp_guest(m, AT_GCTX, SNP_ASID);
    }
    if (state == SNP_GUEST_RUNNING) {
        ASSERT_OK(run_snp_finish(m, AT_GCTX, 0));
    }
    set_page(m, AT_PAGE, PRE_GUEST);
    g_assert_cmpint(snp_guest_status(m, AT_GCTX).state, ==, state);
    return m;
}

/* The command with parameters that let it succeed where it is legal */
static AspStatus run_valid(Machine *m, AspCommand id, uint64_t gctx)
{
    SnpCmdGuestStatus status = {
        .gctx_paddr = GUINT64_TO_LE(gctx),
        .status_paddr = GUINT64_TO_LE(AT_STATUS),
    };

    SnpCmdGuestRequest request = {
        .gctx_paddr = GUINT64_TO_LE(gctx),
        .request_paddr = GUINT64_TO_LE(AT_TRANS),
        .response_paddr = GUINT64_TO_LE(AT_STATUS),
    };

    switch (id) {
    case ASP_CMD_SNP_GUEST_REQUEST:
        set_page(m, AT_STATUS, FIRMWARE);
        return RUN(m, SNP_GUEST_REQUEST, request);
    case ASP_CMD_SNP_ACTIVATE:
        return run_snp_activate(m, gctx, SNP_ASID);
    case ASP_CMD_SNP_GUEST_STATUS:
        set_page(m, AT_STATUS, FIRMWARE);
        return RUN(m, SNP_GUEST_STATUS, status);
    case ASP_CMD_SNP_LAUNCH_START:
        return run_snp_start(m, gctx, V_SNP_POLICY, 0);
    case ASP_CMD_SNP_LAUNCH_UPDATE:
        return run_snp_update(m, gctx, AT_PAGE, SNP_PAGE_NORMAL);
    case ASP_CMD_SNP_LAUNCH_FINISH:
        return run_snp_finish(m, gctx, 0);
    default:
        return run_address(m, id, gctx);
    }
}

static void try_guest(const Rule *rule, SnpGuestState state)
{
    Machine *m = guest_in(state);
    bool legal = rule->legal[state] == '+';
    AspStatus status = run_valid(m, rule->id, AT_GCTX);
    AspStatus expected = legal ? ASP_SUCCESS : ASP_INVALID_GUEST_STATE;

    if (legal && rule->id == ASP_CMD_SNP_ACTIVATE) {
        expected = ASP_ACTIVE;          /* it is, in these states */
    }
    if (legal && rule->id == ASP_CMD_SNP_GUEST_REQUEST) {
        expected = ASP_INVALID_PARAM;   /* memory holds no request */
    }
    assert_rule(rule->id, state, status, expected);
    if (rule->id == ASP_CMD_SNP_DECOMMISSION) {
        g_assert_cmpuint(snp_status(m)->guest_count, ==, 0);
        assert_page(m, AT_GCTX, FIRMWARE);
    } else {
        if (legal && rule->id == ASP_CMD_SNP_LAUNCH_START) {
            state = SNP_GUEST_LAUNCH;
        } else if (legal && rule->id == ASP_CMD_SNP_LAUNCH_FINISH) {
            state = SNP_GUEST_RUNNING;
        }
        g_assert_cmpint(snp_guest_status(m, AT_GCTX).state, ==, state);
        g_assert_cmpuint(snp_status(m)->guest_count, ==, 1);
    }
    machine_free(m);
}

static void test_guest(void)
{
    SnpGuestState state;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(guest_rules); i++) {
        for (state = SNP_GUEST_INIT; state <= SNP_GUEST_RUNNING; state++) {
            try_guest(&guest_rules[i], state);
        }
    }
}

/* Contexts that are none: of nobody, gone, no page, no memory */
static void test_no_guest(void)
{
    Machine *m = guest_in(SNP_GUEST_RUNNING);
    size_t i;

    snp_context(m, AT_GCTX2);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_DECOMMISSION, AT_GCTX2));
    for (i = 0; i < G_N_ELEMENTS(guest_rules); i++) {
        AspCommand id = guest_rules[i].id;

        ASSERT_STATUS(run_valid(m, id, AT_GCTX2), ASP_INVALID_GUEST);
        ASSERT_STATUS(run_valid(m, id, AT_PAGE), ASP_INVALID_GUEST);
        ASSERT_STATUS(run_valid(m, id, 0), ASP_INVALID_GUEST);
        ASSERT_STATUS(run_valid(m, id, NOWHERE), ASP_INVALID_GUEST);
        ASSERT_STATUS(run_valid(m, id, AT_GCTX + 8), ASP_INVALID_ADDRESS);
        ASSERT_STATUS(run_valid(m, id, AT_GCTX | 1ull << 63),
                      ASP_INVALID_GUEST);
    }
    machine_free(m);
}

/* A front end whose RMP forgets a context page */
static void test_forgotten(void)
{
    Machine *m = guest_in(SNP_GUEST_LAUNCH);

    set_page(m, AT_GCTX, FIRMWARE);
    ASSERT_STATUS(run_address(m, ASP_CMD_SNP_GCTX_CREATE, AT_GCTX),
                  ASP_INVALID_PAGE_STATE);
    g_assert_cmpint(snp_guest_status(m, AT_GCTX).state, ==, SNP_GUEST_LAUNCH);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_DECOMMISSION, AT_GCTX));
    ASSERT_OK(run_address(m, ASP_CMD_SNP_GCTX_CREATE, AT_GCTX));
    machine_free(m);
}

/* Each command that looks at the state of a page, on a page in each state */
static void test_pages(void)
{
    /* Columns: as in page_states[] */
    static const struct {
        AspCommand id;
        const char *legal;
        int after;
    } rules[] = {
        { ASP_CMD_SNP_PLATFORM_STATUS, "-+-------", RECLAIM },
        { ASP_CMD_SNP_GCTX_CREATE,     "-+-------", CONTEXT },
        { ASP_CMD_SNP_LAUNCH_UPDATE,   "-----+---", GUEST_VALID },
        { ASP_CMD_SNP_PAGE_RECLAIM,    "-++-++--+", RECLAIM },
    };
    size_t i;
    int state;

    for (i = 0; i < G_N_ELEMENTS(rules); i++) {
        for (state = 0; state < PAGE_STATES; state++) {
            Machine *m = guest_in(SNP_GUEST_LAUNCH);
            bool legal = rules[i].legal[state] == '+';
            AspStatus status;

            set_page(m, AT_PAGE, state);
            status = rules[i].id == ASP_CMD_SNP_LAUNCH_UPDATE
                   ? run_valid(m, rules[i].id, AT_GCTX)
                   : run_address(m, rules[i].id, AT_PAGE);
            ASSERT_STATUS(status, legal ? ASP_SUCCESS
                                        : ASP_INVALID_PAGE_STATE);
            if (!legal) {
                assert_page(m, AT_PAGE, state);
            } else if (rules[i].after != GUEST_VALID) {
                assert_page(m, AT_PAGE, rules[i].after);
            }
            machine_free(m);
        }
    }
}

/* Addresses that are no pages, and sizes that differ */
static void test_reclaim(void)
{
    Machine *m = machine_in(SNP_PLATFORM_INIT);
    AspRmpEntry large = page_states[FIRMWARE];

    ASSERT_STATUS(run_address(m, ASP_CMD_SNP_PAGE_RECLAIM, NOWHERE),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_address(m, ASP_CMD_SNP_PAGE_RECLAIM, AT_OUT + 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_address(m, ASP_CMD_SNP_PAGE_RECLAIM, AT_OUT + 1),
                  ASP_INVALID_ADDRESS);
    /* A result may be anywhere in its page, but not across the end. */
    ASSERT_STATUS(run_address(m, ASP_CMD_SNP_PLATFORM_STATUS,
                              AT_OUT + SNP_PAGE_SIZE - 31),
                  ASP_INVALID_ADDRESS);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_PLATFORM_STATUS,
                          AT_OUT + SNP_PAGE_SIZE - 32));
    large.large = true;
    g_assert_true(ram_rmp_write(m, RAM_BASE, &large));
    ASSERT_STATUS(run_address(m, ASP_CMD_SNP_PAGE_RECLAIM, RAM_BASE),
                  ASP_INVALID_PAGE_SIZE);
    ASSERT_STATUS(run_address(m, ASP_CMD_SNP_GCTX_CREATE, RAM_BASE),
                  ASP_INVALID_PAGE_SIZE);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_PAGE_RECLAIM, RAM_BASE + 1));
    g_assert_true(get_page(m, RAM_BASE).large);
    machine_free(m);
}

/* A platform without an RMP has no SEV-SNP, and SEV as ever. */
static void test_no_rmp(void)
{
    const AspMemory memory = { .read = ram_read, .write = ram_write };
    Machine *m = machine_new(asp_identity_builtin());
    uint32_t id;

    asp_free(m->asp);
    m->asp = asp_new(m->identity, &memory, m);
    for (id = 0x80; id < 0x100; id++) {
        uint8_t buf[64] = {};
        bool known = find_rule(platform_rules,
                               G_N_ELEMENTS(platform_rules), id) ||
                     memchr(unsupported, id, sizeof(unsupported));

        ASSERT_STATUS(asp_command(m->asp, id, buf, sizeof(buf)),
                      known ? ASP_UNSUPPORTED : ASP_INVALID_COMMAND);
    }
    start_guest(m, 0);
    machine_free(m);
}

static void test_init(void)
{
    Machine *m = machine_new(asp_identity_builtin());
    SnpCmdInitEx init = {}, bad = { .flags = GUINT32_TO_LE(3) };
    SnpCmdShutdownEx down = { .length = GUINT32_TO_LE(4) };

    g_assert_cmpint(snp_status(m)->flags, ==, 0);
    ASSERT_STATUS(RUN(m, SNP_INIT_EX, init), ASP_RMP_INIT_REQUIRED);
    ASSERT_STATUS(RUN(m, SNP_INIT_EX, bad), ASP_INVALID_PARAM);
    bad = (SnpCmdInitEx) { .flags = GUINT32_TO_LE(1), .reserved2[47] = 1 };
    ASSERT_STATUS(RUN(m, SNP_INIT_EX, bad), ASP_INVALID_PARAM);
    init.flags = GUINT32_TO_LE(1);
    ASSERT_OK(RUN(m, SNP_INIT_EX, init));
    g_assert_cmpint(snp_status(m)->flags, ==, 1);
    g_assert_cmpint(snp_status(m)->api_major, ==, 1);
    g_assert_cmpint(snp_status(m)->api_minor, >=, 51);

    ASSERT_STATUS(RUN(m, SNP_SHUTDOWN_EX, down), ASP_INVALID_LENGTH);
    down = (SnpCmdShutdownEx) { GUINT32_TO_LE(8), GUINT32_TO_LE(4) };
    ASSERT_STATUS(RUN(m, SNP_SHUTDOWN_EX, down), ASP_INVALID_PARAM);
    snp_context(m, AT_GCTX);
    ASSERT_STATUS(RUN0(m, SNP_SHUTDOWN), ASP_INVALID_PLATFORM_STATE);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_DECOMMISSION, AT_GCTX));
    ASSERT_OK(RUN0(m, SNP_SHUTDOWN));

    /* The RMP stays; but a guest with SEV has to end first. */
    start_guest(m, 0);
    init.flags = 0;
    ASSERT_STATUS(RUN(m, SNP_INIT_EX, init), ASP_INVALID_PLATFORM_STATE);
    ASSERT_OK(RUN0(m, SHUTDOWN));
    ASSERT_OK(RUN(m, SNP_INIT_EX, init));
    machine_free(m);
}

/* SEV-ES and SEV-SNP share ASIDs, whatever happens to either. */
static void test_asids(void)
{
    Machine *m = machine_new(asp_identity_builtin());
    uint32_t handle;

    ASSERT_OK(RUN0(m, SNP_INIT));
    snp_context(m, AT_GCTX);
    ASSERT_OK(run_snp_start(m, AT_GCTX, V_SNP_POLICY, 0));
    ASSERT_STATUS(run_snp_activate(m, AT_GCTX, SNP_ASID),
                  ASP_DFFLUSH_REQUIRED);
    handle = start_guest(m, SEV_POLICY_ES);
    ASSERT_STATUS(run_snp_activate(m, AT_GCTX, 0), ASP_INVALID_ASID);
    ASSERT_STATUS(run_snp_activate(m, AT_GCTX, ASP_ASID_MIN_SEV),
                  ASP_INVALID_ASID);
    ASSERT_STATUS(run_snp_activate(m, AT_GCTX, ASID_ES), ASP_ASID_OWNED);
    ASSERT_OK(run_snp_activate(m, AT_GCTX, SNP_ASID));
    g_assert_cmpuint(snp_guest_status(m, AT_GCTX).asid, ==, SNP_ASID);

    /* SHUTDOWN and INIT are none of its business. */
    ASSERT_OK(RUN0(m, SHUTDOWN));
    handle = start_guest(m, SEV_POLICY_ES);
    ASSERT_OK(run_guest(m, ASP_CMD_DEACTIVATE, handle));
    ASSERT_STATUS(run_activate(m, handle, SNP_ASID), ASP_ASID_OWNED);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_DECOMMISSION, AT_GCTX));
    ASSERT_STATUS(run_activate(m, handle, SNP_ASID), ASP_DFFLUSH_REQUIRED);
    ASSERT_OK(RUN0(m, SNP_DF_FLUSH));
    ASSERT_OK(run_activate(m, handle, SNP_ASID));
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asp/snp/platform", test_platform);
    g_test_add_func("/asp/snp/sizes", test_sizes);
    g_test_add_func("/asp/snp/guest", test_guest);
    g_test_add_func("/asp/snp/no-guest", test_no_guest);
    g_test_add_func("/asp/snp/forgotten", test_forgotten);
    g_test_add_func("/asp/snp/pages", test_pages);
    g_test_add_func("/asp/snp/reclaim", test_reclaim);
    g_test_add_func("/asp/snp/no-rmp", test_no_rmp);
    g_test_add_func("/asp/snp/init", test_init);
    g_test_add_func("/asp/snp/asids", test_asids);
    return g_test_run();
}
