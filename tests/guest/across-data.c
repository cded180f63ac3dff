/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Loads, stores and changes of data of every size that lie in two pages.
 */
#include "lib/across.h"
#include "lib/guest.h"
#include "lib/vector.h"

const char guest_name[] = "across-data";

/*
 * General registers: %rax, %rcx and %rdx before and after; the operand is
 * (%rdi), and %rsi leads to private memory.
 */
#define GENERAL(name, code)                                             \
    static void name(uint8_t *at, uint8_t *out)                         \
    {                                                                   \
        uint64_t rax = 0x1122334455667788ull, rcx = 0x99aabbccddeeff00ull; \
        uint64_t rdx = 0x0123456789abcdefull, flags;                    \
        asm volatile(code "\n\tpushfq\n\tpopq %[flags]"                 \
                     : "+a" (rax), "+c" (rcx), "+d" (rdx),              \
                       [flags] "=r" (flags)                             \
                     : "D" (at), "S" (across_plain()) : "memory", "cc"); \
        ((uint64_t *)out)[0] = rax;                                     \
        ((uint64_t *)out)[1] = rcx;                                     \
        ((uint64_t *)out)[2] = rdx;                                     \
        ((uint64_t *)out)[3] = flags & 0x8c5;   /* OF, SF, ZF, PF, CF */ \
    }

GENERAL(load_2, "movw (%%rdi), %%ax")
GENERAL(load_4, "movl (%%rdi), %%eax")
GENERAL(load_8, "movq (%%rdi), %%rax")
GENERAL(store_2, "movw %%ax, (%%rdi)")
GENERAL(store_4, "movl %%eax, (%%rdi)")
GENERAL(store_8, "movq %%rax, (%%rdi)")
GENERAL(load_signed, "movslq (%%rdi), %%rax")
GENERAL(immediate, "movq $0x12345678, (%%rdi)")
GENERAL(add_8, "addq %%rax, (%%rdi)")
GENERAL(adc_8, "stc\n\tadcq %%rax, (%%rdi)")
GENERAL(sub_from, "subl (%%rdi), %%eax")
GENERAL(xor_4, "xorl %%eax, (%%rdi)")
GENERAL(increment, "incw (%%rdi)")
GENERAL(negate, "negq (%%rdi)")
GENERAL(compare, "cmpq %%rax, (%%rdi)")
GENERAL(shift, "shlq $5, (%%rdi)")
GENERAL(rotate, "movb $9, %%cl\n\trolq %%cl, (%%rdi)")
GENERAL(rotate_carry, "stc\n\trcrq $3, (%%rdi)")
GENERAL(shift_double, "shldq $11, %%rax, (%%rdi)")
GENERAL(multiply, "mulq (%%rdi)")
GENERAL(divide, "xorl %%edx, %%edx\n\tdivq (%%rdi)")
GENERAL(exchange, "xchgq %%rax, (%%rdi)")
GENERAL(set_bit, "movl $29, %%eax\n\tbtsl %%eax, (%%rdi)")
GENERAL(test_bit_far, "movq $-29, %%rax\n\tbtq %%rax, 8(%%rdi)")
GENERAL(set_bit_far, "movq $-61, %%rax\n\tbtcq %%rax, 8(%%rdi)")
GENERAL(swap_load, "movbeq (%%rdi), %%rax")
GENERAL(swap_store, "movbeq %%rax, (%%rdi)")
GENERAL(no_cache, "movntiq %%rax, (%%rdi)")
GENERAL(checksum, "crc32q (%%rdi), %%rax")
GENERAL(bit_scan, "bsrq (%%rdi), %%rax")
GENERAL(conditional, "stc\n\tcmovcq (%%rdi), %%rax")
GENERAL(table_byte, "movq %%rdi, %%rbx\n\tmovl $1, %%eax\n\txlatb")
GENERAL(compare_exchange_not, "cmpxchgq %%rcx, (%%rdi)")
GENERAL(compare_exchange, "movq (%%rdi), %%rax\n\tcmpxchgq %%rcx, (%%rdi)")
GENERAL(compare_exchange_8,
        "movl (%%rdi), %%eax\n\tmovl 4(%%rdi), %%edx\n\t"
        "pushq %%rbx\n\tmovl $0x55aa, %%ebx\n\tcmpxchg8b (%%rdi)\n\t"
        "popq %%rbx")
GENERAL(add_exchange, "xaddq %%rax, (%%rdi)")

/* Vector registers, all of them before and after; %rdi and %rsi as above */
#define VECTOR(name, code)                                              \
    static void name(uint8_t *at, uint8_t *out)                         \
    {                                                                   \
        uint64_t rax = 0x1122334455667788ull;                           \
        uint8_t *rdi = at, *rsi = across_plain();                       \
        vector_load();                                                  \
        asm volatile(code                                               \
                     : "+a" (rax), "+D" (rdi), "+S" (rsi)               \
                     : : "memory", "cc", "rcx", "rdx");                 \
        vector_store(out);                                              \
    }

