/*
 * Commands of SEV on a platform with SEV-SNP: where the firmware may write
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SNP firmware ABI, "page states": once SNP_INIT succeeded, whatever a command
 * of SEV writes goes to pages in state Firmware, and what it only reads may
 * lie anywhere.
 */

#include "asp-snp-harness.h"
#include "reader.h"

/* So that all outputs but a VMSA cross a page boundary */
#define AT_TWO      (AT_PAGE + SNP_PAGE_SIZE - 16)
#define PAGES       3

#define SECRET_LEN  32

typedef AspStatus RunOutput(Machine *m, uint32_t handle, uint64_t at);

static AspStatus run_get_id(Machine *m, uint32_t handle, uint64_t at)
{
    AspCmdGetId c = {
        .id_paddr = GUINT64_TO_LE(at),
        .id_len = GUINT32_TO_LE(SEV_CHIP_ID_SIZE),
    };

    return RUN(m, GET_ID, c);
}

static AspStatus run_csr(Machine *m, uint32_t handle, uint64_t at)
{
    AspCmdPekCsr c = {
        .csr_paddr = GUINT64_TO_LE(at),
        .csr_len = GUINT32_TO_LE(SEV_CERT_SIZE),
    };

    return RUN(m, PEK_CSR, c);
}

static AspStatus run_export(Machine *m, uint64_t pdh, uint64_t chain)
{
    AspCmdPdhCertExport c = {
        .pdh_paddr = GUINT64_TO_LE(pdh),
        .pdh_len = GUINT32_TO_LE(SEV_CERT_SIZE),
        .certs_paddr = GUINT64_TO_LE(chain),
        .certs_len = GUINT32_TO_LE(SEV_CERT_CHAIN_SIZE),
    };

    return RUN(m, PDH_CERT_EXPORT, c);
}

static AspStatus run_export_pdh(Machine *m, uint32_t handle, uint64_t at)
{
    return run_export(m, at, AT_OUT);
}

static AspStatus run_export_chain(Machine *m, uint32_t handle, uint64_t at)
{
    return run_export(m, AT_OUT, at);
}

static AspStatus run_measure_to(Machine *m, uint32_t handle, uint64_t at)
{
    AspCmdLaunchMeasure c = {
        .handle = GUINT32_TO_LE(handle),
        .measure_paddr = GUINT64_TO_LE(at),
        .measure_len = GUINT32_TO_LE(SEV_MEASURE_BLOB_SIZE),
    };

    return RUN(m, LAUNCH_MEASURE, c);
}

static AspStatus run_attestation(Machine *m, uint32_t handle, uint64_t at)
{
    AspCmdAttestation c = {
        .handle = GUINT32_TO_LE(handle),
        .report_paddr = GUINT64_TO_LE(at),
        .report_len = GUINT32_TO_LE(SEV_REPORT_SIZE),
    };

    return RUN(m, ATTESTATION, c);
}

static AspStatus run_update_data(Machine *m, uint32_t handle, uint64_t at)
{
    return run_update(m, ASP_CMD_LAUNCH_UPDATE_DATA, handle, at,
                      SNP_PAGE_SIZE);
}

static AspStatus run_update_vmsa(Machine *m, uint32_t handle, uint64_t at)
{
    return run_update(m, ASP_CMD_LAUNCH_UPDATE_VMSA, handle, AT_PAGE,
                      SEV_VMSA_SIZE);
}

static AspStatus run_secret(Machine *m, uint32_t handle, uint64_t at)
{
    AspCmdLaunchSecret c = secret_command(handle, SECRET_LEN);

    c.guest_paddr = GUINT64_TO_LE(at);
    return RUN(m, LAUNCH_SECRET, c);
}

static AspStatus run_decrypt(Machine *m, uint32_t handle, uint64_t at)
{
    return run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_GUEST, at,
                   SNP_PAGE_SIZE);
}

static AspStatus run_encrypt(Machine *m, uint32_t handle, uint64_t at)
{
    return run_dbg(m, ASP_CMD_DBG_ENCRYPT, handle, AT_TRANS, at,
                   SNP_PAGE_SIZE);
}

