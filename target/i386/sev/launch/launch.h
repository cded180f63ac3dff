/*
 * SEV launch: from the first command to the running guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * LAUNCH_START when the accelerator is initialised; then what is measured, in
 * the order in which the machine hands it over; LAUNCH_MEASURE when the
 * machine is complete; LAUNCH_FINISH when the VM runs for the first time.
 * Until then secrets can be injected.
 *
 * Where the platform can, a reset of the VM does it all again: a new guest
 * with a new key, the same ranges, a new measurement.
 *
 * A guest under SEV-SNP has neither LAUNCH_MEASURE nor secrets: its memory is
 * launched when the machine is complete (snp-launch.h).
 */

#ifndef I386_SEV_LAUNCH_H
#define I386_SEV_LAUNCH_H

#include "qapi/qapi-types-common.h"
#include "qapi/qapi-types-misc-target.h"
#include "qemu/notify.h"
#include "regions.h"
#include "sev/backend.h"

typedef struct SevLaunch SevLaunch;
typedef struct SevSnpLaunch SevSnpLaunch;

/**
 * struct SevLaunchOps - what a kind of guest adds to its launch
 * @start: LAUNCH_START with the parameters of the guest's object
 * @update: take memory that is to be measured; NULL: measure it at once
 * @measure: the machine is complete; NULL: LAUNCH_MEASURE
 * @finish: the VM is about to run; NULL: LAUNCH_FINISH
 */
typedef struct SevLaunchOps {
    bool (*start)(SevLaunch *launch, Error **errp);
    bool (*update)(SevLaunch *launch, hwaddr gpa, void *hva, uint64_t len,
                   SevMeasuredKind kind, Error **errp);
    bool (*measure)(SevLaunch *launch, Error **errp);
    bool (*finish)(SevLaunch *launch, Error **errp);
} SevLaunchOps;

/**
 * struct SevLaunch - the launch of one guest, part of its object
 *
 * The object fills in the first part before sev_launch_begin().
 */
struct SevLaunch {
    const char *id;             /* of the object, for messages; borrowed */
    SevGuestType type;
    const SevLaunchOps *ops;
    SevBackend *backend;        /* owned */
    uint32_t cbitpos;
    bool es;
    bool private_memfd;         /* private memory is the accelerator's */
    bool kernel_hashes;
    bool has_owner;             /* who can verify the measurement */
    OnOffAuto pause_on_reset;

    SevState state;
    SevRegions *regions;
    SevSnpLaunch *snp;          /* owned; NULL: not a guest under SEV-SNP */
    uint8_t measurement[SEV_MEASURE_BLOB_SIZE];
    Error *migration_blocker;
    Notifier exit;
};

/* What can be asked of a guest */
typedef enum SevStep {
    SEV_STEP_START,
    SEV_STEP_UPDATE_DATA,
    SEV_STEP_UPDATE_VMSA,
    SEV_STEP_MEASURE,
    SEV_STEP_SECRET,
    SEV_STEP_FINISH,
    SEV_STEP_ATTESTATION,
    SEV_STEP_SNP_FINISH,
    SEV_STEP__MAX,
} SevStep;

/**
 * sev_launch_current - the launch of the SEV guest that this process runs
 *
 * Returns: the launch, or NULL if the guest is a plain one; borrowed
 */
SevLaunch *sev_launch_current(void);

/**
 * sev_launch_check - whether a step is possible in the guest's state
 * @errp: set to the state that it would need
 */
bool sev_launch_check(const SevLaunch *launch, SevStep step, Error **errp);

/**
 * sev_launch_done - a step succeeded: go to the state that follows
 */
void sev_launch_done(SevLaunch *launch, SevStep step);

/**
 * sev_launch_begin - LAUNCH_START, and see to it that LAUNCH_FINISH follows
 */
bool sev_launch_begin(SevLaunch *launch, Error **errp);

/**
 * sev_launch_update - LAUNCH_UPDATE_DATA: measure and encrypt guest memory
 * @gpa: where the guest sees it, a multiple of 16
 * @hva: the same memory as the host sees it
 * @len: bytes, a multiple of 16
 */
bool sev_launch_update(SevLaunch *launch, hwaddr gpa, void *hva,
                       uint64_t len, SevMeasuredKind kind, Error **errp);

/**
 * sev_launch_measured - memory was measured: note it down
 * @hva: the same memory as the host sees it
 * @data: the plaintext, which the list of ranges owns from now on; NULL if
 *   its content is not part of the measurement
 */
void sev_launch_measured(SevLaunch *launch, hwaddr gpa, void *hva,
                         uint64_t len, SevMeasuredKind kind, void *data);

/**
 * sev_launch_measure - LAUNCH_MEASURE, when the machine is complete
 * @errp: set also when the machine did not hand over what the guest needs
 */
bool sev_launch_measure(SevLaunch *launch, Error **errp);

/**
 * sev_launch_again - the VM is reset: drop the guest and launch a new one
 *
 * Does nothing where the platform's guests outlive a reset.
 */
bool sev_launch_again(SevLaunch *launch, Error **errp);

/**
 * sev_launch_resume - the reset is over: LAUNCH_FINISH if the VM runs on
 */
bool sev_launch_resume(SevLaunch *launch, Error **errp);

/**
 * sev_launch_secret - LAUNCH_SECRET
 * @secret: verified by the firmware before anything is written
 */
bool sev_launch_secret(SevLaunch *launch, const SevLaunchSecret *secret,
                       Error **errp);

#endif
