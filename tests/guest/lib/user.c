/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The way to CPL 3 is an IRET; the way back is the exception that ends the
 * code, if nothing else the INT3 behind it.
 */
#include "cpu.h"
#include "layout.h"
#include "user.h"

#define USER_DATA       (0x20 | 3)
#define USER_CODE       (0x28 | 3)
#define TASK            0x30

#define USER_CODE_AT    (PRIVATE_BASE + LARGE_PAGE - 0x2000)
#define USER_STACK      (PRIVATE_BASE + LARGE_PAGE)

#define PTE_USER        4
#define INT3            0xcc

struct __attribute__((packed)) task_state {
    uint32_t reserved;
    uint64_t rsp0;
    uint8_t rest[92];
};

struct __attribute__((packed)) gdt_register {
    uint16_t limit;
    uint64_t base;
};

static struct task_state task;
static uint8_t exception_stack[2048] __attribute__((aligned(16)));
static uint64_t gdt[8];

static void load_segments(void)
{
    uint64_t at = (unsigned long)&task;
    struct gdt_register gdtr = { sizeof(gdt) - 1, (unsigned long)gdt };

    gdt[CODE32 / 8] = 0x00cf9b000000ffff;
    gdt[DATA / 8] = 0x00cf93000000ffff;
    gdt[CODE64 / 8] = 0x00af9b000000ffff;
    gdt[USER_DATA / 8] = 0x00cff3000000ffff;
    gdt[USER_CODE / 8] = 0x00affb000000ffff;
    gdt[TASK / 8] = (sizeof(task) - 1) | (at & 0xffffff) << 16
                    | 0x89ull << 40 | (at >> 24 & 0xff) << 56;
    gdt[TASK / 8 + 1] = at >> 32;
    task.rsp0 = (unsigned long)exception_stack + sizeof(exception_stack);
    asm volatile("lgdt %0\n\t"
                 "ltr %w1" : : "m" (gdtr), "r" (TASK) : "memory");
}

/* The tables that the guest started with map 2 MiB by one entry. */
static void allow_memory(void)
{
    mem64 *directory = (mem64 *)(TABLES_BASE + 0x2000ul);

    directory[PRIVATE_BASE / LARGE_PAGE] |= PTE_USER;
    invlpg(PRIVATE_BASE);
}

static void put_code(const uint8_t *code, unsigned size)
{
    mem8 *to = (mem8 *)USER_CODE_AT;

    for (unsigned i = 0; i < size; i++) {
        to[i] = code[i];
    }
    to[size] = INT3;
}

struct trap user_run(const void *code, unsigned size,
                     struct user_registers registers)
{
    static bool ready;
    struct trap trap;

    if (!ready) {
        load_segments();
        allow_memory();
        ready = true;
    }
    put_code(code, size);

    trap_expect();
    asm volatile(TRAP_NOTE
                 "movq %%rsp, %[kernel_sp]\n\t"
                 "pushq %[ss]\n\t"
                 "pushq %[sp]\n\t"
                 "pushfq\n\t"
                 "pushq %[cs]\n\t"
                 "pushq %[ip]\n\t"
                 "iretq\n"
                 "1:\tmovl %[data], %%ecx\n\t"
                 "movl %%ecx, %%ds\n\t"
                 "movl %%ecx, %%es"
                 : [resume] "+m" (trap_resume),
                   [kernel_sp] "=m" (trap_kernel_sp),
                   "+a" (registers.rax), "+c" (registers.rcx),
                   "+d" (registers.rdx), "+D" (registers.rdi)
                 : [ss] "i" (USER_DATA), [sp] "i" (USER_STACK),
                   [cs] "i" (USER_CODE), [ip] "i" (USER_CODE_AT),
                   [data] "i" (DATA)
                 : "memory", "cc");
    trap = trap_outcome();
    if (trap.vector == TRAP_BP) {
        trap.vector = TRAP_NONE;
    }
    return trap;
}
