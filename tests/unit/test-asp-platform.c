/*
 * Commands of the platform: configuration, ownership, certificates
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-harness.h"

#define BODY_SIZE   0x414
#define SLOT_SIZE   0x208

static void test_init(Machine *m, gconstpointer data)
{
    AspCmdInit c = { .options = GUINT32_TO_LE(2) };

    ASSERT_STATUS(RUN(m, INIT, c), ASP_INVALID_PARAM);
    /* Without SEV-ES nobody looks at the TMR */
    c = (AspCmdInit) { .tmr_paddr = GUINT64_TO_LE(123) };
    ASSERT_OK(RUN(m, INIT, c));
    ASSERT_OK(RUN0(m, SHUTDOWN));
    c.options = GUINT32_TO_LE(ASP_INIT_ES);
    ASSERT_STATUS(RUN(m, INIT, c), ASP_INVALID_ADDRESS);
    c.tmr_paddr = GUINT64_TO_LE(3 << 20);
    c.tmr_len = GUINT32_TO_LE((1 << 20) - 1);
    ASSERT_STATUS(RUN(m, INIT, c), ASP_INVALID_CONFIG);
    g_assert_cmpint(platform_status(m).state, ==, ASP_PLATFORM_UNINIT);
    c.tmr_len = GUINT32_TO_LE(1 << 20);
    ASSERT_OK(RUN(m, INIT, c));
}

static void test_init_ex(Machine *m, gconstpointer data)
{
    AspCmdInitEx c = { .length = GUINT32_TO_LE(0x20) };

    ASSERT_STATUS(RUN(m, INIT_EX, c), ASP_INVALID_LENGTH);
    c.length = GUINT32_TO_LE(0x24);
    c.nv_paddr = GUINT64_TO_LE(RAM_BASE);
    ASSERT_STATUS(RUN(m, INIT_EX, c), ASP_UNSUPPORTED);
    c.nv_paddr = 0;
    c.options = GUINT32_TO_LE(ASP_INIT_ES);
    c.tmr_len = GUINT32_TO_LE(1 << 20);
    ASSERT_OK(RUN(m, INIT_EX, c));
    g_assert_cmpint(GUINT16_FROM_LE(platform_status(m).config), ==, 1);
}

static void test_status(Machine *m, gconstpointer data)
{
    AspCmdPlatformStatus s = platform_status(m);
    uint32_t a, b = 0;

    assert_hex(&s, sizeof(s), "01330000" "00000003" "00000000");
    ASSERT_OK(run_init(m, ASP_INIT_ES));
    s = platform_status(m);
    assert_hex(&s, sizeof(s), "01330100" "01000003" "00000000");
    a = start_guest(m, 0);
    ASSERT_OK(run_launch_start(m, 0, &b));
    s = platform_status(m);
    assert_hex(&s, sizeof(s), "01330200" "01000003" "02000000");

    ASSERT_OK(run_guest(m, ASP_CMD_DECOMMISSION, b));
    g_assert_cmpint(platform_status(m).state, ==, ASP_PLATFORM_WORKING);
    ASSERT_STATUS(run_guest(m, ASP_CMD_DECOMMISSION, a), ASP_ACTIVE);
    ASSERT_OK(run_guest(m, ASP_CMD_DEACTIVATE, a));
    ASSERT_OK(run_guest(m, ASP_CMD_DECOMMISSION, a));
    g_assert_cmpint(platform_status(m).state, ==, ASP_PLATFORM_INIT);
    ASSERT_OK(RUN0(m, SHUTDOWN));
    s = platform_status(m);
    assert_hex(&s, sizeof(s), "01330000" "00000003" "00000000");
}

/* SHUTDOWN takes all guests along, and their ASIDs */
static void test_shutdown(Machine *m, gconstpointer data)
{
    AspCmdGuestStatus c = {};
    uint32_t handle = start_guest(m, 0);
    uint8_t digest[SEV_DIGEST_SIZE];

    g_assert_true(asp_guest_digest(m->asp, handle, digest));
    ASSERT_OK(RUN0(m, SHUTDOWN));
    g_assert_false(asp_guest_digest(m->asp, handle, digest));
    ASSERT_OK(run_init(m, 0));
    c.handle = GUINT32_TO_LE(start_guest(m, 0));
    ASSERT_OK(RUN(m, GUEST_STATUS, c));
    c.handle = GUINT32_TO_LE(handle);
    ASSERT_STATUS(RUN(m, GUEST_STATUS, c), ASP_INVALID_GUEST);
}

