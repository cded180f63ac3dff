/*
 * A double of /dev/kvm and /dev/sev: exits of a guest to userspace
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest executes nothing, so a test says what it would have done, in
 * lines of the file KVM_DOUBLE_EXITS:
 *
 *   map-gpa GPA PAGES private|shared      hypercall KVM_HC_MAP_GPA_RANGE
 *   memory-fault GPA SIZE private|shared  KVM_EXIT_MEMORY_FAULT
 *   sev-term REASON                       the guest asks to be ended
 *
 * The log has each of them, and what userspace answered to a hypercall.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "double.h"
#include <linux/kvm_para.h>

static unsigned done;           /* lines that were carried out */
static bool answer_due;

/* Userspace comes back with a vCPU */
void double_exit_done(DoubleVcpu *vcpu)
{
    if (answer_due && vcpu->index == 0) {
        answer_due = false;
        double_log("  answer 0x%llx", vcpu->run->hypercall.ret);
    }
}

static bool map_gpa(struct kvm_run *run, uint64_t gpa, uint64_t pages,
                    bool private)
{
    double_log("KVM_HC_MAP_GPA_RANGE gpa 0x%" G_GINT64_MODIFIER "x pages 0x%"
               G_GINT64_MODIFIER "x %s", (guint64)gpa, (guint64)pages,
               private ? "private" : "shared");
    if (!(double_vm.exit_hypercalls & 1ull << KVM_HC_MAP_GPA_RANGE)) {
        double_refuse("KVM_CAP_EXIT_HYPERCALL is not enabled for it");
        return false;
    }
    run->exit_reason = KVM_EXIT_HYPERCALL;
    memset(&run->hypercall, 0, sizeof(run->hypercall));
    run->hypercall.nr = KVM_HC_MAP_GPA_RANGE;
    run->hypercall.args[0] = gpa;
    run->hypercall.args[1] = pages;
    run->hypercall.args[2] = private ? KVM_MAP_GPA_RANGE_ENCRYPTED
                                     : KVM_MAP_GPA_RANGE_DECRYPTED;
    run->hypercall.flags = KVM_EXIT_HYPERCALL_LONG_MODE;
    answer_due = true;
    return true;
}

static void memory_fault(struct kvm_run *run, uint64_t gpa, uint64_t size,
                         bool private)
{
    double_log("KVM_EXIT_MEMORY_FAULT gpa 0x%" G_GINT64_MODIFIER "x size 0x%"
               G_GINT64_MODIFIER "x %s", (guint64)gpa, (guint64)size,
               private ? "private" : "shared");
    run->exit_reason = KVM_EXIT_MEMORY_FAULT;
    run->memory_fault.flags = private ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0;
    run->memory_fault.gpa = gpa;
    run->memory_fault.size = size;
}

static void sev_term(struct kvm_run *run, uint64_t reason)
{
    double_log("KVM_SYSTEM_EVENT_SEV_TERM 0x%" G_GINT64_MODIFIER "x",
               (guint64)reason);
    run->exit_reason = KVM_EXIT_SYSTEM_EVENT;
    memset(&run->system_event, 0, sizeof(run->system_event));
    run->system_event.type = KVM_SYSTEM_EVENT_SEV_TERM;
    run->system_event.ndata = 1;
    run->system_event.data[0] = reason;
}

/* Carry out one line; whether it is an exit */
static bool carry_out(struct kvm_run *run, const char *line, int *ret)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 0);
    unsigned n = g_strv_length(words);
    uint64_t a = n > 1 ? g_ascii_strtoull(words[1], NULL, 0) : 0;
    uint64_t b = n > 2 ? g_ascii_strtoull(words[2], NULL, 0) : 0;
    bool private = n > 3 && strcmp(words[3], "private") == 0;

    *ret = 0;
    if (n == 4 && strcmp(words[0], "map-gpa") == 0) {
        return map_gpa(run, a, b, private);
    }
    if (n == 4 && strcmp(words[0], "memory-fault") == 0) {
        memory_fault(run, a, b, private);
        *ret = double_fail(-EFAULT);
        return true;
    }
    if (n == 2 && strcmp(words[0], "sev-term") == 0) {
        sev_term(run, a);
        return true;
    }
    g_error("KVM_DOUBLE_EXITS: '%s' is no exit", line);
}

/* Whether the file has another line, complete, for the first vCPU */
bool double_exit_next(DoubleVcpu *vcpu, int *ret)
{
    const char *path = getenv("KVM_DOUBLE_EXITS");
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!path || vcpu->index != 0 ||
        !g_file_get_contents(path, &text, NULL, NULL)) {
        return false;
    }
    lines = g_strsplit(text, "\n", 0);
    if (done + 1 >= g_strv_length(lines)) {
        return false;
    }
    return carry_out(vcpu->run, lines[done++], ret);
}
