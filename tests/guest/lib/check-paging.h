/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_CHECK_PAGING_H
#define GUEST_CHECK_PAGING_H

#include "paging.h"

/*
 * The C-bit in every place where the running paging mode has entries: leaves
 * of each size, the tables above them and, where it is wide enough, CR3.
 */
void check_paging(enum paging_levels levels);

#endif
