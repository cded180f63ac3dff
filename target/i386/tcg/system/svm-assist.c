/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Next RIP and decode assists: AMD64 Architecture Programmer's Manual,
 * volume 2, 15.7.1 ("State saved on exit"), 15.8.4 ("Decode assists") and
 * 15.20 ("Event injection").
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/cpu_ldst.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"
#include "tcg/helper-tcg.h"
#include "tcg/svm-assist.h"

#define VMCB_NEXT_RIP           0xc8
#define VMCB_BYTES              0xd0
#define MOST_BYTES              15

#define INFO_MOV_CR             (1ull << 63)
#define INFO_FETCH              (1u << 4)       /* of a page fault */

#define OPCODE_INT_N            0xcd

/* Of the instruction that exits */
typedef struct Instruction {
    uint8_t bytes[MOST_BYTES];
    unsigned count;
} Instruction;

/* Instruction intercepts, those of MSRs and ports, and of INT3, INTO, BOUND */
static bool exit_has_next_rip(uint64_t code)
{
    switch (code) {
    case SVM_EXIT_READ_CR0 ... SVM_EXIT_READ_CR0 + 0x3f:
    case SVM_EXIT_EXCP_BASE + EXCP03_INT3:
    case SVM_EXIT_EXCP_BASE + EXCP04_INTO:
    case SVM_EXIT_EXCP_BASE + EXCP05_BOUND:
    case SVM_EXIT_CR0_SEL_WRITE ... SVM_EXIT_MSR:
    case SVM_EXIT_VMRUN ... SVM_EXIT_XSETBV:
    case 0xa0 ... 0xa4:                         /* INVLPGB ... TLBSYNC */
        return true;
    default:
        return false;
    }
}

/* One byte of code, if it is mapped: nothing may fault here. */
static bool fetch(CPUX86State *env, target_ulong address, uint8_t *byte)
{
    CPUState *cs = env_cpu(env);
    void *host;
    int flags = probe_access_flags(env, address, 1, MMU_INST_FETCH,
                                   cpu_mmu_index(cs, true), true, &host, 0);

    if (flags & TLB_INVALID_MASK) {
        return false;
    }
    *byte = host && !(flags & TLB_MMIO) ? *(uint8_t *)host
                                        : cpu_ldub_code(env, address);
    return true;
}

static Instruction read_instruction(CPUX86State *env)
{
    target_ulong base = env->segs[R_CS].base + env->eip;
    Instruction insn = {};

    if (!(env->hflags & HF_CS64_MASK)) {
        base = (uint32_t)base;
    }
    while (insn.count < MOST_BYTES
           && fetch(env, base + insn.count, &insn.bytes[insn.count])) {
        insn.count++;
    }
    return insn;
}

/* 66h, 67h, LOCK, REP and segments, and in 64-bit mode REX, which is last */
static unsigned skip_prefixes(CPUX86State *env, const Instruction *insn,
                              uint8_t *rex)
{
    static const uint8_t prefixes[] = {
        0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3,
    };
    unsigned at = 0;

    *rex = 0;
    while (at < insn->count && memchr(prefixes, insn->bytes[at],
                                      sizeof(prefixes))) {
        at++;
    }
    if (at < insn->count && (env->hflags & HF_CS64_MASK)
        && (insn->bytes[at] & 0xf0) == 0x40) {
        *rex = insn->bytes[at++];
    }
    return at;
}

/* The number of the general register of a MOV to or from CRn or DRn */
static bool mov_register(CPUX86State *env, uint64_t *number)
{
    Instruction insn = read_instruction(env);
    uint8_t rex;
    unsigned at = skip_prefixes(env, &insn, &rex);

    if (at + 3 > insn.count || insn.bytes[at] != 0x0f
        || (insn.bytes[at + 1] & 0xfc) != 0x20) {
        return false;           /* CLTS, LMSW, SMSW */
    }
    *number = (insn.bytes[at + 2] & 7) | (rex & 1) << 3;
    return true;
}

