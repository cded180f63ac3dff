/*
 * SEV: encrypted memory as devices use it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_MEMORY_DEVICES_H
#define I386_SEV_MEMORY_DEVICES_H

#include "exec/hwaddr.h"

/**
 * SevMemoryPrivateUse - a device uses a page that the guest uses as private
 * @gpa: guest physical address
 * @device: its name; NULL if it is not known, or the host and no device
 *
 * Called by any thread, in an RCU critical section.
 */
typedef void SevMemoryPrivateUse(hwaddr gpa, bool write, const char *device);

/**
 * sev_memory_devices_watch - report such uses from the start on
 *
 * Before sev_memory_space_start().
 */
void sev_memory_devices_watch(SevMemoryPrivateUse *report);

/**
 * sev_memory_devices_start - lead devices to encrypted memory
 *
 * When there is a model, and before there are devices.
 */
void sev_memory_devices_start(void);

#endif
