/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The C-bit in 5-level paging.
 */
#include "lib/check-paging.h"
#include "lib/guest.h"

const char guest_name[] = "paging-5level";

void guest_main(void)
{
    struct paging paging;

    if (!(cpuid(7, 0).ecx & (1u << 16))) {
        report_skip("5-level paging: this CPU has none");
        return;
    }
    paging = paging_new(PAGING_5_LEVEL, sev_c_bit());
    paging_map_identity(&paging, 0x1000000, sev_c_bit());
    paging_set_la57((unsigned long)paging.root);
    report_true("CR4.LA57 is set", read_cr4() & (1ul << 12));
    check_paging(PAGING_5_LEVEL);
}
