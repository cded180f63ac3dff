/*
 * Fuzzer of the software AMD Secure Processor
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The first byte of an input chooses a target: a sequence of mailbox
 * commands, a session, certificates, a secret packet, a state and its file, a
 * CPUID page or an ID block.  The rest is read as that target needs it, zeros
 * after the end.
 *
 * Besides crashes this looks for broken promises: a status nobody knows,
 * states that do not fit together, a refused command that changed something.
 */

#include <unistd.h>
#include "asp-snp-harness.h"
#include "fuzz.h"
#include "reader.h"
#include "snp-internal.h"
#include "state-format.h"

/* Elliptic curves are slow: how many such commands one input may have */
#define MAX_SLOW 3
#define MAX_OPS  200

static AspIdentity *builtin;

static const char *state_file;

static void remove_state_file(void)
{
    unlink(state_file);
}

/* --- Commands */

typedef struct Run {
    Machine *m;
    AspReader in;
    uint32_t handle;            /* of the latest guest, little-endian */
    SevTransportKeys keys;
    int slow;
} Run;

static bool is_slow(uint8_t id)
{
    return id == ASP_CMD_PEK_GEN || id == ASP_CMD_PDH_GEN ||
           id == ASP_CMD_PEK_CERT_IMPORT || id == ASP_CMD_ATTESTATION ||
           id == ASP_CMD_PLATFORM_RESET;
}

static void check_platform(Run *r)
{
    AspCmdPlatformStatus s = platform_status(r->m);

    g_assert_cmpint(s.state, <=, ASP_PLATFORM_WORKING);
    g_assert_true((s.guest_count != 0) == (s.state == ASP_PLATFORM_WORKING));
}

/* How far the launches are: of the latest guest, and of that with SEV-SNP */
typedef struct Launches {
    bool sev, snp;
    uint8_t digest[SEV_DIGEST_SIZE], snp_digest[SNP_DIGEST_SIZE];
} Launches;

static Launches launches(Run *r)
{
    Launches l = {};

    l.sev = asp_guest_digest(r->m->asp, GUINT32_FROM_LE(r->handle), l.digest);
    l.snp = asp_snp_digest(r->m->asp, AT_GCTX, l.snp_digest);
    return l;
}

static void run_command(Run *r, uint8_t id, uint8_t *buf, size_t len)
{
    Launches before, after;
    AspStatus status;

    if (is_slow(id) && ++r->slow > MAX_SLOW) {
        return;
    }
    before = launches(r);
    status = asp_command(r->m->asp, id, len ? buf : NULL, len);
    g_assert_cmpstr(asp_status_name(status), !=, "unknown status");
    if (status != ASP_SUCCESS) {
        /* Refused commands must leave the launch of a guest alone. */
        after = launches(r);
        g_assert_cmpmem(&before, sizeof(before), &after, sizeof(after));
    } else if (id == ASP_CMD_LAUNCH_START) {
        memcpy(&r->handle, buf, sizeof(r->handle));
    }
    check_platform(r);
}

/* A command with a buffer as it comes */
static void op_raw(Run *r)
{
    uint8_t id = asp_read_u8(&r->in), len = asp_read_u8(&r->in) % 0x50;
    uint8_t *buf = g_malloc(len + !len);

    asp_read_bytes(&r->in, buf, len);
    run_command(r, id, buf, len);
    g_free(buf);
}

/*
 * A command whose buffer makes sense but for one word: an address, a length
 * or a handle.
 */
