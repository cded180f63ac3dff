/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The shared 2 MiB in two windows, with the C-bit and without it, and what is
 * seen through them.
 */
#ifndef GUEST_VIEWS_H
#define GUEST_VIEWS_H

#include "dma.h"

/*
 * Page tables with both windows and one more for the registers of a device at
 * DMA_MMIO; they are in use from here on.
 */
void views_map(uint64_t c_bit);

/* Memory at the physical address @at, SHARED_BASE or above. */
mem64 *private_view(uint64_t at);
mem64 *shared_view(uint64_t at);

/* Registers of the device. */
mem8 *device_registers(void);

/* A control area for it at @at, through the window of @view. */
struct dma_memory control_area(mem64 *view, uint64_t at);

/* Write words that follow from @seed; count those that are there. */
void fill(mem64 *to, uint64_t seed, unsigned words);
unsigned matches(const mem64 *from, uint64_t seed, unsigned words);

/* How many words are the same? */
unsigned equal_words(const mem64 *a, const mem64 *b, unsigned words);

#endif
