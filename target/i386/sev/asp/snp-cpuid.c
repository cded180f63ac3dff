/*
 * SEV-SNP: what a CPUID page may hold
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The firmware of hardware compares each register with the processor's own
 * and has a rule for each field, which AMD does not publish in full.  Here
 * are the rules that hypervisors are known to run into: features that no
 * guest with SEV-SNP may have, and the sizes of the XSAVE area, which have to
 * be those for the XCR0 and XSS that the entry names.
 */

#include "snp-internal.h"

#define LEAF_XSAVE      0xd
#define XSAVE_LEGACY    0x240           /* with x87, SSE and the header */
#define XSAVE_COMPONENTS 63
#define XSAVE_ALIGN     64

/* A register of an entry; the structure is packed, so no pointer to it */
static uint32_t get(const SnpCpuidEntry *e, AspCpuidReg reg)
{
    return GUINT32_FROM_LE(reg == ASP_CPUID_EAX ? e->eax :
                           reg == ASP_CPUID_EBX ? e->ebx :
                           reg == ASP_CPUID_ECX ? e->ecx : e->edx);
}

static void set(SnpCpuidEntry *e, AspCpuidReg reg, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    switch (reg) {
    case ASP_CPUID_EAX:
        e->eax = value;
        break;
    case ASP_CPUID_EBX:
        e->ebx = value;
        break;
    case ASP_CPUID_ECX:
        e->ecx = value;
        break;
    case ASP_CPUID_EDX:
        e->edx = value;
        break;
    }
}

static bool is_leaf(const SnpCpuidEntry *e, uint32_t leaf, uint32_t subleaf)
{
    return GUINT32_FROM_LE(e->eax_in) == leaf &&
           GUINT32_FROM_LE(e->ecx_in) == subleaf;
}

/* Take @bits away; returns whether they were not there */
static bool mask(SnpCpuidEntry *e, const AspCpuidBits *bits)
{
    uint32_t value = get(e, bits->reg);

    if (!is_leaf(e, bits->leaf, bits->subleaf) || !(value & bits->mask)) {
        return true;
    }
    set(e, bits->reg, value & ~bits->mask);
    return false;
}

static const SnpCpuidEntry *find(const SnpCpuidPage *page, uint32_t n,
                                 uint32_t leaf, uint32_t subleaf)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        if (is_leaf(&page->entries[i], leaf, subleaf)) {
            return &page->entries[i];
        }
    }
    return NULL;
}

/*
 * Size of an XSAVE area with the components @features, of which each has a
 * subleaf with its size in EAX and, in the standard form, its offset in EBX.
 * In the compacted form they follow each other, and bit 1 of ECX aligns one.
 * Sizes that no register holds are as large as one can say.
 */
static uint64_t xsave_size(const SnpCpuidPage *page, uint32_t n,
                           uint64_t features, bool compacted)
{
    uint64_t size = XSAVE_LEGACY;
    uint32_t i;

    for (i = 2; i < XSAVE_COMPONENTS; i++) {
        const SnpCpuidEntry *c;

        c = features & 1ull << i ? find(page, n, LEAF_XSAVE, i) : NULL;
        if (!c) {
            continue;
        }
        if (!compacted) {
            size = MAX(size, (uint64_t)get(c, ASP_CPUID_EBX) +
                             get(c, ASP_CPUID_EAX));
            continue;
        }
        if (get(c, ASP_CPUID_ECX) & 2) {
            size = (size + XSAVE_ALIGN - 1) / XSAVE_ALIGN * XSAVE_ALIGN;
        }
        size += get(c, ASP_CPUID_EAX);
    }
    return MIN(size, UINT32_MAX);
}

/* Subleaf 0 is about the standard form, 1 about the compacted */
static bool check_xsave(const SnpCpuidPage *page, uint32_t n,
                        SnpCpuidEntry *e)
{
    uint64_t xcr0 = GUINT64_FROM_LE(e->xcr0_in);
    uint64_t xss = GUINT64_FROM_LE(e->xss_in), size;

    if (is_leaf(e, LEAF_XSAVE, 0)) {
        size = xsave_size(page, n, xcr0, false);
    } else if (is_leaf(e, LEAF_XSAVE, 1)) {
        size = xsave_size(page, n, xcr0 | xss, true);
    } else {
        return true;
    }
    if (get(e, ASP_CPUID_EBX) == size) {
        return true;
    }
    set(e, ASP_CPUID_EBX, size);
    return false;
}

/* All rules for one entry; each has its say, so that all is corrected */
static bool check_entry(const SnpCpuidPage *page, uint32_t n,
                        SnpCpuidEntry *e, const GArray *refused)
{
    bool ok = !e->reserved;
    size_t i;

    e->reserved = 0;
    for (i = 0; i < G_N_ELEMENTS(snp_cpuid_never); i++) {
        ok &= mask(e, &snp_cpuid_never[i]);
    }
    for (i = 0; refused && i < refused->len; i++) {
        ok &= mask(e, &g_array_index(refused, AspCpuidBits, i));
    }
    return check_xsave(page, n, e) && ok;
}

AspStatus snp_cpuid_check(SnpCpuidPage *page, const GArray *refused)
{
    uint32_t n = GUINT32_FROM_LE(page->count), i;
    bool ok = !page->reserved && !page->reserved2;

    page->reserved = 0;
    page->reserved2 = 0;
    if (n > SNP_CPUID_MAX) {
        n = SNP_CPUID_MAX;
        page->count = GUINT32_TO_LE(n);
        ok = false;
    }
    for (i = 0; i < n; i++) {
        ok &= check_entry(page, n, &page->entries[i], refused);
    }
    return ok ? ASP_SUCCESS : ASP_INVALID_PARAM;
}

void asp_snp_cpuid_refuse(Asp *asp, const AspCpuidBits *bits)
{
    g_array_append_val(asp->snp_cpuid_refused, *bits);
}
