/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The way of the other CPUs from INIT-SIPI to C.
 */
#include "layout.h"

    .section .text.entry, "ax"
/* What the first CPU copies to AP_BASE for the others. */
    .globl ap_start, ap_start_end
    .balign 8
    .code16
ap_start:
    cli
    xorw    %ax, %ax
    movw    %ax, %ds
    lgdtl   AP_BASE + (1f - ap_start)
    movl    %cr0, %eax
    orl     $1, %eax
    movl    %eax, %cr0
    ljmpl   $CODE32, $ap_protected
    .balign 8
1:  .word   GDT_LIMIT
    .long   gdt
ap_start_end:

    .code32
ap_protected:
    movl    $DATA, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    $1, %ebp                    /* which of the stacks is mine */
    lock xaddl %ebp, ap_next
    movl    %ebp, %esp
    imull   $STACK_SIZE, %esp
    addl    $ap_stacks, %esp
    call    enable_paging
    ljmpl   $CODE64, $1f
    .code64
1:  movl    $DATA, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %ss
    movl    %ebp, %edi
    call    ap_run
1:  hlt
    jmp     1b

    .data
    .balign 8
    .globl ap_next
ap_next:
    .long   1                           /* the first CPU is number 0 */

    .bss
    .balign 16
    .skip   STACK_SIZE
ap_stacks:
    .skip   MAX_CPUS * STACK_SIZE

    .section .note.GNU-stack, "", @progbits
