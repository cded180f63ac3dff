/*
 * SEV-SNP on the software AMD Secure Processor, for tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_ASP_SNP_HARNESS_H
#define TESTS_ASP_SNP_HARNESS_H

#include "asp-harness.h"
#include "asp-snp-vectors.h"
#include "snp.h"

/* Where tests put things besides the places of asp-harness.h */
#define AT_GCTX     (RAM_BASE + 0x1c000)
#define AT_GCTX2    (RAM_BASE + 0x1d000)
#define AT_PAGE     (RAM_BASE + 0x20000)
#define AT_ID_BLOCK AT_OUT
#define AT_ID_AUTH  AT_OUT2
#define AT_STATUS   (RAM_BASE + 0x5000)

#define SNP_ASID    7
#define PAGE_GPA    0xffc00000ull

/* The states of a page by their bits in the RMP, as the firmware ABI has it */
static const AspRmpEntry page_states[] = {
    [0] = {},                                               /* Hypervisor */
    [1] = { .assigned = true, .immutable = true },          /* Firmware */
    [2] = { .assigned = true },                             /* Reclaim */
    [3] = { .assigned = true, .immutable = true, .vmsa = true },
    [4] = { .assigned = true, .immutable = true, .gpa = 0x1000 },
    [5] = { .assigned = true, .immutable = true, .asid = SNP_ASID,
            .gpa = PAGE_GPA },                              /* Pre-Guest */
    [6] = { .assigned = true, .asid = SNP_ASID, .gpa = PAGE_GPA },
    [7] = { .assigned = true, .asid = SNP_ASID, .gpa = PAGE_GPA,
            .validated = true },
    [8] = { .assigned = true, .asid = SNP_ASID, .gpa = PAGE_GPA,
            .validated = true, .immutable = true },         /* Pre-Swap */
};

enum {
    HYPERVISOR, FIRMWARE, RECLAIM, CONTEXT, METADATA, PRE_GUEST,
    GUEST_INVALID, GUEST_VALID, PRE_SWAP, PAGE_STATES,
};

/* RMPUPDATE */
static inline void set_page(Machine *m, uint64_t addr, int state)
{
    g_assert_true(ram_rmp_write(m, addr, &page_states[state]));
}

static inline void set_pre_guest(Machine *m, uint64_t addr, uint32_t asid,
                                 uint64_t gpa)
{
    const AspRmpEntry entry = {
        .assigned = true, .immutable = true, .asid = asid, .gpa = gpa,
    };

    g_assert_true(ram_rmp_write(m, addr, &entry));
}

static inline AspRmpEntry get_page(Machine *m, uint64_t addr)
{
    AspRmpEntry entry;

    g_assert_true(ram_rmp_read(m, addr, &entry));
    return entry;
}

/* Compared field by field: there is padding */
static inline bool same_entry(const AspRmpEntry *a, const AspRmpEntry *b)
{
    return a->assigned == b->assigned && a->validated == b->validated &&
           a->immutable == b->immutable && a->vmsa == b->vmsa &&
           a->large == b->large && a->asid == b->asid && a->gpa == b->gpa &&
           !memcmp(a->vmpl_perms, b->vmpl_perms, sizeof(a->vmpl_perms));
}

static inline void assert_page(Machine *m, uint64_t addr, int state)
{
    const AspRmpEntry entry = get_page(m, addr);

    g_assert_true(same_entry(&entry, &page_states[state]));
}

/* A command whose buffer is one address */
static inline AspStatus run_address(Machine *m, AspCommand id, uint64_t addr)
{
    SnpCmdAddress c = { .paddr = GUINT64_TO_LE(addr) };

    return asp_command(m->asp, id, &c, sizeof(c));
}

static inline AspStatus run_snp_start(Machine *m, uint64_t gctx,
                                      uint64_t policy, uint32_t flags)
{
    SnpCmdLaunchStart c = {
        .gctx_paddr = GUINT64_TO_LE(gctx),
        .policy = GUINT64_TO_LE(policy),
        .flags = GUINT32_TO_LE(flags),
    };

    memset(c.gosvw, 0x6f, sizeof(c.gosvw));
    return RUN(m, SNP_LAUNCH_START, c);
}

static inline AspStatus run_snp_activate(Machine *m, uint64_t gctx,
                                         uint32_t asid)
{
    SnpCmdActivate c = {
        .gctx_paddr = GUINT64_TO_LE(gctx), .asid = GUINT32_TO_LE(asid),
    };

    return RUN(m, SNP_ACTIVATE, c);
}

static inline SnpCmdLaunchUpdate update_command(uint64_t gctx, uint64_t addr,
                                                SnpPageType type)
{
    return (SnpCmdLaunchUpdate) {
        .gctx_paddr = GUINT64_TO_LE(gctx),
        .flags = GUINT32_TO_LE(type << SNP_UPDATE_TYPE_SHIFT),
        .page_paddr = GUINT64_TO_LE(addr),
    };
}

