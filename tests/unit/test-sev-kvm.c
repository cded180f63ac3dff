/*
 * SEV: commands to KVM that take more than one ioctl
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A kernel of our own stands behind kvm_vm_ioctl().
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "system/kvm.h"
#include "sev/kvm/command.h"
#include "sev/asp/abi.h"

#define SEV_FD  7
#define SRC     0x100000010ull
#define DST     0x900000880ull

KVMState *kvm_state;

/* What the kernel answers, call by call, and what it saw */
typedef struct Answer {
    int ret;
    uint32_t status;
} Answer;

static const Answer *answers;
static unsigned num_answers, num_calls;
static struct kvm_sev_dbg seen[8];
static uint32_t seen_id;

int kvm_vm_ioctl(KVMState *s, unsigned long type, ...)
{
    struct kvm_sev_cmd *cmd;
    va_list ap;
    unsigned i = num_calls++;

    va_start(ap, type);
    cmd = va_arg(ap, struct kvm_sev_cmd *);
    va_end(ap);
    g_assert_cmphex(type, ==, KVM_MEMORY_ENCRYPT_OP);
    g_assert_cmpint(cmd->sev_fd, ==, SEV_FD);
    g_assert_cmpint(cmd->pad0, ==, 0);
    if (i < ARRAY_SIZE(seen)) {
        seen[i] = *(struct kvm_sev_dbg *)(uintptr_t)cmd->data;
    }
    seen_id = cmd->id;
    if (i >= num_answers) {
        return 0;
    }
    cmd->error = answers[i].status;
    return answers[i].ret;
}

static void expect(const Answer *list, unsigned num)
{
    answers = list;
    num_answers = num;
    num_calls = 0;
}

static bool dbg(uint32_t id, uint64_t len, Error **errp)
{
    return sev_kvm_dbg(SEV_FD, id, (void *)(uintptr_t)SRC,
                       (void *)(uintptr_t)DST, len, errp);
}

/* No command goes beyond the end of either side's page */
static void test_dbg(void)
{
    static const unsigned lens[] = { 0x780, 0x870, 0x790, 0x870, 0x11 };
    uint64_t done = 0;

    expect(NULL, 0);
    g_assert_true(dbg(KVM_SEV_DBG_DECRYPT, 0x2001, &error_abort));
    g_assert_cmpint(num_calls, ==, ARRAY_SIZE(lens));
    g_assert_cmpint(seen_id, ==, KVM_SEV_DBG_DECRYPT);
    for (unsigned i = 0; i < num_calls; i++) {
        g_assert_cmphex(seen[i].src_uaddr, ==, SRC + done);
        g_assert_cmphex(seen[i].dst_uaddr, ==, DST + done);
        g_assert_cmphex(seen[i].len, ==, lens[i]);
        g_assert_cmphex(seen[i].pad0, ==, 0);
        done += lens[i];
    }
}

static void test_dbg_short(void)
{
    expect(NULL, 0);
    g_assert_true(dbg(KVM_SEV_DBG_ENCRYPT, 16, &error_abort));
    g_assert_cmpint(num_calls, ==, 1);
    g_assert_cmpint(seen_id, ==, KVM_SEV_DBG_ENCRYPT);
    g_assert_cmpint(seen[0].len, ==, 16);
    g_assert_true(dbg(KVM_SEV_DBG_ENCRYPT, 0, &error_abort));
    g_assert_cmpint(num_calls, ==, 1);
}

/* The second chunk is refused */
static void test_dbg_refused(void)
{
    static const Answer list[] = { { 0, 0 }, { -EIO, ASP_POLICY_FAILURE } };
    Error *err = NULL;

    expect(list, ARRAY_SIZE(list));
    g_assert_false(dbg(KVM_SEV_DBG_DECRYPT, 0x3000, &err));
    g_assert_cmpint(num_calls, ==, 2);
    g_assert_nonnull(strstr(error_get_pretty(err), "DBG_DECRYPT"));
    g_assert_nonnull(strstr(error_get_pretty(err), "POLICY_FAILURE (0x07)"));
    error_free(err);
}

/* Busy twice */
static void test_again(void)
{
    static const Answer list[] = {
        { -EAGAIN, UINT32_MAX }, { -EAGAIN, UINT32_MAX }, { 0, 0 },
    };
    struct kvm_sev_snp_launch_update cmd = { };

    expect(list, ARRAY_SIZE(list));
    g_assert_true(sev_kvm_command_again(SEV_FD, KVM_SEV_SNP_LAUNCH_UPDATE,
                                        &cmd, &error_abort));
    g_assert_cmpint(num_calls, ==, 3);
}

/* Busy, then refused */
static void test_again_refused(void)
{
    static const Answer list[] = {
        { -EAGAIN, UINT32_MAX }, { -EIO, ASP_INVALID_PAGE_STATE },
    };
    struct kvm_sev_snp_launch_update cmd = { };
    Error *err = NULL;

    expect(list, ARRAY_SIZE(list));
    g_assert_false(sev_kvm_command_again(SEV_FD, KVM_SEV_SNP_LAUNCH_UPDATE,
                                         &cmd, &err));
    g_assert_cmpint(num_calls, ==, 2);
    g_assert_nonnull(strstr(error_get_pretty(err), "INVALID_PAGE_STATE"));
    error_free(err);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sev/kvm/dbg", test_dbg);
    g_test_add_func("/sev/kvm/dbg/short", test_dbg_short);
    g_test_add_func("/sev/kvm/dbg/refused", test_dbg_refused);
    g_test_add_func("/sev/kvm/again", test_again);
    g_test_add_func("/sev/kvm/again/refused", test_again_refused);
    return g_test_run();
}
