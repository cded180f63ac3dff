/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "apic.h"
#include "guest.h"

#define APIC_BASE       0xfee00000ul
#define APIC_ID         0x20
#define APIC_SPURIOUS   0xf0
#define APIC_ICR_LOW    0x300
#define APIC_ICR_HIGH   0x310

#define SOFTWARE_ENABLE 0x100
#define VECTOR_SPURIOUS 0x4f
#define VECTOR          0x40
#define FIXED           0x4000          /* delivery mode, assert */
#define GATE_INTERRUPT  0x8e00

struct gate {
    uint16_t offset_low;
    uint16_t selector;
    uint16_t flags;
    uint16_t offset_middle;
    uint32_t offset_high;
    uint32_t reserved;
};

struct __attribute__((packed)) table_register {
    uint16_t limit;
    unsigned long base;
};

static struct gate idt[VECTOR_SPURIOUS + 1];
uint64_t apic_counts[256];
extern const char apic_interrupt[], apic_spurious[];

/* Count at the place of this CPU's APIC, and tell the APIC that it is done. */
asm(".globl apic_interrupt, apic_spurious\n"
    "apic_interrupt:\n\t"
    "push %rax\n\t"
    "mov $0xfee00020, %eax\n\t"
    "mov (%rax), %eax\n\t"
    "shr $24, %eax\n\t"
    "lock incq apic_counts(, %rax, 8)\n\t"
    "mov $0xfee000b0, %eax\n\t"
    "movl $0, (%rax)\n\t"
    "pop %rax\n"
    "apic_spurious:\n\t"
    "iretq\n");

static mem32 *apic_register(unsigned offset)
{
    return (mem32 *)(APIC_BASE + offset);
}

static void set_gate(int vector, unsigned long code)
{
    idt[vector] = (struct gate) {
        .offset_low = code,
        .selector = CODE64,
        .flags = GATE_INTERRUPT,
        .offset_middle = code >> 16,
        .offset_high = code >> 32,
    };
}

/* The two old controllers would interrupt the first CPU. */
static void mask_pics(void)
{
    outb(0x21, 0xff);
    outb(0xa1, 0xff);
}

/* All CPUs write the same. */
void apic_init(void)
{
    struct table_register idtr = { sizeof(idt) - 1, (unsigned long)idt };

    for (int i = 0; i < TRAP_VECTORS; i++) {
        set_gate(i, trap_stubs[i]);
    }
    set_gate(VECTOR, (unsigned long)apic_interrupt);
    set_gate(VECTOR_SPURIOUS, (unsigned long)apic_spurious);
    asm volatile("lidt %0" : : "m" (idtr));
    mask_pics();
    *apic_register(APIC_SPURIOUS) = SOFTWARE_ENABLE | VECTOR_SPURIOUS;
}

unsigned apic_id(void)
{
    return *apic_register(APIC_ID) >> 24;
}

void apic_send(unsigned id)
{
    *apic_register(APIC_ICR_HIGH) = id << 24;
    *apic_register(APIC_ICR_LOW) = FIXED | VECTOR;
}

uint64_t apic_count(unsigned id)
{
    return __atomic_load_n(&apic_counts[id], __ATOMIC_SEQ_CST);
}
