/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The last page of the image: from the reset vector to 32-bit protected mode
 * and into the copy in RAM; and the GUIDed table by which a VMM finds the
 * areas for kernel hashes and launch secret.
 *
 * As long as paging is off every access of an SEV guest is private, so the
 * copy is readable wherever the C-bit is set later.
 */
#include "layout.h"

#define TABLE_SIZE      92              /* of the GUIDed table, bytes */

    .section .reset, "ax"
    .code16
real_start:
    cli
    cld
    lgdtl   %cs:(gdtr_rom - real_start + RESET_BASE - ROM_BASE)
    movl    %cr0, %eax
    orl     $1, %eax
    movl    %eax, %cr0
    ljmpl   $CODE32, $protected_start

    .code32
protected_start:
    movl    $DATA, %eax
    movl    %eax, %ds
    movl    %eax, %es
    movl    %eax, %fs
    movl    %eax, %gs
    movl    %eax, %ss

    movl    $ROM_BASE, %esi
    movl    $BODY_BASE, %edi
    movl    $(BODY_SIZE / 4), %ecx
    rep movsl

    movl    $bss_start, %edi
    movl    $bss_end, %ecx
    subl    %edi, %ecx
    xorl    %eax, %eax
    rep stosb

    movl    $boot_stack_top, %esp
    lgdtl   gdtr
    movl    $entry, %eax
    jmp     *%eax

/* An SEV-ES AP that somebody starts too early stays here. */
    .code16
es_reset:
    cli
    hlt
    jmp     es_reset

    .balign 8
gdtr_rom:
    .word   GDT_LIMIT
    .long   gdt - BODY_BASE + ROM_BASE

/*
 * The GUIDed table grows downwards from 0x30 below the end: each entry is
 * data, u16 length of data + 18, GUID; the last one holds the whole length.
 */
    .org    0x1000 - 0x20 - TABLE_SIZE
table_start:
1:  .long   SECRET_BASE, SECRET_SIZE
    .word   2f - 1b
    .long   0x4c2eb361                  /* launch secret area */
    .word   0x7d9b, 0x4cc3
    .byte   0x80, 0x81, 0x12, 0x7c, 0x90, 0xd3, 0xd2, 0x94
2:
1:  .long   HASHES_BASE, HASHES_SIZE
    .word   2f - 1b
    .long   0x7255371f                  /* kernel hashes area */
    .word   0x3a3b, 0x4b04
    .byte   0x92, 0x7b, 0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54
2:
1:  .long   es_reset
    .word   2f - 1b
    .long   0x00f771de                  /* SEV-ES reset block */
    .word   0x1a7e, 0x4fcb
    .byte   0x89, 0x0e, 0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e
2:
    .word   table_end - table_start
    .long   0x96b582de                  /* footer */
    .word   0x1fb2, 0x45f7
    .byte   0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d
table_end:

    .if     table_end - table_start - TABLE_SIZE
    .error  "TABLE_SIZE is wrong"
    .endif

    .org    0xff0
    .code16
    .globl reset_vector
reset_vector:
    jmp     real_start
    .org    0x1000, 0xf4

    .section .text.entry, "ax"
    .balign 8
    .globl  gdt, gdtr
gdt:
    .quad   0
    .quad   0x00cf9b000000ffff          /* CODE32 */
    .quad   0x00cf93000000ffff          /* DATA */
    .quad   0x00af9b000000ffff          /* CODE64 */
    .word   0
gdtr:
    .word   GDT_LIMIT
    .long   gdt
    .long   0                           /* lgdt of 64-bit mode takes 10 bytes */

    .bss
    .balign 16
    .globl boot_stack_top
    .skip   4 * STACK_SIZE
boot_stack_top:
