/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Reserved bits of CR3 and CR4 raise #GP, and nothing else happens.
 */
#include "lib/guest.h"

const char guest_name[] = "control-registers";

static struct trap trap_write_cr4(unsigned long value)
{
    trap_expect();
    asm volatile(TRAP_NOTE "mov %[value], %%cr4\n1:"
                 : [resume] "+m" (trap_resume)
                 : [value] "r" (value) : "memory");
    return trap_outcome();
}

void guest_main(void)
{
    unsigned long cr3 = read_cr3(), cr4 = read_cr4();
    unsigned bits = cpuid_extended(CPUID_ADDRESS_SIZE).eax & 0xff;
    unsigned wrong = 0;
    struct trap trap;

    for (unsigned bit = bits; bit < 52; bit++) {
        if (1ull << bit != sev_c_bit()) {
            wrong += trap_write_cr3(cr3 | 1ull << bit).vector != TRAP_GP;
        }
    }
    report_equal("CR3: bits above a physical address are refused", wrong, 0);
    report_equal("it stays", read_cr3(), cr3);
    trap = trap_write_cr4(cr4 | 1ul << 31);
    report_equal("CR4: bit 31 is refused", trap.vector, TRAP_GP);
    report_equal("its error code is 0", trap.error, 0);
    report_equal("CR4: bit 63 is refused", trap_write_cr4(cr4 | 1ul << 63)
                 .vector, TRAP_GP);
    report_equal("it stays", read_cr4(), cr4);
}
