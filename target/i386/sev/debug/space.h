/*
 * SEV: private memory as a debugger sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A region that copies instead of being memory, so that somebody stands
 * between a debugger and the guest: the platform's debug commands if that is
 * allowed, otherwise nobody, and what is there is ciphertext.
 */

#ifndef I386_SEV_DEBUG_SPACE_H
#define I386_SEV_DEBUG_SPACE_H

#include "exec/memory.h"

/**
 * SevDebugCopy - copy a private page's bytes for a debugger
 * @gpa, @host: where they are, @len bytes within one page
 *
 * With the BQL.  Returns: false if that is not possible
 */
typedef bool SevDebugCopy(hwaddr gpa, void *host, void *buf, uint64_t len,
                          bool write);

/**
 * sev_debug_space_set - let debuggers see private pages decrypted
 * @copy: how; NULL: they see ciphertext, which is the default
 */
void sev_debug_space_set(SevDebugCopy *copy);

/**
 * sev_debug_space_is_on - whether debuggers see private pages decrypted
 */
bool sev_debug_space_is_on(void);

/**
 * sev_debug_space_region - shows a debugger all memory as private
 */
MemoryRegion *sev_debug_space_region(void);

#endif
