/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where everything is in a test guest's memory; for C, assembly and the
 * linker script.  A guest needs 16 MiB of RAM.
 */
#ifndef GUEST_LAYOUT_H
#define GUEST_LAYOUT_H

/* The firmware image, 64 KiB that end at 4 GiB. */
#define ROM_BASE        0xffff0000
#define RESET_BASE      0xfffff000      /* last 4 KiB: runs in place */

/* The image's copy in RAM, from which all C code runs. */
#define BODY_BASE       0x00100000
#define BODY_SIZE       0x0000f000

#define AP_BASE         0x00008000      /* real-mode start of other CPUs */
#define AP_VECTOR       (AP_BASE >> 12)

/* Page tables: six made at start for the identity map, then a pool. */
#define TABLES_BASE     0x00200000
#define POOL_BASE       0x00210000
#define POOL_END        0x00400000

/* 2 MiB that tests only touch as private, and 2 MiB only as shared memory. */
#define PRIVATE_BASE    0x00400000
#define SHARED_BASE     0x00a00000
#define LARGE_PAGE      0x00200000

/* Announced in the firmware's GUIDed table. */
#define SECRET_BASE     0x00800000
#define SECRET_SIZE     0x00000c00
#define HASHES_BASE     0x00800c00
#define HASHES_SIZE     0x00000400

/* Segment selectors */
#define CODE32          0x08
#define DATA            0x10
#define CODE64          0x18
#define GDT_LIMIT       0x1f

/* RAM and its page tables are private below, MMIO above. */
#define MMIO_BASE       0xc0000000

#define MAX_CPUS        16
#define STACK_SIZE      4096

#endif
