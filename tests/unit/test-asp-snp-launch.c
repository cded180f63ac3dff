/*
 * SEV-SNP: launch digest, pages, policy and identity of a guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-snp-harness.h"
#include "snp-internal.h"

/* The pages of the known answers up to its last digest */
static void launch_pages(Machine *m, uint64_t gctx, uint32_t asid)
{
    static const struct {
        SnpPageType type;
        uint64_t gpa;
        unsigned page;
        const char *digest;
    } steps[] = {
        { SNP_PAGE_NORMAL, 0xffc00000, 1, NULL },
        { SNP_PAGE_NORMAL, 0xffc01000, 3, V_SNP_LD_NORMAL },
        { SNP_PAGE_ZERO, 0x800000, 9, NULL },
        { SNP_PAGE_ZERO, 0x801000, 9, V_SNP_LD_ZERO },
        { SNP_PAGE_UNMEASURED, 0x802000, 9, V_SNP_LD_UNMEASURED },
        { SNP_PAGE_SECRETS, 0x80d000, 9, V_SNP_LD_SECRETS },
        { SNP_PAGE_CPUID, 0x80e000, 0, V_SNP_LD_CPUID },
        { SNP_PAGE_VMSA, V_SNP_VMSA_GPA, 5, V_SNP_LD_VMSA },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(steps); i++) {
        snp_add_page(m, gctx, asid, steps[i].type, steps[i].gpa,
                     steps[i].page);
        if (steps[i].digest) {
            assert_snp_digest(m, gctx, steps[i].digest);
        }
    }
}

/* A guest whose launch is that of the known answers */
static Machine *launched(void)
{
    Machine *m = machine_new(asp_identity_builtin());

    snp_guest(m, AT_GCTX, SNP_ASID);
    launch_pages(m, AT_GCTX, SNP_ASID);
    vector_id_block((SnpIdBlock *)ram_at(m, AT_ID_BLOCK));
    vector_id_auth((SnpIdAuth *)ram_at(m, AT_ID_AUTH));
    return m;
}

static void test_digest(void)
{
    machine_free(launched());
}

/* Two guests on one platform, step by step */
static void test_two_guests(void)
{
    Machine *m = machine_new(asp_identity_builtin());

    snp_guest(m, AT_GCTX, SNP_ASID);
    snp_guest(m, AT_GCTX2, SNP_ASID + 1);
    snp_add_page(m, AT_GCTX, SNP_ASID, SNP_PAGE_NORMAL, 0xffc00000, 1);
    launch_pages(m, AT_GCTX2, SNP_ASID + 1);
    set_page(m, AT_PAGE, PRE_GUEST);
    ASSERT_STATUS(run_snp_update(m, AT_GCTX2, AT_PAGE, SNP_PAGE_NORMAL),
                  ASP_INVALID_PAGE_OWNER);
    snp_add_page(m, AT_GCTX, SNP_ASID, SNP_PAGE_NORMAL, 0xffc01000, 3);
    assert_snp_digest(m, AT_GCTX, V_SNP_LD_NORMAL);
    assert_snp_digest(m, AT_GCTX2, V_SNP_LD_VMSA);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_DECOMMISSION, AT_GCTX2));
    assert_snp_digest(m, AT_GCTX, V_SNP_LD_NORMAL);
    g_assert_false(asp_snp_digest(m->asp, AT_GCTX2, (uint8_t[48]) {}));
    machine_free(m);
}

/* What the guest sees in the page at AT_PAGE */
static void read_guest(Machine *m, uint64_t gctx, uint8_t *page)
{
    SnpGuest *guest = snp_guest_find(m->asp, gctx);

    ASSERT_OK(asp_guest_read(m->asp, &guest->key, AT_PAGE, page,
                             SNP_PAGE_SIZE));
}

