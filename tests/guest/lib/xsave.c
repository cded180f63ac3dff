/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "cpu.h"
#include "layout.h"
#include "xsave.h"

#define CPUID_1_ECX_XSAVE   (1u << 26)
#define CPUID_7_ECX_PKU     (1u << 3)
#define CPUID_ALIGN64       (1u << 1)

/* x87, SSE, AVX, MPX, AVX-512 and PKRU */
#define BNDCSR              4
#define PKRU                9
#define KNOWN               0x2ffull

uint64_t xsave_start(void)
{
    unsigned long cr4 = read_cr4() | CR4_OSFXSR | CR4_OSXSAVE;
    uint64_t xcr0;

    if (!(cpuid(1, 0).ecx & CPUID_1_ECX_XSAVE)) {
        return 0;
    }
    if (cpuid(0, 0).eax >= 7 && cpuid(7, 0).ecx & CPUID_7_ECX_PKU) {
        cr4 |= CR4_PKE;
    }
    write_cr4(cr4);
    write_cr0((read_cr0() & ~0xcul) | 2);       /* no TS and EM, but MP */
    xcr0 = cpuid(CPUID_XSAVE, 0).eax & KNOWN;
    xsetbv(0, xcr0);
    return xgetbv(0);
}

uint32_t xsave_features(void)
{
    return cpuid(CPUID_XSAVE, 1).eax;
}

unsigned xsave_standard_offset(unsigned bit)
{
    return cpuid(CPUID_XSAVE, bit).ebx;
}

unsigned xsave_component_size(unsigned bit)
{
    return cpuid(CPUID_XSAVE, bit).eax;
}

unsigned xsave_compacted_offset(uint64_t layout, unsigned bit)
{
    unsigned offset = XSAVE_EXTENDED;

    for (unsigned i = 2; i <= bit; i++) {
        struct cpuid component;

        if (!(layout >> i & 1)) {
            continue;
        }
        component = cpuid(CPUID_XSAVE, i);
        if (component.ecx & CPUID_ALIGN64) {
            offset = (offset + 63) & ~63u;
        }
        if (i < bit) {
            offset += component.eax;
        }
    }
    return offset;
}

unsigned xsave_compacted_size(uint64_t layout)
{
    unsigned last = 63;

    if (layout < 4) {
        return XSAVE_EXTENDED;
    }
    while (!(layout >> last & 1)) {
        last--;
    }
    return xsave_compacted_offset(layout, last) + xsave_component_size(last);
}

struct xsave_area *xsave_area(unsigned number)
{
    return (struct xsave_area *)(PRIVATE_BASE + number * 0x2000ul);
}

void xsave_fill(struct xsave_area *area, uint8_t byte)
{
    memset(area->bytes, byte, XSAVE_ROOM);
}

bool xsave_same(const struct xsave_area *a, const struct xsave_area *b,
                unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++) {
        if (a->bytes[i] != b->bytes[i]) {
            return false;
        }
    }
    return true;
}

/* Control and status words, all registers valid; each is a normal number. */
static void make_x87(struct xsave_area *area, uint8_t seed)
{
    area->legacy[0] = 0x7f;             /* FCW */
    area->legacy[1] = 0x02;
    area->legacy[3] = 0x38;             /* FSW: top of stack is 7 */
    area->legacy[4] = 0xff;             /* FTW */
    for (unsigned i = 0; i < 8; i++) {
        uint8_t *value = &area->bytes[32 + 16 * i];

        value[0] = seed + i;
        value[7] = 0x80;
        value[8] = 0xff;
        value[9] = 0x3f;
    }
}

static void make_component(struct xsave_area *area, unsigned bit, uint8_t seed)
{
    uint8_t *at = &area->bytes[xsave_standard_offset(bit)];

    if (bit == PKRU) {
        at[0] = 0x54;                   /* key 0 is allowed */
        at[1] = seed;
    } else if (bit == BNDCSR) {
        at[0] = 2;                      /* not enabled */
        at[1] = seed & 0xf0;
    } else {
        for (unsigned i = 0; i < xsave_component_size(bit); i++) {
            at[i] = seed + i;
        }
    }
}

void xsave_make(struct xsave_area *area, uint64_t which, uint8_t seed)
{
    xsave_fill(area, 0);
    area->xstate_bv = which;
    area->mxcsr = MXCSR_INIT;
    if (which & XSTATE_X87) {
        make_x87(area, seed);
    }
    if (which & XSTATE_SSE) {
        area->mxcsr = MXCSR_INIT | (seed & 0x3f);
        for (unsigned i = 160; i < 416; i++) {
            area->bytes[i] = seed + i;
        }
    }
    for (unsigned bit = 2; bit < 32; bit++) {
        if (which >> bit & 1) {
            make_component(area, bit, seed);
        }
    }
}
