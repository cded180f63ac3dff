/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cpu.h"
#include "layout.h"
#include "report.h"
#include "sev.h"
#include "svm.h"

#define MSR_VM_HSAVE_PA     0xc0010117u
#define EFER_SVME           (1u << 12)
#define CPUID_SVM           (1u << 2)   /* 8000_0001 ECX */
#define CPUID_NPT           (1u << 0)   /* 8000_000A EDX */
#define INTERCEPT_SHUTDOWN  (1u << 31)
#define INTERCEPT_VMRUN     (1u << 0)
#define INTERCEPT_VMMCALL   (1u << 1)
#define FLUSH_ALL           1           /* tests change tables */
#define PAT_AFTER_RESET     0x0007040600070406ull

/* Attributes of a segment as a VMCB packs them */
#define CODE_64             0xa9b
#define CODE_32             0xc9b
#define DATA_32             0xc93
#define BUSY_TSS            0x08b

#define STACK_WORDS         512

static uint8_t vmcb[4096] __attribute__((aligned(4096)));
static uint8_t host_save[4096] __attribute__((aligned(4096)));
static uint64_t stack[STACK_WORDS] __attribute__((aligned(4096)));

bool svm_here(void)
{
    return cpuid_extended(0x80000001u).ecx & CPUID_SVM;
}

bool svm_nested_paging_here(void)
{
    return svm_here() && (cpuid_extended(0x8000000au).edx & CPUID_NPT);
}

/* As the CPU wants to have an address of private memory */
static uint64_t physical(const void *at)
{
    return (uint64_t)at | sev_c_bit();
}

void svm_enable(void)
{
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
    wrmsr(MSR_VM_HSAVE_PA, physical(host_save));
    report_equal("the host save area's address reads as written",
                 rdmsr(MSR_VM_HSAVE_PA), physical(host_save));
}

mem64 *svm_field(enum svm_field field)
{
    return (mem64 *)(vmcb + field);
}

static void set_segment(enum svm_field field, uint16_t selector,
                        uint16_t attributes, uint32_t limit)
{
    *(mem16 *)(vmcb + field) = selector;
    *(mem16 *)(vmcb + field + 2) = attributes;
    *(mem32 *)(vmcb + field + 4) = limit;
    *(mem64 *)(vmcb + field + 8) = 0;
}

static void prepare(uint16_t code_selector, uint16_t code_attributes,
                    uint64_t nested)
{
    memset(vmcb, 0, sizeof(vmcb));
    *(mem32 *)(vmcb + VMCB_INTERCEPT_1) = INTERCEPT_SHUTDOWN;
    *(mem32 *)(vmcb + VMCB_INTERCEPT_2) = INTERCEPT_VMRUN | INTERCEPT_VMMCALL;
    *(mem32 *)(vmcb + VMCB_ASID) = 1;
    *(mem32 *)(vmcb + VMCB_TLB_CONTROL) = FLUSH_ALL;
    *svm_field(VMCB_IOPM) = sev_c_bit();
    *svm_field(VMCB_MSRPM) = sev_c_bit();
    *svm_field(VMCB_NESTED) = nested != 0;
    *svm_field(VMCB_NESTED_CR3) = nested;
    *svm_field(VMCB_PAT) = PAT_AFTER_RESET;
    *svm_field(VMCB_RFLAGS) = 2;
    set_segment(VMCB_CS, code_selector, code_attributes, ~0u);
    set_segment(VMCB_SS, DATA, DATA_32, ~0u);
    set_segment(VMCB_DS, DATA, DATA_32, ~0u);
    set_segment(VMCB_ES, DATA, DATA_32, ~0u);
    set_segment(VMCB_TR, 0, BUSY_TSS, 0xffff);
}

void svm_prepare(uint64_t cr3, uint64_t nested)
{
    prepare(CODE64, CODE_64, nested);
    *svm_field(VMCB_EFER) = rdmsr(MSR_EFER);
    *svm_field(VMCB_CR0) = read_cr0();
    *svm_field(VMCB_CR4) = read_cr4();
    *svm_field(VMCB_CR3) = cr3;
}

void svm_prepare_paging_off(uint64_t nested)
{
    prepare(CODE32, CODE_32, nested);
    *svm_field(VMCB_EFER) = EFER_SVME;
    *svm_field(VMCB_CR0) = (read_cr0() & ~CR0_PG) | 1;
}

static void touch_by(mem64 *view, const void *page)
{
    (void)view[(uint64_t)page / sizeof(*view)];
}

void svm_look_by(mem64 *view)
{
    asm volatile("wbinvd" : : : "memory");
    touch_by(view, vmcb);
    touch_by(view, host_save);
    asm volatile("wbinvd" : : : "memory");
}

/* VMLOAD and VMSAVE as a hypervisor brackets VMRUN with them */
uint64_t svm_run(uint64_t rip, uint64_t rbx, uint64_t rcx)
{
    uint64_t rax = physical(vmcb);

    *svm_field(VMCB_RIP) = rip;
    *svm_field(VMCB_EXIT_CODE) = 0;
    asm volatile("pushq %%rbp\n\t"
                 "vmload\n\t"
                 "vmrun\n\t"
                 "vmsave\n\t"
                 "popq %%rbp"
                 : "+a" (rax), "+b" (rbx), "+c" (rcx)
                 : : "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
                     "r13", "r14", "r15", "memory", "cc");
    return *svm_field(VMCB_EXIT_CODE);
}

/* Where a function of the nested guest returns to */
extern const uint8_t svm_returned[];
asm("svm_returned: vmmcall");

uint64_t svm_call(void (*function)(void))
{
    stack[STACK_WORDS - 1] = (uint64_t)svm_returned;
    *svm_field(VMCB_RSP) = (uint64_t)&stack[STACK_WORDS - 1];
    return svm_run((uint64_t)function, 0, 0);
}