/* Content, ownership and permissions of a page after each type */
static void test_content(void)
{
    SnpPageType type;

    for (type = SNP_PAGE_NORMAL; type <= SNP_PAGE_UNMEASURED; type++) {
        Machine *m = machine_new(asp_identity_builtin());
        SnpCmdLaunchUpdate c = update_command(AT_GCTX, AT_PAGE, type);
        uint8_t supplied[SNP_PAGE_SIZE], page[SNP_PAGE_SIZE];
        AspRmpEntry e;

        snp_guest(m, AT_GCTX, SNP_ASID);
        set_page(m, AT_PAGE, PRE_GUEST);
        fill_page(supplied, 7);
        memcpy(ram_at(m, AT_PAGE), supplied, sizeof(supplied));
        memcpy(c.vmpl_perms, "\x01\x03\x1f", 3);
        ASSERT_OK(RUN(m, SNP_LAUNCH_UPDATE, c));

        /* The host sees ciphertext. */
        g_assert_true(memcmp(ram_at(m, AT_PAGE), supplied, 16));
        read_guest(m, AT_GCTX, page);
        if (type == SNP_PAGE_ZERO) {
            memset(supplied, 0, sizeof(supplied));
        }
        g_assert_cmpmem(page, sizeof(page), supplied, sizeof(supplied));

        e = get_page(m, AT_PAGE);
        g_assert_true(e.assigned && e.validated && !e.immutable && !e.large);
        g_assert_true(e.vmsa == (type == SNP_PAGE_VMSA));
        g_assert_cmpuint(e.asid, ==, SNP_ASID);
        g_assert_cmpuint(e.gpa, ==, PAGE_GPA);
        g_assert_cmpmem(e.vmpl_perms, 4, "\x0f\x01\x03\x1f", 4);
        machine_free(m);
    }
}

/* Permissions are measured, each in its place. */
static void test_perms_digest(void)
{
    Machine *m = machine_new(asp_identity_builtin());
    SnpCmdLaunchUpdate c = update_command(AT_GCTX, AT_PAGE, SNP_PAGE_ZERO);

    snp_guest(m, AT_GCTX, SNP_ASID);
    set_pre_guest(m, AT_PAGE, SNP_ASID, 0x5000);
    memcpy(c.vmpl_perms, "\x01\x02\x04", 3);
    ASSERT_OK(RUN(m, SNP_LAUNCH_UPDATE, c));
    assert_snp_digest(m, AT_GCTX, V_SNP_LD_PERMS);
    machine_free(m);
}

/* The pages of an initial migration image have a digest of their own. */
static void test_imi(void)
{
    Machine *m = machine_new(asp_identity_builtin());
    SnpCmdLaunchUpdate c = update_command(AT_GCTX, AT_PAGE, SNP_PAGE_NORMAL);
    const uint8_t zero[SNP_DIGEST_SIZE] = {};
    uint8_t digest[SNP_DIGEST_SIZE];

    ASSERT_OK(RUN0(m, SNP_INIT));
    snp_context(m, AT_GCTX);
    ASSERT_OK(run_snp_start(m, AT_GCTX, V_SNP_POLICY, SNP_START_IMI));
    ASSERT_OK(RUN0(m, SNP_DF_FLUSH));
    ASSERT_OK(run_snp_activate(m, AT_GCTX, SNP_ASID));
    set_page(m, AT_PAGE, PRE_GUEST);
    c.flags |= GUINT32_TO_LE(SNP_UPDATE_IMI);
    ASSERT_OK(RUN(m, SNP_LAUNCH_UPDATE, c));
    g_assert_true(asp_snp_digest(m->asp, AT_GCTX, digest));
    g_assert_cmpmem(digest, sizeof(digest), zero, sizeof(zero));
    g_assert_true(memcmp(snp_guest_find(m->asp, AT_GCTX)->imi_digest, zero,
                         sizeof(zero)));
    machine_free(m);
}

static void test_secrets(void)
{
    Machine *m = machine_new(asp_identity_builtin());
    uint8_t first[SNP_PAGE_SIZE], second[SNP_PAGE_SIZE];
    const uint8_t zero[SNP_PAGE_SIZE] = {};

    snp_guest(m, AT_GCTX, SNP_ASID);
    snp_add_page(m, AT_GCTX, SNP_ASID, SNP_PAGE_SECRETS, 0x1000, 1);
    read_guest(m, AT_GCTX, first);
    snp_guest(m, AT_GCTX2, SNP_ASID + 1);
    snp_add_page(m, AT_GCTX2, SNP_ASID + 1, SNP_PAGE_SECRETS, 0x1000, 1);
    read_guest(m, AT_GCTX2, second);

    g_assert_cmphex(first[0], ==, 3);
    g_assert_cmpmem(first + 1, 7, zero, 7);
    g_assert_cmpmem(first + 0x08, 4, "\x11\x0f\xa0\x00", 4);
    g_assert_cmphex(first[0x10], ==, 0x6f);     /* GOSVW */
    g_assert_cmphex(first[0x1f], ==, 0x6f);
    g_assert_cmpmem(first + 0xa0, 0xf60, zero, 0xf60);
    /* Four keys, and others for each guest */
    g_assert_true(memcmp(first + 0x20, first + 0x40, 32));
    g_assert_true(memcmp(first + 0x60, first + 0x80, 32));
    g_assert_true(memcmp(first + 0x20, second + 0x20, 32));
    g_assert_true(memcmp(first + 0x80, zero, 32));
    machine_free(m);
}

