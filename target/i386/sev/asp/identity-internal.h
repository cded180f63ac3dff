/*
 * Software AMD Secure Processor: the content of an identity
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private to the library.
 */

#ifndef I386_SEV_ASP_IDENTITY_INTERNAL_H
#define I386_SEV_ASP_IDENTITY_INTERNAL_H

#include "identity.h"
#include "platform-keys.h"

struct AspIdentity {
    AspChip chip;
    AspStore store;
    char *path;                         /* NULL: in memory only */
    uint8_t file_digest[SEV_DIGEST_SIZE];       /* of what @path held */
    char *error;
};

/**
 * asp_identity_update - replace the persistent store, in the file first
 *
 * Returns: false if the file could not be written; nothing changed then, and
 * asp_identity_error() tells why
 */
bool asp_identity_update(AspIdentity *identity, const AspStore *store);

#endif
