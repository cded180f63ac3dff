/*
 * AMD SEV under TCG: pages that vCPUs use with another C-bit than before
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "exec/cpu-common.h"
#include "exec/translation-block.h"
#include "sev/debug/diagnose.h"
#include "sev/memory/space.h"
#include "tcg/insn-start-words.h"
#include "tcg/sev/diagnose-tcg.h"

/* The address of the instruction, as code at @retaddr was translated from it */
static bool find_rip(CPUState *cs, uintptr_t retaddr, uint64_t *rip)
{
    CPUX86State *env = cpu_env(cs);
    uint64_t data[TARGET_INSN_START_WORDS];

    if (!retaddr || !cpu_unwind_state_data(cs, retaddr, data)) {
        return false;
    }
    *rip = tcg_cflags_has(cs, CF_PCREL)
        ? (env->eip & TARGET_PAGE_MASK) | data[0]
        : data[0] - env->segs[R_CS].base;
    return true;
}

/*
 * A device is called in the middle of an instruction, by the thread of its
 * vCPU; between instructions that thread may do a device's work, too.
 */
static bool device_rip(uint64_t *rip)
{
    CPUState *cs = current_cpu;

    return cs && cs->running && find_rip(cs, cs->mem_io_pc, rip);
}

void sev_tcg_diagnose_start(void)
{
    sev_diagnose_set_rip(device_rip);
}

void sev_tcg_diagnose(CPUState *cs, vaddr va, hwaddr gpa, bool private,
                      bool fetch, uintptr_t retaddr)
{
    MemTxAttrs attrs = cpu_get_mem_attrs(cpu_env(cs));
    AddressSpace *as = cpu_get_address_space(cs,
                                             cpu_asidx_from_attrs(cs, attrs));
    SevMemory *mem = sev_memory_space_model();
    SevView view = private ? SEV_VIEW_PRIVATE : SEV_VIEW_SHARED;
    SevVcpuUse use = {
        .cpu_index = cs->cpu_index,
        .va = va,
        .private = private,
    };
    uint64_t addr;

    if (!mem || !sev_memory_space_find(as, gpa, attrs, &addr) ||
        !sev_memory_changes_view(mem, addr, view)) {
        return;
    }
    use.has_rip = fetch || find_rip(cs, retaddr, &use.rip);
    if (fetch) {
        use.rip = va - cpu_env(cs)->segs[R_CS].base;
    }
    sev_diagnose_vcpu(gpa, &use);
}
