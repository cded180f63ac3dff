/*
 * SEV objects: what all kinds of SEV guests share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_COMMON_H
#define I386_SEV_COMMON_H

#include "confidential-guest.h"
#include "hw/resettable.h"
#include "qapi/qapi-types-common.h"
#include "qapi/qapi-types-misc-target.h"
#include "qemu/notify.h"
#include "sev.h"
#include "backend.h"
#include "sev/launch/regions.h"

OBJECT_DECLARE_TYPE(SevCommonState, SevCommonClass, SEV_COMMON)

struct SevCommonState {
    X86ConfidentialGuest parent_obj;

    /* Properties; 0 in cbitpos and reduced_phys_bits: what the platform has */
    char *sev_device;
    char *state_file;
    uint32_t cbitpos;
    uint32_t reduced_phys_bits;
    bool kernel_hashes;
    OnOffAuto pause_on_reset;

    /* The platform, from the accelerator's initialisation on */
    int kvm_vm_type;            /* that the VM was made with; 0: default */
    SevBackend *backend;
    SevPlatform platform;
    bool es;

    /* The launch (launch.h) */
    SevState state;
    SevRegions *regions;
    uint8_t measurement[SEV_MEASURE_BLOB_SIZE];
    bool has_owner;             /* who can verify the measurement */
    ResettableState reset;
    bool powered_on;            /* was reset for the first time */
    Error *migration_blocker;
    Notifier machine_done;
    Notifier exit;
};

/**
 * struct SevCommonClass - what a kind of SEV guest adds
 * @guest_type: for QMP
 * @check: whether the object's properties make sense on its platform; sets
 *   the object's es
 * @launch_start: LAUNCH_START with the object's parameters
 * @launch_update: take memory that is to be measured; NULL: measure it at once
 * @launch_measure: the machine is complete; NULL: LAUNCH_MEASURE
 * @launch_finish: the VM is about to run; NULL: LAUNCH_FINISH
 * @fill_info: the members of query-sev for this @guest_type
 */
struct SevCommonClass {
    X86ConfidentialGuestClass parent_class;

    SevGuestType guest_type;
    bool (*check)(SevCommonState *sev, Error **errp);
    bool (*launch_start)(SevCommonState *sev, Error **errp);
    bool (*launch_update)(SevCommonState *sev, hwaddr gpa, void *hva,
                          uint64_t len, SevMeasuredKind kind, Error **errp);
    bool (*launch_measure)(SevCommonState *sev, Error **errp);
    bool (*launch_finish)(SevCommonState *sev, Error **errp);
    void (*fill_info)(SevCommonState *sev, SevInfo *info);
};

/**
 * sev_common_active - the SEV guest that this process runs
 *
 * Returns: the object, or NULL if the guest is a plain one; borrowed
 */
SevCommonState *sev_common_active(void);

/**
 * sev_common_id - the object's id, for messages
 */
const char *sev_common_id(const SevCommonState *sev);

#endif