static void op_shaped(Run *r)
{
    static const uint32_t lens[] = {
        0, 16, 48, 52, 64, 128, 208, 2084, 4096, 6252, 16384, 65536,
    };
    uint8_t id = asp_read_u8(&r->in), i = asp_read_u8(&r->in);
    uint32_t len = GUINT32_TO_LE(lens[i % G_N_ELEMENTS(lens)]);
    uint64_t a = GUINT64_TO_LE(AT_OUT), b = GUINT64_TO_LE(AT_GUEST);
    uint8_t where = asp_read_u8(&r->in), buf[0x44] = {};
    uint32_t word = asp_read_u32(&r->in);

    memcpy(buf, &r->handle, 4);
    switch (id) {
    case ASP_CMD_LAUNCH_SECRET: {
        AspCmdLaunchSecret c = secret_command(GUINT32_FROM_LE(r->handle),
                                              GUINT32_FROM_LE(len));
        memcpy(buf, &c, sizeof(c));
        break;
    }
    case ASP_CMD_ATTESTATION:
        memcpy(buf + 8, &a, 8);
        memcpy(buf + 0x20, &len, 4);
        break;
    case ASP_CMD_DBG_DECRYPT:
    case ASP_CMD_DBG_ENCRYPT:
        memcpy(buf + 8, &a, 8);
        memcpy(buf + 0x10, &b, 8);
        memcpy(buf + 0x18, &len, 4);
        break;
    case ASP_CMD_ACTIVATE:
        buf[4] = 1 + i;
        break;
    default:
        memcpy(buf + 8, &b, 8);
        memcpy(buf + 0x10, &len, 4);
        break;
    }
    if (where < sizeof(buf) / 4) {
        memcpy(buf + 4 * where, &word, 4);
    }
    run_command(r, id, buf, sizeof(buf));
}

static void op_init(Run *r)
{
    AspCmdInit c = {
        .options = GUINT32_TO_LE(asp_read_u8(&r->in)),
        .tmr_len = GUINT32_TO_LE(ASP_TMR_SIZE),
    };

    run_command(r, ASP_CMD_INIT, (uint8_t *)&c, sizeof(c));
}

static void op_launch_start(Run *r)
{
    bool share = asp_read_u8(&r->in) & 1;
    AspCmdLaunchStart c = {
        .handle = share ? r->handle : 0,
        .policy = GUINT32_TO_LE(asp_read_u32(&r->in)),
    };

    run_command(r, ASP_CMD_LAUNCH_START, (uint8_t *)&c, sizeof(c));
}

/* LAUNCH_START with a session that a guest owner made, and a bit flipped */
static void op_launch_session(Run *r)
{
    uint32_t policy = asp_read_u32(&r->in);
    uint32_t flip = asp_read_u32(&r->in);
    uint8_t mask = asp_read_u8(&r->in);
    AspCmdLaunchStart c = session_command(policy);

    if (++r->slow > MAX_SLOW || !r->m->identity->store.valid) {
        return;
    }
    g_assert_true(sev_session_create(&r->m->identity->store.pdh, policy,
                                     &r->keys,
                                     (SevCert *)ram_at(r->m, AT_GODH),
                                     (SevSession *)ram_at(r->m, AT_SESSION),
                                     NULL));
    ram_at(r->m, AT_GODH)[flip % 0x1080] ^= mask;
    run_command(r, ASP_CMD_LAUNCH_START, (uint8_t *)&c, sizeof(c));
}

static void op_activate(Run *r)
{
    AspCmdActivate c = {
        .handle = r->handle, .asid = GUINT32_TO_LE(asp_read_u32(&r->in) % 520),
    };

    run_command(r, ASP_CMD_DF_FLUSH, NULL, 0);
    run_command(r, ASP_CMD_ACTIVATE, (uint8_t *)&c, sizeof(c));
}

/* Write to memory, for instance certificates and packets */
static void op_poke(Run *r)
{
    uint64_t at = RAM_BASE + asp_read_u32(&r->in) % (RAM_SIZE - 256);
    uint8_t len = asp_read_u8(&r->in);

    asp_read_bytes(&r->in, ram_at(r->m, at), len);
}

/* A secret for the measurement that may be at AT_OUT */
static void op_secret(Run *r)
{
    uint32_t len = asp_read_u8(&r->in) * 16;
    AspCmdLaunchSecret c = secret_command(GUINT32_FROM_LE(r->handle), len);
    uint8_t text[255 * 16];

    memset(text, 0x42, sizeof(text));
    put_secret(r->m, &r->keys, ram_at(r->m, AT_OUT), text, len);
    run_command(r, ASP_CMD_LAUNCH_SECRET, (uint8_t *)&c, sizeof(c));
}

