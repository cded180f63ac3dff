/*
 * A double of /dev/kvm and /dev/sev: register state of SEV-ES guests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The save area as the AMD64 Architecture Programmer's Manual, volume 2,
 * appendix B lays it out, filled by what KVM does with the registers that
 * userspace has set.
 */

#include <string.h>
#include "double.h"

#define EFER_SVME       0x1000
#define CR0_CD_NW       0x60000000u
#define CR4_MCE         0x40

static void put(uint8_t *page, unsigned offset, uint64_t value, unsigned size)
{
    uint64_t le = GUINT64_TO_LE(value);

    memcpy(page + offset, &le, size);
}

/* VMCB format: the descriptor's bits 40 to 47 and 52 to 55 */
static uint16_t attributes(const struct kvm_segment *seg)
{
    return seg->type | seg->s << 4 | seg->dpl << 5 |
           (seg->present && !seg->unusable) << 7 |
           seg->avl << 8 | seg->l << 9 | seg->db << 10 | seg->g << 11;
}

static void put_segment(uint8_t *page, unsigned offset,
                        const struct kvm_segment *seg)
{
    put(page, offset, seg->selector, 2);
    put(page, offset + 2, attributes(seg), 2);
    put(page, offset + 4, seg->limit, 4);
    put(page, offset + 8, seg->base, 8);
}

static void put_table(uint8_t *page, unsigned offset,
                      const struct kvm_dtable *table)
{
    put(page, offset + 4, table->limit, 4);
    put(page, offset + 8, table->base, 8);
}

static void put_system(uint8_t *page, const DoubleVcpu *vcpu)
{
    const struct kvm_sregs2 *s = &vcpu->sregs;

    put_segment(page, 0x000, &s->es);
    put_segment(page, 0x010, &s->cs);
    put_segment(page, 0x020, &s->ss);
    put_segment(page, 0x030, &s->ds);
    put_segment(page, 0x040, &s->fs);
    put_segment(page, 0x050, &s->gs);
    put_table(page, 0x060, &s->gdt);
    put_segment(page, 0x070, &s->ldt);
    put_table(page, 0x080, &s->idt);
    put_segment(page, 0x090, &s->tr);
    put(page, 0x0cb, s->ss.dpl, 1);
    put(page, 0x0d0, s->efer | EFER_SVME, 8);
    put(page, 0x148, s->cr4 | CR4_MCE, 8);
    put(page, 0x150, s->cr3, 8);
    put(page, 0x158, s->cr0 & ~CR0_CD_NW, 8);
    put(page, 0x160, vcpu->debugregs.dr7, 8);
    put(page, 0x168, vcpu->debugregs.dr6, 8);
    put(page, 0x240, s->cr2, 8);
    put(page, 0x268, vcpu->pat, 8);
    put(page, 0x3e8, vcpu->xcrs.nr_xcrs ? vcpu->xcrs.xcrs[0].value : 1, 8);
}

static void put_general(uint8_t *page, const struct kvm_regs *r)
{
    put(page, 0x170, r->rflags, 8);
    put(page, 0x178, r->rip, 8);
    put(page, 0x1d8, r->rsp, 8);
    put(page, 0x1f8, r->rax, 8);
    put(page, 0x308, r->rcx, 8);
    put(page, 0x310, r->rdx, 8);
    put(page, 0x318, r->rbx, 8);
    put(page, 0x328, r->rbp, 8);
    put(page, 0x330, r->rsi, 8);
    put(page, 0x338, r->rdi, 8);
    put(page, 0x340, r->r8, 8);
    put(page, 0x348, r->r9, 8);
    put(page, 0x350, r->r10, 8);
    put(page, 0x358, r->r11, 8);
    put(page, 0x360, r->r12, 8);
    put(page, 0x368, r->r13, 8);
    put(page, 0x370, r->r14, 8);
    put(page, 0x378, r->r15, 8);
}

/* Control words only: in a vCPU that never ran the registers are 0 */
static void put_fpu(uint8_t *page, const struct kvm_xsave *xsave)
{
    const uint8_t *legacy = (const uint8_t *)xsave->region;

    memcpy(page + 0x408, legacy + 24, 4);       /* mxcsr */
    page[0x40c] = legacy[4];                    /* tag word, abridged */
    memcpy(page + 0x40e, legacy + 2, 2);        /* fsw */
    memcpy(page + 0x410, legacy, 2);            /* fcw */
}

bool double_vmsa_possible(void)
{
    for (unsigned i = 0; i < double_vm.num_vcpus; i++) {
        if (double_vm.vcpus[i].debug) {
            double_log("REFUSED: vCPU %u is debugged", i);
            return false;
        }
    }
    return true;
}

void double_vmsa_build(const DoubleVcpu *vcpu, bool with_fpu, uint8_t *page)
{
    memset(page, 0, SEV_VMSA_SIZE);
    put_system(page, vcpu);
    put_general(page, &vcpu->regs);
    put(page, 0x3b0, double_vm.vmsa_features, 8);
    if (with_fpu) {
        put_fpu(page, &vcpu->xsave);
    }
}