VECTOR(mmx_load, "movq (%%rdi), %%mm0")
VECTOR(mmx_store, "movq %%mm4, (%%rdi)")
VECTOR(sse_load, "movdqu (%%rdi), %%xmm6")
VECTOR(sse_store, "movdqu %%xmm5, (%%rdi)")
VECTOR(sse_load_ps, "movups (%%rdi), %%xmm6")
VECTOR(sse_store_pd, "movupd %%xmm5, (%%rdi)")
VECTOR(sse_lddqu, "lddqu (%%rdi), %%xmm6")
VECTOR(sse_low, "movlps (%%rdi), %%xmm6")
VECTOR(sse_high, "movhpd %%xmm6, (%%rdi)")
VECTOR(sse_word, "movd (%%rdi), %%xmm6")
VECTOR(sse_scalar, "movsd %%xmm3, (%%rdi)")
VECTOR(sse_masked, "movdqu (%%rsi), %%xmm6\n\tmaskmovdqu %%xmm6, %%xmm5")
VECTOR(mmx_masked, "movq (%%rsi), %%mm1\n\tmaskmovq %%mm1, %%mm5")
VECTOR(sse_aligned_load, "movdqa (%%rdi), %%xmm6")
VECTOR(sse_aligned_store, "movntdq %%xmm5, (%%rdi)")
VECTOR(sse_operand, "paddb (%%rdi), %%xmm5")
VECTOR(avx_load, "vmovdqu (%%rdi), %%ymm6")
VECTOR(avx_store, "vmovdqu %%ymm1, (%%rdi)")
VECTOR(avx_aligned_load, "vmovdqa (%%rdi), %%ymm6")
VECTOR(avx_aligned_store, "vmovntdq %%ymm1, (%%rdi)")
VECTOR(avx_operand, "vaddps (%%rdi), %%ymm1, %%ymm6")
VECTOR(avx_broadcast, "vbroadcastf128 (%%rdi), %%ymm6")
VECTOR(avx_extract, "vextractf128 $1, %%ymm1, (%%rdi)")
VECTOR(avx_masked_load, "vmaskmovps (%%rdi), %%ymm0, %%ymm6")
VECTOR(avx_masked_store, "vmaskmovps %%ymm1, %%ymm0, (%%rdi)")
VECTOR(avx_masked_load_8, "vmaskmovpd (%%rdi), %%ymm0, %%ymm6")
VECTOR(avx_masked_store_8, "vmaskmovpd %%ymm1, %%ymm0, (%%rdi)")
VECTOR(avx2_masked_load, "vpmaskmovq (%%rdi), %%ymm0, %%ymm6")
VECTOR(avx2_masked_store, "vpmaskmovd %%ymm1, %%ymm0, (%%rdi)")

/* Offsets 0, 4, 8, 12 in %xmm7, and every element wanted */
#define OFFSETS "movl $0x0c080400, %%eax\n\tvmovd %%eax, %%xmm7\n\t"      \
                "vpmovzxbd %%xmm7, %%xmm7\n\tvpcmpeqd %%xmm8, %%xmm8, %%xmm8\n\t"

VECTOR(avx2_gather, OFFSETS "vpgatherdd %%xmm8, (%%rdi,%%xmm7), %%xmm6")
VECTOR(avx2_gather_8, OFFSETS "vgatherdpd %%xmm8, (%%rdi,%%xmm7), %%xmm6")

/* No divisor 0, and no quotient that is too large */
static void prepare_divisor(uint8_t *at)
{
    for (unsigned i = 0; i < 8; i++) {
        at[i] = 0x12 + i;
    }
}