static AspStatus run_export(Machine *m, uint64_t pdh, uint32_t *pdh_len,
                            uint64_t certs, uint32_t *certs_len)
{
    AspCmdPdhCertExport c = {
        .pdh_paddr = GUINT64_TO_LE(pdh),
        .pdh_len = GUINT32_TO_LE(*pdh_len),
        .certs_paddr = GUINT64_TO_LE(certs),
        .certs_len = GUINT32_TO_LE(*certs_len),
    };
    AspStatus status = RUN(m, PDH_CERT_EXPORT, c);

    *pdh_len = GUINT32_FROM_LE(c.pdh_len);
    *certs_len = GUINT32_FROM_LE(c.certs_len);
    return status;
}

/* The chain as the platform exports it, with the signed CEK put in */
static void export_chain(Machine *m, SevCert *pdh, SevCert chain[3])
{
    uint32_t pdh_len = SEV_CERT_SIZE, certs_len = SEV_CERT_CHAIN_SIZE;
    GByteArray *ca = asp_identity_ca(m->identity);
    GError *err = NULL;
    SevCert cek;

    ASSERT_OK(run_export(m, AT_OUT, &pdh_len, AT_OUT2, &certs_len));
    memcpy(pdh, ram_at(m, AT_OUT), SEV_CERT_SIZE);
    memcpy(chain, ram_at(m, AT_OUT2), SEV_CERT_CHAIN_SIZE);
    asp_identity_signed_cek(m->identity, &cek);
    g_assert_cmphex(sev_cert_slot(&chain[2], 0).usage, ==, SEV_USAGE_NONE);
    g_assert_cmpmem(&chain[2], BODY_SIZE, &cek, BODY_SIZE);
    chain[2] = cek;
    if (!sev_chain_verify(pdh, &chain[0], &chain[1], &chain[2], ca->data,
                          ca->len, &err)) {
        g_error("%s", err->message);
    }
    g_byte_array_unref(ca);
}

static void test_export(Machine *m, gconstpointer data)
{
    static const uint32_t small[][2] = {
        { 0, 0 }, { 2083, 6252 }, { 2084, 6251 }, { 0xffffffff, 0 },
    };
    uint32_t pdh_len, certs_len;
    SevCert pdh, chain[3];
    size_t i;

    ASSERT_OK(run_init(m, 0));
    for (i = 0; i < G_N_ELEMENTS(small); i++) {
        pdh_len = small[i][0];
        certs_len = small[i][1];
        ASSERT_STATUS(run_export(m, 0, &pdh_len, 0, &certs_len),
                      ASP_INVALID_LENGTH);
        g_assert_cmpuint(pdh_len, ==, 2084);
        g_assert_cmpuint(certs_len, ==, 6252);
    }
    ASSERT_STATUS(run_export(m, NOWHERE, &pdh_len, AT_OUT, &certs_len),
                  ASP_INVALID_ADDRESS);
    g_assert_cmpuint(*ram_at(m, AT_OUT), ==, 0);
    ASSERT_STATUS(run_export(m, AT_OUT, &pdh_len, NOWHERE, &certs_len),
                  ASP_INVALID_ADDRESS);
    g_assert_cmpuint(*ram_at(m, AT_OUT), ==, 0);
    pdh_len = certs_len = 100000;
    ASSERT_OK(run_export(m, AT_OUT, &pdh_len, AT_OUT2, &certs_len));
    g_assert_cmpuint(pdh_len, ==, 2084);
    g_assert_cmpuint(certs_len, ==, 6252);
    export_chain(m, &pdh, chain);
}

static AspStatus run_buffer(Machine *m, AspCommand id, uint64_t addr,
                            uint32_t *len)
{
    AspCmdGetId c = {
        .id_paddr = GUINT64_TO_LE(addr), .id_len = GUINT32_TO_LE(*len),
    };
    AspStatus status = asp_command(m->asp, id, &c, sizeof(c));

    *len = GUINT32_FROM_LE(c.id_len);
    return status;
}

