/*
 * SEV backends: a QEMU without KVM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Nothing calls these unless kvm_enabled(), but the linker asks for them.
 */

#include "qemu/osdep.h"
#include "sev/backend.h"
#include "kvm.h"

SevBackend *sev_backend_kvm_new(const SevBackendConfig *config, Error **errp)
{
    g_assert_not_reached();
}

int sev_kvm_vm_type(bool es, OnOffAuto legacy, Error **errp)
{
    g_assert_not_reached();
}

int sev_kvm_snp_vm_type(Error **errp)
{
    g_assert_not_reached();
}
