/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What only 32-bit code has, in two pages: its stacks, its far transfers with
 * operands of 16 and 32 bits, and transfers between rings.
 */
#include "lib/across.h"
#include "lib/guest.h"
#include "lib/segments.h"

const char guest_name[] = "across-legacy";

/* Segments beside those of every guest */
#define LOW_CODE        0x20            /* for offsets of 16 bits */
#define USER_CODE       (0x28 | 3)
#define USER_DATA       (0x30 | 3)
#define TSS             0x38
#define CALL_GATE       (0x40 | 3)
#define GDT_SIZE        0x48

#define LOW_BASE        BODY_BASE
#define BREAKPOINT      3
#define CALL_RING_0     4               /* INTO's vector, with a gate for all */
#define FLAGS           0xd7            /* CF, PF, AF, ZF, SF, and bit 1 */
#define GATE_WORDS      2

/* Fields of a task state */
#define TSS_STACK       4
#define TSS_MAP_BASE    0x66
#define TSS_SIZE        0x68
#define MAP_SIZE        18              /* for PORT and those before it */
#define PORT            0x80

static uint64_t gdt[GDT_SIZE / 8] __attribute__((aligned(8)));
static uint8_t tss[TSS_SIZE] __attribute__((aligned(8)));
static uint32_t stack[64] __attribute__((aligned(16)));

/* What a run leaves in registers, and what of ours is to come back */
static struct {
    uint32_t esp, ebp, ebx, flags;
} after __attribute__((used));
static uint32_t kept_esp __attribute__((used));
static uint32_t kept_ebp __attribute__((used));
static uint16_t low_pointer[2] __attribute__((used));

/* @code with the stack pointer @to bytes above the operand */
#define STACK(name, to, code)                                           \
    static void name(uint8_t *at, uint8_t *out)                         \
    {                                                                   \
        uint32_t eax = 0x11223344, ecx = 0x55667788, edx = 0x99aabbcc;  \
        uint8_t *edi = at, *esi = across_plain();                       \
        asm volatile("movl %%esp, kept_esp\n\t"                         \
                     "movl %%ebp, kept_ebp\n\t"                         \
                     "movl $0x5a5a5a5a, %%ebx\n\t"                      \
                     "xorl %%ebp, %%ebp\n\t"                            \
                     "leal " #to "(%%edi), %%esp\n\t"                   \
                     "stc\n\t"                                          \
                     code "\n\t"                                        \
                     "movl %%esp, after\n\t"                            \
                     "movl kept_esp, %%esp\n\t"                         \
                     "pushfl\n\tpopl after + 12\n\t"                    \
                     "movl %%ebp, after + 4\n\t"                        \
                     "movl kept_ebp, %%ebp\n\t"                         \
                     "movl %%ebx, after + 8"                            \
                     : "+a" (eax), "+c" (ecx), "+d" (edx),              \
                       "+D" (edi), "+S" (esi)                           \
                     : : "ebx", "memory", "cc");                        \
        put(out, eax, ecx, edx, edi, esi);                              \
    }

static void put(uint8_t *out, uint32_t eax, uint32_t ecx, uint32_t edx,
                const void *edi, const void *esi)
{
    uint32_t *to = (uint32_t *)out;

    to[0] = eax;
    to[1] = ecx;
    to[2] = edx;
    to[3] = (uint32_t)edi;
    to[4] = (uint32_t)esi;
    to[5] = after.esp;
    to[6] = after.ebp;
    to[7] = after.ebx;
    to[8] = after.flags & 0x8d5;
}

/* Labels that other code knows */
#define TARGET(name) "ud2\n\t.globl " #name "\n" #name ":"

