/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Stacks that lie in two pages, in 64-bit mode: what is pushed and popped by
 * each instruction that does, and the frames of exceptions.
 */
#include "lib/across.h"
#include "lib/guest.h"

const char guest_name[] = "across-stack";

#define ICR_HIGH        0xfee00310ul

#define FLAGS           0xd7            /* CF, PF, AF, ZF, SF, and bit 1 */

static uint64_t kept_rsp, kept_rbp;
static mem32 nmi_seen;

/*
 * With the stack pointer @to bytes above the operand: %rax, %rcx, %rdx, %rbp
 * and the flags before and after, and the stack pointer after.  %rsi leads to
 * private memory.
 */
#define STACK(name, to, code)                                           \
    static void name(uint8_t *at, uint8_t *out)                         \
    {                                                                   \
        uint64_t rax = 0x1122334455667788ull, rcx = 0x99aabbccddeeff00ull; \
        uint64_t rdx = 0x0123456789abcdefull;                           \
        register uint64_t rsp asm("r8");                                \
        register uint64_t rbp asm("r9");                                \
        register uint64_t flags asm("r10");                             \
        asm volatile("movq %%rsp, %[kept_rsp]\n\t"                      \
                     "movq %%rbp, %[kept_rbp]\n\t"                      \
                     "xorl %%ebp, %%ebp\n\t"                            \
                     "leaq %c[above](%%rdi), %%rsp\n\t"                 \
                     "stc\n\t"                                          \
                     code "\n\t"                                        \
                     "movq %%rbp, %%r9\n\t"                             \
                     "movq %%rsp, %%r8\n\t"                             \
                     "movq %[kept_rsp], %%rsp\n\t"                      \
                     "movq %[kept_rbp], %%rbp\n\t"                      \
                     "pushfq\n\tpopq %%r10"                             \
                     : "+a" (rax), "+c" (rcx), "+d" (rdx),              \
                       "=&r" (rsp), "=&r" (rbp), "=&r" (flags),           \
                       [kept_rsp] "+m" (kept_rsp),                      \
                       [kept_rbp] "+m" (kept_rbp)                       \
                     : "D" (at), "S" (across_plain()), [above] "i" (to) \
                     : "memory", "cc");                                 \
        ((uint64_t *)out)[0] = rax;                                     \
        ((uint64_t *)out)[1] = rcx;                                     \
        ((uint64_t *)out)[2] = rdx;                                     \
        ((uint64_t *)out)[3] = flags & 0x8d5;                           \
        ((uint64_t *)out)[4] = rsp;                                     \
        ((uint64_t *)out)[5] = rbp;                                     \
    }

STACK(push_8, 8, "pushq %%rax")
STACK(push_2, 2, "pushw %%ax")
STACK(push_immediate, 8, "pushq $-77")
STACK(push_memory, 8, "pushq (%%rsi)")
STACK(push_flags, 8, "cmpq %%rax, %%rcx\n\tpushfq")
STACK(push_segment, 8, "pushq %%fs")
STACK(pop_8, 0, "popq %%rax")
STACK(pop_2, 0, "popw %%ax")
STACK(pop_memory, 0, "popq 16(%%rsi)")
STACK(pop_from_rsp, 0, "popq 8(%%rsp)")
STACK(pop_flags, 0, "popfq")
STACK(pop_segment, 0, "popq %%fs")
STACK(call, 8, "call 1f\n1:")
STACK(call_register, 8, "leaq 1f(%%rip), %%rax\n\tcall *%%rax\n1:")
STACK(return_near, 0, "ret\n\tud2\n\t.globl near_target\nnear_target:")
STACK(return_more, 0, "ret $16\n\tud2\n\t.globl more_target\nmore_target:")
STACK(call_far, 8, "lcall *far_pointer(%%rip)\n\tud2\n\t"
                   ".globl call_target\ncall_target:")
STACK(return_far, 0, "lretl\n\tud2\n\t.globl far_target\nfar_target:")
STACK(return_far_8, 0, "lretq\n\tud2\n\t.globl far_target_8\nfar_target_8:")
STACK(return_interrupt, 0, "iretq\n\tud2\n\t.globl iret_target\niret_target:")
STACK(enter_flat, 40, "enter $32, $0")
STACK(enter_nested, 128, "movq %%rdi, %%rbp\n\taddq $128, %%rbp\n\t"
                         "enter $24, $8")
STACK(leave, 0, "movq %%rdi, %%rbp\n\tleave")
STACK(breakpoint, 48, "int3")
STACK(software, 48, "int $3")
STACK(page_fault, 48, "movl 0x3ffff000, %%eax\n\tud2\n\t"
                      ".globl fault_target\nfault_target:")
