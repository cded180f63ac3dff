/*
 * SEV hypervisor: the save areas that vCPUs start from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The pages are memory of the host that no guest address leads to.  They are
 * encrypted like the guest's memory: once they are measured, nobody but the
 * processor reads them.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "exec/memory.h"
#include "hw/boards.h"
#include "hw/core/cpu.h"
#include "sev.h"
#include "sev/asp/abi.h"
#include "sev/memory/space.h"
#include "tcg/sev/vmsa.h"
#include "hypervisor.h"
#include "vmsa.h"

/* What KVM makes of the registers after a reset: APM volume 2, 15.35 */
#define RESET_CR0       0x10
#define RESET_CR4       0x40
#define VMSA_CR4        0x148
#define VMSA_CR0        0x158
#define VMSA_X87        0x408           /* MXCSR, tags, status, control */
#define VMSA_X87_SIZE   10

static MemoryRegion pages;
static uint8_t *initial;                /* of all vCPUs, in the clear */

static uint8_t *page_of(uint8_t *base, CPUState *cs)
{
    return base + (size_t)cs->cpu_index * SEV_VMSA_SIZE;
}

static void make_pages(void)
{
    unsigned count = current_machine->smp.max_cpus;

    memory_region_init_ram_nomigrate(&pages, NULL, "sev-vmsa",
                                     (uint64_t)count * SEV_VMSA_SIZE,
                                     &error_fatal);
    initial = g_malloc0((size_t)count * SEV_VMSA_SIZE);
}

static void make_initial(CPUX86State *env, uint8_t *page, bool extended)
{
    sev_vmsa_store(env, page);
    stq_le_p(page + SEV_VMSA_EFER, env->efer | MSR_EFER_SVME);
    stq_le_p(page + VMSA_CR0, RESET_CR0);
    stq_le_p(page + VMSA_CR4, RESET_CR4);
    if (!extended) {
        memset(page + VMSA_X87, 0, VMSA_X87_SIZE);
    }
}

void *sev_hv_vmsa_prepare(X86CPU *cpu, bool extended)
{
    CPUState *cs = CPU(cpu);
    uint8_t *page;

    if (!initial) {
        make_pages();
    }
    page = page_of(initial, cs);
    if (!cpu->env.sev_vcpu->hypervisor) {
        cpu->env.sev_vcpu->hypervisor = &sev_hv_ops;
        make_initial(&cpu->env, page, extended);
    }
    return memcpy(page_of(memory_region_get_ram_ptr(&pages), cs), page,
                  SEV_VMSA_SIZE);
}

static void start(CPUState *cs, run_on_cpu_data unused)
{
    uint8_t *host = page_of(memory_region_get_ram_ptr(&pages), cs);
    CPUX86State *env = cpu_env(cs);
    SevVcpu *vcpu = env->sev_vcpu;
    uint8_t page[SEV_VMSA_SIZE];

    sev_memory_space_rw(host, page, sizeof(page), SEV_VIEW_PRIVATE, false);
    sev_vmsa_load(env, page);
    env->hflags |= HF_SEV_ES_MASK;
    *vcpu = (SevVcpu) {
        .hypervisor = &sev_hv_ops,
        .started = cs->cpu_index == 0,
    };
    for (unsigned i = 0; i < SEV_VMPLS; i++) {
        vcpu->vmpls[i].ghcb = sev_hv_info();
        vcpu->vmpls[i].registered = UINT64_MAX;
    }
    vcpu->vmpls[0].features = ldq_le_p(page + SEV_VMSA_FEATURES);
}

void sev_hv_vmsa_start(void)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        run_on_cpu(cs, start, RUN_ON_CPU_NULL);
    }
}
