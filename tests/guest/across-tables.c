/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Tables of the CPU that lie in two pages: descriptors of segments and gates,
 * the task state, and the operands that lead to them.
 */
#include "lib/across.h"
#include "lib/guest.h"

const char guest_name[] = "across-tables";

/* Our own table of segments: the guest's, and two system segments after it */
#define LDT             0x20
#define TSS             0x30
#define GDT_SIZE        0x40
#define LDT_DATA        0x04            /* its first segment */
#define ACCESSED        (1ull << 40)

#define BREAKPOINT      3

struct __attribute__((packed)) table {
    uint16_t limit;
    uint64_t base;
};

struct __attribute__((packed)) far_pointer {
    uint32_t offset;
    uint16_t selector;
};

static uint64_t gdt[GDT_SIZE / 8] __attribute__((aligned(8)));
static uint64_t ldt[2] __attribute__((aligned(8)));
static uint8_t tss[104] __attribute__((aligned(8)));
static uint64_t idt[2 * TRAP_VECTORS] __attribute__((aligned(8)));
static uint64_t ist[64] __attribute__((aligned(16)));
static struct table usual_gdt, usual_idt;

static void load_gdt(const void *base, uint16_t limit)
{
    struct table table = { limit, (uint64_t)base };

    asm volatile("lgdt %0" : : "m" (table) : "memory");
}

static void load_idt(const void *base)
{
    struct table table = { sizeof(idt) - 1, (uint64_t)base };

    asm volatile("lidt %0" : : "m" (table) : "memory");
}

/* Load all segments anew from the running table */
static void load_segments(void)
{
    asm volatile("movl %0, %%ds\n\t"
                 "movl %0, %%es\n\t"
                 "movl %0, %%fs\n\t"
                 "movl %0, %%gs\n\t"
                 "movl %0, %%ss\n\t"
                 "pushq %1\n\t"
                 "leaq 1f(%%rip), %%rax\n\t"
                 "pushq %%rax\n\t"
                 "lretq\n"
                 "1:"
                 : : "r" (DATA), "i" (CODE64) : "rax", "memory");
}

static void back_to_usual(void)
{
    load_gdt((void *)usual_gdt.base, usual_gdt.limit);
    load_segments();
    asm volatile("lidt %0" : : "m" (usual_idt) : "memory");
}

/* A system descriptor: 16 bytes */
static void describe(uint64_t *entry, unsigned type, const void *base,
                     uint32_t limit)
{
    uint64_t at = (uint64_t)base;

    entry[0] = limit | (at & 0xffffff) << 16 | (uint64_t)(0x80 | type) << 40 |
               (at >> 24 & 0xff) << 56;
    entry[1] = at >> 32;
}

/* As the usual one, but nothing of it was used yet */
static void make_gdt(void)
{
    memset(gdt, 0, sizeof(gdt));
    for (unsigned i = 1; i < LDT / 8; i++) {
        gdt[i] = ((uint64_t *)usual_gdt.base)[i] & ~ACCESSED;
    }
    ldt[0] = gdt[DATA / 8];
    describe(&gdt[LDT / 8], 0x2, ldt, sizeof(ldt) - 1);
    describe(&gdt[TSS / 8], 0x9, tss, sizeof(tss) - 1);
}

static void prepare_gdt(uint8_t *at)
{
    make_gdt();
    memcpy(at, gdt, sizeof(gdt));
}

/* All of it is used, and what was used is noted in it */
static void use_gdt(uint8_t *at, uint8_t *out)
{
    load_gdt(at, GDT_SIZE - 1);
    load_segments();
    asm volatile("lldt %w0" : : "r" (LDT) : "memory");
    asm volatile("ltr %w0" : : "r" (TSS) : "memory");
    asm volatile("sldt %0" : "=m" (*(uint16_t *)out));
    asm volatile("str %0" : "=m" (*(uint16_t *)(out + 8)));
    back_to_usual();
}

/* What the CPU tells about descriptors */
static void ask_gdt(uint8_t *at, uint8_t *out)
{
    uint64_t *to = (uint64_t *)out;

    load_gdt(at, GDT_SIZE - 1);
    for (uint64_t selector = CODE32; selector < GDT_SIZE; selector += 8) {
        uint64_t rights = 0, limit = 0;
        uint8_t readable, writable;

        asm volatile("lar %[selector], %[rights]\n\t"
                     "lsl %[selector], %[limit]\n\t"
                     "verr %w[selector]\n\t"
                     "setz %[readable]\n\t"
                     "verw %w[selector]\n\t"
                     "setz %[writable]"
                     : [rights] "+r" (rights), [limit] "+r" (limit),
                       [readable] "=&q" (readable), [writable] "=q" (writable)
                     : [selector] "r" (selector) : "cc", "memory");
        *to++ = rights;
        *to++ = limit;
        *to++ = readable | writable << 8;
    }
    load_gdt((void *)usual_gdt.base, usual_gdt.limit);
}

