/*
 * AMD SEV under TCG: the VM save area, registers of a vCPU in memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "exec/cputlb.h"
#include "tcg/helper-tcg.h"
#include "tcg/sev/vmsa.h"

/* A register that is stored as it is; both sizes in bytes */
typedef struct Field {
    uint16_t vmsa;
    uint8_t vmsa_size;
    uint8_t env_size;
    size_t env;
} Field;

#define REGISTER(vmsa_, size_, member) \
    { .vmsa = vmsa_, .vmsa_size = size_, .env = offsetof(CPUX86State, member), \
      .env_size = sizeof_field(CPUX86State, member) }

static const Field fields[] = {
    REGISTER(0x0d0, 8, efer),
    REGISTER(0x140, 8, xss),
    REGISTER(0x148, 8, cr[4]),
    REGISTER(0x150, 8, cr[3]),
    REGISTER(0x158, 8, cr[0]),
    REGISTER(0x160, 8, dr[7]),
    REGISTER(0x168, 8, dr[6]),
    REGISTER(0x178, 8, eip),
    REGISTER(0x180, 8, dr[0]),
    REGISTER(0x188, 8, dr[1]),
    REGISTER(0x190, 8, dr[2]),
    REGISTER(0x198, 8, dr[3]),
    REGISTER(0x1d8, 8, regs[R_ESP]),
    REGISTER(0x1f8, 8, regs[R_EAX]),
    REGISTER(0x200, 8, star),
    REGISTER(0x208, 8, lstar),
    REGISTER(0x210, 8, cstar),
    REGISTER(0x218, 8, fmask),
    REGISTER(0x220, 8, kernelgsbase),
    REGISTER(0x228, 8, sysenter_cs),
    REGISTER(0x230, 8, sysenter_esp),
    REGISTER(0x238, 8, sysenter_eip),
    REGISTER(0x240, 8, cr[2]),
    REGISTER(0x268, 8, pat),
    REGISTER(0x2e8, 4, pkru),
    REGISTER(0x2ec, 4, tsc_aux),
    REGISTER(0x308, 8, regs[R_ECX]),
    REGISTER(0x310, 8, regs[R_EDX]),
    REGISTER(0x318, 8, regs[R_EBX]),
    REGISTER(0x328, 8, regs[R_EBP]),
    REGISTER(0x330, 8, regs[R_ESI]),
    REGISTER(0x338, 8, regs[R_EDI]),
    REGISTER(0x340, 8, regs[8]),
    REGISTER(0x348, 8, regs[9]),
    REGISTER(0x350, 8, regs[10]),
    REGISTER(0x358, 8, regs[11]),
    REGISTER(0x360, 8, regs[12]),
    REGISTER(0x368, 8, regs[13]),
    REGISTER(0x370, 8, regs[14]),
    REGISTER(0x378, 8, regs[15]),
    REGISTER(0x3e8, 8, xcr0),
    REGISTER(0x400, 8, fpdp),
    REGISTER(0x408, 4, mxcsr),
    REGISTER(0x412, 2, fpop),
    REGISTER(0x414, 2, fpds),
    REGISTER(0x416, 2, fpcs),
    REGISTER(0x418, 8, fpip),
};

/* Segment registers, by their place in the page */
static SegmentCache *segment_at(CPUX86State *env, unsigned i)
{
    switch (i) {
    case 0 ... 5:
        return &env->segs[i];
    case 6:
        return &env->gdt;
    case 7:
        return &env->ldt;
    case 8:
        return &env->idt;
    default:
        return &env->tr;
    }
}

#define NUM_SEGMENTS    10
#define VMSA_RFLAGS     0x170
#define VMSA_FTW        0x40c
#define VMSA_FSW        0x40e
#define VMSA_FCW        0x410
#define VMSA_X87        0x420
#define VMSA_X87_EXP    0x460
#define VMSA_XMM        0x470
#define VMSA_YMM        0x570

static uint64_t get_env(const void *at, unsigned size)
{
    uint64_t value = 0;

    switch (size) {
    case 2:
        value = *(const uint16_t *)at;
        break;
    case 4:
        value = *(const uint32_t *)at;
        break;
    case 8:
        value = *(const uint64_t *)at;
        break;
    default:
        g_assert_not_reached();
    }
    return value;
}

static void set_env(void *at, unsigned size, uint64_t value)
{
    switch (size) {
    case 2:
        *(uint16_t *)at = value;
        break;
    case 4:
        *(uint32_t *)at = value;
        break;
    case 8:
        *(uint64_t *)at = value;
        break;
    default:
        g_assert_not_reached();
    }
}

/* Attributes: bits 55:52 and 47:40 of a descriptor in a row */
static void store_segments(CPUX86State *env, uint8_t *page)
{
    for (unsigned i = 0; i < NUM_SEGMENTS; i++) {
        const SegmentCache *sc = segment_at(env, i);
        uint8_t *p = page + i * 16;

        stw_le_p(p, sc->selector);
        stw_le_p(p + 2, ((sc->flags >> 8) & 0xff) |
                        ((sc->flags >> 12) & 0xf00));
        stl_le_p(p + 4, sc->limit);
        stq_le_p(p + 8, sc->base);
    }
}

