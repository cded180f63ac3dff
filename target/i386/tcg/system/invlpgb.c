/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * INVLPGB and TLBSYNC: a CPU invalidates TLB entries of all CPUs, and waits
 * until they are gone ("APM" is AMD's Architecture Programmer's Manual,
 * volume 3, "INVLPGB" and "TLBSYNC").
 *
 * INVLPGB flushes the own TLB at once and asks the other vCPUs to flush
 * theirs, but for those that stand still with an empty TLB: a vCPU that sleeps
 * is disturbed once, not each time.  A vCPU counts what it was asked for and
 * what it has done, and TLBSYNC waits until these are the same everywhere.  It
 * leaves and is executed again when its own vCPU is asked for something, so
 * two of them can wait for each other.
 *
 * Where one thread runs all vCPUs (or the record of a replay wants it so), only
 * one of them runs at a time and INVLPGB flushes the TLBs of all.
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"
#include "exec/cputlb.h"
#include "qemu/processor.h"
#include "hw/core/cpu.h"
#include "tcg/helper-tcg.h"
#include "tcg/limits.h"

/* APM: fields of rAX, ECX and EDX */
#define RAX_VALID_VA        (1u << 0)
#define RAX_VALID_PCID      (1u << 1)
#define RAX_VALID_ASID      (1u << 2)
#define RAX_NESTED          (1u << 5)
#define RAX_RESERVED        0xfc0u
#define ECX_COUNT           0xffffu
#define ECX_RESERVED        0x7fff0000u
#define ECX_STRIDE_2M       (1u << 31)
#define EDX_ASID            0xffffu
#define EDX_RESERVED        0xf0000000u

/* VMCB: intercepts, and what the guest may execute */
#define VMCB_INTERCEPTS     0x14
#define INTERCEPT_INVLPGB   (1u << 0)
#define INTERCEPT_ILLEGAL   (1u << 1)
#define INTERCEPT_TLBSYNC   (1u << 4)
#define VMCB_ENABLES        0x90
#define ENABLE_INVLPGB      (1u << 7)
#define EXIT_INVLPGB        0xa0
#define EXIT_ILLEGAL        0xa1
#define EXIT_TLBSYNC        0xa4

/* How often TLBSYNC looks before it sleeps, and for how long it does */
#define LOOKS               200
#define SLEEP_US            20

/* More pages than this are not worth being looked for one by one. */
#define SINGLE_PAGES        32

/* What to flush: all, or some pages that lie one behind the other */
typedef struct Invalidation {
    bool all;
    target_ulong address;
    unsigned pages;
} Invalidation;

static void flush_own(CPUState *cs, const Invalidation *what)
{
    if (what->all) {
        tlb_flush(cs);
        return;
    }
    for (unsigned i = 0; i < what->pages; i++) {
        tlb_flush_page(cs, what->address + i * TARGET_PAGE_SIZE);
    }
}

static void flush_asked(CPUState *cs, run_on_cpu_data data)
{
    g_autofree Invalidation *what = data.host_ptr;
    CPUX86State *env = cpu_env(cs);

    flush_own(cs, what);
    qatomic_set(&env->tlb_flushes_done, env->tlb_flushes_done + 1);
}

/*
 * A vCPU that does not run walks page tables only after it has said that it
 * runs again, and then sees what the caller wrote into them before.  So it is
 * important to look at its state first.
 */
static bool has_nothing_to_flush(CPUState *cs)
{
    bool empty;

    if (qatomic_read(&cs->running)) {
        return false;
    }
    smp_rmb();      /* the state first, see above */
    qemu_spin_lock(&cs->neg.tlb.c.lock);
    empty = !cs->neg.tlb.c.dirty;
    qemu_spin_unlock(&cs->neg.tlb.c.lock);
    return empty;
}

static void ask(CPUState *cs, const Invalidation *what)
{
    qatomic_inc(&cpu_env(cs)->tlb_flushes_asked);
    async_run_on_cpu(cs, flush_asked,
                     RUN_ON_CPU_HOST_PTR(g_memdup2(what, sizeof(*what))));
}

static void broadcast(CPUX86State *env, const Invalidation *what)
{
    CPUState *self = env_cpu(env), *cs;

    smp_mb();       /* what the guest wrote to page tables comes first */
    WITH_RCU_READ_LOCK_GUARD() {
        CPU_FOREACH(cs) {
            if (cs == self || !qemu_tcg_mttcg_enabled()) {
                flush_own(cs, what);
            } else if (!has_nothing_to_flush(cs)) {
                ask(cs, what);
            }
        }
    }
}

