/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The state of FPU and vector registers, saved to two pages and restored from
 * them, and the FPU's own operands.
 */
#include "lib/across.h"
#include "lib/guest.h"
#include "lib/vector.h"

const char guest_name[] = "across-state";

static uint8_t image[1024] __attribute__((aligned(64)));

/* OP (at), with the registers that it saves loaded, or to be seen afterwards */
#define SAVES(name, op)                                                 \
    static void name(uint8_t *at, uint8_t *out)                         \
    {                                                                   \
        vector_load();                                                  \
        asm volatile(op " (%0)"                                         \
                     : : "r" (at), "a" (XSTATE_ALL), "d" (0)            \
                     : "memory");                                       \
        vector_store(out);                                              \
    }

SAVES(do_fxsave, "fxsave")
SAVES(do_fxsave64, "fxsave64")
SAVES(do_fnsave, "fnsave")
SAVES(do_fnstenv, "fnstenv")
SAVES(do_fnsave_16, "data16 fnsave")
SAVES(do_fnstenv_16, "data16 fnstenv")
SAVES(do_xsave, "xsave")
SAVES(do_xsave64, "xsave64")
SAVES(do_xsaveopt, "xsaveopt64")
SAVES(do_xsavec, "xsavec64")
SAVES(do_xsaves, "xsaves64")
SAVES(do_fstpt, "fstpt")
SAVES(do_fbstp, "fbstp")
SAVES(do_fstl, "fstl")
SAVES(do_fsts, "fsts")
SAVES(do_fistl, "fistl")
SAVES(do_fistpll, "fistpll")
SAVES(do_fnstcw, "fnstcw")
SAVES(do_fnstsw, "fnstsw")
SAVES(do_stmxcsr, "stmxcsr")
SAVES(do_fldl, "fldl")
SAVES(do_flds, "flds")
SAVES(do_fldt, "fldt")
SAVES(do_fildll, "fildll")
SAVES(do_fildl, "fildl")
SAVES(do_faddl, "faddl")
SAVES(do_fldcw, "fldcw")
SAVES(do_ldmxcsr, "ldmxcsr")
SAVES(do_fbld, "fbld")

