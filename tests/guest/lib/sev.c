/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cpu.h"
#include "sev.h"

uint64_t sev_status(void)
{
    if (!(cpuid_extended(CPUID_SEV).eax & CPUID_SEV_EAX_SEV)) {
        return 0;
    }
    return rdmsr(MSR_SEV_STATUS);
}

uint64_t sev_c_bit(void)
{
    if (!(sev_status() & SEV_STATUS_SEV)) {
        return 0;
    }
    return 1ull << (cpuid_extended(CPUID_SEV).ebx & 63);
}

unsigned sev_physical_bits(void)
{
    return cpuid_extended(CPUID_ADDRESS_SIZE).eax & 255;
}

bool cpu_has_1g_pages(void)
{
    return cpuid_extended(0x80000001u).edx & (1u << 26);
}