STACK(pusha_32, 32, "pushal")
STACK(pusha_16, 16, "pushaw")
STACK(popa_32, 0, "popal")
STACK(popa_16, 0, "popaw")
STACK(push_32, 4, "pushl %%eax")
STACK(push_flags_16, 2, "cmpl %%eax, %%ecx\n\tpushfw")
STACK(push_segment, 4, "pushl %%ds")
STACK(pop_segment, 0, "popl %%es")
STACK(pop_segment_16, 0, "popw %%es")
STACK(enter_16, 32, "enterw $6, $0")
STACK(enter_nested, 128, "movl %%edi, %%ebp\n\taddl $128, %%ebp\n\t"
                         "enter $24, $8")
STACK(call_far_32, 8, "lcall $8, $call_far_target\n\t" TARGET(call_far_target))
STACK(call_far_16, 4, "lcallw *low_pointer\n\t"
                      TARGET(call_low_target) "\n\t"
                      "ljmp $8, $1f\n1:")
STACK(return_far_32, 0, "lretl\n\t" TARGET(far_target))
STACK(return_far_16, 0, "lretw\n\t" TARGET(low_target) "\n\tljmp $8, $1f\n1:")
STACK(return_far_more, 0, "lretl $12\n\t" TARGET(more_target))
STACK(iret_32, 0, "iretl\n\t" TARGET(iret_target))
STACK(iret_16, 0, "iretw\n\t" TARGET(iret_low_target) "\n\tljmp $8, $1f\n1:")
STACK(breakpoint, 12, "int3")
STACK(call_gate_same, 8, "lcall $0x40, $0\n\t" TARGET(gate_ring_0))

/* To ring 3, from where int $4 or the call gate leads back */
#define TO_RING_3(where)                                                \
    "pushl $0x33\n\tpushl %%esi\n\tpushfl\n\tpushl $0x2b\n\t"           \
    "pushl $" where "\n\tiretl\n\t"

/* The stack of ring 0 is in the pages, that of ring 3 is not */
STACK(interrupt_ring_3, 40,
      "movl %%esp, tss + 4\n\tmovl kept_esp, %%esp\n\t"
      TO_RING_3("user_interrupt") TARGET(from_interrupt))
STACK(call_ring_3, 40,
      "movl %%esp, tss + 4\n\tmovl kept_esp, %%esp\n\t"
      TO_RING_3("user_call") TARGET(from_call))
STACK(iret_ring_3, 0, "iretl\n\t" TARGET(from_iret))
STACK(return_ring_3, 0, "lretl $8\n\t" TARGET(from_return))
/* The stack of ring 3 is, with what the call gate copies from it */
STACK(call_parameters, 0,
      "movl kept_esp, %%esp\n\tmovl %%edi, %%esi\n\t"
      TO_RING_3("user_parameters") TARGET(from_parameters))

/* Where each of them goes on; ring 0 again, with segments of ring 0 */
static uint32_t goes_on __attribute__((used));

extern const uint8_t user_interrupt[], user_call[], user_parameters[],
                     user_return[], user_port[], ring_0_again[],
                     gate_ring_0[], far_target[], low_target[], more_target[],
                     iret_target[], iret_low_target[], from_interrupt[],
                     from_call[], from_iret[], from_return[],
                     from_parameters[], from_port[], just_return[], call_low_target[];

asm("user_interrupt: int $4\n\t"
    "user_call: pushl $0x1234\n\tpushl $0x5678\n\tlcall $0x43, $0\n\t"
    "user_parameters: lcall $0x43, $0\n\t"
    "user_return: int $4\n\t"
    "user_port: inb $0x80, %al\n\tint $4\n\t"
    "ring_0_again: movl $0x10, %ebx\n\t"
    "movl %ebx, %ds\n\tmovl %ebx, %es\n\tmovl %ebx, %fs\n\t"
    "movl %ebx, %gs\n\t"
    "jmp *goes_on\n\t"
    "just_return: iretl");