static void test_update_refused(void)
{
    static const struct {
        size_t offset;
        uint8_t value;
        AspStatus status;
    } cases[] = {
        { 0x08, 0 << 1, ASP_INVALID_PARAM },    /* page types */
        { 0x08, 7 << 1, ASP_INVALID_PARAM },
        { 0x08, 1 << 1 | 1 << 4, ASP_INVALID_PARAM },   /* no IMI */
        { 0x08, 1 << 1 | 1 << 5, ASP_INVALID_PARAM },
        { 0x0a, 1, ASP_INVALID_PARAM },
        { 0x0c, 1, ASP_INVALID_PARAM },
        { 0x18, 1, ASP_INVALID_PARAM },
        { 0x19, 0x20, ASP_INVALID_PARAM },
        { 0x1b, 0x80, ASP_INVALID_PARAM },
        { 0x1f, 1, ASP_INVALID_PARAM },
        { 0x10, 1, ASP_INVALID_ADDRESS },
        { 0x17, 1, ASP_INVALID_ADDRESS },       /* no memory there */
        { 0x08, 2 << 1 | 1, ASP_INVALID_PAGE_SIZE },    /* large VMSA */
        { 0x08, 5 << 1 | 1, ASP_INVALID_PAGE_SIZE },
        { 0x08, 6 << 1 | 1, ASP_INVALID_PAGE_SIZE },
        { 0x08, 1 << 1 | 1, ASP_INVALID_ADDRESS },      /* alignment */
    };
    Machine *m = machine_new(asp_identity_builtin());
    uint8_t page[SNP_PAGE_SIZE];
    size_t i;

    snp_guest(m, AT_GCTX, SNP_ASID);
    snp_add_page(m, AT_GCTX, SNP_ASID, SNP_PAGE_NORMAL, 0xffc00000, 1);
    set_pre_guest(m, AT_PAGE, SNP_ASID, 0xffc01000);
    fill_page(page, 3);
    memcpy(ram_at(m, AT_PAGE), page, sizeof(page));
    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        SnpCmdLaunchUpdate c = update_command(AT_GCTX, AT_PAGE,
                                              SNP_PAGE_NORMAL);

        ((uint8_t *)&c)[cases[i].offset] = cases[i].value;
        ASSERT_STATUS(RUN(m, SNP_LAUNCH_UPDATE, c), cases[i].status);
        g_assert_cmpmem(ram_at(m, AT_PAGE), sizeof(page), page, sizeof(page));
    }
    /* None of them was measured. */
    ASSERT_OK(run_snp_update(m, AT_GCTX, AT_PAGE, SNP_PAGE_NORMAL));
    assert_snp_digest(m, AT_GCTX, V_SNP_LD_NORMAL);
    machine_free(m);
}

static void test_inactive(void)
{
    Machine *m = machine_new(asp_identity_builtin());

    ASSERT_OK(RUN0(m, SNP_INIT));
    snp_context(m, AT_GCTX);
    ASSERT_OK(run_snp_start(m, AT_GCTX, V_SNP_POLICY, 0));
    set_page(m, AT_PAGE, PRE_GUEST);
    ASSERT_STATUS(run_snp_update(m, AT_GCTX, AT_PAGE, SNP_PAGE_NORMAL),
                  ASP_INACTIVE);
    machine_free(m);
}

/* --- Pages of 2 MiB, which need a memory of their own */

typedef struct Large {
    uint8_t *ram;
    uint64_t readable;              /* so much of the large page is memory */
    int writes_left;                /* negative: any number */
    AspRmpEntry entry[2];           /* of the large page, of the context */
} Large;

#define LARGE_GCTX SNP_LARGE_PAGE_SIZE

