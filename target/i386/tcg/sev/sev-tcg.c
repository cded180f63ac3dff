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
#include "exec/exec-all.h"
#include "exec/page-protection.h"
#include "hw/core/cpu.h"
#include "qemu/main-loop.h"
#include "qemu/rcu.h"
#include "sev.h"
#include "sev/debug/space.h"
#include "sev/debug/diagnose.h"
#include "sev/hypervisor.h"
#include "sev/memory/space.h"
#include "tcg/insn-start-words.h"
#include "tcg/sev/diagnose-tcg.h"
#include "tcg/sev/exit.h"
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
    if (sev_es_enabled()) {
        env->sev_vcpu = g_new0(SevVcpu, 1);
        /* Intercepted, and so not offered: firmware parks its APs by it */
        env->features[FEAT_1_ECX] &= ~CPUID_EXT_MONITOR;
    }
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

/*
 * The exclusive section in which pages are turned has all vCPUs stopped, but
 * must not flush their TLBs: only a vCPU's own thread may.  This is it, and it
 * comes here before the vCPU looks into its TLB, whatever stopped it.
 */
void sev_tcg_exec_enter(CPUState *cs)
{
    CPUX86State *env = cpu_env(cs);
    uint64_t epoch = sev_memory_epoch(sev_memory_space_model());

    if (env->sev_epoch != epoch) {
        env->sev_epoch = epoch;
        tlb_flush(cs);
    }
}

/* A page, and in its lowest bit the view that it is wanted in */
static run_on_cpu_data turn_data(uint64_t addr, SevView view)
{
    return RUN_ON_CPU_TARGET_PTR((addr & TARGET_PAGE_MASK) | view);
}

/* Code is private: only a page that was private can have been translated */
static void page_turned(uint64_t addr, SevView view)
{
    if (view == SEV_VIEW_SHARED) {
        sev_memory_space_changed(addr & TARGET_PAGE_MASK, SEV_MEMORY_PAGE);
    }
}

/* In an exclusive section: no vCPU runs, or holds an address for later */
static void turn_page(CPUState *cs, run_on_cpu_data data)
{
    SevMemory *mem = sev_memory_space_model();
    uint64_t addr = data.target_ptr & TARGET_PAGE_MASK;
    SevView view = data.target_ptr & 1;

    sev_memory_stop(mem);
    if (sev_memory_turn(mem, addr, view)) {
        page_turned(addr, view);
    }
    sev_memory_go(mem);
    trace_sev_tcg_turn(cs->cpu_index, addr,
                       view == SEV_VIEW_PRIVATE ? "private" : "shared");
}

/*
 * A device that uses a page by its host address is in a critical section of
 * RCU, and may need the BQL to get out of it.
 */
static void wait_for_devices(CPUState *cs, run_on_cpu_data data)
{
    SevMemory *mem = sev_memory_space_model();
    uint64_t number = sev_memory_begin_wait(mem);

    bql_unlock();
    synchronize_rcu();
    bql_lock();
    sev_memory_end_wait(mem, number);
}

/*
 * Have done what a page needs before it can be turned, or have it turned, when
 * this vCPU has left the instruction.  It is this vCPU's own work, so it is
 * done before the vCPU goes on, and does not get lost when one is unplugged.
 */
static void ask_for_turn(CPUState *cs, SevMapping mapping, uint64_t addr,
                         SevView view)
{
    if (mapping == SEV_MAP_WAIT) {
        async_run_on_cpu(cs, wait_for_devices, RUN_ON_CPU_NULL);
    } else {
        async_safe_run_on_cpu(cs, turn_page, turn_data(addr, view));
    }
}

/* A vCPU and a virtual page: where a page of memory is mapped */
#define KEY_CPU_SHIFT   52

static uint64_t mapping_key(CPUState *cs, vaddr va)
{
    return (uint64_t)cs->cpu_index << KEY_CPU_SHIFT |
           extract64(va, TARGET_PAGE_BITS, KEY_CPU_SHIFT);
}

/* What a fill came to */
typedef struct SevFilled {
    SevMapping mapping;
    uint64_t addr;              /* the model's, and who has it mapped */
    uint64_t holder;
} SevFilled;

/*
 * An instruction can be left where a page fault may leave it.  The rest must
 * not be interrupted: delivery of an interrupt, a walk of page tables, code
 * that wants to hear of a fault.  A fetch comes before any effect of its
 * instruction.  An exclusive section is not left for another, so that what
 * needs one makes progress.
 */
static bool may_leave(CPUState *cs, const SevTlbFill *fill)
{
    return !fill->probe && !cpu_in_exclusive_context(cs) &&
           (fill->retaddr || fill->access_type == MMU_INST_FETCH);
}

