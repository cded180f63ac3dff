/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A flat 64 KiB image: the body, linked for its copy in RAM, then the reset
 * page, linked for where it lies below 4 GiB.
 */
#include "layout.h"

ENTRY(reset_vector)

SECTIONS
{
    .body BODY_BASE : AT(ROM_BASE)
    {
        *(.text.entry)
        *(.text .text.*)
        *(.rodata .rodata.*)
        *(.data .data.*)
        . = ALIGN(8);
        body_end = .;
    }
    .bss (NOLOAD) : AT(0)
    {
        bss_start = .;
        *(.bss .bss.* COMMON)
        . = ALIGN(16);
        bss_end = .;
    }
    .reset RESET_BASE : AT(RESET_BASE)
    {
        KEEP(*(.reset))
    }
    /DISCARD/ :
    {
        *(.comment) *(.note*) *(.eh_frame*)
    }
}

ASSERT(body_end <= BODY_BASE + BODY_SIZE, "the guest is too large")
ASSERT(bss_end <= TABLES_BASE, "too much uninitialised data")
ASSERT(SIZEOF(.reset) == 0x1000, "the reset page must end at 4 GiB")
