/*
 * SEV objects: sev-snp-guest, a guest under SEV-SNP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_SNP_GUEST_H
#define I386_SEV_SNP_GUEST_H

#include "sev-common.h"
#include "sev/launch/snp.h"

OBJECT_DECLARE_SIMPLE_TYPE(SevSnpGuestState, SEV_SNP_GUEST)

struct SevSnpGuestState {
    SevCommonState parent_obj;

    /* Properties; the strings are base64 */
    uint64_t policy;
    char *guest_visible_workarounds;
    char *id_block;
    char *id_auth;
    char *host_data;
    bool author_key_enabled;
    bool vcek_disabled;

    /* The same, decoded and checked */
    SevSnpLaunchStart start;
    SevSnpLaunchFinish finish;
    SnpIdBlock id_block_data;
    SnpIdAuth id_auth_data;
};

#endif