static void test_get_id(Machine *m, gconstpointer data)
{
    uint8_t id[SEV_CHIP_ID_SIZE];
    uint32_t len = 0;

    ASSERT_STATUS(run_buffer(m, ASP_CMD_GET_ID, 0, &len), ASP_INVALID_LENGTH);
    g_assert_cmpuint(len, ==, 64);
    len = 63;
    ASSERT_STATUS(run_buffer(m, ASP_CMD_GET_ID, AT_OUT, &len),
                  ASP_INVALID_LENGTH);
    ASSERT_STATUS(run_buffer(m, ASP_CMD_GET_ID, AT_OUT + 4, &len),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_buffer(m, ASP_CMD_GET_ID, NOWHERE, &len),
                  ASP_INVALID_ADDRESS);
    len = 128;
    ASSERT_OK(run_buffer(m, ASP_CMD_GET_ID, AT_OUT, &len));
    g_assert_cmpuint(len, ==, 64);
    asp_identity_chip_id(m->identity, id);
    g_assert_cmpmem(ram_at(m, AT_OUT), 64, id, 64);
}

static SevCert get_csr(Machine *m)
{
    uint32_t len = SEV_CERT_SIZE;
    SevCert csr;

    ASSERT_OK(run_buffer(m, ASP_CMD_PEK_CSR, AT_OUT, &len));
    memcpy(&csr, ram_at(m, AT_OUT), sizeof(csr));
    return csr;
}

static void test_csr(Machine *m, gconstpointer data)
{
    uint32_t len = 100;
    SevCert csr, pdh, chain[3];
    size_t i;

    ASSERT_OK(run_init(m, 0));
    ASSERT_STATUS(run_buffer(m, ASP_CMD_PEK_CSR, 0, &len),
                  ASP_INVALID_LENGTH);
    g_assert_cmpuint(len, ==, 2084);
    ASSERT_STATUS(run_buffer(m, ASP_CMD_PEK_CSR, NOWHERE, &len),
                  ASP_INVALID_ADDRESS);
    csr = get_csr(m);
    export_chain(m, &pdh, chain);
    g_assert_cmpmem(&csr, BODY_SIZE, &chain[0], BODY_SIZE);
    for (i = 0; i < 2; i++) {
        assert_hex(csr.bytes + BODY_SIZE + i * SLOT_SIZE, 8,
                   "0010000000000000");
    }
}

/* Which of PDH, PEK, OCA are the same ones in two exports */
static void assert_same(const SevCert *a_pdh, const SevCert a[3],
                        const SevCert *b_pdh, const SevCert b[3],
                        const char *same)
{
    const bool is[] = {
        !memcmp(a_pdh, b_pdh, SEV_CERT_SIZE),
        !memcmp(&a[0], &b[0], SEV_CERT_SIZE),
        !memcmp(&a[1], &b[1], SEV_CERT_SIZE),
    };
    size_t i;

    for (i = 0; i < 3; i++) {
        g_assert_true(is[i] == (same[i] == '='));
    }
    /* The chip stays what it is, whatever its owner does */
    g_assert_cmpmem(&a[2], SEV_CERT_SIZE, &b[2], SEV_CERT_SIZE);
}

static void test_generate(Machine *m, gconstpointer data)
{
    SevCert pdh[4], chain[4][3];

    ASSERT_OK(run_init(m, 0));
    export_chain(m, &pdh[0], chain[0]);
    ASSERT_OK(RUN0(m, PDH_GEN));
    export_chain(m, &pdh[1], chain[1]);
    assert_same(&pdh[0], chain[0], &pdh[1], chain[1], "!==");
    ASSERT_OK(RUN0(m, PEK_GEN));
    export_chain(m, &pdh[2], chain[2]);
    assert_same(&pdh[1], chain[1], &pdh[2], chain[2], "!!!");
    ASSERT_OK(RUN0(m, SHUTDOWN));
    ASSERT_OK(run_init(m, 0));
    export_chain(m, &pdh[3], chain[3]);
    assert_same(&pdh[2], chain[2], &pdh[3], chain[3], "===");
    ASSERT_OK(RUN0(m, SHUTDOWN));
    ASSERT_OK(RUN0(m, PLATFORM_RESET));
    ASSERT_OK(run_init(m, 0));
    export_chain(m, &pdh[3], chain[3]);
    assert_same(&pdh[2], chain[2], &pdh[3], chain[3], "!!!");
}

