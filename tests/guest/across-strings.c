/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * String instructions from, to and within two pages, in both directions.
 */
#include "lib/across.h"
#include "lib/guest.h"

const char guest_name[] = "across-strings";

#define BYTES           256

/* Registers before and after; DF is clear again at the end */
static void string(uint8_t *out, uint8_t *rsi, uint8_t *rdi, uint64_t rcx,
                   void (*code)(void))
{
    uint64_t rax = 0x3030303030303030ull;

    asm volatile("call *%[code]\n\tcld"
                 : "+S" (rsi), "+D" (rdi), "+c" (rcx), "+a" (rax)
                 : [code] "r" (code) : "memory", "cc");
    ((uint64_t *)out)[0] = (uint64_t)rsi;
    ((uint64_t *)out)[1] = (uint64_t)rdi;
    ((uint64_t *)out)[2] = rcx;
    ((uint64_t *)out)[3] = rax;
}

#define CODE(name, text)                                                \
    void code_##name(void);                                             \
    asm("code_" #name ": " text "\n\tret");

CODE(movsb, "rep movsb")
CODE(movsw, "rep movsw")
CODE(movsl, "rep movsl")
CODE(movsq, "rep movsq")
CODE(movsb_down, "std\n\trep movsb")
CODE(movsq_down, "std\n\trep movsq")
CODE(one_movsq, "movsq")
CODE(stosb, "rep stosb")
CODE(stosw, "rep stosw")
CODE(stosl, "rep stosl")
CODE(stosq, "rep stosq")
CODE(stosq_down, "std\n\trep stosq")
CODE(lodsb, "rep lodsb")
CODE(lodsq, "rep lodsq")
CODE(scasb, "repne scasb")
CODE(scasq, "repne scasq")
CODE(cmpsb, "repe cmpsb")
CODE(cmpsq, "repe cmpsq")

/* From the pages, to them, and within them with and without overlap */
#define FROM(name, count)                                               \
    static void from_##name(uint8_t *at, uint8_t *out)                  \
    {                                                                   \
        string(out, at, across_plain() + 3, count, code_##name);        \
    }
#define TO(name, count)                                                 \
    static void to_##name(uint8_t *at, uint8_t *out)                    \
    {                                                                   \
        string(out, across_plain() + 5, at, count, code_##name);        \
    }
#define WITHIN(name, count, from, to)                                   \
    static void within_##name(uint8_t *at, uint8_t *out)                \
    {                                                                   \
        string(out, at + (from), at + (to), count, code_##name);        \
    }
#define DOWN(name, count, last)                                         \
    static void down_##name(uint8_t *at, uint8_t *out)                  \
    {                                                                   \
        string(out, across_plain() + (last), at + (last), count,        \
               code_##name);                                            \
    }

FROM(movsb, BYTES)
FROM(movsw, BYTES / 2)
FROM(movsl, BYTES / 4)
FROM(movsq, BYTES / 8)
FROM(one_movsq, 1)
FROM(lodsb, BYTES)
FROM(lodsq, BYTES / 8)
TO(movsb, BYTES)
TO(movsw, BYTES / 2)
TO(movsl, BYTES / 4)
TO(movsq, BYTES / 8)
TO(one_movsq, 1)
TO(stosb, BYTES)
TO(stosw, BYTES / 2)
TO(stosl, BYTES / 4)
TO(stosq, BYTES / 8)
TO(scasb, BYTES)
TO(scasq, BYTES / 8)
WITHIN(movsb, BYTES / 2, 0, BYTES / 2)
WITHIN(movsq, BYTES / 8 - 1, 0, 3)
WITHIN(cmpsb, BYTES / 2, 0, BYTES / 2)
WITHIN(cmpsq, BYTES / 16, 0, BYTES / 2)
DOWN(movsb_down, BYTES, BYTES - 1)
DOWN(movsq_down, BYTES / 8, BYTES - 8)
DOWN(stosq_down, BYTES / 8, BYTES - 8)

/* For a search that ends only at the last byte */
static void prepare_search(uint8_t *at)
{
    memset(at, 0, BYTES);
    memset(at + BYTES - 8, 0x30, 8);
}

/* And a comparison that does not end before */
static void prepare_equal(uint8_t *at)
{
    memcpy(at + BYTES / 2, at, BYTES / 2);
}

#define STRING(text, run, ...) ACROSS(text, run, BYTES, 1, __VA_ARGS__)

void guest_main(void)
{
    static const struct across_op ops[] = {
        STRING("REP MOVSB from two pages", from_movsb),
        STRING("REP MOVSW from two pages", from_movsw),
        STRING("REP MOVSD from two pages", from_movsl),
        STRING("REP MOVSQ from two pages", from_movsq),
        ACROSS("MOVSQ from two pages", from_one_movsq, 8, 1),
        STRING("REP LODSB", from_lodsb),
        STRING("REP LODSQ", from_lodsq),
        STRING("REP MOVSB to two pages", to_movsb),
        STRING("REP MOVSW to two pages", to_movsw),
        STRING("REP MOVSD to two pages", to_movsl),
        STRING("REP MOVSQ to two pages", to_movsq),
        ACROSS("MOVSQ to two pages", to_one_movsq, 8, 1),
        STRING("REP STOSB", to_stosb),
        STRING("REP STOSW", to_stosw),
        STRING("REP STOSD", to_stosl),
        STRING("REP STOSQ", to_stosq),
        STRING("REPNE SCASB", to_scasb, .prepare = prepare_search),
        STRING("REPNE SCASQ", to_scasq, .prepare = prepare_search),
        STRING("REP MOVSB within two pages", within_movsb),
        STRING("REP MOVSQ that overlaps", within_movsq),
        STRING("REPE CMPSB", within_cmpsb, .prepare = prepare_equal),
        STRING("REPE CMPSQ", within_cmpsq, .prepare = prepare_equal),
        STRING("REP MOVSB downwards", down_movsb_down),
        STRING("REP MOVSQ downwards", down_movsq_down),
        STRING("REP STOSQ downwards", down_stosq_down),
    };

    across_start();
    across_check_all(ops, sizeof(ops) / sizeof(ops[0]));
}
