/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A guest that starts in protected mode without paging.
 */
#include "layout.h"

    .section .text.entry, "ax"
    .code32
    .globl entry
entry:
    call    guest_run
1:  hlt
    jmp     1b

/* Exceptions: push what the CPU did not, and hand the frame to C. */
    .macro  stub number, has_error
trap_stub_\number:
    .if     !\has_error
    pushl   $0
    .endif
    pushl   $\number
    jmp     trap_common
    .endm

    .irp    n, 0,1,2,3,4,5,6,7,9,15,16,18,19,20,22,23,24,25,26,27,28,31
    stub    \n, 0
    .endr
    .irp    n, 8,10,11,12,13,14,17,21,29,30
    stub    \n, 1
    .endr

trap_common:
    pushal
    pushl   %esp
    call    trap_handler
    addl    $4, %esp
    popal
    addl    $8, %esp
    iretl

    .balign 8
    .globl trap_stubs
trap_stubs:
    .irp    n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23
    .long   trap_stub_\n
    .endr
    .irp    n, 24,25,26,27,28,29,30,31
    .long   trap_stub_\n
    .endr

    .section .note.GNU-stack, "", @progbits
