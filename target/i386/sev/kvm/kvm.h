/*
 * SEV backends: the host's processor, through KVM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_BACKEND_KVM_H
#define I386_SEV_BACKEND_KVM_H

#include "qapi/qapi-types-common.h"

/**
 * sev_kvm_vm_type - the type that KVM has to give to the VM
 * @es: a guest with encrypted registers
 * @legacy: the property legacy-vm-type; auto means on as long as nothing asks
 *   for what only the newer interface can do
 * @errp: set if KVM does not have the type
 *
 * Returns: for KVM_CREATE_VM, or -1
 */
int sev_kvm_vm_type(bool es, OnOffAuto legacy, Error **errp);

/**
 * sev_kvm_snp_vm_type - the same for a SEV-SNP guest
 * @errp: set if KVM does not have the type
 */
int sev_kvm_snp_vm_type(Error **errp);

#endif
