/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Code at CPL 3 in a guest in long mode.
 */
#ifndef GUEST_USER_H
#define GUEST_USER_H

#include "trap.h"

struct user_registers {
    unsigned long rax, rcx, rdx, rdi;
};

/*
 * Run @size bytes of code at CPL 3 with these registers.  Returns what ended
 * it, or TRAP_NONE if it came to its end.  What it may touch of memory is the
 * 2 MiB from PRIVATE_BASE, which also hold the code and its stack at their
 * end.
 */
struct trap user_run(const void *code, unsigned size,
                     struct user_registers registers);

#endif