static void prepare_ring_3(const uint8_t *where)
{
    *(uint32_t *)(tss + TSS_STACK) = (uint32_t)&stack[64];
    goes_on = (uint32_t)where;
    gdt[CALL_GATE / 8] = gate(CODE32, (uint32_t)ring_0_again,
                              GATE_CALL | SEGMENT_RING_3, GATE_WORDS);
}

static void prepare_interrupt(uint8_t *at)
{
    (void)at;
    prepare_ring_3(from_interrupt);
}

static void prepare_call(uint8_t *at)
{
    (void)at;
    prepare_ring_3(from_call);
}

static void prepare_parameters(uint8_t *at)
{
    (void)at;
    prepare_ring_3(from_parameters);
}

static void prepare_gate_same(uint8_t *at)
{
    (void)at;
    gdt[CALL_GATE / 8] = gate(CODE32, (uint32_t)gate_ring_0, GATE_CALL, 0);
}

static void prepare_iret_ring_3(uint8_t *at)
{
    uint32_t *frame = (uint32_t *)at;

    prepare_ring_3(from_iret);
    frame[0] = (uint32_t)user_return;
    frame[1] = USER_CODE;
    frame[2] = FLAGS;
    frame[3] = (uint32_t)across_plain() + 64;
    frame[4] = USER_DATA;
}

static void prepare_return_ring_3(uint8_t *at)
{
    uint32_t *frame = (uint32_t *)at;

    prepare_ring_3(from_return);
    frame[0] = (uint32_t)user_return;
    frame[1] = USER_CODE;
    frame[4] = (uint32_t)across_plain() + 64;
    frame[5] = USER_DATA;
}

static void put_frame(uint8_t *at, unsigned bytes, uint32_t target,
                      uint32_t selector, uint32_t flags)
{
    uint32_t values[] = { target, selector, flags };

    for (unsigned i = 0; i < 3; i++) {
        memcpy(at + i * bytes, &values[i], bytes);
    }
}

#define PREPARE(name, bytes, target, selector, flags)                   \
    static void prepare_##name(uint8_t *at)                             \
    {                                                                   \
        put_frame(at, bytes, target, selector, flags);      \
    }

PREPARE(far_32, 4, (uint32_t)far_target, CODE32, 0)
PREPARE(far_16, 2, (uint32_t)low_target - LOW_BASE, LOW_CODE, 0)
PREPARE(more, 4, (uint32_t)more_target, CODE32, 0)
PREPARE(iret_32, 4, (uint32_t)iret_target, CODE32, FLAGS)
PREPARE(iret_16, 2, (uint32_t)iret_low_target - LOW_BASE, LOW_CODE, FLAGS)
PREPARE(selector, 2, DATA, 0, 0)
PREPARE(selector_32, 4, DATA, 0, 0)

/* The pointer to ring 0's stack is in the pages, not the stack */
static void use_task_stack(uint8_t *at, uint8_t *out)
{
    prepare_ring_3(from_interrupt);
    gdt[TSS / 8] = segment((uint32_t)at - TSS_STACK, TSS_SIZE - 1,
                           SEGMENT_TSS, 0);
    asm volatile("ltr %w0" : : "r" (TSS) : "memory");
    interrupt_ring_3((uint8_t *)stack, out);
    memset(out, 0, ACROSS_OUT);         /* stack is at another place */
    gdt[TSS / 8] = segment((uint32_t)tss, TSS_SIZE - 1, SEGMENT_TSS, 0);
    asm volatile("ltr %w0" : : "r" (TSS) : "memory");
}

static void prepare_task_stack(uint8_t *at)
{
    ((uint32_t *)at)[0] = (uint32_t)&stack[32];
    *(uint16_t *)(at + 4) = DATA;
}

/* Ring 3 uses a port that the map in the pages allows */
STACK(port_ring_3, 0,
      "movl kept_esp, %%esp\n\t" TO_RING_3("user_port") TARGET(from_port))

