/*
 * A double of /dev/kvm and /dev/sev: launch of guests with SEV-SNP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kernel's Documentation/virt/kvm/x86/amd-memory-encryption.rst: what KVM
 * checks and how it moves pages from the hypervisor to the guest.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "double.h"

#define ASID            1
#define VMSA_GPA        0xfffffffff000ull

/* Of the policy, what a kernel passes on; there is no migration agent */
#define POLICY_KERNEL   (0xffffull | SNP_POLICY_SMT | \
                         SNP_POLICY_RESERVED_ONE | SNP_POLICY_DEBUG | \
                         SNP_POLICY_SINGLE_SOCKET | \
                         SNP_POLICY_CXL_ALLOW | \
                         SNP_POLICY_MEM_AES_256_XTS | SNP_POLICY_RAPL_DIS | \
                         SNP_POLICY_CIPHERTEXT_HIDING | \
                         SNP_POLICY_PAGE_SWAP_DISABLE)

static char *hex(const uint8_t *bytes, size_t len)
{
    GString *text = g_string_new("");

    while (len--) {
        g_string_append_printf(text, "%02x", *bytes++);
    }
    return g_string_free(text, false);
}

/* --- LAUNCH_START */

static void drop_context(void *gctx)
{
    SnpCmdAddress cmd = { .paddr = GUINT64_TO_LE((uintptr_t)gctx) };

    if (!double_firmware(ASP_CMD_SNP_DECOMMISSION, &cmd, sizeof(cmd))) {
        double_page_reclaim(gctx);
        double_page_free(gctx);
    }
}

static int start(const struct kvm_sev_snp_launch_start *user, void *gctx,
                 uint32_t *status)
{
    SnpCmdLaunchStart cmd = {
        .gctx_paddr = GUINT64_TO_LE((uintptr_t)gctx),
        .policy = GUINT64_TO_LE(user->policy),
    };
    SnpCmdActivate activate = {
        .gctx_paddr = GUINT64_TO_LE((uintptr_t)gctx),
        .asid = GUINT32_TO_LE(ASID),
    };
    int err;

    memcpy(cmd.gosvw, user->gosvw, sizeof(cmd.gosvw));
    err = double_command(ASP_CMD_SNP_LAUNCH_START, &cmd, sizeof(cmd), status);
    if (!err) {
        err = double_command(ASP_CMD_SNP_DF_FLUSH, NULL, 0, status);
    }
    return err ? err : double_command(ASP_CMD_SNP_ACTIVATE, &activate,
                                      sizeof(activate), status);
}

int double_snp_launch_start(uint64_t data, const DoubleFault *fault,
                            uint32_t *status)
{
    struct kvm_sev_snp_launch_start user;
    g_autofree char *gosvw = NULL;
    SnpCmdAddress create;
    void *gctx;
    int err;

    (void)fault;
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    gosvw = hex(user.gosvw, sizeof(user.gosvw));
    double_log("KVM_SEV_SNP_LAUNCH_START policy 0x%llx gosvw %s flags 0x%x",
               user.policy, gosvw, user.flags);
    if (double_vm.gctx) {
        return double_refuse("the guest is launched already");
    }
    if (user.flags || !double_is_zero(user.pad0, sizeof(user.pad0)) ||
        !double_is_zero(user.pad1, sizeof(user.pad1))) {
        return double_refuse("struct kvm_sev_snp_launch_start");
    }
    if (user.policy & ~POLICY_KERNEL ||
        !(user.policy & SNP_POLICY_RESERVED_ONE)) {
        return double_refuse("reserved bits of the policy");
    }
    gctx = double_firmware_page();
    create.paddr = GUINT64_TO_LE((uintptr_t)gctx);
    if (double_command(ASP_CMD_SNP_GCTX_CREATE, &create, sizeof(create),
                       status)) {
        return -ENOTTY;
    }
    err = start(&user, gctx, status);
    if (err) {
        drop_context(gctx);
        return err;
    }
    double_vm.gctx = gctx;
    return 0;
}

/* --- LAUNCH_UPDATE */

static const char *type_name(uint8_t type)
{
    static const char *const names[] = {
        [SNP_PAGE_NORMAL] = "NORMAL",
        [SNP_PAGE_ZERO] = "ZERO",
        [SNP_PAGE_UNMEASURED] = "UNMEASURED",
        [SNP_PAGE_SECRETS] = "SECRETS",
        [SNP_PAGE_CPUID] = "CPUID",
    };

    return type < G_N_ELEMENTS(names) ? names[type] : NULL;
}