/* Restores what prepare_*() saved, into registers that hold something else */
#define RESTORES(name, op, save)                                        \
    static void prepare_##name(uint8_t *at)                             \
    {                                                                   \
        memset(image, 0, sizeof(image));                                \
        vector_load();                                                  \
        asm volatile("fldz\n\tfld1\n\tfaddp\n\t"                        \
                     "movdqu %%xmm4, %%xmm9\n\t" save " (%0)"           \
                     : : "r" (image), "a" (XSTATE_ALL), "d" (0)         \
                     : "memory");                                       \
        memcpy(at, image, size_##name);                                 \
    }                                                                   \
    static void do_##name(uint8_t *at, uint8_t *out)                    \
    {                                                                   \
        vector_load();                                                  \
        asm volatile(op " (%0)"                                         \
                     : : "r" (at), "a" (XSTATE_ALL), "d" (0)            \
                     : "memory");                                       \
        vector_store(out);                                              \
    }

enum {
    size_fxrstor = 512, size_fxrstor64 = 512, size_frstor = 108,
    size_fldenv = 28, size_frstor_16 = 94, size_fldenv_16 = 14,
    size_xrstor = XSTATE_SIZE, size_xrstor64 = XSTATE_SIZE,
    size_compacted = XSTATE_SIZE, size_xrstors = XSTATE_SIZE,
};

RESTORES(fxrstor, "fxrstor", "fxsave")
RESTORES(fxrstor64, "fxrstor64", "fxsave64")
RESTORES(frstor, "frstor", "fnsave")
RESTORES(fldenv, "fldenv", "fnstenv")
RESTORES(frstor_16, "data16 frstor", "data16 fnsave")
RESTORES(fldenv_16, "data16 fldenv", "data16 fnstenv")
RESTORES(xrstor, "xrstor", "xsave")
RESTORES(xrstor64, "xrstor64", "xsave64")
RESTORES(compacted, "xrstor64", "xsavec64")
RESTORES(xrstors, "xrstors64", "xsaves64")

/* Masked exceptions only: no pattern */
static void prepare_control(uint8_t *at)
{
    at[0] = 0x7f;
    at[1] = 0x03;
}

static void prepare_mxcsr(uint8_t *at)
{
    at[0] = 0x80;
    at[1] = 0x5f;
    at[2] = 0;
    at[3] = 0;
}

static void prepare_decimal(uint8_t *at)
{
    for (unsigned i = 0; i < 9; i++) {
        at[i] = i << 4 | (9 - i);
    }
    at[9] = 0x80;
}

void guest_main(void)
{
    bool no_xsave = !vector_has_xsave();
    bool no_xsavec = !vector_has_xsavec();
    bool no_xsaves = !vector_has_xsaves();
    struct across_op ops[] = {
        ACROSS("FXSAVE", do_fxsave, 512, 16),
        ACROSS("FXSAVE64", do_fxsave64, 512, 16),
        ACROSS("FXRSTOR", do_fxrstor, 512, 16, .prepare = prepare_fxrstor),
        ACROSS("FXRSTOR64", do_fxrstor64, 512, 16,
               .prepare = prepare_fxrstor64),
        ACROSS("FNSAVE", do_fnsave, 108, 1),
        ACROSS("FRSTOR", do_frstor, 108, 1, .prepare = prepare_frstor),
        ACROSS("FNSTENV", do_fnstenv, 28, 1),
        ACROSS("FLDENV", do_fldenv, 28, 1, .prepare = prepare_fldenv),
        ACROSS("16-bit FNSAVE", do_fnsave_16, 94, 1),
        ACROSS("16-bit FRSTOR", do_frstor_16, 94, 1,
               .prepare = prepare_frstor_16),
        ACROSS("16-bit FNSTENV", do_fnstenv_16, 14, 1),
        ACROSS("16-bit FLDENV", do_fldenv_16, 14, 1,
               .prepare = prepare_fldenv_16),
        ACROSS("XSAVE", do_xsave, XSTATE_SIZE, 64, .missing = no_xsave),
        ACROSS("XSAVE64", do_xsave64, XSTATE_SIZE, 64, .missing = no_xsave),
        ACROSS("XSAVEOPT64", do_xsaveopt, XSTATE_SIZE, 64,
               .missing = !vector_has_xsaveopt()),
        ACROSS("XRSTOR", do_xrstor, XSTATE_SIZE, 64, .missing = no_xsave,
               .prepare = prepare_xrstor),
        ACROSS("XRSTOR64", do_xrstor64, XSTATE_SIZE, 64, .missing = no_xsave,
               .prepare = prepare_xrstor64),
        ACROSS("XSAVEC64", do_xsavec, XSTATE_SIZE, 64, .missing = no_xsavec),
        ACROSS("XRSTOR64 of what XSAVEC64 wrote", do_compacted, XSTATE_SIZE,
               64, .missing = no_xsavec, .prepare = prepare_compacted),
        ACROSS("XSAVES64", do_xsaves, XSTATE_SIZE, 64, .missing = no_xsaves),
        ACROSS("XRSTORS64", do_xrstors, XSTATE_SIZE, 64, .missing = no_xsaves,
               .prepare = prepare_xrstors),
        ACROSS("FSTP m80", do_fstpt, 10, 1),
        ACROSS("FLD m80", do_fldt, 10, 1),
        ACROSS("FBSTP", do_fbstp, 10, 1),
        ACROSS("FBLD", do_fbld, 10, 1, .prepare = prepare_decimal),
        ACROSS("FST m64", do_fstl, 8, 1),
        ACROSS("FLD m64", do_fldl, 8, 1),
        ACROSS("FADD m64", do_faddl, 8, 1),
        ACROSS("FST m32", do_fsts, 4, 1),
        ACROSS("FLD m32", do_flds, 4, 1),
        ACROSS("FIST m32", do_fistl, 4, 1),
        ACROSS("FILD m32", do_fildl, 4, 1),
        ACROSS("FISTP m64", do_fistpll, 8, 1),
        ACROSS("FILD m64", do_fildll, 8, 1),
        ACROSS("FNSTCW", do_fnstcw, 2, 1),
        ACROSS("FLDCW", do_fldcw, 2, 1, .prepare = prepare_control),
        ACROSS("FNSTSW", do_fnstsw, 2, 1),
        ACROSS("STMXCSR", do_stmxcsr, 4, 1),
        ACROSS("LDMXCSR", do_ldmxcsr, 4, 1, .prepare = prepare_mxcsr),
    };

    across_start();
    vector_enable();
    across_check_all(ops, sizeof(ops) / sizeof(ops[0]));
}