static bool large_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    Large *l = opaque;

    if (addr + len > l->readable) {
        return false;
    }
    memcpy(buf, l->ram + addr, len);
    return true;
}

static bool large_write(void *opaque, uint64_t addr, const void *buf,
                        size_t len)
{
    Large *l = opaque;

    if (l->writes_left == 0) {
        return false;
    }
    l->writes_left -= l->writes_left > 0;
    memcpy(l->ram + addr, buf, len);
    return true;
}

static bool large_rmp_read(void *opaque, uint64_t addr, AspRmpEntry *entry)
{
    *entry = ((Large *)opaque)->entry[addr == LARGE_GCTX];
    return true;
}

static bool large_rmp_write(void *opaque, uint64_t addr,
                            const AspRmpEntry *entry)
{
    ((Large *)opaque)->entry[addr == LARGE_GCTX] = *entry;
    return true;
}

static const AspMemory large_memory = {
    .read = large_read, .write = large_write,
    .rmp_read = large_rmp_read, .rmp_write = large_rmp_write,
};

/* A guest whose launch has begun, and a page of 2 MiB for it */
static void large_setup(Large *l, Machine *m)
{
    *l = (Large) {
        .ram = g_malloc0(SNP_LARGE_PAGE_SIZE),
        .readable = SNP_LARGE_PAGE_SIZE,
        .writes_left = -1,
        .entry[1] = page_states[FIRMWARE],
        .entry[0] = { .assigned = true, .immutable = true, .large = true,
                      .asid = SNP_ASID, .gpa = SNP_LARGE_PAGE_SIZE },
    };
    m->identity = asp_identity_builtin();
    m->asp = asp_new(m->identity, &large_memory, l);
    ASSERT_OK(RUN0(m, SNP_INIT));
    ASSERT_OK(run_address(m, ASP_CMD_SNP_GCTX_CREATE, LARGE_GCTX));
    ASSERT_OK(run_snp_start(m, LARGE_GCTX, V_SNP_POLICY, 0));
    ASSERT_OK(RUN0(m, SNP_DF_FLUSH));
    ASSERT_OK(run_snp_activate(m, LARGE_GCTX, SNP_ASID));
    fill_page(l->ram, 1);
    fill_page(l->ram + SNP_LARGE_PAGE_SIZE - SNP_PAGE_SIZE, 3);
}

static void large_teardown(Large *l, Machine *m)
{
    asp_free(m->asp);
    asp_identity_free(m->identity);
    g_free(l->ram);
}

static SnpCmdLaunchUpdate large_command(void)
{
    SnpCmdLaunchUpdate c = update_command(LARGE_GCTX, 0, SNP_PAGE_NORMAL);

    c.flags |= GUINT32_TO_LE(SNP_UPDATE_LARGE);
    return c;
}

/* A large page measures as its small ones do, one after the other. */
static void test_large(void)
{
    SnpCmdLaunchUpdate c = update_command(LARGE_GCTX, 0, SNP_PAGE_NORMAL);
    Machine m = {};
    Large l;

    large_setup(&l, &m);
    ASSERT_STATUS(RUN(&m, SNP_LAUNCH_UPDATE, c), ASP_INVALID_PAGE_SIZE);
    c = large_command();
    ASSERT_OK(RUN(&m, SNP_LAUNCH_UPDATE, c));
    assert_snp_digest(&m, LARGE_GCTX, V_SNP_LD_LARGE);
    g_assert_true(l.entry[0].validated && l.entry[0].large);
    large_teardown(&l, &m);
}

/* Nothing is done to a large page that is not memory from end to end. */
static void test_large_hole(void)
{
    SnpCmdLaunchUpdate c = large_command();
    Machine m = {};
    uint8_t *before;
    Large l;

    large_setup(&l, &m);
    before = g_memdup2(l.ram, SNP_LARGE_PAGE_SIZE);
    l.readable = SNP_LARGE_PAGE_SIZE - SNP_PAGE_SIZE;
    ASSERT_STATUS(RUN(&m, SNP_LAUNCH_UPDATE, c), ASP_INVALID_ADDRESS);
    g_assert_cmpmem(before, SNP_LARGE_PAGE_SIZE, l.ram, SNP_LARGE_PAGE_SIZE);
    l.readable = SNP_LARGE_PAGE_SIZE;
    ASSERT_OK(RUN(&m, SNP_LAUNCH_UPDATE, c));
    assert_snp_digest(&m, LARGE_GCTX, V_SNP_LD_LARGE);
    large_teardown(&l, &m);
    g_free(before);
}

