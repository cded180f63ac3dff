/*
 * A double of /dev/kvm and /dev/sev: what host it plays
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

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

unsigned double_cbitpos(void)
{
    return number("KVM_DOUBLE_CBITPOS", 51);
}

unsigned long double_vm_types(void)
{
    return number("KVM_DOUBLE_VM_TYPES", 1u << KVM_X86_DEFAULT_VM |
                  1u << KVM_X86_SEV_VM | 1u << KVM_X86_SEV_ES_VM);
}
