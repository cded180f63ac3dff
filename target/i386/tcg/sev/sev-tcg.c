/*
 * AMD SEV under TCG: the C-bit and the MSRs as the guest's CPU has them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/cputlb.h"
#include "exec/page-protection.h"
#include "hw/core/cpu.h"
#include "qemu/rcu.h"
#include "sev.h"
#include "sev/debug/space.h"
#include "sev/debug/diagnose.h"
#include "sev/memory/space.h"
#include "tcg/sev/diagnose-tcg.h"
#include "tcg/sev/sev-tcg.h"
#include "trace.h"

/* The system's memory with windows to both views of it */
static MemoryRegion *new_root(CPUState *cs)
{
    MemoryRegion *root = g_new0(MemoryRegion, 1);
    MemoryRegion *system = g_new0(MemoryRegion, 1);

    memory_region_init(root, OBJECT(cs), "sev-memory", UINT64_MAX);
    memory_region_init_alias(system, OBJECT(cs), "sev-system", cs->memory, 0,
                             UINT64_MAX);
    memory_region_add_subregion_overlap(root, 0, system, 0);
    sev_memory_space_add_windows(OBJECT(cs), root);
    return root;
}

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
    env->sev_debug = sev_debug_space_is_on();
    sev_tcg_diagnose_start();
    /*
     * Every CPU that has SEV has RDRAND, and a hypervisor cannot take it away,
     * so guests use it before they look at CPUID: Linux in its C-bit check.
     */
    env->features[FEAT_1_ECX] |= CPUID_EXT_RDRAND;
    return true;
}

void sev_tcg_cpu_init_spaces(X86CPU *cpu)
{
    CPUState *cs = CPU(cpu);

    if (!sev_memory_space_model()) {
        cs->num_ases = X86ASIdx_SMM + 1;
        cpu_address_space_init(cs, X86ASIdx_MEM, "cpu-memory", cs->memory);
        cpu_address_space_init(cs, X86ASIdx_SMM, "cpu-smm", cpu->cpu_as_root);
        return;
    }
    cs->num_ases = X86ASIdx_SEV_SMM + 1;
    sev_memory_space_add_windows(OBJECT(cs), cpu->cpu_as_root);
    cpu_address_space_init(cs, X86ASIdx_MEM, "cpu-memory", new_root(cs));
    cpu_address_space_init(cs, X86ASIdx_SMM, "cpu-smm", cpu->cpu_as_root);
    cpu_address_space_init(cs, X86ASIdx_SEV_PRIVATE, "cpu-sev-private",
                           sev_memory_space_view(SEV_VIEW_PRIVATE));
    cpu_address_space_init(cs, X86ASIdx_SEV_HOST, "cpu-sev-host",
                           sev_memory_space_shared());
    cpu_address_space_init(cs, X86ASIdx_SEV_DEBUG, "cpu-sev-debug",
                           sev_debug_space_region());
    /* A hypervisor saves the state for SMM, and it has no key */
    cpu_address_space_init(cs, X86ASIdx_SEV_SMM, "cpu-sev-smm",
                           sev_memory_space_view(SEV_VIEW_SHARED));
    /* For those who look from outside, whoever's side they look from */
    cs->as = &address_space_memory;
}

/* A page that is to be turned; @cpu_index: who needs it */
typedef struct SevTurn {
    struct rcu_head rcu;
    int cpu_index;
    uint64_t addr;
    SevView view;
} SevTurn;

/* In an exclusive section: no vCPU runs, so nobody looks at its TLB */
static void turn_page(CPUState *cs, run_on_cpu_data data)
{
    g_autofree SevTurn *turn = data.host_ptr;
    SevMemory *mem = sev_memory_space_model();
    CPUState *other;

    CPU_FOREACH(other) {
        tlb_flush(other);
    }
    sev_memory_flushed(mem);
    if (sev_memory_turn(mem, turn->addr, turn->view)) {
        sev_memory_space_changed(turn->addr, SEV_MEMORY_PAGE);
    }
    trace_sev_tcg_turn(turn->cpu_index, turn->addr,
                       turn->view == SEV_VIEW_PRIVATE ? "private" : "shared");
}

/* Who needs it may be unplugged before that; the first vCPU never is */
static void queue_turn(SevTurn *turn)
{
    async_safe_run_on_cpu(first_cpu, turn_page, RUN_ON_CPU_HOST_PTR(turn));
}

/*
 * Not here and now: this vCPU is in the middle of an instruction, and the
 * others would have to stop.  Until it comes to that they all go on, by
 * copying.  A device that is in the middle of an access is in an RCU critical
 * section, and begins no new one.
 */
static void request_turn(CPUState *cs, uint64_t addr, SevView view)
{
    SevTurn *turn = g_new0(SevTurn, 1);

    turn->cpu_index = cs->cpu_index;
    turn->addr = QEMU_ALIGN_DOWN(addr, SEV_MEMORY_PAGE);
    turn->view = view;
    if (sev_memory_in_use(sev_memory_space_model(), addr)) {
        call_rcu(turn, queue_turn, rcu);
    } else {
        queue_turn(turn);
    }
}

/*
 * The page at @gpa through @view, by host address or by a window.  Code is
 * private, so only a page that was private may have been translated from.
 */
static hwaddr map_page(CPUState *cs, hwaddr gpa, SevView view)
{
    MemTxAttrs attrs = cpu_get_mem_attrs(cpu_env(cs));
    AddressSpace *as = cpu_get_address_space(cs, x86_asidx_from_attrs(cs,
                                                                      attrs));
    uint64_t addr;

    switch (sev_memory_space_map(as, gpa, attrs, view, &addr)) {
    case SEV_MAP_TURNED:
        if (view == SEV_VIEW_SHARED) {
            sev_memory_space_changed(QEMU_ALIGN_DOWN(addr, SEV_MEMORY_PAGE),
                                     SEV_MEMORY_PAGE);
        }
        /* fall through */
    case SEV_MAP_DIRECT:
        return gpa;
    case SEV_MAP_TURN:
        request_turn(cs, addr, view);
        break;
    case SEV_MAP_COPY:
        break;
    case SEV_MAP_UNKNOWN:
        g_assert_not_reached();
    }
    return sev_memory_space_window(gpa, view);
}

/*
 * An entry of QEMU's TLB holds one address for data and code.  Where they have
 * different views each gets the entry in turn.
 */
hwaddr sev_tcg_tlb_fill(CPUState *cs, vaddr va, hwaddr gpa,
                        MMUAccessType access_type, bool private, int *prot,
                        uintptr_t retaddr)
{
    bool fetch = access_type == MMU_INST_FETCH;

    if (!private) {
        *prot &= fetch ? PAGE_EXEC : ~PAGE_EXEC;
    }
    private |= fetch;
    /* The page of a nested guest was found in the TLB of the nested tables */
    gpa = sev_memory_space_gpa(gpa);
    trace_sev_tcg_tlb_fill(cs->cpu_index, va, gpa,
                           private ? "private" : "shared");
    if (unlikely(sev_diagnosing)) {
        sev_tcg_diagnose(cs, va, gpa, private, fetch, retaddr);
    }
    return map_page(cs, gpa, private ? SEV_VIEW_PRIVATE : SEV_VIEW_SHARED);
}

uint64_t sev_tcg_status(void)
{
    return (sev_enabled() ? SEV_STATUS_SEV_ENABLED : 0) |
           (sev_es_enabled() ? SEV_STATUS_SEV_ES_ENABLED : 0) |
           (sev_snp_enabled() ? SEV_STATUS_SEV_SNP_ACTIVE : 0);
}