/* All that a command of SEV writes besides its command buffer */
static const struct {
    const char *name;
    RunOutput *run;
    AspGuestState state;                /* 0: on a platform without guests */
    int pages;                          /* that the output lies in */
} outputs[] = {
    { "GET_ID", run_get_id, 0, 2 },
    { "PEK_CSR", run_csr, 0, 2 },
    { "PDH_CERT_EXPORT, PDH", run_export_pdh, 0, 2 },
    { "PDH_CERT_EXPORT, chain", run_export_chain, 0, 3 },
    { "LAUNCH_UPDATE_DATA", run_update_data, ASP_GUEST_LUPDATE, 2 },
    { "LAUNCH_UPDATE_VMSA", run_update_vmsa, ASP_GUEST_LUPDATE, 1 },
    { "LAUNCH_MEASURE", run_measure_to, ASP_GUEST_LUPDATE, 2 },
    { "LAUNCH_SECRET", run_secret, ASP_GUEST_LSECRET, 2 },
    { "ATTESTATION", run_attestation, ASP_GUEST_RUNNING, 2 },
    { "DBG_DECRYPT", run_decrypt, ASP_GUEST_RUNNING, 2 },
    { "DBG_ENCRYPT", run_encrypt, ASP_GUEST_RUNNING, 2 },
};

static void set_pages(Machine *m, uint64_t addr, int count, int state)
{
    for (; count; count--, addr += SNP_PAGE_SIZE) {
        set_page(m, addr, state);
    }
}

/* A guest with SEV-ES up to @state; AT_OUT is the firmware's */
static Machine *machine_in(AspGuestState state, bool snp, uint32_t *handle)
{
    Machine *m = machine_new(asp_identity_builtin());
    const SevTransportKeys keys = known_keys(m);
    static const uint8_t text[SECRET_LEN];

    ASSERT_OK(run_init(m, ASP_INIT_ES));
    if (snp) {
        ASSERT_OK(RUN0(m, SNP_INIT));
    }
    set_pages(m, AT_OUT, 2, FIRMWARE);
    *handle = state ? start_guest(m, SEV_POLICY_ES) : 0;
    if (state >= ASP_GUEST_LSECRET) {
        ASSERT_OK(run_measure(m, *handle));
        put_secret(m, &keys, ram_at(m, AT_OUT), text, sizeof(text));
    }
    if (state >= ASP_GUEST_RUNNING) {
        ASSERT_OK(run_guest(m, ASP_CMD_LAUNCH_FINISH, *handle));
    }
    return m;
}

static void assert_status_of(const char *name, int page, int state,
                             AspStatus status, AspStatus expected)
{
    if (status != expected) {
        g_error("%s with page %d in state %d: %s, not %s", name, page, state,
                asp_status_name(status), asp_status_name(expected));
    }
}

/* Output @i with its page @page in @state and the other the firmware's */
static void try_output(size_t i, int page, int state, bool snp)
{
    const uint64_t at = AT_PAGE + page * SNP_PAGE_SIZE;
    uint32_t handle;
    Machine *m = machine_in(outputs[i].state, snp, &handle);
    g_autofree uint8_t *before = NULL;
    bool legal = !snp || state == FIRMWARE;
    AspStatus status;

    memset(ram_at(m, AT_PAGE), 0x55, PAGES * SNP_PAGE_SIZE);
    before = g_memdup2(m->ram, sizeof(m->ram));
    set_pages(m, AT_PAGE, PAGES, FIRMWARE);
    set_page(m, at, state);

    status = outputs[i].run(m, handle, AT_TWO);
    assert_status_of(outputs[i].name, page, state, status,
                     legal ? ASP_SUCCESS : ASP_INVALID_PAGE_STATE);
    g_assert_cmpint(!memcmp(m->ram, before, sizeof(m->ram)), ==, !legal);
    assert_page(m, at, state);
    if (!legal) {
        /* The command changed no state either: it succeeds the next time */
        set_page(m, at, FIRMWARE);
        ASSERT_OK(outputs[i].run(m, handle, AT_TWO));
    }
    machine_free(m);
}

