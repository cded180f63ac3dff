/*
 * SEV: files behind guest memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A launch encrypts memory where it is, and so does the guest from then on.
 * What lies in a file that outlives the guest would be lost to everything else
 * that uses the file, and private data would stay in it.
 */

#ifndef I386_SEV_LAUNCH_BACKING_H
#define I386_SEV_LAUNCH_BACKING_H

#include "exec/memory.h"

/**
 * sev_backing_check - whether memory may be encrypted where it is
 * @id: of the guest's object, for messages
 * @mr: flash memory, or memory of a backend
 *
 * Returns: false with @errp set if it is written back to a file by itself
 */
bool sev_backing_check(const char *id, MemoryRegion *mr, Error **errp);

/**
 * sev_backing_check_host - likewise, for the region that holds @host
 */
bool sev_backing_check_host(const char *id, void *host, Error **errp);

/**
 * sev_backing_check_machine - likewise, for the memory that the machine began
 *   with; what is plugged in is checked then
 */
bool sev_backing_check_machine(const char *id, Error **errp);

#endif
