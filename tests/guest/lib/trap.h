/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Exceptions: expected ones are caught and told, others end the guest.
 */
#ifndef GUEST_TRAP_H
#define GUEST_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "cpu.h"

#define TRAP_NONE       (-1)
#define TRAP_BP         3
#define TRAP_UD         6
#define TRAP_NM         7
#define TRAP_GP         13
#define TRAP_PF         14

#define PF_PRESENT      (1u << 0)
#define PF_WRITE        (1u << 1)
#define PF_RSVD         (1u << 3)
#define PF_FETCH        (1u << 4)

/* What became of one of the tries below. */
struct trap {
    int vector;                 /* TRAP_NONE: it simply worked */
    uint32_t error;
    unsigned long address;      /* CR2 of a page fault */
};

/* Load the calling CPU's IDT; once on each CPU. */
void trap_init(void);

/*
 * A try of a guest's own:
 *
 *   trap_expect();
 *   asm volatile(TRAP_NOTE "instruction\n1:"
 *                : [resume] "+m" (trap_resume) : ... : "memory");
 *   trap = trap_outcome();
 */
#ifdef __x86_64__
#define TRAP_NOTE       "movq $1f, %[resume]\n\t"
#else
#define TRAP_NOTE       "movl $1f, %[resume]\n\t"
#endif

extern unsigned long trap_resume;
void trap_expect(void);
struct trap trap_outcome(void);

struct trap trap_load(const mem32 *address, uint32_t *value);
struct trap trap_store(mem32 *address, uint32_t value);
struct trap trap_rdmsr(uint32_t msr, uint64_t *value);
struct trap trap_wrmsr(uint32_t msr, uint64_t value);
struct trap trap_write_cr3(unsigned long value);

/* Between the assembly and the handler. */
#define TRAP_VECTORS    32

struct trap_frame {
#ifdef __x86_64__
    unsigned long registers[15];
#else
    unsigned long registers[8];
#endif
    unsigned long vector;
    unsigned long error;
    unsigned long ip;
#ifdef __x86_64__
    unsigned long cs, flags, sp, ss;
#endif
};

extern const unsigned long trap_stubs[TRAP_VECTORS];
void trap_handler(struct trap_frame *frame);

/* The stack that user_run() goes back to. */
extern unsigned long trap_kernel_sp;

#endif