/* An owner with a key of his own */
typedef struct Owner {
    AspEcKey key;
    SevCert oca;
} Owner;

static Owner make_owner(void)
{
    Owner o = { .key = VECTOR_KEY(OCA) };

    sev_cert_init(&o.oca, SEV_USAGE_OCA, &o.key.pub, 0, 0);
    sev_cert_sign(&o.oca, 0, SEV_USAGE_OCA, &o.key);
    return o;
}

static AspStatus run_import(Machine *m, const SevCert *pek, const SevCert *oca)
{
    AspCmdPekCertImport c = {
        .pek_paddr = GUINT64_TO_LE(AT_OUT),
        .pek_len = GUINT32_TO_LE(SEV_CERT_SIZE),
        .oca_paddr = GUINT64_TO_LE(AT_OUT2),
        .oca_len = GUINT32_TO_LE(SEV_CERT_SIZE),
    };

    memcpy(ram_at(m, AT_OUT), pek, SEV_CERT_SIZE);
    memcpy(ram_at(m, AT_OUT2), oca, SEV_CERT_SIZE);
    return RUN(m, PEK_CERT_IMPORT, c);
}

/* @slot: where the owner puts his signature; firmware must not care */
static void import_into(Machine *m, unsigned slot)
{
    SevCert pdh[2], chain[2][3], pek;
    Owner o = make_owner();

    export_chain(m, &pdh[0], chain[0]);
    pek = get_csr(m);
    sev_cert_sign(&pek, slot, SEV_USAGE_OCA, &o.key);
    ASSERT_OK(run_import(m, &pek, &o.oca));
    g_assert_cmpint(platform_status(m).owner, ==, ASP_OWNER_EXTERNAL);
    export_chain(m, &pdh[1], chain[1]);
    assert_same(&pdh[0], chain[0], &pdh[1], chain[1], "!!!");
    g_assert_cmpmem(&chain[1][1], SEV_CERT_SIZE, &o.oca, SEV_CERT_SIZE);
    g_assert_cmpmem(&chain[1][0], BODY_SIZE, &chain[0][0], BODY_SIZE);
    g_assert_cmphex(sev_cert_slot(&chain[1][0], 0).usage, ==, SEV_USAGE_OCA);
    g_assert_cmphex(sev_cert_slot(&chain[1][0], 1).usage, ==, SEV_USAGE_CEK);

    ASSERT_STATUS(run_import(m, &pek, &o.oca), ASP_ALREADY_OWNED);
    ASSERT_OK(RUN0(m, PDH_GEN));
    export_chain(m, &pdh[0], chain[0]);
    assert_same(&pdh[0], chain[0], &pdh[1], chain[1], "!==");
    ASSERT_OK(RUN0(m, SHUTDOWN));
    g_assert_cmpint(platform_status(m).owner, ==, 0);
    ASSERT_OK(run_init(m, 0));
    g_assert_cmpint(platform_status(m).owner, ==, ASP_OWNER_EXTERNAL);
    ASSERT_OK(RUN0(m, PEK_GEN));
    g_assert_cmpint(platform_status(m).owner, ==, 0);
}

static void test_import(Machine *m, gconstpointer data)
{
    ASSERT_OK(run_init(m, 0));
    import_into(m, 0);
    import_into(m, 1);
}

