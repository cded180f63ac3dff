/*
 * SEV: what firmware boots besides the kernel whose hash is measured
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_LAUNCH_BOOT_FILES_H
#define I386_SEV_LAUNCH_BOOT_FILES_H

#include "qapi/error.h"

/**
 * sev_boot_files_check - refuse what kernel-hashes=on does not cover
 * @id: of the guest's object, for messages
 *
 * Hashes are of kernel, initrd and command line.  OVMF holds these against
 * them, but takes whatever else it finds in fw_cfg under etc/boot/ unseen and
 * runs a shim from there in place of the kernel.  To be asked when the
 * machine is complete.
 *
 * Returns: false with @errp set if there is such a file, or a device tree
 */
bool sev_boot_files_check(const char *id, Error **errp);

#endif