/*
 * Memory that fails half-way leaves ciphertext, which the status says; the
 * page is not the guest's, and the digest goes on from where it was.
 */
static void test_large_unsafe(void)
{
    SnpCmdLaunchUpdate c = large_command();
    Machine m = {};
    Large l;

    large_setup(&l, &m);
    l.writes_left = 0;
    ASSERT_STATUS(RUN(&m, SNP_LAUNCH_UPDATE, c), ASP_INVALID_ADDRESS);
    l.writes_left = 1;
    ASSERT_STATUS(RUN(&m, SNP_LAUNCH_UPDATE, c), ASP_HWERROR_UNSAFE);
    g_assert_false(l.entry[0].validated);
    g_assert_true(l.entry[0].immutable);
    l.writes_left = -1;
    fill_page(l.ram, 1);
    ASSERT_OK(RUN(&m, SNP_LAUNCH_UPDATE, c));
    assert_snp_digest(&m, LARGE_GCTX, V_SNP_LD_LARGE);
    large_teardown(&l, &m);
}

/* --- LAUNCH_START and LAUNCH_FINISH */

static void test_policy(void)
{
    static const struct {
        uint64_t policy;
        uint32_t flags;
        AspStatus status;
    } cases[] = {
        { 0x30000, 0, ASP_SUCCESS },
        { 0x10000, 0, ASP_INVALID_PARAM },      /* bit 17 has to be set */
        { 0x30000 | 1ull << 26, 0, ASP_INVALID_PARAM },
        { 0x30000 | 1ull << 63, 0, ASP_INVALID_PARAM },
        { 0x20000, 0, ASP_POLICY_FAILURE },     /* there is SMT */
        { 0x30000 | ASP_API_MAJOR << 8 | ASP_API_MINOR, 0, ASP_SUCCESS },
        { 0x30000 | ASP_API_MAJOR << 8 | (ASP_API_MINOR + 1), 0,
          ASP_POLICY_FAILURE },
        { 0x30000 | (ASP_API_MAJOR + 1) << 8, 0, ASP_POLICY_FAILURE },
        { 0x300ff, 0, ASP_SUCCESS },            /* version 0.255 */
        { 0x30000 | 1 << 18, 0, ASP_SUCCESS },  /* MIGRATE_MA */
        { 0x30000 | 1 << 19, 0, ASP_SUCCESS },  /* DEBUG */
        { 0x30000 | 1 << 20, 0, ASP_SUCCESS },  /* SINGLE_SOCKET */
        { 0x30000 | 1 << 21, 0, ASP_SUCCESS },  /* CXL_ALLOW */
        { 0x30000 | 1 << 22, 0, ASP_POLICY_FAILURE },   /* AES-256-XTS */
        { 0x30000 | 1 << 23, 0, ASP_POLICY_FAILURE },   /* RAPL_DIS */
        { 0x30000 | 1 << 24, 0, ASP_POLICY_FAILURE },   /* hiding */
        { 0x30000 | 1 << 25, 0, ASP_SUCCESS },  /* PAGE_SWAP_DISABLE */
        { 0x30000, SNP_START_IMI, ASP_SUCCESS },
        { 0x30000, SNP_START_MA, ASP_UNSUPPORTED },
        { 0x30000, 1 << 2, ASP_INVALID_PARAM },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        Machine *m = machine_new(asp_identity_builtin());
        AspStatus expected = cases[i].status;
        SnpGuestStatus after;

        ASSERT_OK(RUN0(m, SNP_INIT));
        snp_context(m, AT_GCTX);
        ASSERT_STATUS(run_snp_start(m, AT_GCTX, cases[i].policy,
                                    cases[i].flags), expected);
        after = snp_guest_status(m, AT_GCTX);
        g_assert_cmpint(after.state, ==,
                        expected ? SNP_GUEST_INIT : SNP_GUEST_LAUNCH);
        g_assert_cmpuint(GUINT64_FROM_LE(after.policy), ==,
                         expected ? 0 : cases[i].policy);
        machine_free(m);
    }
}