/* Pages in any state, as RMPUPDATE makes them and as it does not */
static void op_rmp(Run *r)
{
    uint32_t page = asp_read_u8(&r->in) % G_N_ELEMENTS(r->m->rmp);
    uint8_t bits = asp_read_u8(&r->in);

    r->m->rmp[page] = (AspRmpEntry) {
        .assigned = bits & 1, .immutable = bits & 2, .validated = bits & 4,
        .vmsa = bits & 8, .large = (bits & 0x30) == 0x30,
        .asid = bits & 0x40 ? SNP_ASID : 0,
        .gpa = bits & 0x80 ? PAGE_GPA : 0,
    };
}

/* A guest with SEV-SNP that takes pages, if there can be one */
static void op_snp_guest(Run *r)
{
    uint64_t policy = asp_read_u32(&r->in);
    SnpCmdAddress create = { .paddr = GUINT64_TO_LE(AT_GCTX) };
    SnpCmdLaunchStart start = {
        .gctx_paddr = create.paddr,
        .policy = GUINT64_TO_LE(policy),
    };
    SnpCmdActivate activate = {
        .gctx_paddr = create.paddr, .asid = GUINT32_TO_LE(SNP_ASID),
    };

    run_command(r, ASP_CMD_SNP_INIT, NULL, 0);
    set_page(r->m, AT_GCTX, FIRMWARE);
    run_command(r, ASP_CMD_SNP_GCTX_CREATE, (uint8_t *)&create,
                sizeof(create));
    run_command(r, ASP_CMD_SNP_LAUNCH_START, (uint8_t *)&start,
                sizeof(start));
    run_command(r, ASP_CMD_SNP_DF_FLUSH, NULL, 0);
    run_command(r, ASP_CMD_SNP_ACTIVATE, (uint8_t *)&activate,
                sizeof(activate));
}

/* A command for that guest whose buffer makes sense but for one word */
static void op_snp_shaped(Run *r)
{
    uint8_t id = asp_read_u8(&r->in), type = asp_read_u8(&r->in);
    uint8_t where = asp_read_u8(&r->in), buf[0x40] = {};
    uint32_t word = asp_read_u32(&r->in);
    SnpCmdLaunchUpdate update = update_command(AT_GCTX, AT_PAGE, type);
    SnpCmdLaunchFinish finish = {
        .gctx_paddr = GUINT64_TO_LE(AT_GCTX),
        .id_block_paddr = GUINT64_TO_LE(AT_ID_BLOCK),
        .id_auth_paddr = GUINT64_TO_LE(AT_ID_AUTH),
        .flags = GUINT64_TO_LE(type),
    };

    if (id == ASP_CMD_SNP_LAUNCH_FINISH) {
        if (++r->slow > MAX_SLOW) {
            return;
        }
        memcpy(buf, &finish, sizeof(finish));
    } else {
        memcpy(buf, &update, sizeof(update));
    }
    if (where < sizeof(buf) / 4) {
        memcpy(buf + 4 * where, &word, 4);
    }
    run_command(r, id, buf, sizeof(buf));
}

/* The ID block and the ID authentication of the known answers */
static void op_identity(Run *r)
{
    vector_id_block((SnpIdBlock *)ram_at(r->m, AT_ID_BLOCK));
    vector_id_auth((SnpIdAuth *)ram_at(r->m, AT_ID_AUTH));
}

/* A request of that guest, sealed with its key */
static void op_request(Run *r)
{
    const SnpGuest *guest = snp_guest_find(r->m->asp, AT_GCTX);
    SnpMessage *msg = (SnpMessage *)ram_at(r->m, AT_TRANS);
    SnpCmdGuestRequest c = {
        .gctx_paddr = GUINT64_TO_LE(AT_GCTX),
        .request_paddr = GUINT64_TO_LE(AT_TRANS),
        .response_paddr = GUINT64_TO_LE(AT_STATUS),
    };
    uint8_t iv[ASP_GCM_IV_SIZE] = {}, where = asp_read_u8(&r->in);
    AspGcm plain;

    if (!guest || ++r->slow > MAX_SLOW) {
        return;
    }
    msg->hdr = (SnpMessageHeader) {
        .seqno = GUINT64_TO_LE(guest->seqno[0] + 1), .algo = 1,
        .hdr_version = 1, .hdr_size = GUINT16_TO_LE(sizeof(msg->hdr)),
        .msg_type = SNP_MSG_REPORT_REQ, .msg_version = 1,
        .msg_size = GUINT16_TO_LE(sizeof(SnpReportReq)),
    };
    ((uint8_t *)&msg->hdr)[where % sizeof(msg->hdr)] ^= asp_read_u8(&r->in);
    asp_read_bytes(&r->in, msg->payload, sizeof(SnpReportReq));
    memcpy(iv, &msg->hdr.seqno, sizeof(msg->hdr.seqno));
    plain = (AspGcm) {
        .key = guest->vmpck[0], .iv = iv,
        .aad = { &msg->hdr.algo, 0x30 },
        .data = msg->payload, .len = sizeof(SnpReportReq),
    };
    asp_gcm_seal(&plain, msg->hdr.tag);
    set_page(r->m, AT_STATUS, FIRMWARE);
    run_command(r, ASP_CMD_SNP_GUEST_REQUEST, (uint8_t *)&c, sizeof(c));
}

