/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The C-bit in 32-bit PAE paging.
 */
#include "lib/check-paging.h"
#include "lib/guest.h"

const char guest_name[] = "paging-pae";

/* Written with paging off, so as private memory. */
static mem32 early = 0x600dc0de;

void guest_main(void)
{
    struct paging paging = paging_new(PAGING_PAE, sev_c_bit());

    early = ~early;
    paging_map_identity(&paging, 0x1000000, sev_c_bit());
    write_cr4(read_cr4() | CR4_PAE);
    write_cr3((unsigned long)paging.root);
    write_cr0(read_cr0() | CR0_PG);
    report_equal("paging off writes what C=1 reads", early, ~0x600dc0deu);
    check_paging(PAGING_PAE);
}