STACK(nmi, 48, "movl $0xfee00300, %%eax\n\tmovl $0x4400, (%%rax)\n1:\tpause\n\t"
               "cmpl $0, nmi_seen(%%rip)\n\tje 1b\n\tmovl $0, nmi_seen(%%rip)")

extern const uint8_t near_target[], more_target[], call_target[], far_target[],
                     far_target_8[], iret_target[], fault_target[];

static struct __attribute__((packed)) {
    uint32_t offset;
    uint16_t selector;
} far_pointer __attribute__((used)) = { 0, CODE64 };

static void prepare_near(uint8_t *at)
{
    *(uint64_t *)at = (uint64_t)near_target;
}

static void prepare_more(uint8_t *at)
{
    *(uint64_t *)at = (uint64_t)more_target;
}

static void prepare_far(uint8_t *at)
{
    ((uint32_t *)at)[0] = (uint64_t)far_target;
    ((uint32_t *)at)[1] = CODE64;
}

static void prepare_far_8(uint8_t *at)
{
    ((uint64_t *)at)[0] = (uint64_t)far_target_8;
    ((uint64_t *)at)[1] = CODE64;
}

static void prepare_iret(uint8_t *at)
{
    ((uint64_t *)at)[0] = (uint64_t)iret_target;
    ((uint64_t *)at)[1] = CODE64;
    ((uint64_t *)at)[2] = FLAGS;
    ((uint64_t *)at)[3] = (uint64_t)at + 8;
    ((uint64_t *)at)[4] = DATA;
}

static void prepare_flags(uint8_t *at)
{
    *(uint64_t *)at = FLAGS;
}

static void prepare_segment(uint8_t *at)
{
    *(uint64_t *)at = DATA;
}

/* Handlers that use no stack of their own */
extern const uint8_t simple_handler[], fault_handler[], nmi_handler[];
asm("simple_handler: iretq\n"
    "fault_handler: addq $8, %rsp\n\t"
    "movq $fault_target, (%rsp)\n\t"
    "iretq\n"
    "nmi_handler: movl $1, nmi_seen(%rip)\n\t"
    "iretq");

static void set_handler(unsigned vector, const uint8_t *handler)
{
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } idtr;
    uint16_t *gate;

    asm volatile("sidt %0" : "=m" (idtr));
    gate = (uint16_t *)(idtr.base + 16 * vector);
    gate[0] = (uint64_t)handler;
    gate[3] = (uint64_t)handler >> 16;
}

#define FRAME(text, run) ACROSS(text, run, 48, 16)

static const struct across_op ops[] = {
    ACROSS("PUSH of 64 bits", push_8, 8, 1),
    ACROSS("PUSH of 16 bits", push_2, 2, 1),
    ACROSS("PUSH of an immediate", push_immediate, 8, 1),
    ACROSS("PUSH from memory", push_memory, 8, 1),
    ACROSS("PUSHF", push_flags, 8, 1),
    ACROSS("PUSH FS", push_segment, 8, 1),
    ACROSS("POP of 64 bits", pop_8, 8, 1),
    ACROSS("POP of 16 bits", pop_2, 2, 1),
    ACROSS("POP to memory", pop_memory, 8, 1),
    ACROSS("POP to where RSP leads", pop_from_rsp, 32, 1),
    ACROSS("POPF", pop_flags, 8, 1, .prepare = prepare_flags),
    ACROSS("POP FS", pop_segment, 8, 1, .prepare = prepare_segment),
    ACROSS("CALL", call, 8, 1),
    ACROSS("CALL by a register", call_register, 8, 1),
    ACROSS("RET", return_near, 8, 1, .prepare = prepare_near),
    ACROSS("RET that pops more", return_more, 24, 1, .prepare = prepare_more),
    ACROSS("far CALL", call_far, 8, 1),
    ACROSS("far RET of 32 bits", return_far, 8, 1, .prepare = prepare_far),
    ACROSS("far RET of 64 bits", return_far_8, 16, 1,
           .prepare = prepare_far_8),
    ACROSS("IRET", return_interrupt, 40, 1, .prepare = prepare_iret),
    ACROSS("ENTER", enter_flat, 40, 1),
    ACROSS("ENTER at level 8", enter_nested, 128, 1),
    ACROSS("LEAVE", leave, 8, 1),
    FRAME("the frame of INT3", breakpoint),
    FRAME("the frame of INT n", software),
    FRAME("the frame of a page fault", page_fault),
    FRAME("the frame of an NMI", nmi),
};

void guest_main(void)
{
    far_pointer.offset = (uint64_t)call_target;
    across_start();
    set_handler(2, nmi_handler);
    set_handler(3, simple_handler);
    set_handler(14, fault_handler);
    *(mem32 *)ICR_HIGH = 0;
    across_check_all(ops, sizeof(ops) / sizeof(ops[0]));
}
