/*
 * AMD SEV under TCG: the C-bit and the MSRs as the guest's CPU has them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "cpu.h"
#include "sev.h"
#include "tcg/sev/sev-tcg.h"
#include "trace.h"

bool sev_tcg_cpu_realize(X86CPU *cpu, Error **errp)
{
    CPUX86State *env = &cpu->env;

    if (!sev_enabled()) {
        return true;
    }
    if (!(env->features[FEAT_8000_0001_EDX] & CPUID_EXT2_LM)) {
        error_setg(errp, "CPU model '%s' cannot run a SEV guest: it has no "
                   "long mode (feature lm)",
                   object_get_typename(OBJECT(cpu)));
        error_append_hint(errp, "Choose a 64-bit model, for example "
                          "-cpu max or -cpu EPYC.\n");
        return false;
    }
    env->sev_c_mask = 1ULL << sev_get_cbit_position();
    /*
     * Every CPU that has SEV has RDRAND, and a hypervisor cannot take it away,
     * so guests use it before they look at CPUID: Linux in its C-bit check.
     */
    env->features[FEAT_1_ECX] |= CPUID_EXT_RDRAND;
    return true;
}

void sev_tcg_tlb_fill(CPUState *cs, vaddr addr, hwaddr paddr, bool private)
{
    trace_sev_tcg_tlb_fill(cs->cpu_index, addr, paddr,
                           private ? "private" : "shared");
}

uint64_t sev_tcg_status(void)
{
    return (sev_enabled() ? SEV_STATUS_SEV_ENABLED : 0) |
           (sev_es_enabled() ? SEV_STATUS_SEV_ES_ENABLED : 0) |
           (sev_snp_enabled() ? SEV_STATUS_SEV_SNP_ACTIVE : 0);
}
