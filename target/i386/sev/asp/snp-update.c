/*
 * Software AMD Secure Processor: SNP_LAUNCH_UPDATE
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One page: measure it, give it its content, encrypt it and make it the
 * guest's.
 */

#include "snp-internal.h"

#define VMPL_PERMS_ALL          0x0f    /* read, write, two kinds of execute */
#define VMPL_PERMS_RESERVED     0xe0    /* bit 4: supervisor shadow stack */

/* What the command says, in the processor's own form */
typedef struct Update {
    SnpPageType type;
    bool large, imi;
    uint64_t paddr;
    const uint8_t *vmpl_perms;
} Update;

/* Only what is all the same can be large. */
static bool can_be_large(SnpPageType type)
{
    return type == SNP_PAGE_NORMAL || type == SNP_PAGE_ZERO ||
           type == SNP_PAGE_UNMEASURED;
}

static AspStatus check_command(const SnpGuest *guest,
                               const SnpCmdLaunchUpdate *c, const Update *u)
{
    uint32_t flags = GUINT32_FROM_LE(c->flags);
    int i;

    if (u->type < SNP_PAGE_NORMAL || u->type > SNP_PAGE_CPUID ||
        (flags & SNP_UPDATE_RESERVED) ||
        c->reserved || c->reserved2 || c->reserved3) {
        return ASP_INVALID_PARAM;
    }
    for (i = 0; i < G_N_ELEMENTS(c->vmpl_perms); i++) {
        if (c->vmpl_perms[i] & VMPL_PERMS_RESERVED) {
            return ASP_INVALID_PARAM;
        }
    }
    if (u->imi && !guest->imi) {
        return ASP_INVALID_PARAM;
    }
    if (u->large && !can_be_large(u->type)) {
        return ASP_INVALID_PAGE_SIZE;
    }
    return guest->asid ? ASP_SUCCESS : ASP_INACTIVE;
}

/* Whether the page may become the guest's; @entry: out */
static AspStatus check_page(Asp *asp, const SnpGuest *guest, const Update *u,
                            AspRmpEntry *entry)
{
    AspStatus status;

    if (u->large && u->paddr % SNP_LARGE_PAGE_SIZE) {
        return ASP_INVALID_ADDRESS;
    }
    status = snp_rmp_read(asp, u->paddr, entry);
    if (status) {
        return status;
    }
    if (snp_rmp_state(entry) != SNP_STATE_PRE_GUEST) {
        return ASP_INVALID_PAGE_STATE;
    }
    if (entry->asid != guest->asid) {
        return ASP_INVALID_PAGE_OWNER;
    }
    if (entry->large != u->large) {
        return ASP_INVALID_PAGE_SIZE;
    }
    return asp_mem_probe(asp, u->paddr, u->large ? SNP_LARGE_PAGE_SIZE
                                                 : SNP_PAGE_SIZE);
}

static void make_secrets(const SnpGuest *guest, void *page)
{
    SnpSecretsPage *secrets = page;

    memset(secrets, 0, sizeof(*secrets));
    secrets->version = GUINT32_TO_LE(SNP_SECRETS_VERSION);
    secrets->flags = GUINT32_TO_LE(guest->imi ? SNP_SECRETS_IMI : 0);
    secrets->fms = GUINT32_TO_LE(SNP_FMS);
    memcpy(secrets->gosvw, guest->gosvw, sizeof(secrets->gosvw));
    memcpy(secrets->vmpck, guest->vmpck, sizeof(secrets->vmpck));
}

/* @page: in: what the hypervisor supplied, out: what the guest will find */
static AspStatus make_content(Asp *asp, const SnpGuest *guest,
                              SnpPageType type, void *page)
{
    switch (type) {
    case SNP_PAGE_ZERO:
        memset(page, 0, SNP_PAGE_SIZE);
        return ASP_SUCCESS;
    case SNP_PAGE_SECRETS:
        make_secrets(guest, page);
        return ASP_SUCCESS;
    case SNP_PAGE_CPUID:
        return snp_cpuid_check(page, asp->snp_cpuid_refused);
    default:
        return ASP_SUCCESS;
    }
}

/* Let @digest go on by the page with content @page */
static void measure(const Update *u, uint64_t gpa, const void *page,
                    uint8_t *digest)
{
    SnpPageInfo info = {
        .page_type = u->type,
        .imi_page = u->imi,
        .gpa = GUINT64_TO_LE(gpa),
    };

    if (u->type == SNP_PAGE_NORMAL || u->type == SNP_PAGE_VMSA) {
        asp_sha384(page, SNP_PAGE_SIZE, info.contents);
    }
    memcpy(info.vmpl_perms, u->vmpl_perms, sizeof(info.vmpl_perms));
    snp_digest_page(&info, digest);
}

/* One page of 4 KiB, @offset bytes into the page of the command */
static AspStatus update_page(Asp *asp, SnpGuest *guest, const Update *u,
                             uint64_t gpa, uint64_t offset, uint8_t *digest)
{
    uint8_t page[SNP_PAGE_SIZE];
    uint64_t addr = u->paddr + offset;
    AspStatus status = asp_mem_read(asp, addr, page, sizeof(page));

    if (status) {
        return status;
    }
    status = make_content(asp, guest, u->type, page);
    if (status) {
        /* A refused CPUID page comes back corrected, for all to read. */
        return asp_mem_store(asp, addr, page, sizeof(page)) ?: status;
    }
    measure(u, gpa + offset, page, digest);
    status = asp_guest_store(asp, &guest->key, addr, page, sizeof(page));
    asp_wipe(page, sizeof(page));
    return status;
}

static AspStatus update(Asp *asp, SnpGuest *guest, const Update *u,
                        AspRmpEntry *entry)
{
    uint64_t size = u->large ? SNP_LARGE_PAGE_SIZE : SNP_PAGE_SIZE, offset;
    uint8_t *ld = u->imi ? guest->imi_digest : guest->digest;
    uint8_t digest[SNP_DIGEST_SIZE];
    AspStatus status = ASP_SUCCESS;

    memcpy(digest, ld, sizeof(digest));
    for (offset = 0; offset < size && !status; offset += SNP_PAGE_SIZE) {
        status = update_page(asp, guest, u, entry->gpa, offset, digest);
    }
    if (status) {
        return offset > SNP_PAGE_SIZE ? ASP_HWERROR_UNSAFE : status;
    }
    memcpy(ld, digest, sizeof(digest));

    entry->immutable = false;
    entry->validated = true;
    entry->vmsa = u->type == SNP_PAGE_VMSA;
    entry->vmpl_perms[0] = VMPL_PERMS_ALL;
    memcpy(entry->vmpl_perms + 1, u->vmpl_perms, 3);
    return snp_rmp_write(asp, u->paddr, entry);
}

AspStatus snp_cmd_launch_update(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdLaunchUpdate *c = cmd;
    uint32_t flags = GUINT32_FROM_LE(c->flags);
    const Update u = {
        .type = (flags >> SNP_UPDATE_TYPE_SHIFT) & 7,
        .large = flags & SNP_UPDATE_LARGE,
        .imi = flags & SNP_UPDATE_IMI,
        .paddr = GUINT64_FROM_LE(c->page_paddr),
        .vmpl_perms = c->vmpl_perms,
    };
    AspStatus status = check_command(guest, c, &u);
    AspRmpEntry entry;

    if (!status) {
        status = check_page(asp, guest, &u, &entry);
    }
    return status ? status : update(asp, guest, &u, &entry);
}
