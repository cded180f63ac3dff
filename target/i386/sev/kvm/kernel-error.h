/*
 * SEV: errors that the host's kernel reports
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_KERNEL_ERROR_H
#define I386_SEV_KERNEL_ERROR_H

#include "sev/asp/abi.h"

/*
 * What the kernel leaves in the error field of a command when the firmware
 * never saw it (SEV_RET_NO_FW_CALL).  Put it there beforehand: not every
 * kernel writes the field.
 */
#define SEV_NO_FW_STATUS UINT32_MAX

/**
 * sev_kernel_is_firmware - whether it was the firmware that refused
 * @status: the error field of the command
 */
static inline bool sev_kernel_is_firmware(uint32_t status)
{
    return status != ASP_SUCCESS && status != SEV_NO_FW_STATUS;
}

/**
 * sev_error_kernel - say which command failed, who refused it and why
 * @errp: set to the firmware's status if it answered, otherwise to the errno
 *   with what it means for SEV and the way out
 * @name: what was asked of the kernel: "KVM_SEV_INIT"
 * @command: the mailbox command that stands behind it
 * @err: the errno, positive
 * @status: the error field of the command
 */
void sev_error_kernel(Error **errp, const char *name, AspCommand command,
                      int err, uint32_t status);

#endif