/* PEK_CERT_IMPORT of the platform's own CSR, signed, with a bit flipped */
static void op_import(Run *r)
{
    const AspEcKey *key = &builtin->store.oca_key;
    AspCmdPekCsr csr = {
        .csr_paddr = GUINT64_TO_LE(AT_OUT),
        .csr_len = GUINT32_TO_LE(SEV_CERT_SIZE),
    };
    AspCmdPekCertImport c = {
        .pek_paddr = csr.csr_paddr,
        .pek_len = csr.csr_len,
        .oca_paddr = GUINT64_TO_LE(AT_OUT2),
        .oca_len = csr.csr_len,
    };
    SevCert *pek = (SevCert *)ram_at(r->m, AT_OUT);
    SevCert *oca = (SevCert *)ram_at(r->m, AT_OUT2);
    uint32_t flip = asp_read_u32(&r->in), slot = asp_read_u8(&r->in) % 2;
    uint8_t mask = asp_read_u8(&r->in);
    bool owned = r->m->identity->store.external_owner;
    AspStatus status;

    if (RUN(r->m, PEK_CSR, csr) != ASP_SUCCESS || ++r->slow > MAX_SLOW) {
        return;
    }
    sev_cert_sign(pek, slot, SEV_USAGE_OCA, key);
    sev_cert_init(oca, SEV_USAGE_OCA, &key->pub, 0, 0);
    sev_cert_sign(oca, 0, SEV_USAGE_OCA, key);
    (flip & 1 ? oca : pek)->bytes[flip / 2 % SEV_CERT_SIZE] ^= mask;
    status = RUN(r->m, PEK_CERT_IMPORT, c);
    if (!owned && !mask) {
        g_assert_cmpint(status, ==, ASP_SUCCESS);
    }
    g_assert_true(owned || r->m->identity->store.external_owner ==
                           (status == ASP_SUCCESS));
}

/* INIT_EX that is right but for what the input says */
static void op_init_ex(Run *r)
{
    AspCmdInitEx c = {
        .length = GUINT32_TO_LE(sizeof(c)),
        .options = GUINT32_TO_LE(asp_read_u8(&r->in)),
        .tmr_paddr = GUINT64_TO_LE(AT_TMR),
        .tmr_len = GUINT32_TO_LE(ASP_TMR_SIZE_SNP),
    };
    uint8_t at = asp_read_u8(&r->in), value = asp_read_u8(&r->in);
    bool legal = platform_status(r->m).state == ASP_PLATFORM_UNINIT &&
                 at >= sizeof(c) && c.options <= GUINT32_TO_LE(ASP_INIT_ES);

    if (at < sizeof(c)) {
        ((uint8_t *)&c)[at] = value;
    }
    run_command(r, ASP_CMD_INIT_EX, (uint8_t *)&c, sizeof(c));
    if (legal) {
        g_assert_cmpint(platform_status(r->m).state, ==, ASP_PLATFORM_INIT);
    }
}

static void op_snp_shutdown_ex(Run *r)
{
    SnpCmdShutdownEx c = {
        .length = GUINT32_TO_LE(asp_read_u8(&r->in)),
        .flags = GUINT32_TO_LE(asp_read_u8(&r->in)),
    };

    run_command(r, ASP_CMD_SNP_SHUTDOWN_EX, (uint8_t *)&c, sizeof(c));
}

