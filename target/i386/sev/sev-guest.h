/*
 * SEV objects: sev-guest, a guest under SEV
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_GUEST_H
#define I386_SEV_GUEST_H

#include "qapi/qapi-types-common.h"
#include "qapi/qapi-types-qom.h"
#include "sev-common.h"

OBJECT_DECLARE_TYPE(SevGuestState, SevGuestClass, SEV_GUEST)

/* What the guest owner sent; without, nobody outside can verify the launch */
typedef struct SevOwnerSession {
    bool present;
    uint8_t godh[SEV_CERT_SIZE];
    uint8_t session[SEV_SESSION_SIZE];
} SevOwnerSession;

struct SevGuestState {
    SevCommonState parent_obj;

    uint32_t policy;
    uint32_t handle;            /* in: the key to share; launched: our own */
    char *dh_cert_file;
    char *session_file;
    OnOffAuto legacy_vm_type;
    SevDiagnose diagnose;
    bool diagnose_vcpus;
    bool debug_access;

    SevLaunchStart *start;      /* of the first launch, for the next ones */
    SevOwnerSession session;
};

/**
 * struct SevGuestClass
 * @owner_session: get the guest owner's part of LAUNCH_START
 */
struct SevGuestClass {
    SevCommonClass parent_class;

    bool (*owner_session)(SevGuestState *guest, SevOwnerSession *session,
                          Error **errp);
};

#endif