static void load_segments(CPUX86State *env, const uint8_t *page)
{
    for (unsigned i = 0; i < NUM_SEGMENTS; i++) {
        SegmentCache *sc = segment_at(env, i);
        const uint8_t *p = page + i * 16;
        uint32_t attr = lduw_le_p(p + 2);
        uint32_t flags = ((attr & 0xff) << 8) | ((attr & 0xf00) << 12);

        if (i < 6) {
            cpu_x86_load_seg_cache(env, i, lduw_le_p(p), ldq_le_p(p + 8),
                                   ldl_le_p(p + 4), flags);
        } else {
            sc->selector = lduw_le_p(p);
            sc->flags = flags;
            sc->limit = ldl_le_p(p + 4);
            sc->base = ldq_le_p(p + 8);
        }
    }
}

/* The x87 registers as FXSAVE orders them, from the top of their stack on */
static void store_fpu(const CPUX86State *env, uint8_t *page)
{
    unsigned tags = 0;

    for (unsigned i = 0; i < 8; i++) {
        const floatx80 *reg = &env->fpregs[(env->fpstt + i) & 7].d;

        stq_le_p(page + VMSA_X87 + 8 * i, reg->low);
        stw_le_p(page + VMSA_X87_EXP + 2 * i, reg->high);
        tags |= !env->fptags[i] << i;
    }
    stw_le_p(page + VMSA_FTW, tags);
    stw_le_p(page + VMSA_FSW, (env->fpus & ~0x3800) | (env->fpstt & 7) << 11);
    stw_le_p(page + VMSA_FCW, env->fpuc);
}

static void load_fpu(CPUX86State *env, const uint8_t *page)
{
    uint16_t status = lduw_le_p(page + VMSA_FSW);
    uint16_t tags = lduw_le_p(page + VMSA_FTW);

    env->fpstt = (status >> 11) & 7;
    env->fpus = status & ~0x3800;
    cpu_set_fpuc(env, lduw_le_p(page + VMSA_FCW));
    cpu_set_mxcsr(env, env->mxcsr);
    for (unsigned i = 0; i < 8; i++) {
        floatx80 *reg = &env->fpregs[(env->fpstt + i) & 7].d;

        reg->low = ldq_le_p(page + VMSA_X87 + 8 * i);
        reg->high = lduw_le_p(page + VMSA_X87_EXP + 2 * i);
        env->fptags[i] = !(tags & (1 << i));
    }
}

static void store_vectors(const CPUX86State *env, uint8_t *page)
{
    for (unsigned i = 0; i < 16; i++) {
        for (unsigned half = 0; half < 2; half++) {
            stq_le_p(page + VMSA_XMM + 16 * i + 8 * half,
                     env->xmm_regs[i].ZMM_Q(half));
            stq_le_p(page + VMSA_YMM + 16 * i + 8 * half,
                     env->xmm_regs[i].ZMM_Q(2 + half));
        }
    }
}

static void load_vectors(CPUX86State *env, const uint8_t *page)
{
    for (unsigned i = 0; i < 16; i++) {
        for (unsigned half = 0; half < 2; half++) {
            env->xmm_regs[i].ZMM_Q(half) =
                ldq_le_p(page + VMSA_XMM + 16 * i + 8 * half);
            env->xmm_regs[i].ZMM_Q(2 + half) =
                ldq_le_p(page + VMSA_YMM + 16 * i + 8 * half);
        }
    }
}

void sev_vmsa_store(CPUX86State *env, uint8_t *page)
{
    store_segments(env, page);
    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        stn_le_p(page + fields[i].vmsa, fields[i].vmsa_size,
                 get_env((char *)env + fields[i].env, fields[i].env_size));
    }
    stb_p(page + SEV_VMSA_CPL, env->hflags & HF_CPL_MASK);
    stq_le_p(page + VMSA_RFLAGS, cpu_compute_eflags(env));
    store_fpu(env, page);
    store_vectors(env, page);
}

/* Registers on which hidden state depends go through those who know of it */
static void update_control(CPUX86State *env)
{
    uint32_t cr0 = env->cr[0], cr4 = env->cr[4];
    uint64_t dr7 = env->dr[7];

    env->cr[0] = 0;
    env->cr[4] = 0;
    cpu_load_efer(env, env->efer);
    cpu_x86_update_cr0(env, cr0);
    cpu_x86_update_cr4(env, cr4);
    env->dr[7] = DR7_FIXED_1;
    cpu_x86_update_dr7(env, dr7);
}

void sev_vmsa_load(CPUX86State *env, const uint8_t *page)
{
    uint32_t flags = ldq_le_p(page + VMSA_RFLAGS);

    for (unsigned i = 0; i < ARRAY_SIZE(fields); i++) {
        set_env((char *)env + fields[i].env, fields[i].env_size,
                ldn_le_p(page + fields[i].vmsa, fields[i].vmsa_size));
    }
    update_control(env);
    cpu_load_eflags(env, flags, ~(CC_O | CC_S | CC_Z | CC_A | CC_P | CC_C |
                                  DF_MASK | VM_MASK));
    if (env->efer & MSR_EFER_LMA && flags & VM_MASK) {
        env->eflags &= ~VM_MASK;
    }
    load_segments(env, page);
    env->hflags &= ~HF_CPL_MASK;
    env->hflags |= ldub_p(page + SEV_VMSA_CPL) & HF_CPL_MASK;
    load_fpu(env, page);
    load_vectors(env, page);
    cpu_sync_avx_hflag(env);
    tlb_flush(env_cpu(env));
}
