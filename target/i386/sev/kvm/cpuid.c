/*
 * SEV-SNP: CPUID as KVM gives it to the guest's processors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "hw/core/cpu.h"
#include "system/kvm.h"
#include "sev/launch/cpuid-page.h"
#include "snp.h"

/* The most that KVM has for a processor */
#define MAX_ENTRIES 256

typedef struct KvmCpuid {
    struct kvm_cpuid2 head;
    struct kvm_cpuid_entry2 entries[MAX_ENTRIES];
} KvmCpuid;

bool sev_kvm_snp_cpuid(SnpCpuidPage *page, Error **errp)
{
    g_autofree KvmCpuid *cpuid = g_new0(KvmCpuid, 1);
    int ret;

    cpuid->head.nent = MAX_ENTRIES;
    ret = kvm_vcpu_ioctl(first_cpu, KVM_GET_CPUID2, cpuid);
    if (ret < 0) {
        error_setg(errp, "KVM_GET_CPUID2 failed: %s (errno %d)",
                   strerror(-ret), -ret);
        return false;
    }
    *page = (SnpCpuidPage) {};
    for (unsigned i = 0; i < cpuid->head.nent; i++) {
        const struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];
        const uint32_t regs[] = {
            [R_EAX] = entry->eax, [R_EBX] = entry->ebx,
            [R_ECX] = entry->ecx, [R_EDX] = entry->edx,
        };

        if (le32_to_cpu(page->count) == SNP_CPUID_MAX) {
            error_setg(errp, "the guest's processors have %" PRIu32 " CPUID "
                       "leaves, but the page of CPUID has room for %d: use "
                       "a CPU model with fewer", cpuid->head.nent,
                       SNP_CPUID_MAX);
            return false;
        }
        sev_cpuid_page_add(page, entry->function, entry->index, regs);
    }
    return true;
}
