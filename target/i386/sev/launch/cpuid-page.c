/*
 * SEV-SNP: CPUID as the guest gets it from the firmware
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "cpu-internal.h"
#include "sev/asp/snp-cpuid-bits.h"
#include "cpuid-page.h"

#define LEAF_XSAVE      0xd
#define XSAVE_X87       1       /* XCR0 that the size below is for */
#define XSAVE_SIZE      0x240   /* legacy area and header */

/* By QEMU's number of a register */
static const AspCpuidReg asp_reg[] = {
    [R_EAX] = ASP_CPUID_EAX, [R_EBX] = ASP_CPUID_EBX,
    [R_ECX] = ASP_CPUID_ECX, [R_EDX] = ASP_CPUID_EDX,
};

/* KVM offers some of these on any host */
uint32_t sev_cpuid_mask(X86ConfidentialGuest *cg, uint32_t leaf,
                        uint32_t subleaf, int reg, uint32_t value)
{
    for (size_t i = 0; i < ARRAY_SIZE(snp_cpuid_never); i++) {
        const AspCpuidBits *never = &snp_cpuid_never[i];

        if (never->leaf == leaf && never->subleaf == subleaf &&
            never->reg == asp_reg[reg]) {
            value &= ~never->mask;
        }
    }
    return value;
}

void sev_cpuid_page_add(SnpCpuidPage *page, uint32_t leaf, uint32_t subleaf,
                        const uint32_t regs[4])
{
    uint32_t count = le32_to_cpu(page->count);
    SnpCpuidEntry *entry = &page->entries[count];

    if (!(regs[R_EAX] | regs[R_EBX] | regs[R_ECX] | regs[R_EDX])) {
        return;
    }
    assert(count < SNP_CPUID_MAX);
    *entry = (SnpCpuidEntry) {
        .eax_in = cpu_to_le32(leaf),
        .ecx_in = cpu_to_le32(subleaf),
        .eax = cpu_to_le32(regs[R_EAX]),
        .ebx = cpu_to_le32(regs[R_EBX]),
        .ecx = cpu_to_le32(regs[R_ECX]),
        .edx = cpu_to_le32(regs[R_EDX]),
    };
    /* The size depends on XCR0: give it for a processor after reset */
    if (leaf == LEAF_XSAVE && subleaf <= 1) {
        entry->xcr0_in = cpu_to_le64(XSAVE_X87);
        entry->ebx = cpu_to_le32(XSAVE_SIZE);
    }
    page->count = cpu_to_le32(count + 1);
}

/* Names of features as -cpu has them: " (avx2, bmi2)", or nothing */
static char *feature_names(uint32_t leaf, uint32_t subleaf, int reg,
                           uint32_t bits)
{
    GString *names = g_string_new("");

    for (FeatureWord w = 0; w < FEATURE_WORDS; w++) {
        const FeatureWordInfo *wi = &feature_word_info[w];

        if (wi->type != CPUID_FEATURE_WORD || wi->cpuid.eax != leaf ||
            (wi->cpuid.needs_ecx && wi->cpuid.ecx != subleaf) ||
            wi->cpuid.reg != reg) {
            continue;
        }
        for (int bit = 0; bit < 32; bit++) {
            if (bits & (1u << bit) && wi->feat_names[bit]) {
                g_string_append_printf(names, "%s%s", names->len ? ", " : " (",
                                       wi->feat_names[bit]);
            }
        }
    }
    if (names->len) {
        g_string_append_c(names, ')');
    }
    return g_string_free(names, false);
}

static void explain_register(const SnpCpuidEntry *entry, int reg,
                             uint32_t ours, uint32_t theirs,
                             Error *const *errp)
{
    static const char *const reg_name[] = {
        [R_EAX] = "EAX", [R_EBX] = "EBX", [R_ECX] = "ECX", [R_EDX] = "EDX",
    };
    uint32_t leaf = le32_to_cpu(entry->eax_in);
    uint32_t subleaf = le32_to_cpu(entry->ecx_in);
    g_autofree char *names = feature_names(leaf, subleaf, reg, ours & ~theirs);

    if (ours != theirs) {
        error_append_hint(errp, "CPUID leaf 0x%" PRIx32 " subleaf 0x%" PRIx32
                          ": %s is 0x%08" PRIx32 ", the firmware accepts 0x%08"
                          PRIx32 "%s\n", leaf, subleaf, reg_name[reg], ours,
                          theirs, names);
    }
}

void sev_cpuid_page_explain(const SnpCpuidPage *page,
                            const SnpCpuidPage *answer, Error *const *errp)
{
    uint32_t count = MIN(le32_to_cpu(page->count), SNP_CPUID_MAX);

    if (memcmp(page, answer, sizeof(*page)) == 0) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        const SnpCpuidEntry *ours = &page->entries[i];
        const SnpCpuidEntry *theirs = &answer->entries[i];

        explain_register(ours, R_EAX, le32_to_cpu(ours->eax),
                         le32_to_cpu(theirs->eax), errp);
        explain_register(ours, R_EBX, le32_to_cpu(ours->ebx),
                         le32_to_cpu(theirs->ebx), errp);
        explain_register(ours, R_ECX, le32_to_cpu(ours->ecx),
                         le32_to_cpu(theirs->ecx), errp);
        explain_register(ours, R_EDX, le32_to_cpu(ours->edx),
                         le32_to_cpu(theirs->edx), errp);
    }
    error_append_hint(errp, "Use another CPU model, or switch such features "
                      "off: -cpu MODEL,FEATURE=off.\n");
}
