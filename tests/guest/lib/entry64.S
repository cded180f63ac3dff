/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A guest that starts in long mode: page tables that map the first 4 GiB
 * one to one, private below MMIO_BASE when SEV is on, shared above.
 */
#include "layout.h"

#define PML4            TABLES_BASE
#define PDPT            (TABLES_BASE + 0x1000)
#define PD              (TABLES_BASE + 0x2000)
#define NODE_FLAGS      0x007           /* present, writable, user */
#define LEAF_FLAGS      0x083           /* present, writable, large */
#define EFER            0xc0000080
#define SEV_STATUS      0xc0010131

    .section .text.entry, "ax"
    .code32
    .globl entry
entry:
    call    find_c_bit
    call    build_tables
    call    enable_paging
    ljmpl   $CODE64, $entry_long

/*
 * The C-bit's half of a page table entry in %ebp, 0 without SEV.  The MSR
 * may be read whenever CPUID shows SEV.
 */
find_c_bit:
    xorl    %ebp, %ebp
    movl    $0x80000000, %eax
    cpuid
    cmpl    $0x8000001f, %eax
    jb      1f
    movl    $0x8000001f, %eax
    cpuid
    testl   $2, %eax
    jz      1f
    movl    $SEV_STATUS, %ecx
    rdmsr
    testl   $1, %eax
    jz      1f
    movl    %ebx, %ecx
    andl    $31, %ecx                   /* positions below 32 do not exist */
    movl    $1, %ebp
    shll    %cl, %ebp
1:  ret

build_tables:
    movl    $TABLES_BASE, %edi
    movl    $(6 * 4096 / 4), %ecx
    xorl    %eax, %eax
    rep stosl

    movl    $(PDPT + NODE_FLAGS), PML4
    movl    %ebp, PML4 + 4

    movl    $PDPT, %edi
    movl    $(PD + NODE_FLAGS), %eax
1:  movl    %eax, (%edi)
    movl    %ebp, 4(%edi)
    addl    $8, %edi
    addl    $0x1000, %eax
    cmpl    $(PDPT + 4 * 8), %edi
    jb      1b

    movl    $PD, %edi
    movl    $LEAF_FLAGS, %eax
1:  movl    %eax, (%edi)
    cmpl    $MMIO_BASE, %eax
    jae     2f
    movl    %ebp, 4(%edi)
2:  addl    $8, %edi
    addl    $LARGE_PAGE, %eax
    jnc     1b
    ret

/* Also the way of other CPUs from protected mode into long mode. */
    .globl  enable_paging
enable_paging:
    movl    %cr4, %eax
    orl     $0x20, %eax                 /* PAE */
    movl    %eax, %cr4
    movl    $PML4, %eax
    movl    %eax, %cr3
    movl    $EFER, %ecx
    rdmsr
    orl     $0x100, %eax                /* LME */
    wrmsr
    movl    %cr0, %eax
    orl     $0x80010000, %eax           /* PG, WP */
    movl    %eax, %cr0
    ret

    .code64
entry_long:
    movl    $DATA, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    $boot_stack_top, %esp
    lgdt    gdtr
    call    guest_run
1:  hlt
    jmp     1b

/*
 * void paging_set_la57(uint64_t cr3): 5-level paging with these tables.  Only
 * possible with paging off, so by way of 32-bit code, where a C-bit in CR3
 * cannot be expressed; the tables are walked privately all the same.
 */
    .globl paging_set_la57
paging_set_la57:
    pushq   %rbx
    movq    %rdi, %rbx
    pushq   $CODE32
    pushq   $1f
    lretq
    .code32
1:  movl    %cr0, %eax
    andl    $0x7fffffff, %eax
    movl    %eax, %cr0
    movl    %cr4, %eax
    orl     $0x1000, %eax               /* LA57 */
    movl    %eax, %cr4
    movl    %ebx, %cr3
    movl    %cr0, %eax
    orl     $0x80000000, %eax
    movl    %eax, %cr0
    ljmpl   $CODE64, $1f
    .code64
1:  popq    %rbx
    ret

/* Exceptions: push what the CPU did not, and hand the frame to C. */
    .macro  stub number, has_error
trap_stub_\number:
    .if     !\has_error
    pushq   $0
    .endif
    pushq   $\number
    jmp     trap_common
    .endm

    .irp    n, 0,1,2,3,4,5,6,7,9,15,16,18,19,20,22,23,24,25,26,27,28,31
    stub    \n, 0
    .endr
    .irp    n, 8,10,11,12,13,14,17,21,29,30
    stub    \n, 1
    .endr

trap_common:
    .irp    r, rax,rcx,rdx,rbx,rbp,rsi,rdi,r8,r9,r10,r11,r12,r13,r14,r15
    pushq   %\r
    .endr
    movq    %rsp, %rdi
    movq    %rsp, %rbp
    andq    $~15, %rsp
    call    trap_handler
    movq    %rbp, %rsp
    .irp    r, r15,r14,r13,r12,r11,r10,r9,r8,rdi,rsi,rbp,rbx,rdx,rcx,rax
    popq    %\r
    .endr
    addq    $16, %rsp
    iretq

    .balign 8
    .globl trap_stubs
trap_stubs:
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23
    .quad   trap_stub_\n
    .endr
    .irp    n, 24,25,26,27,28,29,30,31
    .quad   trap_stub_\n
    .endr

    .section .note.GNU-stack, "", @progbits
