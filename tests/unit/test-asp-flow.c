/*
 * Launches through the mailbox: updates, measurement, report
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-harness.h"

static void put16(uint8_t *page, size_t offset, uint16_t value)
{
    value = GUINT16_TO_LE(value);
    memcpy(page + offset, &value, sizeof(value));
}

static void put64(uint8_t *page, size_t offset, uint64_t value)
{
    value = GUINT64_TO_LE(value);
    memcpy(page + offset, &value, sizeof(value));
}

static void put_segment(uint8_t *page, size_t offset, uint16_t selector,
                        uint16_t attributes, uint64_t base)
{
    put16(page, offset, selector);
    put16(page, offset + 2, attributes);
    put16(page, offset + 4, 0xffff);
    put64(page, offset + 8, base);
}

/* The example's VMSA: a boot processor as KVM_SEV_ES_INIT leaves it */
static void vector_vmsa(uint8_t *page)
{
    static const uint16_t data_segments[] = { 0x00, 0x20, 0x30, 0x40, 0x50 };
    size_t i;

    memset(page, 0, SEV_VMSA_SIZE);
    for (i = 0; i < G_N_ELEMENTS(data_segments); i++) {
        put_segment(page, data_segments[i], 0, 0x93, 0);
    }
    put_segment(page, 0x10, 0xf000, 0x9b, 0xffff0000);
    put_segment(page, 0x60, 0, 0, 0);
    put_segment(page, 0x70, 0, 0x82, 0);
    put_segment(page, 0x80, 0, 0, 0);
    put_segment(page, 0x90, 0, 0x8b, 0);
    put64(page, 0x0d0, 0x1000);
    put64(page, 0x148, 0x40);
    put64(page, 0x158, 0x10);
    put64(page, 0x160, 0x400);
    put64(page, 0x168, 0xffff0ff0);
    put64(page, 0x170, 2);
    put64(page, 0x178, 0xfff0);
    put64(page, 0x268, 0x0007040600070406);
    put64(page, 0x310, 0x800f12);
    put64(page, 0x3e8, 1);
    assert_sha256(page, SEV_VMSA_SIZE,
        "30a76bd1aa5adf81f02832d38c21e31b073cf0663dd2337455db2a3c210666af");
}

/* The example's platform and session */
static uint32_t start_example(Machine *m)
{
    AspEcKey godh = VECTOR_KEY(GODH);
    SevSession *session = (SevSession *)ram_at(m, AT_SESSION);
    uint32_t handle;

    m->identity->store.pdh_key = VECTOR_KEY(PDH);
    m->identity->store.pek_key = VECTOR_KEY(PEK);
    sev_cert_init((SevCert *)ram_at(m, AT_GODH), SEV_USAGE_PDH, &godh.pub,
                  0, 0);
    UNHEX(V_NONCE, session->nonce);
    UNHEX(V_WRAP_TK, session->wrap_tk);
    UNHEX(V_WRAP_IV, session->wrap_iv);
    UNHEX(V_WRAP_MAC, session->wrap_mac);
    UNHEX(V_POLICY_MAC, session->policy_mac);
    ASSERT_OK(run_init(m, ASP_INIT_ES));
    ASSERT_OK(run_launch_session(m, V_POLICY, &handle));
    ASSERT_OK(RUN0(m, DF_FLUSH));
    ASSERT_OK(run_activate(m, handle, ASID_ES));
    return handle;
}

/* That the blob at AT_OUT is right for TIK and @ld, judged by glib's HMAC */
static void check_measurement(Machine *m, uint32_t policy, const char *ld)
{
    struct {
        uint8_t context, major, minor, build;
        uint32_t policy;
        uint8_t ld[32], mnonce[16];
    } message = { 4, 1, 51, 3, GUINT32_TO_LE(policy), {}, {} };
    uint8_t *blob = ram_at(m, AT_OUT), tik[16];
    char *mac;

    G_STATIC_ASSERT(sizeof(message) == 56);
    UNHEX(V_TIK, tik);
    UNHEX(ld, message.ld);
    memcpy(message.mnonce, blob + 32, 16);
    mac = g_compute_hmac_for_data(G_CHECKSUM_SHA256, tik, sizeof(tik),
                                  (uint8_t *)&message, sizeof(message));
    assert_hex(blob, 32, mac);
    g_free(mac);
}

static AspStatus run_attestation(Machine *m, uint32_t handle, uint64_t addr,
                                 uint32_t *len)
{
    AspCmdAttestation c = {
        .handle = GUINT32_TO_LE(handle),
        .report_paddr = GUINT64_TO_LE(addr),
        .report_len = GUINT32_TO_LE(*len),
    };
    AspStatus status;

    UNHEX(V_MNONCE, c.mnonce);
    status = RUN(m, ATTESTATION, c);
    *len = GUINT32_FROM_LE(c.report_len);
    return status;
}