void guest_main(void)
{
    bool no_movbe = !(cpuid(1, 0).ecx & (1u << 22));
    bool no_crc32 = !(cpuid(1, 0).ecx & (1u << 20));
    bool no_sse3 = !(cpuid(1, 0).ecx & 1);
    bool no_avx = !vector_has_avx();
    bool no_avx2 = !vector_has_avx2();
    struct across_op ops[] = {
        ACROSS("MOV from m16", load_2, 2, 1),
        ACROSS("MOV from m32", load_4, 4, 1),
        ACROSS("MOV from m64", load_8, 8, 1),
        ACROSS("MOV to m16", store_2, 2, 1),
        ACROSS("MOV to m32", store_4, 4, 1),
        ACROSS("MOV to m64", store_8, 8, 1),
        ACROSS("MOVSXD", load_signed, 4, 1),
        ACROSS("MOV of an immediate", immediate, 8, 1),
        ACROSS("ADD to m64", add_8, 8, 1),
        ACROSS("ADC to m64", adc_8, 8, 1),
        ACROSS("SUB of m32", sub_from, 4, 1),
        ACROSS("XOR to m32", xor_4, 4, 1),
        ACROSS("INC of m16", increment, 2, 1),
        ACROSS("NEG of m64", negate, 8, 1),
        ACROSS("CMP with m64", compare, 8, 1),
        ACROSS("SHL of m64", shift, 8, 1),
        ACROSS("ROL of m64", rotate, 8, 1),
        ACROSS("RCR of m64", rotate_carry, 8, 1),
        ACROSS("SHLD to m64", shift_double, 8, 1),
        ACROSS("MUL with m64", multiply, 8, 1),
        ACROSS("DIV by m64", divide, 8, 1, .prepare = prepare_divisor),
        ACROSS("XCHG with m64", exchange, 8, 1),
        ACROSS("BTS in m32", set_bit, 4, 1),
        ACROSS("BT before its operand", test_bit_far, 16, 1),
        ACROSS("BTC before its operand", set_bit_far, 16, 1),
        ACROSS("MOVBE from m64", swap_load, 8, 1, .missing = no_movbe),
        ACROSS("MOVBE to m64", swap_store, 8, 1, .missing = no_movbe),
        ACROSS("MOVNTI", no_cache, 8, 1),
        ACROSS("CRC32 of m64", checksum, 8, 1, .missing = no_crc32),
        ACROSS("BSR of m64", bit_scan, 8, 1),
        ACROSS("CMOVC from m64", conditional, 8, 1),
        ACROSS("XLAT", table_byte, 2, 1),
        ACROSS("CMPXCHG that fails", compare_exchange_not, 8, 1),
        ACROSS("CMPXCHG that succeeds", compare_exchange, 8, 1),
        ACROSS("CMPXCHG8B", compare_exchange_8, 8, 1),
        ACROSS("XADD", add_exchange, 8, 1),
        ACROSS("MOVQ from m64 (MMX)", mmx_load, 8, 1),
        ACROSS("MOVQ to m64 (MMX)", mmx_store, 8, 1),
        ACROSS("MASKMOVQ", mmx_masked, 8, 1),
        ACROSS("MOVDQU from m128", sse_load, 16, 1),
        ACROSS("MOVDQU to m128", sse_store, 16, 1),
        ACROSS("MOVUPS from m128", sse_load_ps, 16, 1),
        ACROSS("MOVUPD to m128", sse_store_pd, 16, 1),
        ACROSS("LDDQU", sse_lddqu, 16, 1, .missing = no_sse3),
        ACROSS("MOVLPS from m64", sse_low, 8, 1),
        ACROSS("MOVHPD to m64", sse_high, 8, 1),
        ACROSS("MOVD from m32", sse_word, 4, 1),
        ACROSS("MOVSD to m64", sse_scalar, 8, 1),
        ACROSS("MASKMOVDQU", sse_masked, 16, 1),
        ACROSS("MOVDQA from either page", sse_aligned_load, 16, 16),
        ACROSS("MOVNTDQ to either page", sse_aligned_store, 16, 16),
        ACROSS("PADDB of either page", sse_operand, 16, 16),
        ACROSS("VMOVDQU from m256", avx_load, 32, 1, .missing = no_avx),
        ACROSS("VMOVDQU to m256", avx_store, 32, 1, .missing = no_avx),
        ACROSS("VMOVDQA from either page", avx_aligned_load, 32, 32,
               .missing = no_avx),
        ACROSS("VMOVNTDQ to either page", avx_aligned_store, 32, 32,
               .missing = no_avx),
        ACROSS("VADDPS of m256", avx_operand, 32, 1, .missing = no_avx),
        ACROSS("VBROADCASTF128", avx_broadcast, 16, 1, .missing = no_avx),
        ACROSS("VEXTRACTF128", avx_extract, 16, 1, .missing = no_avx),
        ACROSS("VMASKMOVPS from m256", avx_masked_load, 32, 1,
               .missing = no_avx),
        ACROSS("VMASKMOVPS to m256", avx_masked_store, 32, 1,
               .missing = no_avx),
        ACROSS("VMASKMOVPD from m256", avx_masked_load_8, 32, 1,
               .missing = no_avx),
        ACROSS("VMASKMOVPD to m256", avx_masked_store_8, 32, 1,
               .missing = no_avx),
        ACROSS("VPMASKMOVQ from m256", avx2_masked_load, 32, 1,
               .missing = no_avx2),
        ACROSS("VPMASKMOVD to m256", avx2_masked_store, 32, 1,
               .missing = no_avx2),
        ACROSS("VPGATHERDD", avx2_gather, 16, 1, .missing = no_avx2),
        ACROSS("VGATHERDPD", avx2_gather_8, 12, 1, .missing = no_avx2),
    };

    across_start();
    vector_enable();
    across_check_all(ops, sizeof(ops) / sizeof(ops[0]));
}
