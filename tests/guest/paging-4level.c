/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The C-bit in 4-level paging.
 */
#include "lib/check-paging.h"
#include "lib/guest.h"

const char guest_name[] = "paging-4level";

void guest_main(void)
{
    check_paging(PAGING_4_LEVEL);
}
