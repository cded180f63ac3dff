/*
 * SEV: errors that the firmware reports
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_ERROR_H
#define I386_SEV_ERROR_H

#include "sev/asp/abi.h"

/**
 * sev_error_firmware - say which command the firmware refused and why
 * @errp: set to the command, the status by name and number, and its likely
 *   cause
 * @command: mailbox command
 * @status: as the firmware returned it
 */
void sev_error_firmware(Error **errp, AspCommand command, uint32_t status);

/**
 * sev_error_firmware_hint - the same, for who knows the cause better
 * @hint: the likely cause
 */
void sev_error_firmware_hint(Error **errp, AspCommand command,
                             uint32_t status, const char *hint);

#endif
