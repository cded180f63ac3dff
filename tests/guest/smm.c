/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * System management mode: what the handler does is private, as paging is off.
 * The save area is written by the hypervisor, who has no key: it is shared.
 */
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "smm";

#define ICR_LOW         0xfee00300ul
#define ICR_HIGH        0xfee00310ul
#define ICR_SMI         0x4200          /* asserted, to APIC 0 */

#define HANDLER         0x38000ul       /* where SMM starts after a reset */
#define SAVE_PAGE       0x3f000ul
#define REVISION        0xefc           /* of the save area's format */
#define REVISION_AMD64  0x64
#define NOTE            0x9000ul
#define NOTED           0x5a

/* movb $NOTED, NOTE; rsm */
static const uint8_t handler[] = { 0xc6, 0x06, 0x00, 0x90, NOTED, 0x0f, 0xaa };

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t window = paging_window(PAGING_4_LEVEL);
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);
    mem8 *note = (mem8 *)NOTE;
    mem32 *shared = (mem32 *)(window + REVISION);
    mem32 *private = (mem32 *)(SAVE_PAGE + REVISION);

    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, window, SAVE_PAGE, PAGE_4K, PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);

    for (unsigned i = 0; i < sizeof(handler); i++) {
        ((mem8 *)HANDLER)[i] = handler[i];
    }
    *note = 0;
    *private = 0;
    settle();
    *(mem32 *)ICR_HIGH = 0;
    *(mem32 *)ICR_LOW = ICR_SMI;
    for (unsigned i = 0; i < 1000000 && *note != NOTED; i++) {
        cpu_relax();
    }
    report_equal("the handler's note is private", *note, NOTED);
    settle();
    report_equal("the save area is shared", *shared & 0xffff, REVISION_AMD64);
    settle();
    report_true("and something else with the C-bit",
                ((*private & 0xffff) == REVISION_AMD64) == !c_bit);
}
