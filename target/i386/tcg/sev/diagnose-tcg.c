/*
 * AMD SEV under TCG: pages that vCPUs use with another C-bit than before
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <unwind.h>
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

/* What is looked for on the stack of a vCPU's thread */
typedef struct Caller {
    CPUState *cs;
    uint64_t rip;
    bool found;
} Caller;

static _Unwind_Reason_Code visit_frame(struct _Unwind_Context *frame,
                                       void *opaque)
{
    Caller *caller = opaque;

    caller->found = find_rip(caller->cs, _Unwind_GetIP(frame), &caller->rip);
    return caller->found ? _URC_END_OF_STACK : _URC_NO_REASON;
}

/*
 * A device may work in the middle of an instruction.  Port I/O is a call from
 * translated code, whose return address is on the stack; MMIO is a call from a
 * slow path beside it, and is noted down by whoever makes it.  A vCPU's thread
 * may do a device's work between instructions, too.
 */
static bool device_rip(uint64_t *rip)
{
    CPUState *cs = current_cpu;
    Caller caller = { .cs = cs };

    if (!cs || !cs->running) {
        return false;
    }
    _Unwind_Backtrace(visit_frame, &caller);
    *rip = caller.rip;
    return caller.found || find_rip(cs, cs->mem_io_pc, rip);
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
