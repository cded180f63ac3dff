/*
 * SEV objects: what all kinds of SEV guests share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_COMMON_H
#define I386_SEV_COMMON_H

#include "confidential-guest.h"
#include "hw/resettable.h"
#include "qapi/qapi-types-misc-target.h"
#include "qemu/notify.h"
#include "sev.h"
#include "backend.h"
#include "sev/launch/launch.h"

OBJECT_DECLARE_TYPE(SevCommonState, SevCommonClass, SEV_COMMON)

struct SevCommonState {
    X86ConfidentialGuest parent_obj;

    /* Properties, with some of @launch; 0 bits: what the platform has */
    char *sev_device;
    char *state_file;
    uint32_t reduced_phys_bits;

    /* The platform, from the accelerator's initialisation on */
    int kvm_vm_type;            /* that the VM was made with; 0: default */
    SevPlatform platform;

    SevLaunch launch;
    ResettableState reset;
    bool powered_on;            /* was reset for the first time */
    Notifier machine_done;
};

/**
 * struct SevCommonClass - what a kind of SEV guest adds
 * @guest_type: for QMP
 * @check: whether the object's properties make sense on its platform; sets
 *   @es of the launch
 * @launch: its part of the launch
 * @fill_info: the members of query-sev for this @guest_type
 */
struct SevCommonClass {
    X86ConfidentialGuestClass parent_class;

    SevGuestType guest_type;
    bool (*check)(SevCommonState *sev, Error **errp);
    const SevLaunchOps *launch;
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
