/*
 * SEV-SNP: commands to the guest through KVM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_KVM_SNP_H
#define I386_SEV_KVM_SNP_H

#include "sev/backend.h"

/**
 * sev_kvm_snp_init - prepare the VM for requests of the guest
 *
 * A guest asks the hypervisor to make memory private or shared; let KVM pass
 * that on.
 */
bool sev_kvm_snp_init(Error **errp);

/*
 * Methods of SevBackendOps; @sev_fd: from sev_device_open()
 */
bool sev_kvm_snp_start(int sev_fd, const SevSnpLaunchStart *start,
                       Error **errp);
bool sev_kvm_snp_update(int sev_fd, hwaddr gpa, void *hva, uint64_t len,
                        SnpPageType type, Error **errp);
bool sev_kvm_snp_finish(int sev_fd, const SevSnpLaunchFinish *finish,
                        Error **errp);
bool sev_kvm_snp_cpuid(SnpCpuidPage *page, Error **errp);

#endif