/* All of the worked example that does not depend on the platform's version */
static void test_example(Machine *m, gconstpointer data)
{
    uint32_t handle = start_example(m), len = SEV_REPORT_SIZE;
    uint8_t *guest = ram_at(m, AT_GUEST), table[176];

    assert_digest(m, handle, EMPTY);
    vector_firmware(guest);
    ASSERT_OK(run_update(m, ASP_CMD_LAUNCH_UPDATE_DATA, handle, AT_GUEST,
                         4096));
    assert_digest(m, handle, "7486da8f1e13943fae21a0b043f1e996"
                             "40d7d8ebafb25266478b5cddae1272b5");
    UNHEX(V_HASH_TABLE, table);
    memcpy(guest + 0x2c00, table, sizeof(table));
    ASSERT_OK(run_update(m, ASP_CMD_LAUNCH_UPDATE_DATA, handle,
                         AT_GUEST + 0x2c00, sizeof(table)));
    assert_digest(m, handle, "b3f186c9f0404e47eb4655395f9f0ec3"
                             "a2c9c08f167237e1dbfba9fa8aa87d7b");
    vector_vmsa(guest + 0x4000);
    ASSERT_OK(run_update(m, ASP_CMD_LAUNCH_UPDATE_VMSA, handle,
                         AT_GUEST + 0x4000, 4096));
    assert_digest(m, handle, V_LD);

    ASSERT_OK(run_measure(m, handle));
    check_measurement(m, V_POLICY, V_LD);
    assert_digest(m, handle, V_LD);
    ASSERT_OK(run_attestation(m, handle, AT_OUT, &len));
    assert_sha256(ram_at(m, AT_OUT), SEV_REPORT_SIZE,
        "a0f40f4bddecd2120a8a72f0011806a92049e27ea34983acf9c66435874dd3ed");
    ASSERT_OK(run_guest(m, ASP_CMD_LAUNCH_FINISH, handle));
    memset(ram_at(m, AT_OUT), 0, SEV_REPORT_SIZE);
    ASSERT_OK(run_attestation(m, handle, AT_OUT, &len));
    assert_sha256(ram_at(m, AT_OUT), SEV_REPORT_SIZE,
        "a0f40f4bddecd2120a8a72f0011806a92049e27ea34983acf9c66435874dd3ed");
    assert_digest(m, handle, V_LD);
}

static void test_measure(Machine *m, gconstpointer data)
{
    uint32_t handle;
    uint8_t mnonce[16];

    known_keys(m);
    handle = start_guest(m, 1);
    ASSERT_OK(run_measure(m, handle));
    check_measurement(m, 1, EMPTY);
    memcpy(mnonce, ram_at(m, AT_OUT) + 32, 16);
    ASSERT_STATUS(run_measure(m, handle), ASP_INVALID_GUEST_STATE);

    /* A fresh nonce for each launch */
    ASSERT_OK(RUN0(m, SHUTDOWN));
    handle = start_guest(m, 1);
    ASSERT_OK(run_measure(m, handle));
    check_measurement(m, 1, EMPTY);
    g_assert_true(memcmp(mnonce, ram_at(m, AT_OUT) + 32, 16));
}

static void test_measure_buffers(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, 1), i;
    AspCmdLaunchMeasure c = { .handle = GUINT32_TO_LE(handle) };

    for (i = 0; i < 48; i += 47) {
        c.measure_len = GUINT32_TO_LE(i);
        ASSERT_STATUS(RUN(m, LAUNCH_MEASURE, c), ASP_INVALID_LENGTH);
        g_assert_cmpuint(GUINT32_FROM_LE(c.measure_len), ==, 48);
    }
    ASSERT_STATUS(RUN(m, LAUNCH_MEASURE, c), ASP_INVALID_ADDRESS);
    g_assert_cmpint(guest_status(m, handle).state, ==, ASP_GUEST_LUPDATE);
    c.measure_paddr = GUINT64_TO_LE(AT_OUT);
    c.measure_len = GUINT32_TO_LE(1000);
    ASSERT_OK(RUN(m, LAUNCH_MEASURE, c));
    g_assert_cmpuint(GUINT32_FROM_LE(c.measure_len), ==, 48);
}

