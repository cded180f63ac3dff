/*
 * SEV: the firmware image, as the machine hands it over
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "launch.h"

int sev_encrypt_flash(hwaddr gpa, uint8_t *ptr, uint64_t len, Error **errp)
{
    SevCommonState *sev = sev_common_active();

    return sev_launch_update(sev, gpa, ptr, len, SEV_MEASURED_KIND_FIRMWARE,
                             errp) ? 0 : -1;
}

/* SNP only, and no backend runs SNP guests yet */
void pc_system_parse_sev_metadata(uint8_t *flash_ptr, size_t flash_size)
{
    assert(!sev_snp_enabled());
}
