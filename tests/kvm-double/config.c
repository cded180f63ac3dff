/*
 * A double of /dev/kvm and /dev/sev: what host it plays
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <stdlib.h>
#include "double.h"

static unsigned long number(const char *name, unsigned long otherwise)
{
    const char *value = getenv(name);

    return value ? g_ascii_strtoull(value, NULL, 0) : otherwise;
}

bool double_has_sev(void)
{
    return g_strcmp0(getenv("KVM_DOUBLE_SEV"), "off") != 0;
}

bool double_has_es(void)
{
    return double_has_sev() &&
           g_strcmp0(getenv("KVM_DOUBLE_SEV"), "no-es") != 0;
}

bool double_has_snp(void)
{
    return double_has_es() &&
           g_strcmp0(getenv("KVM_DOUBLE_SEV"), "no-snp") != 0;
}

bool double_inits_late(void)
{
    return g_strcmp0(getenv("KVM_DOUBLE_INIT"), "late") == 0;
}

unsigned double_cbitpos(void)
{
    return number("KVM_DOUBLE_CBITPOS", 51);
}

bool double_is_scattered(void)
{
    return g_strcmp0(getenv("KVM_DOUBLE_MEMORY"), "scattered") == 0;
}

unsigned long double_vm_types(void)
{
    return number("KVM_DOUBLE_VM_TYPES", 1u << KVM_X86_DEFAULT_VM |
                  1u << KVM_X86_SEV_VM | 1u << KVM_X86_SEV_ES_VM |
                  (double_has_snp() ? 1u << KVM_X86_SNP_VM : 0));
}

uint64_t double_vmsa_features(void)
{
    return number("KVM_DOUBLE_VMSA_FEATURES", 0);
}

unsigned long double_update_pages(void)
{
    return number("KVM_DOUBLE_UPDATE_PAGES", G_MAXULONG);
}

/* "7 0 ebx 0x100" */
static AspCpuidBits parse_bits(const char *text)
{
    static const char *const regs[] = { "eax", "ebx", "ecx", "edx" };
    AspCpuidBits bits = { 0 };
    char reg[4] = "";
    unsigned i;

    if (sscanf(text, "%i %i %3s %i", (int *)&bits.leaf, (int *)&bits.subleaf,
               reg, (int *)&bits.mask) != 4) {
        g_error("KVM_DOUBLE_NO_CPUID: '%s' is not LEAF SUBLEAF REG MASK",
                text);
    }
    for (i = 0; i < G_N_ELEMENTS(regs) && g_strcmp0(reg, regs[i]); i++) {
        /* next */
    }
    if (i == G_N_ELEMENTS(regs)) {
        g_error("KVM_DOUBLE_NO_CPUID: no register %s", reg);
    }
    bits.reg = i;
    return bits;
}

void double_no_cpuid(Asp *asp)
{
    const char *value = getenv("KVM_DOUBLE_NO_CPUID");
    g_auto(GStrv) list = value ? g_strsplit(value, ",", 0) : NULL;

    for (unsigned i = 0; list && list[i]; i++) {
        AspCpuidBits bits = parse_bits(list[i]);

        asp_snp_cpuid_refuse(asp, &bits);
    }
}
