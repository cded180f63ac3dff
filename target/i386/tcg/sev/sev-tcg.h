/*
 * AMD SEV under TCG: the C-bit and the MSRs as the guest's CPU has them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * This is the one place that knows which accesses of a SEV guest are private
 * (AMD64 Architecture Programmer's Manual, volume 2, 15.34.5).  The page walk
 * strips the C-bit from every address that it takes from a table, and asks
 * here for the view of the leaf.
 */

#ifndef I386_TCG_SEV_H
#define I386_TCG_SEV_H

#include "cpu.h"
#ifndef CONFIG_USER_ONLY
#include "exec/address-spaces.h"
#include "exec/memory.h"
#endif

#define MSR_AMD64_SEV_ES_GHCB           0xc0010130
#define MSR_AMD64_SEV_STATUS            0xc0010131

#define SEV_STATUS_SEV_ENABLED          (1ULL << 0)
#define SEV_STATUS_SEV_ES_ENABLED       (1ULL << 1)
#define SEV_STATUS_SEV_SNP_ACTIVE       (1ULL << 2)

/**
 * sev_tcg_leaf_is_private: the view through which a vCPU uses data
 * @c_mask: the C-bit as a mask, 0 for a plain guest
 * @pg_mode: paging mode, PG_MODE_*; 0 with paging off
 * @leaf: the table entry that maps the page, C-bit included; ignored where
 *   the paging mode has no C-bit
 *
 * Everything is private in the modes that have no C-bit: no paging and 32-bit
 * paging without PAE.  Fetches are private whatever this says, and so are the
 * walks of the page tables, which do not come here.
 *
 * Returns: true when data is used with the guest's key
 */
static inline bool sev_tcg_leaf_is_private(uint64_t c_mask, int pg_mode,
                                           uint64_t leaf)
{
    return c_mask && (!(pg_mode & PG_MODE_PAE) || (leaf & c_mask));
}

/**
 * sev_tcg_reserved_address: bits that no physical address may have
 *
 * Of addresses that software gives to the CPU, in registers or in memory: a
 * hypervisor that is itself a SEV guest sets the C-bit in those of its VMCBs,
 * permission maps and host save areas.  It changes nothing there: the CPU
 * uses them all in the private view.
 */
static inline uint64_t sev_tcg_reserved_address(CPUX86State *env)
{
    return (~0ULL << env_archcpu(env)->phys_bits) & ~env->sev_c_mask;
}

/**
 * sev_tcg_debug_space: what of a page a debugger sees, for MemTxAttrs.space
 * @leaf: the table entry that maps the page
 *
 * Returns: 1 if it is private and debuggers may see it decrypted
 */
static inline unsigned sev_tcg_debug_space(CPUX86State *env, uint64_t leaf)
{
    bool has_c_bit = (env->cr[0] & CR0_PG_MASK) && (env->cr[4] & CR4_PAE_MASK);

    return env->sev_debug &&
           sev_tcg_leaf_is_private(env->sev_c_mask,
                                   has_c_bit ? PG_MODE_PAE : 0, leaf);
}

#ifndef CONFIG_USER_ONLY
/**
 * sev_tcg_read_table: read entries of page tables for somebody who looks on
 * @addr: guest physical address, with or without the C-bit
 *
 * As the walk does: in the private view, and without the C-bit.
 */
static inline void sev_tcg_read_table(CPUX86State *env, hwaddr addr,
                                      void *entry, hwaddr size)
{
    if (!env->sev_c_mask) {
        cpu_physical_memory_read(addr, entry, size);
        return;
    }
    address_space_read(cpu_addressspace(env_cpu(env), MEMTXATTRS_UNSPECIFIED),
                       addr & ~env->sev_c_mask, MEMTXATTRS_UNSPECIFIED,
                       entry, size);
    if (size == sizeof(uint64_t)) {
        stq_le_p(entry, ldq_le_p(entry) & ~env->sev_c_mask);
    }
}
#endif

/**
 * sev_tcg_cpu_realize: prepare a vCPU for the SEV guest that it belongs to
 * @cpu: the vCPU; its features are final
 * @errp: set when the CPU model cannot run a SEV guest
 *
 * Does nothing for a plain guest.
 */
bool sev_tcg_cpu_realize(X86CPU *cpu, Error **errp);

/**
 * sev_tcg_cpu_init_spaces: give a vCPU its address spaces
 * @cpu: the vCPU; its cpu_as_root shows what it sees in SMM
 *
 * In a plain guest those that it always had.
 */
void sev_tcg_cpu_init_spaces(X86CPU *cpu);

/**
 * sev_tcg_exec_enter: a vCPU of a SEV guest begins to run
 *
 * Flushes its TLB if pages of memory were turned while it was stopped.
 */
void sev_tcg_exec_enter(CPUState *cs);

/**
 * struct SevTlbFill - a translation that a vCPU of a SEV guest got
 * @va: virtual address of the access
 * @gpa: guest physical address, without the C-bit; a nested guest's page that
 *   is found by way of MMU_NESTED_IDX may be in a window
 * @private: whether data of the page is used with the guest's key
 * @prot: what the translation allows
 * @page_size: of the guest's page, in bytes
 * @access_type: what the translation is wanted for
 * @mmu_idx: the TLB that it is wanted in
 * @probe: that it cannot be had must not end the instruction
 * @retaddr: where in the translated code, 0 if nowhere
 */
typedef struct SevTlbFill {
    vaddr va;
    hwaddr gpa;
    bool private;
    int prot;
    uint64_t page_size;
    MMUAccessType access_type;
    int mmu_idx;
    bool probe;
    uintptr_t retaddr;
} SevTlbFill;

/**
 * sev_tcg_tlb_fill: put a translation into the TLB
 * @fill: used up
 *
 * Where the page has to be turned first and the instruction can be tried again,
 * leaves it and does not return.
 */
void sev_tcg_tlb_fill(CPUState *cs, SevTlbFill *fill);

/**
 * sev_tcg_set_pte: a walk sets bits in an entry of a table without host memory
 * @addr: of the entry, in the address space of @ptw_idx
 * @ptw_idx: the TLB through which the walk reads the table
 * @old: what the walk has read
 * @new: what shall be there
 *
 * Never leaves the instruction.
 *
 * Returns: false if the entry is not @old: the walk reads it again
 */
bool sev_tcg_set_pte(CPUX86State *env, hwaddr addr, int ptw_idx, uint32_t old,
                     uint32_t new);

/**
 * sev_tcg_ghcb: value of MSR C001_0130, GHCB
 *
 * 0 for a guest whose registers are not encrypted, which has no such register.
 */
uint64_t sev_tcg_ghcb(CPUX86State *env);

/**
 * sev_tcg_set_ghcb: the opposite; without effect for such a guest
 */
void sev_tcg_set_ghcb(CPUX86State *env, uint64_t value);

/**
 * sev_tcg_status: value of MSR C001_0131, SEV_STATUS
 *
 * 0 for a plain guest: software reads it unguarded on any AMD CPU.
 */
uint64_t sev_tcg_status(void);

#endif
