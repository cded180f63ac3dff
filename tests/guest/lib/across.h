/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Instructions whose operand lies in two pages.  Each runs at the same virtual
 * address on plain private memory first, then on pages with each combination
 * of C-bits, of views that the pages were used in before, and of places in
 * memory; it must leave the same bytes behind, in memory and elsewhere.
 */
#ifndef GUEST_ACROSS_H
#define GUEST_ACROSS_H

#include "cpu.h"

#define ACROSS_OUT      1024

struct across_op {
    const char *name;
    /*
     * The instruction.  @at: its operand, or the lowest byte that it pushes.
     * @out: zeroes, for all that it leaves in registers.
     */
    void (*run)(uint8_t *at, uint8_t *out);
    unsigned size;              /* of what is used at @at, at most 2048 */
    unsigned align;             /* of @at; @size if it must not be split */
    bool missing;               /* this CPU has no such instruction */
    /* Make what is at @at fit for it; by default that is a pattern */
    void (*prepare)(uint8_t *at);
};

/* An entry of a table; more fields by their names. */
#define ACROSS(name_, run_, size_, align_, ...) \
    { .name = name_, .run = run_, .size = size_, .align = align_, __VA_ARGS__ }

/* Set up paging and the two pages; before that there is none in 32-bit code. */
void across_start(void);

/* Try one instruction; reports one property. */
void across_check(const struct across_op *op);

/* Try @count of them. */
void across_check_all(const struct across_op *ops, unsigned count);

/* Where the first page ends. */
uint8_t *across_boundary(void);

/*
 * For an instruction with further operands in memory: a page of private memory
 * that holds a pattern at the start of each run, and is compared as well.
 */
uint8_t *across_plain(void);

#endif