static void test_outputs(void)
{
    size_t i;
    int page, state;

    for (i = 0; i < G_N_ELEMENTS(outputs); i++) {
        for (page = 0; page < outputs[i].pages; page++) {
            for (state = 0; state < PAGE_STATES; state++) {
                try_output(i, page, state, true);
                try_output(i, page, state, false);
            }
        }
    }
}

/* A page of 2 MiB is as good as one of 4 KiB, and no RMP entry as bad as any */
static void test_sizes(void)
{
    AspRmpEntry large = page_states[FIRMWARE];
    size_t i;
    int page;

    large.large = true;
    for (i = 0; i < G_N_ELEMENTS(outputs); i++) {
        uint32_t handle;
        Machine *m = machine_in(outputs[i].state, true, &handle);

        for (page = 0; page < PAGES; page++) {
            g_assert_true(ram_rmp_write(m, AT_PAGE + page * SNP_PAGE_SIZE,
                                        &large));
        }
        if (outputs[i].pages > 1) {
            ASSERT_STATUS(outputs[i].run(m, handle, NOWHERE),
                          ASP_INVALID_ADDRESS);
            ASSERT_STATUS(outputs[i].run(m, handle, UINT64_MAX - 15),
                          ASP_INVALID_ADDRESS);
        }
        ASSERT_OK(outputs[i].run(m, handle, AT_TWO));
        machine_free(m);
    }
}

/* What a command only reads may lie in any page. */
static void test_inputs(void)
{
    AspCmdPekCertImport import = {
        .pek_paddr = GUINT64_TO_LE(AT_TWO),
        .pek_len = GUINT32_TO_LE(SEV_CERT_SIZE),
        .oca_paddr = GUINT64_TO_LE(AT_TWO),
        .oca_len = GUINT32_TO_LE(SEV_CERT_SIZE),
    };
    int state;

    for (state = 0; state < PAGE_STATES; state++) {
        uint32_t handle;
        Machine *m = machine_in(0, true, &handle);
        AspCmdLaunchStart start = session_command(0);
        AspCmdLaunchSecret secret;

        start.dh_cert_paddr = GUINT64_TO_LE(AT_TWO);
        set_pages(m, AT_PAGE, PAGES, state);
        ASSERT_STATUS(RUN(m, PEK_CERT_IMPORT, import),
                      ASP_INVALID_CERTIFICATE);
        ASSERT_STATUS(RUN(m, LAUNCH_START, start), ASP_INVALID_CERTIFICATE);
        machine_free(m);

        m = machine_in(ASP_GUEST_LSECRET, true, &handle);
        secret = secret_command(handle, SECRET_LEN);
        set_page(m, AT_HEADER, state);
        set_page(m, AT_TRANS, state);
        set_page(m, AT_GUEST, FIRMWARE);
        ASSERT_OK(RUN(m, LAUNCH_SECRET, secret));
        ASSERT_OK(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_TRANS, AT_GUEST,
                          16));
        ASSERT_OK(run_dbg(m, ASP_CMD_DBG_ENCRYPT, handle, AT_TRANS, AT_GUEST,
                          16));
        machine_free(m);
    }
}

/* Commands that have output fields: the ABI's list */
static const uint8_t with_output[] = {
    0x04,                               /* PLATFORM_STATUS */
    0x06,                               /* PEK_CSR */
    0x08,                               /* PDH_CERT_EXPORT */
    0x0c,                               /* GET_ID */
    0x23,                               /* GUEST_STATUS */
    0x30,                               /* LAUNCH_START */
    0x33,                               /* LAUNCH_MEASURE */
    0x36,                               /* ATTESTATION */
};

/* A command of SEV whose buffer lies in a page in @state */
static AspStatus try_mailbox(uint32_t id, int state)
{
    uint32_t handle;
    Machine *m = machine_in(id == 0x06 || id == 0x07 ? 0 : ASP_GUEST_LUPDATE,
                            true, &handle);
    AspStatus status;

    memset(ram_at(m, AT_TWO), 0, 64);
    set_pages(m, AT_PAGE, PAGES, FIRMWARE);
    set_page(m, AT_PAGE, state);
    status = asp_mailbox(m->asp, id, AT_TWO);
    if (status == ASP_INVALID_PAGE_STATE) {
        g_assert_true(asp_is_zero(ram_at(m, AT_TWO), 64));
    }
    machine_free(m);
    return status;
}

