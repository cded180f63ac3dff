/*
 * Software AMD Secure Processor: state files on disk
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private to the library.
 */

#ifndef I386_SEV_ASP_STATE_FILE_H
#define I386_SEV_ASP_STATE_FILE_H

#include "state-format.h"

/**
 * asp_state_read - read a state file; its content is not looked at
 * @state: out: the file, wipe it after use
 * @len: out: how many bytes it has, at most ASP_STATE_SIZE.  A larger file
 *   is an error
 *
 * Returns: true, or false with @err set
 */
bool asp_state_read(const char *path, AspState *state, size_t *len,
                    GError **err);

/**
 * asp_state_create - write a new state file with mode 0600
 *
 * Returns: true, or false with @err set, also when @path exists
 */
bool asp_state_create(const char *path, const AspState *state, GError **err);

/**
 * asp_state_replace - write a state file anew
 * @old_digest: asp_state_digest() of what the caller last saw in it
 *
 * Atomic: at any time, also after a crash, @path is the old or the new file.
 * Two processes that do so at the same time exclude each other, and the one
 * that is late fails.
 *
 * Returns: true, or false with @err set and the file as it was
 */
bool asp_state_replace(const char *path, const uint8_t *old_digest,
                       const AspState *state, GError **err);

#endif