/* RMPUPDATE to Pre-Guest and LAUNCH_UPDATE of a page */
static int launch_page(uint8_t *page, uint64_t gpa, SnpPageType type,
                       uint32_t *status)
{
    const AspRmpEntry pre_guest = {
        .assigned = true, .immutable = true, .asid = ASID, .gpa = gpa,
    };
    SnpCmdLaunchUpdate cmd = {
        .gctx_paddr = GUINT64_TO_LE((uintptr_t)double_vm.gctx),
        .flags = GUINT32_TO_LE(type << SNP_UPDATE_TYPE_SHIFT),
        .page_paddr = GUINT64_TO_LE((uintptr_t)page),
    };
    int err;

    double_rmp_update(page, &pre_guest);
    err = double_command(ASP_CMD_SNP_LAUNCH_UPDATE, &cmd, sizeof(cmd), status);
    if (err) {
        double_page_reclaim(page);
    }
    return err;
}

/* One page of the guest's from @uaddr, 0 for a page of zeros */
static int populate_page(uint64_t gpa, uint8_t *page, uint64_t uaddr,
                         SnpPageType type, uint32_t *status)
{
    AspRmpEntry entry;
    int err;

    if (!double_is_private(gpa, DOUBLE_PAGE)) {
        return double_refuse("the page was not made private");
    }
    double_rmp_read(NULL, (uintptr_t)page, &entry);
    if (entry.assigned) {
        double_log("REFUSED: the page is the guest's already");
        return -EEXIST;
    }
    if (uaddr && !double_user_read(uaddr, page, DOUBLE_PAGE)) {
        return -EFAULT;
    }
    err = launch_page(page, gpa, type, status);
    if (err && type == SNP_PAGE_CPUID && *status == ASP_INVALID_PARAM) {
        double_user_write(uaddr, page, DOUBLE_PAGE);
    }
    return err;
}

/* As many pages as go well; returns how many, or an error of the first */
static int64_t populate(const struct kvm_sev_snp_launch_update *user,
                        uint8_t *memory, uint64_t pages, uint32_t *status)
{
    uint64_t gpa = user->gfn_start * DOUBLE_PAGE, i;

    if (!pages) {
        return double_refuse("no pages");
    }
    for (i = 0; i < pages && i < double_update_pages(); i++) {
        uint64_t offset = i * DOUBLE_PAGE;
        int err = populate_page(gpa + offset, memory + offset,
                                user->uaddr ? user->uaddr + offset : 0,
                                user->type, status);

        if (err) {
            return i ? (int64_t)i : err;
        }
    }
    return i;
}

static const char *check_update(const struct kvm_sev_snp_launch_update *user)
{
    if (user->flags || user->pad0 || user->pad1 ||
        !double_is_zero(user->pad2, sizeof(user->pad2))) {
        return "struct kvm_sev_snp_launch_update";
    }
    if (!type_name(user->type)) {
        return "type of a page";
    }
    if (user->len % DOUBLE_PAGE || user->uaddr % DOUBLE_PAGE) {
        return "address and length must be whole pages";
    }
    if (!user->uaddr != (user->type == SNP_PAGE_ZERO)) {
        return "an address for pages of zeros, or none for others";
    }
    return user->gfn_start > UINT64_MAX / DOUBLE_PAGE ? "gfn_start" : NULL;
}

int double_snp_launch_update(uint64_t data, const DoubleFault *fault,
                             uint32_t *status)
{
    struct kvm_sev_snp_launch_update user;
    const char *why, *type;
    uint32_t said = 0;
    uint8_t *memory;
    uint64_t size = 0;
    int64_t count;

    (void)fault;
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    type = type_name(user.type);
    double_log("KVM_SEV_SNP_LAUNCH_UPDATE gpa 0x%llx len 0x%llx %s",
               user.gfn_start * DOUBLE_PAGE, user.len, type ? type : "?");
    if (!double_vm.gctx) {
        return double_refuse("the guest was not started");
    }
    why = check_update(&user);
    if (why) {
        return double_refuse(why);
    }
    memory = double_private_memory(user.gfn_start * DOUBLE_PAGE, &size);
    if (!memory) {
        return double_refuse("no guest_memfd there");
    }
    count = populate(&user, memory, MIN(user.len, size) / DOUBLE_PAGE, &said);
    if (count < 0) {
        *status = said;
        return -EIO;
    }
    user.gfn_start += count;
    user.len -= count * DOUBLE_PAGE;
    user.uaddr += user.uaddr ? count * DOUBLE_PAGE : 0;
    return double_user_write(data, &user, sizeof(user)) ? 0 : -EFAULT;
}