static void test_import_refused(Machine *m, gconstpointer data)
{
    AspEcKey other = VECTOR_KEY(GODH);
    SevCert pdh[2], chain[2][3], csr, pek, oca;
    Owner o = make_owner();

    ASSERT_OK(run_init(m, 0));
    export_chain(m, &pdh[0], chain[0]);
    csr = get_csr(m);
    /* Not signed; signed by somebody else; signed twice */
    ASSERT_STATUS(run_import(m, &csr, &o.oca), ASP_BAD_SIGNATURE);
    pek = csr;
    sev_cert_sign(&pek, 0, SEV_USAGE_OCA, &other);
    ASSERT_STATUS(run_import(m, &pek, &o.oca), ASP_BAD_SIGNATURE);
    sev_cert_sign(&pek, 0, SEV_USAGE_OCA, &o.key);
    sev_cert_sign(&pek, 1, SEV_USAGE_OCA, &o.key);
    ASSERT_STATUS(run_import(m, &pek, &o.oca), ASP_INVALID_CERTIFICATE);
    /* Another PEK */
    sev_cert_init(&pek, SEV_USAGE_PEK, &other.pub, ASP_API_MAJOR,
                  ASP_API_MINOR);
    sev_cert_sign(&pek, 0, SEV_USAGE_OCA, &o.key);
    ASSERT_STATUS(run_import(m, &pek, &o.oca), ASP_INVALID_CERTIFICATE);
    /* Bad owners */
    pek = csr;
    sev_cert_sign(&pek, 0, SEV_USAGE_OCA, &o.key);
    oca = o.oca;
    oca.bytes[0x41c] ^= 1;
    ASSERT_STATUS(run_import(m, &pek, &oca), ASP_BAD_SIGNATURE);
    oca = o.oca;
    oca.bytes[0x008] = 2;
    ASSERT_STATUS(run_import(m, &pek, &oca), ASP_INVALID_CERTIFICATE);
    oca = o.oca;
    oca.bytes[0x014] ^= 1;
    ASSERT_STATUS(run_import(m, &pek, &oca), ASP_INVALID_CERTIFICATE);

    export_chain(m, &pdh[1], chain[1]);
    assert_same(&pdh[0], chain[0], &pdh[1], chain[1], "===");
    g_assert_cmpint(platform_status(m).owner, ==, 0);
    ASSERT_OK(run_import(m, &pek, &o.oca));
}

static void test_import_buffers(Machine *m, gconstpointer data)
{
    AspCmdPekCertImport c = {
        .pek_len = GUINT32_TO_LE(SEV_CERT_SIZE),
        .oca_len = GUINT32_TO_LE(SEV_CERT_SIZE - 1),
    };

    ASSERT_OK(run_init(m, 0));
    ASSERT_STATUS(RUN(m, PEK_CERT_IMPORT, c), ASP_INVALID_LENGTH);
    c.oca_len = GUINT32_TO_LE(SEV_CERT_SIZE);
    ASSERT_STATUS(RUN(m, PEK_CERT_IMPORT, c), ASP_INVALID_ADDRESS);
    c.pek_paddr = GUINT64_TO_LE(AT_OUT);
    ASSERT_STATUS(RUN(m, PEK_CERT_IMPORT, c), ASP_INVALID_ADDRESS);
    c.oca_paddr = GUINT64_TO_LE(UINT64_MAX - 100);
    ASSERT_STATUS(RUN(m, PEK_CERT_IMPORT, c), ASP_INVALID_ADDRESS);
}

/* An identity in memory forgets what commands did to it. */
static void test_builtin_again(Machine *m, gconstpointer data)
{
    SevCert pdh[2], chain[2][3];
    Machine *other;

    ASSERT_OK(run_init(m, 0));
    export_chain(m, &pdh[0], chain[0]);
    ASSERT_OK(RUN0(m, PEK_GEN));
    other = machine_new(asp_identity_builtin());
    ASSERT_OK(run_init(other, 0));
    export_chain(other, &pdh[1], chain[1]);
    assert_same(&pdh[0], chain[0], &pdh[1], chain[1], "===");
    machine_free(other);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) \
    g_test_add("/asp/platform/" name, Machine, NULL, machine_setup, func, \
               machine_teardown)
    ADD("init", test_init);
    ADD("init-ex", test_init_ex);
    ADD("status", test_status);
    ADD("shutdown", test_shutdown);
    ADD("export", test_export);
    ADD("get-id", test_get_id);
    ADD("csr", test_csr);
    ADD("generate", test_generate);
    ADD("import", test_import);
    ADD("import-refused", test_import_refused);
    ADD("import-buffers", test_import_buffers);
    ADD("builtin-again", test_builtin_again);
    return g_test_run();
}
