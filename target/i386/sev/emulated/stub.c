/*
 * SEV backends: a QEMU without the emulated platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "sev/backend.h"

SevBackend *sev_backend_emulated_new(const SevBackendConfig *config,
                                     Error **errp)
{
    error_setg(errp, "this QEMU has no emulated SEV platform: it was built "
               "without libgcrypt; use -accel kvm on a host with SEV, or "
               "configure with --enable-gcrypt");
    return NULL;
}
