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

/* No backend runs SEV-ES guests yet, and others have no use for it */
int sev_es_save_reset_vector(void *flash_ptr, uint64_t flash_size)
{
    assert(!sev_es_enabled());
    return 0;
}

void sev_es_set_reset_vector(CPUState *cpu)
{
    assert(!sev_es_enabled());
}

/* SNP only, likewise */
void pc_system_parse_sev_metadata(uint8_t *flash_ptr, size_t flash_size)
{
    assert(!sev_snp_enabled());
}