static void prepare_ldt(uint8_t *at)
{
    make_gdt();
    ((uint64_t *)at)[0] = gdt[DATA / 8];
    ((uint64_t *)at)[1] = gdt[DATA / 8];
}

static void use_ldt(uint8_t *at, uint8_t *out)
{
    uint16_t selector = LDT_DATA + 8;

    describe(&gdt[LDT / 8], 0x2, at, 15);
    load_gdt(gdt, GDT_SIZE - 1);
    asm volatile("lldt %w0\n\t"
                 "movw %w1, %%fs\n\t"
                 "movw %w2, %%gs"
                 : : "r" (LDT), "r" (LDT_DATA), "r" (selector) : "memory");
    asm volatile("movl %%fs:(%0), %%eax" : : "r" (ldt) : "rax");
    back_to_usual();
    out[0] = 1;
}

/* Int3 and back by a gate in the pages */
extern const uint8_t handler[];
asm("handler: movq %rsp, %r8\n\t"
    "iretq");

static uint64_t breakpoint(void)
{
    register uint64_t rsp asm("r8") = 0;

    asm volatile("int3" : "+r" (rsp) : : "memory");
    return rsp;
}

static void make_gate(uint64_t *gate, uint64_t ist_and_flags)
{
    uint64_t at = (uint64_t)handler;

    gate[0] = (at & 0xffff) | CODE64 << 16 | ist_and_flags |
              (at >> 16 & 0xffff) << 48;
    gate[1] = at >> 32;
}

static void prepare_gate(uint8_t *at)
{
    make_gate((uint64_t *)at, 0x8eull << 40);
}

static void use_gate(uint8_t *at, uint8_t *out)
{
    load_idt(at - 16 * BREAKPOINT);
    out[0] = breakpoint() != 0;
    back_to_usual();
}

/* The task state's stacks for interrupts: a gate names the first */
#define TSS_IST_1       0x24

static void prepare_stack_pointer(uint8_t *at)
{
    *(uint64_t *)at = (uint64_t)&ist[64];
}

static void use_task_state(uint8_t *at, uint8_t *out)
{
    make_gdt();
    describe(&gdt[TSS / 8], 0x9, at - TSS_IST_1, sizeof(tss) - 1);
    make_gate(&idt[2 * BREAKPOINT], 1ull << 32 | 0x8eull << 40);
    load_gdt(gdt, GDT_SIZE - 1);
    asm volatile("ltr %w0" : : "r" (TSS) : "memory");
    load_idt(idt);
    *(uint64_t *)out = breakpoint();
    back_to_usual();
}

static void prepare_table(uint8_t *at)
{
    struct table table = { 0x1234, 0x123456789abcull };

    memcpy(at, &table, sizeof(table));
}

static void do_lgdt(uint8_t *at, uint8_t *out)
{
    asm volatile("lgdt (%0)\n\tsgdt (%1)" : : "r" (at), "r" (out) : "memory");
    load_gdt((void *)usual_gdt.base, usual_gdt.limit);
}

static void do_sgdt(uint8_t *at, uint8_t *out)
{
    out[0] = 1;
    asm volatile("sgdt (%0)" : : "r" (at) : "memory");
}

static void do_lidt(uint8_t *at, uint8_t *out)
{
    asm volatile("lidt (%0)\n\tsidt (%1)" : : "r" (at), "r" (out) : "memory");
    asm volatile("lidt %0" : : "m" (usual_idt) : "memory");
}

static void do_sidt(uint8_t *at, uint8_t *out)
{
    out[0] = 1;
    asm volatile("sidt (%0)" : : "r" (at) : "memory");
}

static void prepare_selector(uint8_t *at)
{
    *(uint16_t *)at = DATA;
}

static void do_load_segment(uint8_t *at, uint8_t *out)
{
    asm volatile("movw (%0), %%fs\n\tmovw %%fs, (%1)"
                 : : "r" (at), "r" (out) : "memory");
}

static void do_store_segment(uint8_t *at, uint8_t *out)
{
    out[0] = 1;
    asm volatile("movw %%ss, (%0)" : : "r" (at) : "memory");
}

static void prepare_far_pointer(uint8_t *at)
{
    struct far_pointer pointer = { 0x12345678, DATA };

    memcpy(at, &pointer, sizeof(pointer));
}

