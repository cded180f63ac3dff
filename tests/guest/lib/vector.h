/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The FPU and the vector registers, which compiled code of a guest leaves
 * alone.
 */
#ifndef GUEST_VECTOR_H
#define GUEST_VECTOR_H

#include "cpu.h"

#define XSTATE_SIZE     832             /* x87, SSE and AVX */
#define XSTATE_ALL      7

/* Let this CPU use what it has of them. */
void vector_enable(void);

bool vector_has_avx(void);
bool vector_has_avx2(void);
bool vector_has_xsave(void);
bool vector_has_xsaveopt(void);
bool vector_has_xsavec(void);
bool vector_has_xsaves(void);

/* Give them all the same values, always. */
void vector_load(void);

/* What is in them, 512 bytes, or XSTATE_SIZE with AVX; @to is 64-aligned. */
void vector_store(uint8_t *to);

#endif
