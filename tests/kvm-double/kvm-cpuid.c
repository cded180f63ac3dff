/*
 * A double of /dev/kvm and /dev/sev: CPUID
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <string.h>
#include "double.h"

#define CPUID_SEV       0x8000001f

/*
 * A processor with all features, so that QEMU takes none away; of the extended
 * states only those that fit into struct kvm_xsave
 */
static const struct kvm_cpuid_entry2 all_features[] = {
#define ALL .eax = ~0u, .ebx = ~0u, .ecx = ~0u, .edx = ~0u
    { .function = 0, ALL },
    { .function = 1, ALL },
    { .function = 6, ALL },
    { .function = 7, ALL },
    { .function = 0xd, .eax = 7, .ebx = 0x340, .ecx = 0x340 },
    { .function = 0xd, .index = 1, .eax = 0xf, .ebx = 0x340 },
    { .function = 0xd, .index = 2, .eax = 0x100, .ebx = 0x240 },
    { .function = 0x40000001, ALL },
    { .function = 0x80000000, ALL },
    { .function = 0x80000001, ALL },
    { .function = 0x80000007, ALL },
    { .function = 0x80000008, ALL },
    { .function = 0x8000000a, ALL },
    { .function = 0x80000021, ALL },
#undef ALL
};

int double_supported_cpuid(struct kvm_cpuid2 *cpuid)
{
    struct kvm_cpuid_entry2 *sev;

    if (cpuid->nent < G_N_ELEMENTS(all_features) + 1) {
        return double_fail(-E2BIG);
    }
    memcpy(cpuid->entries, all_features, sizeof(all_features));
    sev = &cpuid->entries[G_N_ELEMENTS(all_features)];
    *sev = (struct kvm_cpuid_entry2) { .function = CPUID_SEV };
    if (double_has_sev()) {
        sev->eax = 1u << 1 | (double_has_es() ? 1u << 3 : 0) |
                   (double_has_snp() ? 1u << 4 : 0);
        sev->ebx = double_cbitpos() | 5u << 6;
        sev->ecx = ASP_ASID_MAX;
        sev->edx = ASP_ASID_MIN_SEV;
    }
    cpuid->nent = G_N_ELEMENTS(all_features) + 1;
    return 0;
}

int double_set_cpuid(DoubleVcpu *vcpu, const struct kvm_cpuid2 *cpuid)
{
    size_t size = sizeof(*cpuid) + cpuid->nent * sizeof(cpuid->entries[0]);

    g_free(vcpu->cpuid);
    vcpu->cpuid = g_memdup2(cpuid, size);
    return 0;
}

int double_get_cpuid(const DoubleVcpu *vcpu, struct kvm_cpuid2 *cpuid)
{
    uint32_t nent = vcpu->cpuid ? vcpu->cpuid->nent : 0, room = cpuid->nent;

    cpuid->nent = nent;
    if (room < nent) {
        return double_fail(-E2BIG);
    }
    if (nent) {
        memcpy(cpuid->entries, vcpu->cpuid->entries,
               nent * sizeof(cpuid->entries[0]));
    }
    return 0;
}