static void test_finish(void)
{
    Machine *m = launched();
    SnpGuest *guest = snp_guest_find(m->asp, AT_GCTX);
    const uint8_t zero[SNP_DIGEST_SIZE] = {};
    uint8_t host_data[SNP_HOST_DATA_SIZE];

    ASSERT_STATUS(run_snp_finish(m, AT_GCTX, 8), ASP_INVALID_PARAM);
    ASSERT_STATUS(run_snp_finish(m, AT_GCTX, SNP_FINISH_AUTH_KEY),
                  ASP_INVALID_PARAM);
    ASSERT_OK(run_snp_finish(m, AT_GCTX, SNP_FINISH_VCEK_DIS));
    memset(host_data, 0x68, sizeof(host_data));
    g_assert_cmpmem(guest->host_data, sizeof(host_data), host_data,
                    sizeof(host_data));
    g_assert_true(guest->vcek_disabled && !guest->has_id);
    g_assert_cmpmem(guest->id_key_digest, 48, zero, 48);
    machine_free(m);
}

static void test_identity(void)
{
    uint64_t author;

    for (author = 0; author <= SNP_FINISH_AUTH_KEY;
         author += SNP_FINISH_AUTH_KEY) {
        Machine *m = launched();
        SnpGuest *guest = snp_guest_find(m->asp, AT_GCTX);
        const uint8_t zero[SNP_DIGEST_SIZE] = {};

        ASSERT_OK(run_snp_finish(m, AT_GCTX, SNP_FINISH_ID_BLOCK | author));
        g_assert_true(guest->has_id && guest->has_author == !!author);
        ASSERT_HEX(guest->id_key_digest, V_SNP_ID_DIGEST);
        if (author) {
            ASSERT_HEX(guest->author_key_digest, V_SNP_AUTHOR_DIGEST);
        } else {
            g_assert_cmpmem(guest->author_key_digest, 48, zero, 48);
        }
        machine_free(m);
    }
}

/* A bit is wrong somewhere in the ID block or the ID authentication */
static void test_identity_refused(void)
{
    static const struct {
        uint64_t at;
        AspStatus status;
    } cases[] = {
        { AT_ID_BLOCK + 0x00, ASP_BAD_SIGNATURE },
        { AT_ID_BLOCK + 0x30, ASP_BAD_SIGNATURE },
        { AT_ID_BLOCK + 0x50, ASP_BAD_VERSION },
        { AT_ID_BLOCK + 0x54, ASP_BAD_SIGNATURE },
        { AT_ID_BLOCK + 0x5f, ASP_BAD_SIGNATURE },
        { AT_ID_AUTH + 0x000, ASP_INVALID_PARAM },      /* algorithms */
        { AT_ID_AUTH + 0x004, ASP_INVALID_PARAM },
        { AT_ID_AUTH + 0x008, ASP_INVALID_PARAM },      /* reserved */
        { AT_ID_AUTH + 0x040, ASP_BAD_SIGNATURE },
        { AT_ID_AUTH + 0x087, ASP_BAD_SIGNATURE },      /* too long */
        { AT_ID_AUTH + 0x0d0, ASP_BAD_SIGNATURE },
        { AT_ID_AUTH + 0x240, ASP_INVALID_PARAM },      /* curve */
        { AT_ID_AUTH + 0x244, ASP_INVALID_PARAM },      /* not on it */
        { AT_ID_AUTH + 0x28b, ASP_INVALID_PARAM },      /* too long */
        { AT_ID_AUTH + 0x643, ASP_INVALID_PARAM },
        { AT_ID_AUTH + 0x644, ASP_INVALID_PARAM },      /* reserved */
        { AT_ID_AUTH + 0x680, ASP_BAD_SIGNATURE },
        { AT_ID_AUTH + 0x884, ASP_INVALID_PARAM },
        { AT_ID_AUTH + 0xfff, ASP_INVALID_PARAM },
    };
    Machine *m = launched();
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        *ram_at(m, cases[i].at) ^= 2;
        ASSERT_STATUS(run_snp_finish(m, AT_GCTX, SNP_FINISH_ID_BLOCK |
                                     SNP_FINISH_AUTH_KEY), cases[i].status);
        *ram_at(m, cases[i].at) ^= 2;
    }
    g_assert_false(snp_guest_find(m->asp, AT_GCTX)->has_id);
    ASSERT_OK(run_snp_finish(m, AT_GCTX, SNP_FINISH_ID_BLOCK |
                             SNP_FINISH_AUTH_KEY));
    machine_free(m);
}

