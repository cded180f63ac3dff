/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Atomic operations: split locks, and pairs of words in either page.
 */
#include "lib/across.h"
#include "lib/guest.h"

const char guest_name[] = "across-atomics";

/* %rax, %rdx and %rcx before and after; the operand is (%rdi) */
#define ATOMIC(name, code)                                              \
    static void name(uint8_t *at, uint8_t *out)                         \
    {                                                                   \
        uint64_t rax = 0x1122334455667788ull, rcx = 0x99aabbccddeeff00ull; \
        uint64_t rdx = 0x0123456789abcdefull, flags;                    \
        asm volatile("movl $0x5a5a5a5a, %%ebx\n\t" code                 \
                     "\n\tpushfq\n\tpopq %[flags]"                      \
                     : "+a" (rax), "+c" (rcx), "+d" (rdx),              \
                       [flags] "=r" (flags)                             \
                     : "D" (at) : "rbx", "memory", "cc");               \
        ((uint64_t *)out)[0] = rax;                                     \
        ((uint64_t *)out)[1] = rcx;                                     \
        ((uint64_t *)out)[2] = rdx;                                     \
        ((uint64_t *)out)[3] = flags & 0x8c5;   /* OF, SF, ZF, PF, CF */ \
    }

#define EXPECT_8    "movl (%%rdi), %%eax\n\tmovl 4(%%rdi), %%edx\n\t"
#define EXPECT_16   "movq (%%rdi), %%rax\n\tmovq 8(%%rdi), %%rdx\n\t"

ATOMIC(exchange_2, "xchgw %%ax, (%%rdi)")
ATOMIC(exchange_4, "xchgl %%eax, (%%rdi)")
ATOMIC(exchange_8, "xchgq %%rax, (%%rdi)")
ATOMIC(add_2, "lock addw %%ax, (%%rdi)")
ATOMIC(add_4, "lock addl %%eax, (%%rdi)")
ATOMIC(add_8, "lock addq %%rax, (%%rdi)")
ATOMIC(subtract_8, "lock subq %%rax, (%%rdi)")
ATOMIC(adc_8, "stc\n\tlock adcq %%rax, (%%rdi)")
ATOMIC(and_8, "lock andq %%rax, (%%rdi)")
ATOMIC(or_8, "lock orq %%rax, (%%rdi)")
ATOMIC(xor_8, "lock xorq %%rax, (%%rdi)")
ATOMIC(increment_4, "lock incl (%%rdi)")
ATOMIC(decrement_8, "lock decq (%%rdi)")
ATOMIC(negate_8, "lock negq (%%rdi)")
ATOMIC(not_8, "lock notq (%%rdi)")
ATOMIC(add_exchange_8, "lock xaddq %%rax, (%%rdi)")
ATOMIC(set_bit_8, "movl $43, %%eax\n\tlock btsq %%rax, (%%rdi)")
ATOMIC(clear_bit_8, "movq $-61, %%rax\n\tlock btrq %%rax, 8(%%rdi)")
ATOMIC(compare_4, "movl (%%rdi), %%eax\n\tlock cmpxchgl %%ecx, (%%rdi)")
ATOMIC(compare_8, "movq (%%rdi), %%rax\n\tlock cmpxchgq %%rcx, (%%rdi)")
ATOMIC(compare_8_not, "lock cmpxchgq %%rcx, (%%rdi)")
ATOMIC(pair_8, EXPECT_8 "lock cmpxchg8b (%%rdi)")
ATOMIC(pair_8_not, "lock cmpxchg8b (%%rdi)")
ATOMIC(pair_16, EXPECT_16 "lock cmpxchg16b (%%rdi)")
ATOMIC(pair_16_not, "lock cmpxchg16b (%%rdi)")
ATOMIC(pair_16_plain, EXPECT_16 "cmpxchg16b (%%rdi)")

/* The same where nothing is split */
#define ALIGNED(text, run, size) ACROSS(text, run, size, size)

void guest_main(void)
{
    bool no_cx16 = !(cpuid(1, 0).ecx & (1u << 13));
    struct across_op ops[] = {
        ACROSS("XCHG with m16", exchange_2, 2, 1),
        ACROSS("XCHG with m32", exchange_4, 4, 1),
        ACROSS("XCHG with m64", exchange_8, 8, 1),
        ACROSS("LOCK ADD to m16", add_2, 2, 1),
        ACROSS("LOCK ADD to m32", add_4, 4, 1),
        ACROSS("LOCK ADD to m64", add_8, 8, 1),
        ACROSS("LOCK SUB from m64", subtract_8, 8, 1),
        ACROSS("LOCK ADC to m64", adc_8, 8, 1),
        ACROSS("LOCK AND to m64", and_8, 8, 1),
        ACROSS("LOCK OR to m64", or_8, 8, 1),
        ACROSS("LOCK XOR to m64", xor_8, 8, 1),
        ACROSS("LOCK INC of m32", increment_4, 4, 1),
        ACROSS("LOCK DEC of m64", decrement_8, 8, 1),
        ACROSS("LOCK NEG of m64", negate_8, 8, 1),
        ACROSS("LOCK NOT of m64", not_8, 8, 1),
        ACROSS("LOCK XADD with m64", add_exchange_8, 8, 1),
        ACROSS("LOCK BTS in m64", set_bit_8, 8, 1),
        ACROSS("LOCK BTR before its operand", clear_bit_8, 16, 1),
        ACROSS("LOCK CMPXCHG with m32", compare_4, 4, 1),
        ACROSS("LOCK CMPXCHG with m64", compare_8, 8, 1),
        ACROSS("LOCK CMPXCHG that fails", compare_8_not, 8, 1),
        ACROSS("LOCK CMPXCHG8B", pair_8, 8, 1),
        ACROSS("LOCK CMPXCHG8B that fails", pair_8_not, 8, 1),
        ALIGNED("XCHG with either page", exchange_8, 8),
        ALIGNED("LOCK XADD with either page", add_exchange_8, 8),
        ALIGNED("LOCK CMPXCHG with either page", compare_8, 8),
        ALIGNED("LOCK CMPXCHG8B of either page", pair_8, 8),
        ACROSS("CMPXCHG16B of either page", pair_16_plain, 16, 16,
               .missing = no_cx16),
        ACROSS("LOCK CMPXCHG16B of either page", pair_16, 16, 16,
               .missing = no_cx16),
        ACROSS("LOCK CMPXCHG16B that fails", pair_16_not, 16, 16,
               .missing = no_cx16),
    };

    across_start();
    across_check_all(ops, sizeof(ops) / sizeof(ops[0]));
}