static void store_bytes(CPUX86State *env, const Instruction *insn)
{
    CPUState *cs = env_cpu(env);
    hwaddr to = env->vm_vmcb + VMCB_BYTES;

    x86_stb_phys(cs, to, insn->count);
    for (unsigned i = 0; i < MOST_BYTES; i++) {
        x86_stb_phys(cs, to + 1 + i, insn->bytes[i]);
    }
}

/* Data accesses only; nobody has fetched what a fetch faults at. */
static void store_bytes_of_fault(CPUX86State *env, uint64_t error)
{
    Instruction insn = {};

    if (!(error & INFO_FETCH)) {
        insn = read_instruction(env);
    }
    store_bytes(env, &insn);
}

static uint64_t decode(CPUX86State *env, uint64_t code, uint64_t info)
{
    uint64_t number;

    switch (code) {
    case SVM_EXIT_READ_CR0 ... SVM_EXIT_READ_CR0 + 0x1f:
        return mov_register(env, &number) ? INFO_MOV_CR | number : 0;
    case SVM_EXIT_READ_DR0 ... SVM_EXIT_READ_DR0 + 0x1f:
        return mov_register(env, &number) ? number : 0;
    case SVM_EXIT_EXCP_BASE + EXCP0E_PAGE:
    case SVM_EXIT_NPF:
        store_bytes_of_fault(env, info);
        return info;
    default:
        return info;
    }
}

uint64_t svm_assist_exit(CPUX86State *env, uint64_t exit_code,
                         uint64_t exit_info_1)
{
    if (env->features[FEAT_SVM] & CPUID_SVM_NRIPSAVE) {
        target_ulong next = env->eip + env->insn_len;

        if (!(env->hflags & HF_CS64_MASK)) {
            next = (uint32_t)next;
        }
        x86_stq_phys(env_cpu(env), env->vm_vmcb + VMCB_NEXT_RIP,
                     exit_has_next_rip(exit_code) ? next : 0);
    }
    if (env->features[FEAT_SVM] & CPUID_SVM_DECODEASSIST) {
        exit_info_1 = decode(env, exit_code, exit_info_1);
    }
    return exit_info_1;
}

static bool is_int_n(CPUX86State *env)
{
    Instruction insn = read_instruction(env);
    uint8_t rex;
    unsigned at = skip_prefixes(env, &insn, &rex);

    return at < insn.count && insn.bytes[at] == OPCODE_INT_N;
}

void svm_assist_software_interrupt(CPUX86State *env, int vector, int length)
{
    bool assists = env->features[FEAT_SVM] & CPUID_SVM_DECODEASSIST;

    if (likely(!(env->hflags & HF_GUEST_MASK))) {
        return;
    }
    env->insn_len = length;
    if ((vector == EXCP03_INT3 || vector == EXCP04_INTO) && !is_int_n(env)) {
        cpu_svm_check_intercept_param(env, SVM_EXIT_EXCP_BASE + vector, 0, 0);
    } else {
        cpu_svm_check_intercept_param(env, SVM_EXIT_SWINT,
                                      assists ? vector : 0, 0);
    }
}

void helper_svm_check_invlpg(CPUX86State *env, target_ulong address)
{
    bool assists = env->features[FEAT_SVM] & CPUID_SVM_DECODEASSIST;

    cpu_svm_check_intercept_param(env, SVM_EXIT_INVLPG,
                                  assists ? address : 0, GETPC());
}

target_ulong svm_assist_injected_next_rip(CPUX86State *env)
{
    if (env->features[FEAT_SVM] & CPUID_SVM_NRIPSAVE) {
        return x86_ldq_phys(env_cpu(env), env->vm_vmcb + VMCB_NEXT_RIP);
    }
    return env->eip;
}

bool svm_assist_injects_instruction(CPUX86State *env, int vector)
{
    return (env->features[FEAT_SVM] & CPUID_SVM_NRIPSAVE)
           && (vector == EXCP03_INT3 || vector == EXCP04_INTO);
}