/* GUEST_STATUS of both kinds; what it says of a guest makes sense */
static void op_guest_status(Run *r)
{
    AspCmdGuestStatus c = { .handle = r->handle };
    SnpCmdGuestStatus snp = {
        .gctx_paddr = GUINT64_TO_LE(AT_GCTX),
        .status_paddr = GUINT64_TO_LE(AT_STATUS + asp_read_u8(&r->in) * 16),
    };
    const SnpGuestStatus *told;

    if (RUN(r->m, GUEST_STATUS, c) == ASP_SUCCESS) {
        g_assert_cmpint(c.state, >=, ASP_GUEST_LUPDATE);
        g_assert_cmpint(c.state, <=, ASP_GUEST_RUNNING);
        g_assert_cmpint(GUINT32_FROM_LE(c.asid), <=, ASP_ASID_MAX);
    }
    set_page(r->m, AT_STATUS, FIRMWARE);
    if (RUN(r->m, SNP_GUEST_STATUS, snp) == ASP_SUCCESS) {
        told = (void *)ram_at(r->m, GUINT64_FROM_LE(snp.status_paddr));
        g_assert_cmpint(told->state, <=, SNP_GUEST_RUNNING);
        g_assert_cmpint(GUINT32_FROM_LE(told->asid), <=, ASP_ASID_MAX);
        assert_page(r->m, AT_STATUS, RECLAIM);
    }
}

/* Any command whose buffer lies in memory, wherever that is */
static void op_mailbox(Run *r)
{
    uint8_t id = asp_read_u8(&r->in);
    uint64_t at = RAM_BASE + asp_read_u32(&r->in) % (RAM_SIZE + 4096);
    Launches before = launches(r), after;

    if (is_slow(id) && ++r->slow > MAX_SLOW) {
        return;
    }
    if (asp_mailbox(r->m->asp, id, at) != ASP_SUCCESS) {
        after = launches(r);
        g_assert_cmpmem(&before, sizeof(before), &after, sizeof(after));
    }
    check_platform(r);
}

typedef void Op(Run *r);

static Op *const ops[] = {
    op_raw, op_shaped, op_init, op_launch_start, op_launch_session,
    op_activate, op_poke, op_secret, op_rmp, op_snp_guest, op_snp_shaped,
    op_identity, op_request, op_import, op_init_ex, op_snp_shutdown_ex,
    op_guest_status, op_mailbox,
};

static void fuzz_commands(AspReader in)
{
    Run r = { .in = in };
    int i;

    r.m = machine_new(asp_identity_builtin());
    r.keys = known_keys(r.m);
    for (i = 0; i < MAX_OPS && asp_reader_ok(&r.in); i++) {
        ops[asp_read_u8(&r.in) % G_N_ELEMENTS(ops)](&r);
    }
    machine_free(r.m);
}

/* --- Single parsers */

static void fuzz_session(AspReader in)
{
    static const SevTransportKeys zero;
    const AspEcKey pdh = builtin->store.pdh_key;
    SevTransportKeys keys;
    SevSession session;
    SevCert godh;
    AspStatus status;

    asp_read_bytes(&in, &session, sizeof(session));
    asp_read_bytes(&in, &godh, sizeof(godh));
    status = sev_session_open(&pdh, &godh, &session, asp_read_u32(&in), &keys);
    /* Nobody forges two MACs by chance */
    g_assert_true(status == ASP_INVALID_CERTIFICATE ||
                  status == ASP_BAD_MEASUREMENT);
    g_assert_cmpmem(&keys, sizeof(keys), &zero, sizeof(zero));
}