static void use_port_map(uint8_t *at, uint8_t *out)
{
    prepare_ring_3(from_port);
    gdt[TSS / 8] = segment((uint32_t)at - TSS_MAP_BASE,
                           TSS_SIZE + MAP_SIZE - 1, SEGMENT_TSS, 0);
    asm volatile("ltr %w0" : : "r" (TSS) : "memory");
    *(uint32_t *)(at - TSS_MAP_BASE + TSS_STACK) = (uint32_t)&stack[32];
    *(uint16_t *)(at - TSS_MAP_BASE + TSS_STACK + 4) = DATA;
    port_ring_3(across_plain(), out);
    memset(out, 0, ACROSS_OUT);         /* what the port says may change */
    gdt[TSS / 8] = segment((uint32_t)tss, TSS_SIZE - 1, SEGMENT_TSS, 0);
    asm volatile("ltr %w0" : : "r" (TSS) : "memory");
}

static void prepare_port_map(uint8_t *at)
{
    memset(at, 0, 2 + MAP_SIZE);
    *(uint16_t *)at = TSS_SIZE;
}

/* Operands that only 32-bit code has */
#define OPERAND(name, code)                                             \
    static void name(uint8_t *at, uint8_t *out)                         \
    {                                                                   \
        uint32_t value = 5;                                             \
        asm volatile(code "\n\tmovl $0x10, %%ecx\n\t"                   \
                     "movl %%ecx, %%es\n\tmovl %%ecx, %%ds\n\t"         \
                     "movl %%ecx, %%ss"                                 \
                     : "+a" (value) : "D" (at) : "ecx", "memory");      \
        *(uint32_t *)out = value;                                       \
    }

OPERAND(bound_32, "boundl %%eax, (%%edi)")
OPERAND(bound_16, "boundw %%ax, (%%edi)")
OPERAND(lds_32, "ldsl (%%edi), %%eax")
OPERAND(les_16, "lesw (%%edi), %%ax")
OPERAND(lss_32, "movl %%esp, %%ecx\n\tlssl (%%edi), %%eax\n\t"
                "movl %%ecx, %%esp")

static void prepare_bounds_32(uint8_t *at)
{
    ((uint32_t *)at)[0] = 2;
    ((uint32_t *)at)[1] = 0x10000;
}

static void prepare_bounds_16(uint8_t *at)
{
    ((uint16_t *)at)[0] = 2;
    ((uint16_t *)at)[1] = 0x100;
}

static void prepare_pointer_32(uint8_t *at)
{
    *(uint32_t *)at = 0x12345678;
    *(uint16_t *)(at + 4) = DATA;
}

static void prepare_pointer_16(uint8_t *at)
{
    ((uint16_t *)at)[0] = 0x1234;
    ((uint16_t *)at)[1] = DATA;
}

static void make_tables(void)
{
    uint64_t *idt = interrupt_gates();
    struct segment_table usual;

    asm volatile("sgdt %0" : "=m" (usual));
    memcpy(gdt, (void *)usual.base, LOW_CODE);
    gdt[LOW_CODE / 8] = segment(LOW_BASE, 0xffff, SEGMENT_CODE, SEGMENT_32);
    gdt[USER_CODE / 8] = segment(0, 0xfffff, SEGMENT_CODE | SEGMENT_RING_3,
                                 SEGMENT_FLAT);
    gdt[USER_DATA / 8] = segment(0, 0xfffff, SEGMENT_DATA | SEGMENT_RING_3,
                                 SEGMENT_FLAT);
    gdt[TSS / 8] = segment((uint32_t)tss, TSS_SIZE - 1, SEGMENT_TSS, 0);
    *(uint16_t *)(tss + TSS_STACK + 4) = DATA;
    *(uint16_t *)(tss + TSS_MAP_BASE) = TSS_SIZE;
    low_pointer[0] = (uint32_t)call_low_target - LOW_BASE;
    low_pointer[1] = LOW_CODE;
    load_segments_from(gdt, GDT_SIZE);
    asm volatile("ltr %w0" : : "r" (TSS) : "memory");
    idt[BREAKPOINT] = gate(CODE32, (uint32_t)just_return, GATE_INTERRUPT_32,
                           0);
    idt[CALL_RING_0] = gate(CODE32, (uint32_t)ring_0_again,
                            GATE_INTERRUPT_32 | SEGMENT_RING_3, 0);
}

