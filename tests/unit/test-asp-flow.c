/*
 * Launches through the mailbox: measurement, secret, report, debugging
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-harness.h"
#include "asp-internal.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

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

static void assert_digest(Machine *m, uint32_t handle, const char *hex)
{
    uint8_t digest[SEV_DIGEST_SIZE];

    g_assert_true(asp_guest_digest(m->asp, handle, digest));
    ASSERT_HEX(digest, hex);
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
    g_assert_true(memcmp(guest->vek, zero, sizeof(guest->vek)));
    ASSERT_OK(RUN0(m, SHUTDOWN));
    g_assert_null(asp_guest_find(m->asp, handle));
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

static void test_dbg(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, 0);
    const AspCommand decrypt = ASP_CMD_DBG_DECRYPT;
    const AspCommand encrypt = ASP_CMD_DBG_ENCRYPT;
    const uint32_t size = 0x14560;
    uint8_t *plain = g_malloc(size);

    memset(plain, 0x5a, size);
    memcpy(ram_at(m, AT_GUEST), plain, size);
    ASSERT_OK(run_dbg(m, encrypt, handle, AT_GUEST, AT_GUEST + 0x18010, size));
    /* Neither plaintext nor the same everywhere */
    g_assert_true(memcmp(ram_at(m, AT_GUEST + 0x18010), plain, 16));
    g_assert_true(memcmp(ram_at(m, AT_GUEST + 0x18010),
                         ram_at(m, AT_GUEST + 0x18020), 16));
    g_assert_true(memcmp(ram_at(m, AT_GUEST + 0x18010),
                         ram_at(m, AT_GUEST + 0x19010), 16));
    memset(ram_at(m, AT_GUEST), 0, size);
    ASSERT_OK(run_dbg(m, decrypt, handle, AT_GUEST + 0x18010, AT_GUEST, size));
    g_assert_cmpmem(ram_at(m, AT_GUEST), size, plain, size);

    ASSERT_STATUS(run_dbg(m, decrypt, handle, AT_GUEST + 1, AT_OUT, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_dbg(m, decrypt, handle, AT_GUEST, AT_OUT + 8, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_dbg(m, decrypt, handle, AT_GUEST, AT_OUT, 0),
                  ASP_INVALID_LENGTH);
    ASSERT_STATUS(run_dbg(m, encrypt, handle, AT_GUEST, AT_OUT, 17),
                  ASP_INVALID_LENGTH);
    ASSERT_STATUS(run_dbg(m, encrypt, handle, AT_GUEST, NOWHERE, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_dbg(m, encrypt, handle, NOWHERE, AT_OUT, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_dbg(m, decrypt, handle, AT_GUEST, AT_OUT, 0xfffffff0),
                  ASP_INVALID_ADDRESS);
    g_free(plain);
}

static void test_nodbg(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, SEV_POLICY_NODBG);
    uint8_t *before = g_memdup2(m->ram, sizeof(m->ram));

    ASSERT_STATUS(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_GUEST, AT_OUT,
                          16), ASP_POLICY_FAILURE);
    ASSERT_STATUS(run_dbg(m, ASP_CMD_DBG_ENCRYPT, handle, AT_GUEST, AT_OUT,
                          16), ASP_POLICY_FAILURE);
    g_assert_cmpmem(before, sizeof(m->ram), m->ram, sizeof(m->ram));
    g_free(before);
}

/* A front end whose memory encrypts by itself: here, a plain buffer */
typedef struct Engine {
    Machine *m;
    uint8_t vek[SEV_KEY_SIZE];
    uint32_t handle;
    unsigned calls;
} Engine;

static bool engine_read_raw(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return ram_read(((Engine *)opaque)->m, addr, buf, len);
}

static bool engine_write_raw(void *opaque, uint64_t addr, const void *buf,
                             size_t len)
{
    return ram_write(((Engine *)opaque)->m, addr, buf, len);
}

static bool engine_access(Engine *e, uint32_t handle, const uint8_t *vek)
{
    e->calls++;
    e->handle = handle;
    memcpy(e->vek, vek, sizeof(e->vek));
    return true;
}

static bool engine_read(void *opaque, uint32_t handle, const uint8_t *vek,
                        uint64_t addr, void *buf, size_t len)
{
    return engine_access(opaque, handle, vek) &&
           engine_read_raw(opaque, addr, buf, len);
}

static bool engine_write(void *opaque, uint32_t handle, const uint8_t *vek,
                         uint64_t addr, const void *buf, size_t len)
{
    return engine_access(opaque, handle, vek) &&
           engine_write_raw(opaque, addr, buf, len);
}

static void test_engine(Machine *m, gconstpointer data)
{
    static const AspMemory memory = {
        engine_read_raw, engine_write_raw, engine_read, engine_write,
    };
    static const uint8_t zero[SEV_KEY_SIZE];
    Engine e = { .m = m };
    uint32_t handle;

    asp_free(m->asp);
    m->asp = asp_new(m->identity, &memory, &e);
    handle = start_guest(m, 0);
    vector_firmware(ram_at(m, AT_GUEST));
    ASSERT_OK(run_update(m, ASP_CMD_LAUNCH_UPDATE_DATA, handle, AT_GUEST,
                         4096));
    g_assert_cmpuint(e.calls, ==, 1);
    g_assert_cmpuint(e.handle, ==, handle);
    g_assert_true(memcmp(e.vek, zero, sizeof(zero)));
    assert_digest(m, handle, "7486da8f1e13943fae21a0b043f1e996"
                             "40d7d8ebafb25266478b5cddae1272b5");
    ASSERT_OK(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_GUEST, AT_OUT, 16));
    g_assert_cmpuint(e.calls, ==, 2);
    g_assert_cmpmem(ram_at(m, AT_OUT), 16, ram_at(m, AT_GUEST), 16);
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
    ADD("secret", test_secret);
    ADD("secret-large", test_secret_large);
    ADD("secret-refused", test_secret_refused);
    ADD("secret-bound", test_secret_bound);
    ADD("wiped", test_wiped);
    ADD("attestation", test_attestation);
    ADD("dbg", test_dbg);
    ADD("nodbg", test_nodbg);
    ADD("engine", test_engine);
    return g_test_run();
}
