/*
 * SEV: what debuggers and dumps see of the guest's memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Ciphertext, as everybody else does, unless the user asks for more and the
 * guest's policy allows it: then the firmware's DBG_DECRYPT and DBG_ENCRYPT
 * stand between them and private pages.
 */

#ifndef I386_SEV_DEBUG_H
#define I386_SEV_DEBUG_H

#include "sev/backend.h"

/**
 * sev_debug_check - whether debuggers may see this guest's memory decrypted
 * @id: of the guest's object, for the error
 * @policy: of the guest
 */
bool sev_debug_check(const char *id, uint32_t policy, Error **errp);

/**
 * sev_debug_set - whether they do from now on; sev_debug_check() allowed it
 * @id: of the guest's object, for warnings; borrowed for good
 * @backend: whose debug commands are used; borrowed for good
 */
void sev_debug_set(const char *id, SevBackend *backend, bool on);

/**
 * sev_debug_dump - guest memory as a dump has it
 * @host: where QEMU keeps it
 * @len: bytes, at most SEV_MEMORY_PAGE
 *
 * Returns: what the dump has; good until the next call
 */
const void *sev_debug_dump(const void *host, size_t len);

#endif
