/*
 * SEV backends: the choice
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/accel.h"
#include "system/kvm.h"
#include "system/tcg.h"
#include "backend.h"

SevBackend *sev_backend_new(const SevBackendConfig *config, Error **errp)
{
    if (tcg_enabled()) {
        return sev_backend_emulated_new(config, errp);
    }
    if (kvm_enabled()) {
        return sev_backend_kvm_new(config, errp);
    }
    error_setg(errp, "accelerator '%s' does not support SEV: use -accel tcg, "
               "which emulates it", current_accel_name());
    return NULL;
}

void sev_backend_free(SevBackend *be)
{
    if (be) {
        be->ops->free(be);
    }
}
