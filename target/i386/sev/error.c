/*
 * SEV: errors that the firmware reports
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "error.h"

void sev_error_firmware(Error **errp, AspCommand command, uint32_t status)
{
    sev_error_firmware_hint(errp, command, status, asp_status_hint(status));
}

void sev_error_firmware_hint(Error **errp, AspCommand command,
                             uint32_t status, const char *hint)
{
    error_setg(errp, "SEV firmware refused %s: %s (0x%02x)%s%s",
               asp_command_name(command), asp_status_name(status), status,
               *hint ? ": " : "", hint);
}
