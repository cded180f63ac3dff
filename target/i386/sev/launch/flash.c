/*
 * SEV: the firmware image, as the machine hands it over
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "launch.h"
#include "sev/sev-snp-guest.h"

int sev_encrypt_flash(hwaddr gpa, uint8_t *ptr, uint64_t len, Error **errp)
{
    SevCommonState *sev = sev_common_active();

    return sev_launch_update(sev, gpa, ptr, len, SEV_MEASURED_KIND_FIRMWARE,
                             errp) ? 0 : -1;
}

void pc_system_parse_sev_metadata(uint8_t *flash_ptr, size_t flash_size)
{
    SevCommonState *sev = sev_common_active();

    if (sev_snp_enabled()) {
        sev_snp_launch_metadata(SEV_SNP_GUEST(sev)->launch, flash_ptr,
                                flash_size, &error_fatal);
    }
}