static void do_load_far_pointer(uint8_t *at, uint8_t *out)
{
    uint64_t offset = 0;

    asm volatile("lfs (%[at]), %k[offset]\n\tmovw %%fs, (%[out])"
                 : [offset] "+r" (offset) : [at] "r" (at), [out] "r" (out)
                 : "memory");
    ((uint64_t *)out)[1] = offset;
}

extern const uint8_t jump_target[], call_target[];

static void prepare_jump(uint8_t *at)
{
    struct far_pointer pointer = { (uint64_t)jump_target, CODE64 };

    memcpy(at, &pointer, sizeof(pointer));
}

static void do_jump(uint8_t *at, uint8_t *out)
{
    asm volatile("ljmpl *(%0)\n\t"
                 "ud2\n\t"
                 ".globl jump_target\n"
                 "jump_target:" : : "r" (at) : "memory");
    out[0] = 1;
}

static void prepare_call(uint8_t *at)
{
    struct far_pointer pointer = { (uint64_t)call_target, CODE64 };

    memcpy(at, &pointer, sizeof(pointer));
}

static void do_call(uint8_t *at, uint8_t *out)
{
    asm volatile("lcall *(%0)\n\t"
                 "ud2\n\t"
                 ".globl call_target\n"
                 "call_target: popq %%rax" : : "r" (at) : "rax", "memory");
    out[0] = 1;
}

static void prepare_near_jump(uint8_t *at)
{
    *(uint64_t *)at = (uint64_t)handler;
}

/* "handler" ends by IRET, so the call pushes all but the address for it */
static void do_near_call(uint8_t *at, uint8_t *out)
{
    register uint64_t rsp asm("r8") = 0;

    asm volatile("movq %%rsp, %%rax\n\t"
                 "pushq %[ss]\n\t"
                 "pushq %%rax\n\t"
                 "pushfq\n\t"
                 "pushq %[cs]\n\t"
                 "call *(%[at])"
                 : "+r" (rsp) : [at] "r" (at), [ss] "i" (DATA),
                   [cs] "i" (CODE64) : "rax", "memory");
    out[0] = rsp != 0;
}

static void prepare_zeros(uint8_t *at)
{
    memset(at, 0, 16);
}

static void do_invpcid(uint8_t *at, uint8_t *out)
{
    asm volatile("invpcid (%0), %1" : : "r" (at), "r" (2ul) : "memory");
    out[0] = 1;
}

void guest_main(void)
{
    bool no_invpcid = cpuid(0, 0).eax < 7 ||
                      !(cpuid(7, 0).ebx & (1u << 10));
    struct across_op ops[] = {
        ACROSS("LGDT's operand", do_lgdt, 10, 1, .prepare = prepare_table),
        ACROSS("SGDT's operand", do_sgdt, 10, 1),
        ACROSS("LIDT's operand", do_lidt, 10, 1, .prepare = prepare_table),
        ACROSS("SIDT's operand", do_sidt, 10, 1),
        ACROSS("a segment register's new value", do_load_segment, 2, 1,
               .prepare = prepare_selector),
        ACROSS("a segment register's value", do_store_segment, 2, 1),
        ACROSS("LFS' operand", do_load_far_pointer, 6, 1,
               .prepare = prepare_far_pointer),
        ACROSS("far JMP's operand", do_jump, 6, 1, .prepare = prepare_jump),
        ACROSS("far CALL's operand", do_call, 6, 1, .prepare = prepare_call),
        ACROSS("near CALL's operand", do_near_call, 8, 1,
               .prepare = prepare_near_jump),
        ACROSS("INVPCID's operand", do_invpcid, 16, 1, .missing = no_invpcid,
               .prepare = prepare_zeros),
        ACROSS("the global descriptor table", use_gdt, GDT_SIZE, 4,
               .prepare = prepare_gdt),
        ACROSS("what LAR, LSL and VERR say", ask_gdt, GDT_SIZE, 4,
               .prepare = prepare_gdt),
        ACROSS("a local descriptor table", use_ldt, 16, 4,
               .prepare = prepare_ldt),
        ACROSS("a gate of the interrupt table", use_gate, 16, 4,
               .prepare = prepare_gate),
        ACROSS("the task state", use_task_state, 8, 4,
               .prepare = prepare_stack_pointer),
    };

    asm volatile("sgdt %0" : "=m" (usual_gdt));
    asm volatile("sidt %0" : "=m" (usual_idt));
    across_start();
    across_check_all(ops, sizeof(ops) / sizeof(ops[0]));
}