static void test_update_refused(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, 0), es = 0;
    const AspCommand update = ASP_CMD_LAUNCH_UPDATE_DATA;
    const AspCommand vmsa = ASP_CMD_LAUNCH_UPDATE_VMSA;
    uint8_t before[RAM_SIZE];

    memcpy(before, m->ram, sizeof(before));
    ASSERT_STATUS(run_update(m, update, handle, AT_GUEST + 8, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_update(m, update, handle, AT_GUEST, 0),
                  ASP_INVALID_LENGTH);
    ASSERT_STATUS(run_update(m, update, handle, AT_GUEST, 15),
                  ASP_INVALID_LENGTH);
    ASSERT_STATUS(run_update(m, update, handle, NOWHERE, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_update(m, update, handle, UINT64_MAX - 15, 32),
                  ASP_INVALID_ADDRESS);
    /* A range that ends outside of memory is not encrypted in part */
    ASSERT_STATUS(run_update(m, update, handle, AT_GUEST, RAM_SIZE),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_update(m, update, handle, AT_GUEST, 0xfffffff0),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_update(m, vmsa, handle, AT_GUEST, 4096),
                  ASP_INVALID_PARAM);
    g_assert_cmpmem(before, sizeof(before), m->ram, sizeof(m->ram));
    assert_digest(m, handle, EMPTY);

    ASSERT_OK(run_launch_start(m, SEV_POLICY_ES, &es));
    ASSERT_OK(run_activate(m, es, ASID_ES));
    ASSERT_STATUS(run_update(m, vmsa, es, AT_GUEST, 2048),
                  ASP_INVALID_LENGTH);
    ASSERT_STATUS(run_update(m, vmsa, es, AT_GUEST + 16, 4096),
                  ASP_INVALID_ADDRESS);
    assert_digest(m, es, EMPTY);
}

/* Memory that fails half-way: the guest must not go on as if nothing was */
static void test_update_unsafe(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, 0);

    m->writes_left = 1;
    ASSERT_STATUS(run_update(m, ASP_CMD_LAUNCH_UPDATE_DATA, handle, AT_GUEST,
                             128 * 1024), ASP_HWERROR_UNSAFE);
    m->writes_left = -1;
    assert_digest(m, handle, EMPTY);
}

/* How a range is cut makes no difference to digest and ciphertext. */
static void test_update_pieces(Machine *m, gconstpointer data)
{
    const uint32_t size = 0x23450;
    uint32_t whole = start_guest(m, 0), pieces = whole, done;
    uint8_t digest[SEV_DIGEST_SIZE], *plain = g_malloc(size), *cipher;
    char *sum;

    ASSERT_OK(run_launch_start(m, 0, &pieces));
    ASSERT_OK(run_activate(m, pieces, ASID + 1));
    for (done = 0; done < size; done++) {
        plain[done] = done * done >> 3;
    }
    memcpy(ram_at(m, AT_GUEST), plain, size);
    ASSERT_OK(run_update(m, ASP_CMD_LAUNCH_UPDATE_DATA, whole, AT_GUEST,
                         size));
    cipher = g_memdup2(ram_at(m, AT_GUEST), size);
    memcpy(ram_at(m, AT_GUEST), plain, size);
    for (done = 0; done < size; done += MIN(size - done, 0x730)) {
        ASSERT_OK(run_update(m, ASP_CMD_LAUNCH_UPDATE_DATA, pieces,
                             AT_GUEST + done, MIN(size - done, 0x730)));
    }
    g_assert_cmpmem(cipher, size, ram_at(m, AT_GUEST), size);
    sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, plain, size);
    assert_digest(m, whole, sum);
    assert_digest(m, pieces, sum);
    g_assert_true(asp_guest_digest(m->asp, pieces, digest));
    g_free(sum);
    g_free(plain);
    g_free(cipher);
}

static void test_attestation(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, 1), len = 0;

    ASSERT_OK(run_measure(m, handle));
    ASSERT_STATUS(run_attestation(m, handle, 0, &len), ASP_INVALID_LENGTH);
    g_assert_cmpuint(len, ==, 208);
    ASSERT_STATUS(run_attestation(m, handle, NOWHERE, &len),
                  ASP_INVALID_ADDRESS);
    len = 4096;
    ASSERT_OK(run_attestation(m, handle, AT_OUT, &len));
    g_assert_cmpuint(len, ==, 208);
    assert_hex(ram_at(m, AT_OUT), 0x40,
               V_MNONCE EMPTY "01000000" "02100000" "02000000" "00000000");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) \
    g_test_add("/asp/flow/" name, Machine, NULL, machine_setup, func, \
               machine_teardown)
    ADD("example", test_example);
    ADD("measure", test_measure);
    ADD("measure-buffers", test_measure_buffers);
    ADD("update-refused", test_update_refused);
    ADD("update-unsafe", test_update_unsafe);
    ADD("update-pieces", test_update_pieces);
    ADD("attestation", test_attestation);
    return g_test_run();
}