static inline AspStatus run_snp_update(Machine *m, uint64_t gctx,
                                       uint64_t addr, SnpPageType type)
{
    SnpCmdLaunchUpdate c = update_command(gctx, addr, type);

    return RUN(m, SNP_LAUNCH_UPDATE, c);
}

static inline AspStatus run_snp_finish(Machine *m, uint64_t gctx,
                                       uint64_t flags)
{
    SnpCmdLaunchFinish c = {
        .gctx_paddr = GUINT64_TO_LE(gctx),
        .id_block_paddr = GUINT64_TO_LE(AT_ID_BLOCK),
        .id_auth_paddr = GUINT64_TO_LE(AT_ID_AUTH),
        .flags = GUINT64_TO_LE(flags),
    };

    memset(c.host_data, 0x68, sizeof(c.host_data));
    return RUN(m, SNP_LAUNCH_FINISH, c);
}

static inline SnpGuestStatus snp_guest_status(Machine *m, uint64_t gctx)
{
    SnpCmdGuestStatus c = {
        .gctx_paddr = GUINT64_TO_LE(gctx),
        .status_paddr = GUINT64_TO_LE(AT_STATUS),
    };

    set_page(m, AT_STATUS, FIRMWARE);
    ASSERT_OK(RUN(m, SNP_GUEST_STATUS, c));
    assert_page(m, AT_STATUS, RECLAIM);
    return *(SnpGuestStatus *)ram_at(m, AT_STATUS);
}

/* A new context in state INIT */
static inline void snp_context(Machine *m, uint64_t gctx)
{
    set_page(m, gctx, FIRMWARE);
    ASSERT_OK(run_address(m, ASP_CMD_SNP_GCTX_CREATE, gctx));
}

/* An active guest in LAUNCH, on a platform that is initialised if need be */
static inline void snp_guest(Machine *m, uint64_t gctx, uint32_t asid)
{
    AspStatus status = RUN0(m, SNP_INIT);

    if (status != ASP_INVALID_PLATFORM_STATE) {
        ASSERT_OK(status);
    }
    snp_context(m, gctx);
    ASSERT_OK(run_snp_start(m, gctx, V_SNP_POLICY, 0));
    ASSERT_OK(RUN0(m, SNP_DF_FLUSH));
    ASSERT_OK(run_snp_activate(m, gctx, asid));
}

/* Page @n of the known answers */
static inline void fill_page(uint8_t *page, unsigned n)
{
    unsigned i;

    for (i = 0; i < SNP_PAGE_SIZE; i++) {
        page[i] = (i + 1) * n;
    }
}

/* Page @n becomes the guest's at @gpa */
static inline void snp_add_page(Machine *m, uint64_t gctx, uint32_t asid,
                                SnpPageType type, uint64_t gpa, unsigned n)
{
    set_pre_guest(m, AT_PAGE, asid, gpa);
    fill_page(ram_at(m, AT_PAGE), n);
    ASSERT_OK(run_snp_update(m, gctx, AT_PAGE, type));
}

static inline void assert_snp_digest(Machine *m, uint64_t gctx,
                                     const char *hex)
{
    uint8_t digest[SNP_DIGEST_SIZE];

    g_assert_true(asp_snp_digest(m->asp, gctx, digest));
    ASSERT_HEX(digest, hex);
}

/* A big-endian number of the known answers, as a field has it */
static inline void put_number(uint8_t *field, const char *hex)
{
    uint8_t be[ASP_EC_SIZE];
    size_t i;

    UNHEX(hex, be);
    memset(field, 0, SNP_NUMBER_SIZE);
    for (i = 0; i < sizeof(be); i++) {
        field[i] = be[sizeof(be) - 1 - i];
    }
}

static inline void vector_id_block(SnpIdBlock *block)
{
    memset(block, 0, sizeof(*block));
    UNHEX(V_SNP_LD_VMSA, block->launch_digest);
    block->version = GUINT32_TO_LE(1);
    block->policy = GUINT64_TO_LE(V_SNP_POLICY);
}

static inline void vector_id_auth(SnpIdAuth *auth)
{
    memset(auth, 0, sizeof(*auth));
    auth->id_key_algo = GUINT32_TO_LE(1);
    auth->auth_key_algo = GUINT32_TO_LE(1);
    auth->id_key.curve = GUINT32_TO_LE(2);
    auth->author_key.curve = GUINT32_TO_LE(2);
    put_number(auth->id_key.qx, V_SNP_ID_X);
    put_number(auth->id_key.qy, V_SNP_ID_Y);
    put_number(auth->author_key.qx, V_SNP_AUTHOR_X);
    put_number(auth->author_key.qy, V_SNP_AUTHOR_Y);
    put_number(auth->id_block_sig.r, V_SNP_BLOCK_R);
    put_number(auth->id_block_sig.s, V_SNP_BLOCK_S);
    put_number(auth->id_key_sig.r, V_SNP_KEY_R);
    put_number(auth->id_key_sig.s, V_SNP_KEY_S);
}

#endif