static bool all_flushed(CPUX86State *env)
{
    CPUState *cs;

    RCU_READ_LOCK_GUARD();
    CPU_FOREACH(cs) {
        CPUX86State *other = cpu_env(cs);

        if (other != env && qatomic_read(&other->tlb_flushes_done) !=
                            qatomic_read(&other->tlb_flushes_asked)) {
            return false;
        }
    }
    return true;
}

static uint32_t vmcb_word(CPUX86State *env, unsigned offset)
{
    return x86_ldl_phys(env_cpu(env), env->vm_vmcb + offset);
}

/* A nested guest needs leave, and its hypervisor may want to know. */
static void check_nested(CPUX86State *env, uint32_t intercept, uint32_t code,
                         uintptr_t ra)
{
    if (!(env->hflags & HF_GUEST_MASK)) {
        return;
    }
    if (!(vmcb_word(env, VMCB_ENABLES) & ENABLE_INVLPGB)) {
        raise_exception_ra(env, EXCP06_ILLOP, ra);
    }
    if (vmcb_word(env, VMCB_INTERCEPTS) & intercept) {
        cpu_vmexit(env, code, 0, ra);
    }
}

static void check_available(CPUX86State *env, uintptr_t ra)
{
    if (!(env->features[FEAT_8000_0008_EBX] & CPUID_8000_0008_EBX_INVLPGB)) {
        raise_exception_ra(env, EXCP06_ILLOP, ra);
    }
    if (env->hflags & HF_CPL_MASK) {
        raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
    }
}

/* A nested guest has no other ASID than its own, which it calls 0. */
static bool operands_valid(CPUX86State *env, uint32_t rax, uint32_t ecx,
                           uint32_t edx)
{
    uint32_t most = env->hflags & HF_GUEST_MASK ? 0 : TCG_SVM_ASIDS - 1;

    return !(rax & (RAX_RESERVED | RAX_NESTED))
           && !(ecx & ECX_RESERVED) && (ecx & ECX_COUNT) <= TCG_INVLPGB_COUNT
           && !(edx & EDX_RESERVED)
           && (!(rax & RAX_VALID_ASID) || (edx & EDX_ASID) <= most)
           && (!(rax & RAX_VALID_PCID) || (env->cr[4] & CR4_PCIDE_MASK));
}

/*
 * TCG's TLB knows neither ASIDs nor PCIDs, nor the size of a page that it
 * would have to look for in steps of 2 MiB: more is flushed than was asked.
 */
static Invalidation operands(CPUX86State *env)
{
    target_ulong rax = env->regs[R_EAX];
    uint32_t ecx = env->regs[R_ECX];
    unsigned pages = (ecx & ECX_COUNT) + 1;

    if (!(env->hflags & HF_CS64_MASK)) {
        rax = (uint32_t)rax;
    }
    return (Invalidation) {
        .all = !(rax & RAX_VALID_VA) || pages > SINGLE_PAGES
               || (ecx & ECX_STRIDE_2M && pages > 1),
        .address = rax & TARGET_PAGE_MASK,
        .pages = pages,
    };
}

void helper_invlpgb(CPUX86State *env)
{
    uintptr_t ra = GETPC();
    Invalidation what;

    check_available(env, ra);
    check_nested(env, INTERCEPT_INVLPGB, EXIT_INVLPGB, ra);
    if (!operands_valid(env, env->regs[R_EAX], env->regs[R_ECX],
                        env->regs[R_EDX])) {
        check_nested(env, INTERCEPT_ILLEGAL, EXIT_ILLEGAL, ra);
        raise_exception_err_ra(env, EXCP0D_GPF, 0, ra);
    }
    what = operands(env);
    broadcast(env, &what);
}

void helper_tlbsync(CPUX86State *env)
{
    uintptr_t ra = GETPC();
    CPUState *cs = env_cpu(env);

    check_available(env, ra);
    check_nested(env, INTERCEPT_TLBSYNC, EXIT_TLBSYNC, ra);
    for (unsigned looks = 0; !all_flushed(env); looks++) {
        if (qatomic_read(&cs->exit_request)) {
            cs->exception_index = EXCP_INTERRUPT;
            cpu_loop_exit_restore(cs, ra);
        }
        if (looks < LOOKS) {
            cpu_relax();
        } else {
            g_usleep(SLEEP_US);
        }
    }
}
