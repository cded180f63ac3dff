/*
 * SEV: memory that others than this process would use
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_MEMORY_OUTSIDE_H
#define I386_SEV_MEMORY_OUTSIDE_H

/**
 * sev_memory_outside_refuse - refuse devices that work outside of this process
 *
 * From now on, also those that are plugged in later.
 */
void sev_memory_outside_refuse(void);

/**
 * sev_memory_outside_check - refuse those that the machine has made by itself
 * @errp: set when a part of the machine lets another process or the host's
 *   kernel use the guest's memory
 *
 * When the machine is complete.
 */
bool sev_memory_outside_check(Error **errp);

#endif