/* Where in its page the instruction is that wants the page */
static unsigned instruction_offset(CPUState *cs, const SevTlbFill *fill)
{
    uint64_t data[TARGET_INSN_START_WORDS];
    uint64_t cs_base;
    uint32_t flags;
    vaddr pc;

    if (fill->retaddr && cpu_unwind_state_data(cs, fill->retaddr, data)) {
        return data[0] & ~TARGET_PAGE_MASK;
    }
    cpu_get_tb_cpu_state(cpu_env(cs), &pc, &cs_base, &flags);
    return pc & ~TARGET_PAGE_MASK;
}

/*
 * Four pages are what most instructions can want turned.  One that was left
 * that often and is still where it was may want both views of one page, or
 * fights with another vCPU for it.
 */
#define MAX_LEFT        4

static bool makes_progress(CPUState *cs, const SevTlbFill *fill)
{
    CPUX86State *env = cpu_env(cs);
    unsigned offset = instruction_offset(cs, fill);

    if (env->sev_left.offset != offset ||
        memcmp(env->sev_left.regs, env->regs, sizeof(env->regs))) {
        env->sev_left.offset = offset;
        memcpy(env->sev_left.regs, env->regs, sizeof(env->regs));
        env->sev_left.times = 0;
    }
    return env->sev_left.times++ < MAX_LEFT;
}

static bool is_wanted_turned(SevMapping mapping)
{
    return mapping == SEV_MAP_HELD || mapping == SEV_MAP_BUSY ||
           mapping == SEV_MAP_WAIT;
}

static SevView wanted_view(const SevTlbFill *fill)
{
    return fill->private || fill->access_type == MMU_INST_FETCH
           ? SEV_VIEW_PRIVATE : SEV_VIEW_SHARED;
}

/*
 * Leave the instruction, to come back when the page is turned.  Where this vCPU
 * alone has the page mapped that is at once: what stays is the page's host
 * address in this instruction.
 */
static G_NORETURN void leave(CPUState *cs, const SevTlbFill *fill,
                             const SevFilled *filled)
{
    SevView view = wanted_view(fill);
    vaddr place = filled->holder << TARGET_PAGE_BITS;

    if (filled->mapping == SEV_MAP_HELD &&
        filled->holder == mapping_key(cs, place)) {
        tlb_flush_page(cs, place);
        if (sev_memory_turn_held(sev_memory_space_model(), filled->addr, view,
                                 filled->holder)) {
            page_turned(filled->addr, view);
        }
        cs->exception_index = -1;
    } else {
        ask_for_turn(cs, filled->mapping, filled->addr, view);
        cs->exception_index = EXCP_INTERRUPT;
    }
    cpu_loop_exit_restore(cs, fill->retaddr);
}

/* An entry for a window is for one access: the next shall find the page */
static void set_page(CPUState *cs, const SevTlbFill *fill, int prot,
                     const SevFilled *filled)
{
    bool direct = filled->mapping == SEV_MAP_DIRECT ||
                  filled->mapping == SEV_MAP_TURNED;
    hwaddr gpa = direct ? fill->gpa
                        : sev_memory_space_window(fill->gpa,
                                                  wanted_view(fill));
    MemTxAttrs attrs = cpu_get_mem_attrs(cpu_env(cs));

    attrs.space = fill->private;
    tlb_set_page_with_attrs(cs, fill->va & TARGET_PAGE_MASK,
                            gpa & TARGET_PAGE_MASK, attrs, prot,
                            fill->mmu_idx, direct ? fill->page_size : 1);
}

/*
 * An entry of QEMU's TLB holds one address for data and code.  Where they have
 * different views each gets the entry in turn.
 */
static int fill_prot(const SevTlbFill *fill)
{
    if (fill->private) {
        return fill->prot;
    }
    return fill->prot & (fill->access_type == MMU_INST_FETCH ? PAGE_EXEC
                                                             : ~PAGE_EXEC);
}

static void map_page(CPUState *cs, AddressSpace *as, const SevTlbFill *fill,
                     SevFilled *filled)
{
    SevView view = wanted_view(fill);

    filled->mapping = sev_memory_space_map(as, fill->gpa,
                                           cpu_get_mem_attrs(cpu_env(cs)),
                                           view, mapping_key(cs, fill->va),
                                           &filled->addr, &filled->holder);
    if (filled->mapping == SEV_MAP_TURNED) {
        page_turned(filled->addr, view);
    }
}

/*
 * Returns: false if the instruction shall be left instead
 *
 * The page is looked up here and by tlb_set_page_with_attrs().  If the address
 * space has changed between the two, then it is another page that is in the
 * TLB.  An old flat view lives until the end of the RCU critical section, so
 * no other can be in its place.
 */
