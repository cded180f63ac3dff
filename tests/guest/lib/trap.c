/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Each try notes where to go on; the handler goes there instead of back to
 * the instruction that failed.  Only one CPU at a time may try.
 */
#include "cpu.h"
#include "layout.h"
#include "report.h"
#include "trap.h"

#define GATE_INTERRUPT  0x8e00
#define GATE_USER       0x6000

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t flags;
    uint16_t offset_middle;
#ifdef __x86_64__
    uint32_t offset_high;
    uint32_t reserved;
#endif
};

struct __attribute__((packed)) table_register {
    uint16_t limit;
    unsigned long base;
};

static struct gate idt[TRAP_VECTORS];
static struct trap caught;
unsigned long trap_resume;
unsigned long trap_kernel_sp;

void trap_handler(struct trap_frame *frame)
{
    if (!trap_resume) {
        report_info("vector", frame->vector);
        report_info("error", frame->error);
        report_info("address", read_cr2());
        report_abort("unexpected exception at", frame->ip);
    }
    caught.vector = frame->vector;
    caught.error = frame->error;
    caught.address = read_cr2();
    frame->ip = trap_resume;
#ifdef __x86_64__
    if (frame->cs & 3) {        /* from user_run() back to it */
        frame->cs = CODE64;
        frame->ss = DATA;
        frame->sp = trap_kernel_sp;
    }
#endif
    trap_resume = 0;
}

/* Code at CPL 3 may say that it has come to its end. */
static uint16_t gate_flags(int vector)
{
    return GATE_INTERRUPT | (vector == TRAP_BP ? GATE_USER : 0);
}

static void set_gate(int vector)
{
    unsigned long stub = trap_stubs[vector];

    idt[vector] = (struct gate) {
        .offset_low = stub,
#ifdef __x86_64__
        .selector = CODE64,
#else
        .selector = CODE32,
#endif
        .flags = gate_flags(vector),
        .offset_middle = stub >> 16,
    };
}

void trap_init(void)
{
    struct table_register idtr = { sizeof(idt) - 1, (unsigned long)idt };

    for (int i = 0; i < TRAP_VECTORS; i++) {
        set_gate(i);
    }
    asm volatile("lidt %0" : : "m" (idtr));
}

void trap_expect(void)
{
    caught = (struct trap) { .vector = TRAP_NONE };
}

struct trap trap_outcome(void)
{
    trap_resume = 0;
    return caught;
}

struct trap trap_load(const mem32 *address, uint32_t *value)
{
    uint32_t loaded = 0;

    trap_expect();
    asm volatile(TRAP_NOTE
                 "movl (%[address]), %[loaded]\n"
                 "1:"
                 : [resume] "+m" (trap_resume), [loaded] "+r" (loaded)
                 : [address] "r" (address) : "memory");
    *value = loaded;
    return trap_outcome();
}

struct trap trap_store(mem32 *address, uint32_t value)
{
    trap_expect();
    asm volatile(TRAP_NOTE
                 "movl %[value], (%[address])\n"
                 "1:"
                 : [resume] "+m" (trap_resume)
                 : [address] "r" (address), [value] "r" (value) : "memory");
    return trap_outcome();
}

struct trap trap_rdmsr(uint32_t msr, uint64_t *value)
{
    uint32_t low = 0, high = 0;

    trap_expect();
    asm volatile(TRAP_NOTE
                 "rdmsr\n"
                 "1:"
                 : [resume] "+m" (trap_resume), "+a" (low), "+d" (high)
                 : "c" (msr) : "memory");
    *value = low | (uint64_t)high << 32;
    return trap_outcome();
}

struct trap trap_wrmsr(uint32_t msr, uint64_t value)
{
    trap_expect();
    asm volatile(TRAP_NOTE
                 "wrmsr\n"
                 "1:"
                 : [resume] "+m" (trap_resume)
                 : "c" (msr), "a" ((uint32_t)value),
                   "d" ((uint32_t)(value >> 32)) : "memory");
    return trap_outcome();
}

struct trap trap_write_cr3(unsigned long value)
{
    trap_expect();
    asm volatile(TRAP_NOTE
                 "mov %[value], %%cr3\n"
                 "1:"
                 : [resume] "+m" (trap_resume)
                 : [value] "r" (value) : "memory");
    return trap_outcome();
}
