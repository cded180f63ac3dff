/*
 * SEV: guest memory that KVM has to know as encrypted
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The kernel pins the pages of registered regions: ciphertext depends on the
 * physical address, so it must not move.
 */

#ifndef I386_SEV_KVM_REGIONS_H
#define I386_SEV_KVM_REGIONS_H

#include "exec/ramlist.h"

typedef struct SevKvmRegions {
    RAMBlockNotifier notifier;
    bool active;
    void *refused;              /* block that is about to go again, or NULL */
    size_t refused_size;
    int refused_errno;
} SevKvmRegions;

/**
 * sev_kvm_regions_start - register all RAM blocks, and those that come
 *
 * A block that cannot be registered ends QEMU with an error: the guest would
 * lose what it keeps there.  Memory backends that come later ask
 * sev_kvm_regions_accept(), so that object-add fails.
 */
void sev_kvm_regions_start(SevKvmRegions *regions);

/**
 * sev_kvm_regions_accept - whether the memory of a backend was registered
 * @host: of a block that was just added
 * @errp: set to the kernel's reason if it was not; the block must be freed
 */
bool sev_kvm_regions_accept(SevKvmRegions *regions, void *host, Error **errp);

/**
 * sev_kvm_regions_stop - follow RAM no longer; allowed if never started
 *
 * What is registered stays so as long as the VM is there: its processors may
 * still run.  The kernel releases it with the VM.
 */
void sev_kvm_regions_stop(SevKvmRegions *regions);

#endif
