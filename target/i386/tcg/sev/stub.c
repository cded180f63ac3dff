/*
 * AMD SEV under TCG: what is left of it in a QEMU without
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "cpu.h"
#include "hw/core/cpu.h"
#include "exec/helper-proto.h"
#include "tcg/sev/exit.h"
#include "tcg/sev/sev-tcg.h"

bool sev_tcg_cpu_realize(X86CPU *cpu, Error **errp)
{
    return true;
}

void sev_tcg_cpu_init_spaces(X86CPU *cpu)
{
    CPUState *cs = CPU(cpu);

    cs->num_ases = X86ASIdx_SMM + 1;
    cpu_address_space_init(cs, X86ASIdx_MEM, "cpu-memory", cs->memory);
    cpu_address_space_init(cs, X86ASIdx_SMM, "cpu-smm", cpu->cpu_as_root);
}

/* Only for a C-bit that is not 0, but the linker asks */
void sev_tcg_exec_enter(CPUState *cs)
{
    g_assert_not_reached();
}

void sev_tcg_tlb_fill(CPUState *cs, SevTlbFill *fill)
{
    g_assert_not_reached();
}

bool sev_tcg_set_pte(CPUX86State *env, hwaddr addr, int ptw_idx, uint32_t old,
                     uint32_t new)
{
    g_assert_not_reached();
}

uint64_t sev_tcg_status(void)
{
    return 0;
}

uint64_t sev_tcg_ghcb(CPUX86State *env)
{
    return 0;
}

void sev_tcg_set_ghcb(CPUX86State *env, uint64_t value)
{
}

/* For vCPUs with encrypted registers only, of which there are none */
void sev_tcg_exit(CPUX86State *env, uint32_t type, uint64_t param,
                  uintptr_t retaddr)
{
    g_assert_not_reached();
}

G_NORETURN void helper_sev_vmgexit(CPUX86State *env, uint32_t length)
{
    g_assert_not_reached();
}