/* The block is right, but for another guest. */
static void test_identity_other(void)
{
    Machine *m = launched();

    snp_guest(m, AT_GCTX2, SNP_ASID + 1);
    ASSERT_STATUS(run_snp_finish(m, AT_GCTX2, SNP_FINISH_ID_BLOCK),
                  ASP_BAD_MEASUREMENT);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_DECOMMISSION, AT_GCTX2));
    snp_context(m, AT_GCTX2);
    ASSERT_OK(run_snp_start(m, AT_GCTX2, V_SNP_POLICY | SNP_POLICY_DEBUG, 0));
    ASSERT_OK(RUN0(m, SNP_DF_FLUSH));
    ASSERT_OK(run_snp_activate(m, AT_GCTX2, SNP_ASID + 1));
    launch_pages(m, AT_GCTX2, SNP_ASID + 1);
    ASSERT_STATUS(run_snp_finish(m, AT_GCTX2, SNP_FINISH_ID_BLOCK),
                  ASP_POLICY_FAILURE);
    ASSERT_OK(run_snp_finish(m, AT_GCTX, SNP_FINISH_ID_BLOCK));
    machine_free(m);
}

/* After its last number a key is of no more use. */
static void test_last_message(void)
{
    Machine *m = launched();
    SnpGuest *guest = snp_guest_find(m->asp, AT_GCTX);
    SnpMessageHeader *hdr = (SnpMessageHeader *)ram_at(m, AT_TRANS);
    SnpCmdGuestRequest c = {
        .gctx_paddr = GUINT64_TO_LE(AT_GCTX),
        .request_paddr = GUINT64_TO_LE(AT_TRANS),
        .response_paddr = GUINT64_TO_LE(AT_STATUS),
    };

    ASSERT_OK(run_snp_finish(m, AT_GCTX, 0));
    set_page(m, AT_STATUS, FIRMWARE);
    *hdr = (SnpMessageHeader) {
        .algo = 1, .hdr_version = 1, .hdr_size = GUINT16_TO_LE(0x60),
        .msg_type = 5, .msg_version = 1, .msg_size = GUINT16_TO_LE(0x60),
        .seqno = GUINT64_TO_LE(UINT64_MAX - 1),
    };
    guest->seqno[0] = UINT64_MAX - 2;
    ASSERT_STATUS(RUN(m, SNP_GUEST_REQUEST, c), ASP_BAD_MEASUREMENT);
    hdr->seqno = GUINT64_TO_LE(UINT64_MAX);
    guest->seqno[0] = UINT64_MAX - 1;
    ASSERT_STATUS(RUN(m, SNP_GUEST_REQUEST, c), ASP_AEAD_OFLOW);
    hdr->vmpck = 1;
    ASSERT_STATUS(RUN(m, SNP_GUEST_REQUEST, c), ASP_INVALID_PARAM);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asp/snp-launch/digest", test_digest);
    g_test_add_func("/asp/snp-launch/two-guests", test_two_guests);
    g_test_add_func("/asp/snp-launch/content", test_content);
    g_test_add_func("/asp/snp-launch/perms-digest", test_perms_digest);
    g_test_add_func("/asp/snp-launch/imi", test_imi);
    g_test_add_func("/asp/snp-launch/secrets", test_secrets);
    g_test_add_func("/asp/snp-launch/update-refused", test_update_refused);
    g_test_add_func("/asp/snp-launch/inactive", test_inactive);
    g_test_add_func("/asp/snp-launch/large", test_large);
    g_test_add_func("/asp/snp-launch/large-hole", test_large_hole);
    g_test_add_func("/asp/snp-launch/large-unsafe", test_large_unsafe);
    g_test_add_func("/asp/snp-launch/policy", test_policy);
    g_test_add_func("/asp/snp-launch/finish", test_finish);
    g_test_add_func("/asp/snp-launch/identity", test_identity);
    g_test_add_func("/asp/snp-launch/identity-refused",
                    test_identity_refused);
    g_test_add_func("/asp/snp-launch/identity-other", test_identity_other);
    g_test_add_func("/asp/snp-launch/last-message", test_last_message);
    return g_test_run();
}
