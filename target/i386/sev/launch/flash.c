/*
 * SEV: the firmware image, as the machine hands it over
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "firmware-table.h"
#include "launch.h"
#include "sev.h"
#include "snp.h"

/* Firmware that does not set the C-bit finds noise in place of its data */
static void warn_of_firmware(const SevLaunch *launch)
{
    if (!sev_firmware_has_sev()) {
        warn_report("the firmware of SEV guest '%s' has no table for SEV: "
                    "SeaBIOS, which is the default, and others that know "
                    "nothing of encrypted memory hang without a word; use "
                    "OVMF (-bios, pflash, or <loader> with libvirt)",
                    launch->id);
    }
}

int sev_encrypt_flash(hwaddr gpa, uint8_t *ptr, uint64_t len, Error **errp)
{
    SevLaunch *launch = sev_launch_current();

    warn_of_firmware(launch);
    return sev_launch_update(launch, gpa, ptr, len, SEV_MEASURED_KIND_FIRMWARE,
                             errp) ? 0 : -1;
}

void pc_system_parse_sev_metadata(uint8_t *flash_ptr, size_t flash_size)
{
    SevLaunch *launch = sev_launch_current();

    sev_firmware_load(flash_ptr, flash_size);
    if (launch && launch->snp) {
        sev_snp_launch_metadata(launch->snp, flash_ptr, flash_size,
                                &error_fatal);
    }
}