/* The built-in chain with some bytes changed and its root cut short */
static void fuzz_chain(AspReader in)
{
    struct {
        SevCert pdh, pek, oca, cek;
        SevEmulatedCa ca;
    } c = {
        builtin->store.pdh, builtin->store.pek, builtin->store.oca,
        builtin->chip.cek, builtin->chip.ca,
    };
    size_t cut = asp_read_u32(&in) % sizeof(c.ca);
    size_t ca_len = sizeof(c.ca) - cut;
    uint8_t *ca = g_memdup2(&c.ca, ca_len);
    const SevChain chain = { &c.pdh, &c.pek, &c.oca, &c.cek, ca, ca_len };
    SevChainLink link = asp_read_u8(&in) % SEV_LINK__MAX;
    GError *err = NULL;

    while (in.left) {
        size_t at = asp_read_u32(&in) % (4 * SEV_CERT_SIZE + ca_len);
        uint8_t value = asp_read_u8(&in);

        if (at < 4 * SEV_CERT_SIZE) {
            ((uint8_t *)&c)[at] = value;
        } else {
            ca[at - 4 * SEV_CERT_SIZE] = value;
        }
    }
    if (!sev_chain_check_link(&chain, link, &err)) {
        g_assert_nonnull(err);
        g_assert_true(err->code == ASP_INVALID_CERTIFICATE ||
                      err->code == ASP_BAD_SIGNATURE);
        g_clear_error(&err);
    }
    g_free(ca);
}

/* All links at once: nothing that differs from the built-in chain passes. */
static void fuzz_chain_verify(AspReader in)
{
    typedef struct Certs {
        SevCert pdh, pek, oca, cek;
        SevEmulatedCa ca;
    } Certs;
    const Certs good = {
        builtin->store.pdh, builtin->store.pek, builtin->store.oca,
        builtin->chip.cek, builtin->chip.ca,
    };
    Certs *c = g_memdup2(&good, sizeof(good));
    GError *err = NULL;
    bool ok;

    while (in.left) {
        size_t at = asp_read_u32(&in) % sizeof(*c);

        ((uint8_t *)c)[at] = asp_read_u8(&in);
    }
    ok = sev_chain_verify(&c->pdh, &c->pek, &c->oca, &c->cek,
                          (uint8_t *)&c->ca, sizeof(c->ca), &err);
    g_assert_true(ok == !err);
    if (!memcmp(c, &good, sizeof(good))) {
        g_assert_true(ok);
    }
    g_clear_error(&err);
    g_free(c);
}

/* AMD certificates of any content and size */
static void fuzz_ca(AspReader in)
{
    uint8_t *ca = g_memdup2(in.next, in.left);
    SevAmdCert ask, ark;
    GError *err = NULL;

    if (sev_ca_parse(ca, in.left, &ask, &ark, &err)) {
        g_assert_cmpuint(ask.size + ark.size, ==, in.left);
        g_assert_true(ask.signature + ask.bytes == ca + ask.size);
        sev_ca_is_emulated(ca, in.left);
    } else {
        g_assert_nonnull(err);
        g_error_free(err);
    }
    g_free(ca);
}

static void fuzz_secret(AspReader in)
{
    SevTransportKeys keys;
    uint8_t measure[SEV_DIGEST_SIZE], *data, *copy;
    SevPacketHeader hdr;
    uint32_t len;

    asp_read_bytes(&in, &keys, sizeof(keys));
    asp_read_bytes(&in, measure, sizeof(measure));
    asp_read_bytes(&in, &hdr, sizeof(hdr));
    len = in.left;
    data = g_memdup2(in.next, len);
    copy = g_memdup2(in.next, len);
    g_assert_cmpint(sev_secret_unwrap(&keys, measure, &hdr, data, len), !=,
                    ASP_SUCCESS);
    g_assert_cmpmem(data, len, copy, len);
    g_free(data);
    g_free(copy);
}

/* A state file with some bytes changed and the checksum right again */
static void fuzz_state(AspReader in)
{
    AspChip *chip = g_new(AspChip, 1);
    AspStore *store = g_new(AspStore, 1);
    AspState *state = g_new(AspState, 1);
    size_t len = sizeof(*state), body = len - SEV_DIGEST_SIZE;
    GError *err = NULL;

    asp_state_encode(&builtin->chip, &builtin->store, state);
    if (asp_read_u8(&in) % 16 == 0) {
        len = asp_read_u32(&in) % (len + 1);
    }
    while (in.left) {
        size_t at = asp_read_u32(&in) % body;

        state->bytes[at] = asp_read_u8(&in);
    }
    asp_sha256(state->bytes, body, state->bytes + body);
    if (!asp_state_decode(state->bytes, len, chip, store, &err)) {
        g_assert_nonnull(err);
        g_error_free(err);
    }
    g_free(chip);
    g_free(store);
    g_free(state);
}