static void test_mailbox(void)
{
    uint32_t id;
    int state;

    for (id = 0; id < 0x80; id++) {
        AspStatus usual = try_mailbox(id, FIRMWARE);
        bool out = memchr(with_output, id, sizeof(with_output));

        g_assert_cmpint(usual, !=, ASP_INVALID_PAGE_STATE);
        for (state = 0; state < PAGE_STATES; state++) {
            bool legal = !out || state == FIRMWARE;

            assert_status_of(asp_command_name(id), 0, state,
                             try_mailbox(id, state),
                             legal ? usual : ASP_INVALID_PAGE_STATE);
        }
    }
}

/* What a command says arrives in memory, and only what it says. */
static void test_mailbox_values(Machine *m, gconstpointer data)
{
    const AspCmdGetId ask = { .id_paddr = GUINT64_TO_LE(AT_OUT) };
    AspCmdPlatformStatus *status = (void *)ram_at(m, AT_TWO);
    AspCmdGetId *get_id = (void *)ram_at(m, AT_TWO);

    memset(ram_at(m, AT_TWO), 0x55, 64);
    ASSERT_OK(asp_mailbox(m->asp, ASP_CMD_PLATFORM_STATUS, AT_TWO));
    g_assert_cmpint(status->api_minor, ==, ASP_API_MINOR);
    g_assert_cmpint(ram_at(m, AT_TWO)[sizeof(*status)], ==, 0x55);

    *get_id = ask;
    ASSERT_STATUS(asp_mailbox(m->asp, ASP_CMD_GET_ID, AT_TWO),
                  ASP_INVALID_LENGTH);
    g_assert_cmpint(GUINT32_FROM_LE(get_id->id_len), ==, SEV_CHIP_ID_SIZE);
    ASSERT_OK(asp_mailbox(m->asp, ASP_CMD_GET_ID, AT_TWO));

    ASSERT_OK(asp_mailbox(m->asp, ASP_CMD_NOP, NOWHERE));
    ASSERT_STATUS(asp_mailbox(m->asp, ASP_CMD_GET_ID, NOWHERE),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(asp_mailbox(m->asp, ASP_CMD_INIT, NOWHERE),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(asp_mailbox(m->asp, ASP_CMD_GUEST_STATUS, AT_TWO),
                  ASP_INVALID_PLATFORM_STATE);
    ASSERT_STATUS(asp_mailbox(m->asp, 0x10000, AT_TWO), ASP_INVALID_COMMAND);

    /* Commands of SEV-SNP have their buffers anywhere. */
    ASSERT_OK(asp_mailbox(m->asp, ASP_CMD_SNP_INIT, NOWHERE));
    set_page(m, AT_GCTX, FIRMWARE);
    *(uint64_t *)ram_at(m, AT_TRANS) = GUINT64_TO_LE(AT_GCTX);
    ASSERT_OK(asp_mailbox(m->asp, ASP_CMD_SNP_GCTX_CREATE, AT_TRANS));
    assert_page(m, AT_GCTX, CONTEXT);
}

/* An RMP for 4 MiB from TMR_BASE: all pages in one state but for one */
#define TMR_BASE    AT_TMR
#define TMR_PAGES   1024

typedef struct TmrRmp {
    int state, odd_state;
    uint64_t odd;
} TmrRmp;

static bool tmr_rw(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return false;
}

static bool tmr_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    return false;
}

static bool tmr_rmp_read(void *opaque, uint64_t addr, AspRmpEntry *entry)
{
    const TmrRmp *rmp = opaque;

    *entry = page_states[addr == rmp->odd ? rmp->odd_state : rmp->state];
    return addr >= TMR_BASE && addr < TMR_BASE + TMR_PAGES * SNP_PAGE_SIZE;
}

static bool tmr_rmp_write(void *opaque, uint64_t addr, const AspRmpEntry *e)
{
    return false;
}

static const AspMemory tmr_memory = {
    .read = tmr_rw, .write = tmr_write,
    .rmp_read = tmr_rmp_read, .rmp_write = tmr_rmp_write,
};

static AspStatus init_es(Asp *asp, bool ex, uint64_t addr, uint32_t len)
{
    AspCmdInit init = {
        .options = GUINT32_TO_LE(ASP_INIT_ES),
        .tmr_paddr = GUINT64_TO_LE(addr),
        .tmr_len = GUINT32_TO_LE(len),
    };
    AspCmdInitEx init_ex = {
        .length = GUINT32_TO_LE(sizeof(init_ex)),
        .options = init.options,
        .tmr_paddr = init.tmr_paddr,
        .tmr_len = init.tmr_len,
    };

    return ex ? asp_command(asp, ASP_CMD_INIT_EX, &init_ex, sizeof(init_ex))
              : asp_command(asp, ASP_CMD_INIT, &init, sizeof(init));
}

/* With SEV-SNP the TMR has 2 MiB, aligned to them, all the firmware's. */
static void check_tmr(Asp *asp, TmrRmp *rmp, bool ex)
{
    const uint64_t last = TMR_BASE + (511 * SNP_PAGE_SIZE);
    int state;

    *rmp = (TmrRmp) { .state = FIRMWARE };
    ASSERT_STATUS(init_es(asp, ex, TMR_BASE, 1 << 20), ASP_INVALID_CONFIG);
    ASSERT_STATUS(init_es(asp, ex, TMR_BASE, (2 << 20) - 1),
                  ASP_INVALID_CONFIG);
    ASSERT_STATUS(init_es(asp, ex, TMR_BASE + (1 << 20), 2 << 20),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(init_es(asp, ex, 0, 2 << 20), ASP_INVALID_ADDRESS);
    for (state = 0; state < PAGE_STATES; state++) {
        AspStatus expected = state == FIRMWARE ? ASP_SUCCESS
                                               : ASP_INVALID_PAGE_STATE;

        rmp->odd_state = state;
        rmp->odd = TMR_BASE;
        ASSERT_STATUS(init_es(asp, ex, TMR_BASE, 2 << 20), expected);
        asp_command(asp, ASP_CMD_SHUTDOWN, NULL, 0);
        rmp->odd = last;
        ASSERT_STATUS(init_es(asp, ex, TMR_BASE, 2 << 20), expected);
        asp_command(asp, ASP_CMD_SHUTDOWN, NULL, 0);
    }
    /* What lies behind it does not matter. */
    rmp->odd_state = GUEST_VALID;
    rmp->odd = last + SNP_PAGE_SIZE;
    ASSERT_OK(init_es(asp, ex, TMR_BASE, 4 << 20));
    ASSERT_OK(asp_command(asp, ASP_CMD_SHUTDOWN, NULL, 0));
}

static void test_tmr(void)
{
    AspIdentity *identity = asp_identity_builtin();
    TmrRmp rmp = { .state = HYPERVISOR };
    Asp *asp = asp_new(identity, &tmr_memory, &rmp);

    /* Before SNP_INIT it is 1 MiB of any memory. */
    ASSERT_OK(init_es(asp, false, TMR_BASE + (1 << 20), 1 << 20));
    ASSERT_OK(asp_command(asp, ASP_CMD_SHUTDOWN, NULL, 0));
    ASSERT_OK(asp_command(asp, ASP_CMD_SNP_INIT, NULL, 0));
    check_tmr(asp, &rmp, false);
    check_tmr(asp, &rmp, true);
    /* Without SEV-ES there is none. */
    rmp.state = HYPERVISOR;
    ASSERT_OK(asp_command(asp, ASP_CMD_INIT, &(AspCmdInit) {},
                          sizeof(AspCmdInit)));
    asp_free(asp);
    asp_identity_free(identity);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asp/rmp/outputs", test_outputs);
    g_test_add_func("/asp/rmp/sizes", test_sizes);
    g_test_add_func("/asp/rmp/inputs", test_inputs);
    g_test_add_func("/asp/rmp/mailbox", test_mailbox);
    g_test_add("/asp/rmp/mailbox-values", Machine, NULL, machine_setup,
               test_mailbox_values, machine_teardown);
    g_test_add_func("/asp/rmp/tmr", test_tmr);
    return g_test_run();
}
