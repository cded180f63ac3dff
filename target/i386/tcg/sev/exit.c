/*
 * AMD SEV under TCG: exits of a guest with encrypted registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"
#include "tcg/helper-tcg.h"
#include "sev/hypervisor.h"
#include "tcg/sev/exit.h"
#include "trace.h"

/* Of those that TCG intercepts at all: APM volume 2, table 15-34 */
static bool is_automatic(uint32_t type)
{
    switch (type) {
    case SVM_EXIT_INTR:
    case SVM_EXIT_NMI:
    case SVM_EXIT_SMI:
    case SVM_EXIT_INIT:
    case SVM_EXIT_VINTR:
    case SVM_EXIT_PAUSE:
    case SVM_EXIT_HLT:
    case SVM_EXIT_SHUTDOWN:
    case SVM_EXIT_EXCP_BASE + EXCP12_MCHK:
        return true;
    default:
        return false;
    }
}

G_NORETURN void sev_tcg_vc(CPUX86State *env, uint32_t code, uintptr_t retaddr)
{
    trace_sev_tcg_vc(env_cpu(env)->cpu_index, code);
    raise_exception_err_ra(env, EXCP1D_VC, code, retaddr);
}

void sev_tcg_exit(CPUX86State *env, uint32_t type, uint64_t param,
                  uintptr_t retaddr)
{
    SevVcpu *vcpu = env->sev_vcpu;

    /* An automatic one that its own hypervisor wants needs no exit here */
    if (vcpu->in_hypervisor || is_automatic(type) ||
        !vcpu->hypervisor->intercepts(env_archcpu(env), type, param)) {
        return;
    }
    sev_tcg_vc(env, type, retaddr);
}

void helper_sev_vmgexit(CPUX86State *env, uint32_t length)
{
    uintptr_t ra = GETPC();
    CPUState *cs = env_cpu(env);

    if (!(env->hflags & HF_SEV_ES_MASK)) {
        /* REP VMMCALL to everybody else */
        if (env->hflags & HF_SVME_MASK) {
            cpu_svm_check_intercept_param(env, SVM_EXIT_VMMCALL, 0, ra);
        }
        raise_exception_ra(env, EXCP06_ILLOP, ra);
    }
    cpu_restore_state(cs, ra);
    env->eip += length;
    if (!(env->hflags & HF_CS64_MASK)) {
        env->eip = (uint32_t)env->eip;
    }
    cs->exception_index = -1;
    env->sev_vcpu->hypervisor->vmgexit(env_archcpu(env));
    cpu_loop_exit(cs);
}

/* The exception that an unknown register raises comes here, not to the guest */
bool sev_tcg_msr(X86CPU *cpu, bool write, uint32_t msr, uint64_t *value)
{
    CPUState *cs = CPU(cpu);
    CPUX86State *env = &cpu->env;
    target_ulong saved[] = {
        env->regs[R_EAX], env->regs[R_ECX], env->regs[R_EDX],
    };
    int old_exception = env->old_exception;
    sigjmp_buf outer;
    bool ok;

    memcpy(&outer, &cs->jmp_env, sizeof(outer));
    env->sev_vcpu->in_hypervisor = true;
    env->regs[R_ECX] = msr;
    env->regs[R_EAX] = (uint32_t)*value;
    env->regs[R_EDX] = *value >> 32;
    ok = sigsetjmp(cs->jmp_env, 0) == 0;
    if (ok) {
        if (write) {
            helper_wrmsr(env);
        } else {
            helper_rdmsr(env);
        }
    }
    memcpy(&cs->jmp_env, &outer, sizeof(outer));
    env->sev_vcpu->in_hypervisor = false;
    if (ok && !write) {
        *value = (uint32_t)env->regs[R_EAX] |
                 (uint64_t)(uint32_t)env->regs[R_EDX] << 32;
    }
    env->regs[R_EAX] = saved[0];
    env->regs[R_ECX] = saved[1];
    env->regs[R_EDX] = saved[2];
    if (!ok) {
        cs->exception_index = -1;
        env->old_exception = old_exception;
    }
    return ok;
}
