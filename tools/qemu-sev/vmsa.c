/*
 * qemu-sev: the initial state of an SEV-ES virtual CPU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The save area of the AMD64 architecture (APM volume 2, appendix B) as QEMU
 * and KVM set it up for a CPU out of reset.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu-sev.h"
#include "vmsa.h"

typedef struct Segment {
    uint16_t offset, selector, attrib;
    uint32_t limit;
    uint64_t base;
} Segment;

typedef struct Field {
    uint16_t offset;
    uint8_t size;
    uint64_t value;
} Field;

static const Segment reset_segments[] = {
    { 0x000, 0, 0x93, 0xffff, 0 },              /* es */
    { 0x010, 0xf000, 0x9b, 0xffff, 0xffff0000 }, /* cs */
    { 0x020, 0, 0x93, 0xffff, 0 },              /* ss */
    { 0x030, 0, 0x93, 0xffff, 0 },              /* ds */
    { 0x040, 0, 0x93, 0xffff, 0 },              /* fs */
    { 0x050, 0, 0x93, 0xffff, 0 },              /* gs */
    { 0x060, 0, 0, 0xffff, 0 },                 /* gdtr */
    { 0x070, 0, 0x82, 0xffff, 0 },              /* ldtr */
    { 0x080, 0, 0, 0xffff, 0 },                 /* idtr */
    { 0x090, 0, 0x8b, 0xffff, 0 },              /* tr */
};

#define VMSA_CS_BASE    (0x010 + 8)
#define VMSA_RIP        0x178
#define VMSA_RDX        0x310

static const Field reset_fields[] = {
    { 0x0d0, 8, 0x1000 },                       /* efer: SVME */
    { 0x148, 8, 0x40 },                         /* cr4: MCE */
    { 0x158, 8, 0x10 },                         /* cr0: ET */
    { 0x160, 8, 0x400 },                        /* dr7 */
    { 0x168, 8, 0xffff0ff0 },                   /* dr6 */
    { 0x170, 8, 0x2 },                          /* rflags */
    { VMSA_RIP, 8, 0xfff0 },
    { 0x268, 8, 0x0007040600070406 },           /* g_pat */
    { 0x3e8, 8, 0x1 },                          /* xcr0 */
};

static const Field fpu_fields[] = {
    { 0x408, 4, 0x1f80 },                       /* mxcsr */
    { 0x410, 2, 0x37f },                        /* fcw */
};

static void put_segment(uint8_t *page, const Segment *segment)
{
    uint8_t *p = page + segment->offset;

    stw_le_p(p, segment->selector);
    stw_le_p(p + 2, segment->attrib);
    stl_le_p(p + 4, segment->limit);
    stq_le_p(p + 8, segment->base);
}

static void put_fields(uint8_t *page, const Field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        stn_le_p(page + fields[i].offset, fields[i].size, fields[i].value);
    }
}

void vmsa_fill(const VmsaSpec *spec, uint8_t *page)
{
    memset(page, 0, SEV_VMSA_SIZE);
    for (size_t i = 0; i < G_N_ELEMENTS(reset_segments); i++) {
        put_segment(page, &reset_segments[i]);
    }
    put_fields(page, reset_fields, G_N_ELEMENTS(reset_fields));
    if (spec->init2) {
        put_fields(page, fpu_fields, G_N_ELEMENTS(fpu_fields));
    }
    stq_le_p(page + VMSA_RDX, spec->signature);
    if (spec->reset_addr) {
        stq_le_p(page + VMSA_CS_BASE, spec->reset_addr & 0xffff0000);
        stq_le_p(page + VMSA_RIP, spec->reset_addr & 0xffff);
    }
}

uint32_t vmsa_signature(uint32_t family, uint32_t model, uint32_t stepping)
{
    uint32_t base = MIN(family, 0xf);

    return (family - base) << 20 | (model >> 4) << 16 | base << 8 |
           (model & 0xf) << 4 | stepping;
}

bool vmsa_parse_cpu(const VmsaCpuArgs *args, uint32_t *signature, GError **err)
{
    uint64_t family, model, stepping;

    if (!args->family || !args->model || !args->stepping) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "a CPU is described by its family, model and stepping; "
                    "%s is missing", !args->family ? "the family"
                    : !args->model ? "the model" : "the stepping");
        return false;
    }
    if (!tool_number("CPU family", args->family, 0xf + 0xff, &family, err) ||
        !tool_number("CPU model", args->model, 0xff, &model, err) ||
        !tool_number("CPU stepping", args->stepping, 0xf, &stepping, err)) {
        return false;
    }
    *signature = vmsa_signature(family, model, stepping);
    return true;
}
