/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A guest of this guest: one virtual CPU that runs a function of ours under
 * SVM, with nested paging or without.  Its own address space is the one to one
 * map of this guest unless a test says otherwise.
 *
 * All that the CPU needs to know of it is private memory, and the physical
 * addresses of that have the C-bit, as Linux gives them.
 */
#ifndef GUEST_SVM_H
#define GUEST_SVM_H

#include <stdbool.h>
#include <stdint.h>

#include "paging.h"

#define SVM_EXIT_SHUTDOWN   0x7f
#define SVM_EXIT_VMMCALL    0x81
#define SVM_EXIT_NPF        0x400
#define SVM_EXIT_INVALID    (~0ull)

/* Fields of a VMCB by their offsets (AMD64 manual, volume 2, appendix B) */
enum svm_field {
    VMCB_EXCEPTIONS     = 0x008,
    VMCB_INTERCEPT_1    = 0x00c,
    VMCB_INTERCEPT_2    = 0x010,
    VMCB_IOPM           = 0x040,
    VMCB_MSRPM          = 0x048,
    VMCB_ASID           = 0x058,
    VMCB_TLB_CONTROL    = 0x05c,
    VMCB_EXIT_CODE      = 0x070,
    VMCB_EXIT_INFO_1    = 0x078,
    VMCB_EXIT_INFO_2    = 0x080,
    VMCB_NESTED         = 0x090,
    VMCB_NESTED_CR3     = 0x0b0,
    VMCB_ES             = 0x400,
    VMCB_CS             = 0x410,
    VMCB_SS             = 0x420,
    VMCB_DS             = 0x430,
    VMCB_FS             = 0x440,
    VMCB_TR             = 0x490,
    VMCB_EFER           = 0x4d0,
    VMCB_CR4            = 0x548,
    VMCB_CR3            = 0x550,
    VMCB_CR0            = 0x558,
    VMCB_RFLAGS         = 0x570,
    VMCB_RIP            = 0x578,
    VMCB_RSP            = 0x5d8,
    VMCB_RAX            = 0x5f8,
    VMCB_PAT            = 0x668,
};

/* Code for svm_run() by the name code_NAME; it goes on to end by VMMCALL. */
#define SVM_CODE(name, text)                                            \
    extern const uint8_t code_##name[];                                 \
    asm("code_" #name ": " text "; vmmcall");

/* Can this CPU do that?  If it cannot, a test has nothing to show. */
bool svm_here(void);
bool svm_nested_paging_here(void);

/* Let this CPU be a hypervisor. */
void svm_enable(void);

/*
 * A new virtual CPU in 64-bit mode with the page tables at @cr3.  @nested is
 * the nested tables' root, or 0 for none.
 */
void svm_prepare(uint64_t cr3, uint64_t nested);

/* In a 32-bit segment with paging off instead; only with nested paging. */
void svm_prepare_paging_off(uint64_t nested);

/*
 * Use the pages of the VMCB and of the host save area through a view of all
 * memory, for example one with C=0, and change nothing.
 */
void svm_look_by(volatile uint64_t *view);

/* A field of the VMCB */
volatile uint64_t *svm_field(enum svm_field field);

/*
 * Let the nested guest call @function, until it returns or something else
 * leads out of it.  Returns the exit code: SVM_EXIT_VMMCALL is good.
 */
uint64_t svm_call(void (*function)(void));

/* The other way, for code that is no function: @rbx, @rcx; ends by VMMCALL. */
uint64_t svm_run(uint64_t rip, uint64_t rbx, uint64_t rcx);

#endif