/* A state file of any content and size, through the file system */
static void fuzz_state_file(AspReader in)
{
    static char *path;
    AspState *state = g_new0(AspState, 1);
    size_t len = sizeof(*state), body = len - SEV_DIGEST_SIZE;
    AspIdentity *identity;
    GError *err = NULL;

    if (!path) {
        int fd = g_file_open_tmp("asp-fuzz-XXXXXX", &path, NULL);

        g_assert_cmpint(fd, >=, 0);
        close(fd);
        atexit(remove_state_file);
        state_file = path;
    }
    asp_state_encode(&builtin->chip, &builtin->store, state);
    if (asp_read_u8(&in) % 4 == 0) {
        len = asp_read_u32(&in) % (len + 1);
    }
    while (in.left) {
        size_t at = asp_read_u32(&in) % body;

        state->bytes[at] = asp_read_u8(&in);
    }
    asp_sha256(state->bytes, body, state->bytes + body);
    g_assert_true(g_file_set_contents(path, (char *)state->bytes, len, NULL));
    identity = asp_identity_open(path, &err);
    g_assert_true(!identity == !!err);
    if (identity) {
        Machine *m = machine_new(identity);

        /* What was accepted can be used. */
        ASSERT_OK(run_init(m, 0));
        platform_status(m);
        machine_free(m);
    }
    g_clear_error(&err);
    g_free(state);
}

/* A refused CPUID page is one that is not refused again. */
static void fuzz_cpuid(AspReader in)
{
    const AspCpuidBits bits = {
        asp_read_u32(&in), asp_read_u32(&in), asp_read_u8(&in) % 4,
        asp_read_u32(&in),
    };
    GArray *refused = g_array_new(false, false, sizeof(bits));
    SnpCpuidPage *page = g_new0(SnpCpuidPage, 1), *copy;
    AspStatus status;

    g_array_append_val(refused, bits);
    asp_read_bytes(&in, page, MIN(in.left, sizeof(*page)));
    copy = g_memdup2(page, sizeof(*page));
    status = snp_cpuid_check(page, refused);
    g_assert_cmpuint(GUINT32_FROM_LE(page->count), <=, SNP_CPUID_MAX);
    if (status == ASP_SUCCESS) {
        g_assert_cmpmem(page, sizeof(*page), copy, sizeof(*copy));
    } else {
        g_assert_cmpint(status, ==, ASP_INVALID_PARAM);
        g_assert_true(memcmp(page, copy, sizeof(*copy)));
        ASSERT_OK(snp_cpuid_check(page, refused));
    }
    g_array_free(refused, true);
    g_free(page);
    g_free(copy);
}

/* Every bit of an identity counts. */
static void fuzz_identity(AspReader in)
{
    struct {
        SnpIdBlock block;
        SnpIdAuth auth;
    } *id = g_malloc(sizeof(*id)), *copy;
    uint8_t digest[SNP_DIGEST_SIZE], author[SNP_DIGEST_SIZE];
    AspStatus status;

    vector_id_block(&id->block);
    vector_id_auth(&id->auth);
    copy = g_memdup2(id, sizeof(*id));
    while (in.left) {
        size_t at = asp_read_u32(&in) % sizeof(*id);

        ((uint8_t *)id)[at] = asp_read_u8(&in);
    }
    status = snp_id_check(&id->block, &id->auth, true, digest, author);
    g_assert_true((status == ASP_SUCCESS) ==
                  !memcmp(id, copy, sizeof(*id)));
    g_free(id);
    g_free(copy);
}

typedef void Target(AspReader in);

static Target *const targets[] = {
    fuzz_commands, fuzz_session, fuzz_chain, fuzz_ca, fuzz_secret, fuzz_state,
    fuzz_cpuid, fuzz_identity, fuzz_chain_verify, fuzz_state_file,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AspReader in = asp_reader(data, size);
    uint8_t target = asp_read_u8(&in);

    if (!builtin) {
        builtin = asp_identity_builtin();
    }
    targets[target % G_N_ELEMENTS(targets)](in);
    return 0;
}