/* --- LAUNCH_FINISH */

static int launch_vcpu(DoubleVcpu *vcpu, uint32_t *status)
{
    g_autofree char *hash = NULL;

    if (!vcpu->vmsa && posix_memalign((void **)&vcpu->vmsa, DOUBLE_PAGE,
                                      DOUBLE_PAGE) != 0) {
        return -ENOMEM;
    }
    double_vmsa_build(vcpu, true, vcpu->vmsa);
    hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, vcpu->vmsa,
                                       DOUBLE_PAGE);
    double_log("  vCPU %u: sha256 %s", vcpu->index, hash);
    return launch_page(vcpu->vmsa, VMSA_GPA, SNP_PAGE_VMSA, status);
}

static int launch_vcpus(uint32_t *status)
{
    int err = 0;

    if (double_vm.registers_encrypted) {
        return double_refuse("the registers are encrypted already");
    }
    for (unsigned i = 0; i < double_vm.num_vcpus && !err; i++) {
        err = launch_vcpu(&double_vm.vcpus[i], status);
    }
    double_vm.registers_encrypted = !err;
    return err;
}

/* The kernel's copy of a blob, for the firmware */
static int copy_blob(uint64_t uaddr, void *copy, size_t len)
{
    if (!uaddr) {
        return double_refuse("a blob has no address");
    }
    return double_user_read(uaddr, copy, len) ? 0 : -EFAULT;
}

static int finish(const struct kvm_sev_snp_launch_finish *user,
                  uint32_t *status)
{
    SnpCmdLaunchFinish cmd = {
        .gctx_paddr = GUINT64_TO_LE((uintptr_t)double_vm.gctx),
    };
    uint64_t flags = user->vcek_disabled ? SNP_FINISH_VCEK_DIS : 0;
    SnpIdBlock block;
    SnpIdAuth auth;
    int err = 0;

    if (user->id_block_en) {
        flags |= SNP_FINISH_ID_BLOCK |
                 (user->auth_key_en ? SNP_FINISH_AUTH_KEY : 0);
        cmd.id_block_paddr = GUINT64_TO_LE((uintptr_t)&block);
        cmd.id_auth_paddr = GUINT64_TO_LE((uintptr_t)&auth);
        err = copy_blob(user->id_block_uaddr, &block, sizeof(block));
        if (!err) {
            err = copy_blob(user->id_auth_uaddr, &auth, sizeof(auth));
        }
    }
    cmd.flags = GUINT64_TO_LE(flags);
    memcpy(cmd.host_data, user->host_data, sizeof(cmd.host_data));
    return err ? err : double_command(ASP_CMD_SNP_LAUNCH_FINISH, &cmd,
                                      sizeof(cmd), status);
}

static const char *check_finish(const struct kvm_sev_snp_launch_finish *user)
{
    if (user->flags || !double_is_zero(user->pad0, sizeof(user->pad0)) ||
        !double_is_zero(user->pad1, sizeof(user->pad1))) {
        return "struct kvm_sev_snp_launch_finish";
    }
    if (user->id_block_en > 1 || user->auth_key_en > 1 ||
        user->vcek_disabled > 1) {
        return "a flag that is neither 0 nor 1";
    }
    return user->auth_key_en && !user->id_block_en ?
           "an author's key without an ID block" : NULL;
}

int double_snp_launch_finish(uint64_t data, const DoubleFault *fault,
                             uint32_t *status)
{
    struct kvm_sev_snp_launch_finish user;
    g_autofree char *host_data = NULL, *digest = NULL;
    uint8_t ld[SNP_DIGEST_SIZE];
    const char *why;
    int err;

    (void)fault;
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    host_data = hex(user.host_data, sizeof(user.host_data));
    double_log("KVM_SEV_SNP_LAUNCH_FINISH id_block %u auth_key %u "
               "vcek_disabled %u host_data %s", user.id_block_en,
               user.auth_key_en, user.vcek_disabled, host_data);
    if (!double_vm.gctx) {
        return double_refuse("the guest was not started");
    }
    why = check_finish(&user);
    if (why) {
        return double_refuse(why);
    }
    err = double_vmsa_possible() ? launch_vcpus(status) : -EINVAL;
    if (err) {
        return err;
    }
    double_snp_digest(double_vm.gctx, ld);
    digest = hex(ld, sizeof(ld));
    double_log("  launch digest %s", digest);
    err = finish(&user, status);
    double_vm.finished |= !err;
    return err;
}