static bool fill_entry(CPUState *cs, const SevTlbFill *fill,
                       SevFilled *filled)
{
    MemTxAttrs attrs = cpu_get_mem_attrs(cpu_env(cs));
    AddressSpace *as = cpu_get_address_space(cs,
                                             cpu_asidx_from_attrs(cs, attrs));
    FlatView *flat;

    RCU_READ_LOCK_GUARD();
    do {
        flat = address_space_to_flatview(as);
        map_page(cs, as, fill, filled);
        if (is_wanted_turned(filled->mapping)) {
            if (may_leave(cs, fill)) {
                if (makes_progress(cs, fill)) {
                    return false;
                }
            } else {
                ask_for_turn(cs, filled->mapping, filled->addr,
                             wanted_view(fill));
            }
        }
        set_page(cs, fill, fill_prot(fill), filled);
    } while (unlikely(address_space_to_flatview(as) != flat));
    return true;
}

/*
 * What a hypervisor has no page for, or, for the store of a ROM, none that can
 * be written to.  Fetches are never emulated.
 */
static bool is_device(CPUState *cs, const SevTlbFill *fill)
{
    bool store = fill->access_type == MMU_DATA_STORE;
    hwaddr offset, len = 1;
    MemoryRegion *mr;

    if (fill->access_type == MMU_INST_FETCH) {
        return false;
    }
    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(cpu_get_address_space(cs, X86ASIdx_MEM),
                                 fill->gpa, &offset, &len, store,
                                 MEMTXATTRS_UNSPECIFIED);
    return !memory_access_is_direct(mr, store, MEMTXATTRS_UNSPECIFIED);
}

void sev_tcg_tlb_fill(CPUState *cs, SevTlbFill *fill)
{
    SevFilled filled;

    fill->gpa = sev_memory_space_gpa(fill->gpa);
    trace_sev_tcg_tlb_fill(cs->cpu_index, fill->va, fill->gpa,
                           wanted_view(fill) == SEV_VIEW_PRIVATE ? "private"
                                                                 : "shared");
    if (unlikely(sev_diagnosing)) {
        sev_tcg_diagnose(cs, fill->va, fill->gpa,
                         wanted_view(fill) == SEV_VIEW_PRIVATE,
                         fill->access_type == MMU_INST_FETCH, fill->retaddr);
    }
    if ((cpu_env(cs)->hflags & HF_SEV_ES_MASK) && is_device(cs, fill)) {
        sev_tcg_vc(cpu_env(cs), SEV_EXIT_NPF, fill->retaddr);
    }
    if (!fill_entry(cs, fill, &filled)) {
        leave(cs, fill, &filled);
    }
}

/*
 * A walk holds no lock and may be in the midst of anything: the delivery of an
 * interrupt with the BQL held, an instruction that has the host addresses of
 * other pages.  So it does not stop the other vCPUs, as the base does for a
 * table that is not RAM, but lets the model do it in one step.
 */
bool sev_tcg_set_pte(CPUX86State *env, hwaddr addr, int ptw_idx, uint32_t old,
                     uint32_t new)
{
    CPUState *cs = env_cpu(env);
    int asidx = cpu_asidx_from_attrs(cs, cpu_get_mem_attrs(env));
    CPUTLBEntryFull *full;
    void *host;

    if (probe_access_full_mmu(env, addr, 0, MMU_DATA_STORE, ptw_idx, &host,
                              &full) & TLB_INVALID_MASK) {
        return false;           /* the walk will find that out again */
    }
    if (host) {
        old = cpu_to_le32(old);
        return qatomic_cmpxchg((uint32_t *)host, old,
                               cpu_to_le32(new)) == old;
    }
    addr = sev_memory_space_gpa(full->phys_addr) |
           (addr & ~TARGET_PAGE_MASK);
    return sev_memory_space_cmpxchg(cpu_get_address_space(cs, asidx), addr,
                                    full->attrs, old, new);
}

uint64_t sev_tcg_status(void)
{
    return (sev_enabled() ? SEV_STATUS_SEV_ENABLED : 0) |
           (sev_es_enabled() ? SEV_STATUS_SEV_ES_ENABLED : 0) |
           (sev_snp_enabled() ? SEV_STATUS_SEV_SNP_ACTIVE : 0);
}

uint64_t sev_tcg_ghcb(CPUX86State *env)
{
    return env->sev_vcpu ? sev_vcpu_vmpl(env_archcpu(env))->ghcb : 0;
}

void sev_tcg_set_ghcb(CPUX86State *env, uint64_t value)
{
    if (env->sev_vcpu) {
        sev_vcpu_vmpl(env_archcpu(env))->ghcb = value;
    }
}