static const struct across_op ops[] = {
    ACROSS("PUSHA of 32 bits", pusha_32, 32, 1),
    ACROSS("PUSHA of 16 bits", pusha_16, 16, 1),
    ACROSS("POPA of 32 bits", popa_32, 32, 1),
    ACROSS("POPA of 16 bits", popa_16, 16, 1),
    ACROSS("PUSH of 32 bits", push_32, 4, 1),
    ACROSS("PUSHF of 16 bits", push_flags_16, 2, 1),
    ACROSS("PUSH DS", push_segment, 4, 1),
    ACROSS("POP ES", pop_segment, 4, 1, .prepare = prepare_selector_32),
    ACROSS("POP ES of 16 bits", pop_segment_16, 2, 1,
           .prepare = prepare_selector),
    ACROSS("ENTER of 16 bits", enter_16, 32, 1),
    ACROSS("ENTER at level 8", enter_nested, 128, 1),
    ACROSS("far CALL of 32 bits", call_far_32, 8, 1),
    ACROSS("far CALL of 16 bits", call_far_16, 4, 1),
    ACROSS("far RET of 32 bits", return_far_32, 8, 1,
           .prepare = prepare_far_32),
    ACROSS("far RET of 16 bits", return_far_16, 4, 1,
           .prepare = prepare_far_16),
    ACROSS("far RET that pops more", return_far_more, 20, 1,
           .prepare = prepare_more),
    ACROSS("IRET of 32 bits", iret_32, 12, 1, .prepare = prepare_iret_32),
    ACROSS("IRET of 16 bits", iret_16, 6, 1, .prepare = prepare_iret_16),
    ACROSS("the frame of INT3", breakpoint, 12, 1),
    ACROSS("a call gate's frame", call_gate_same, 8, 1,
           .prepare = prepare_gate_same),
    ACROSS("the frame of an interrupt in ring 3", interrupt_ring_3, 40, 1,
           .prepare = prepare_interrupt),
    ACROSS("the frame of a call from ring 3", call_ring_3, 40, 1,
           .prepare = prepare_call),
    ACROSS("the parameters of a call from ring 3", call_parameters, 8, 1,
           .prepare = prepare_parameters),
    ACROSS("IRET to ring 3", iret_ring_3, 20, 1,
           .prepare = prepare_iret_ring_3),
    ACROSS("far RET to ring 3", return_ring_3, 24, 1,
           .prepare = prepare_return_ring_3),
    ACROSS("the task state's stack for ring 0", use_task_stack, 6, 1,
           .prepare = prepare_task_stack),
    ACROSS("the task state's map of ports", use_port_map, 2 + MAP_SIZE, 1,
           .prepare = prepare_port_map),
    ACROSS("BOUND of 32 bits", bound_32, 8, 1, .prepare = prepare_bounds_32),
    ACROSS("BOUND of 16 bits", bound_16, 4, 1, .prepare = prepare_bounds_16),
    ACROSS("LDS of 32 bits", lds_32, 6, 1, .prepare = prepare_pointer_32),
    ACROSS("LES of 16 bits", les_16, 4, 1, .prepare = prepare_pointer_16),
    ACROSS("LSS of 32 bits", lss_32, 6, 1, .prepare = prepare_pointer_32),
};

void guest_main(void)
{
    across_start();
    make_tables();
    across_check_all(ops, sizeof(ops) / sizeof(ops[0]));
}
