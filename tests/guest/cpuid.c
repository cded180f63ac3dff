/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * CPUID and the SEV_STATUS register agree with each other.
 */
#include "lib/guest.h"

const char guest_name[] = "cpuid";

static void check_c_bit(struct cpuid sev)
{
    unsigned c_bit = sev.ebx & 63;
    unsigned reduction = (sev.ebx >> 6) & 63;

    report_true("the C-bit lies where a page table entry has address bits",
                c_bit >= 32 && c_bit < 52);
    report_true("the reduction of the address width is at least the C-bit",
                reduction >= 1);
    report_true("the address width is one of long mode",
                sev_physical_bits() >= 32 && sev_physical_bits() <= 52);
}

void guest_main(void)
{
    struct cpuid sev = cpuid_extended(CPUID_SEV);
    bool on = sev_status() & SEV_STATUS_SEV;

    report_info("cpuid-sev-eax", sev.eax);
    report_info("cpuid-sev-ebx", sev.ebx);
    report_info("cpuid-sev-ecx", sev.ecx);
    report_info("cpuid-sev-edx", sev.edx);
    report_info("physical-bits", sev_physical_bits());
    report_info("linear-bits",
                (cpuid_extended(CPUID_ADDRESS_SIZE).eax >> 8) & 255);
    if (on) {
        report_true("CPUID shows SEV", sev.eax & CPUID_SEV_EAX_SEV);
        report_equal("CPUID's SEV-ES is that of SEV_STATUS",
                     !!(sev.eax & CPUID_SEV_EAX_ES), (sev_status() >> 1) & 1);
        check_c_bit(sev);
    } else {
        report_equal("SEV_STATUS is 0", sev_status(), 0);
    }
}
