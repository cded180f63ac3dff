/*
 * Software AMD Secure Processor: the format of state files
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * docs/specs/sev-asp-state.rst describes it.  Private to the library.
 */

#ifndef I386_SEV_ASP_STATE_FORMAT_H
#define I386_SEV_ASP_STATE_FORMAT_H

#include "identity-error.h"
#include "platform-keys.h"

#define ASP_STATE_MAGIC         "SEV-ASP"       /* with its NUL: 8 bytes */
#define ASP_STATE_VERSION       1

/* A certificate and its private key */
#define ASP_STATE_KEY_SIZE      (SEV_CERT_SIZE + ASP_EC_SIZE)
#define ASP_STATE_SIZE          (8 + 4 + 4 + ASP_FUSE_SECRET_SIZE + \
                                 SEV_CHIP_ID_SIZE + sizeof(SevEmulatedCa) + \
                                 SEV_CERT_SIZE + 4 + \
                                 3 * ASP_STATE_KEY_SIZE + SEV_DIGEST_SIZE)

/* A whole state file; wipe it after use. */
typedef struct AspState {
    uint8_t bytes[ASP_STATE_SIZE];
} AspState;

/**
 * asp_state_encode - what @identity looks like in a file
 */
void asp_state_encode(const AspChip *chip, const AspStore *store,
                      AspState *state);

/**
 * asp_state_decode - take apart and check the content of a state file
 * @data: @len bytes, from anywhere
 *
 * Returns: true, or false with @err set and @chip and @store wiped
 */
bool asp_state_decode(const void *data, size_t len, AspChip *chip,
                      AspStore *store, GError **err);

/**
 * asp_state_digest - the checksum that ends @state
 */
const uint8_t *asp_state_digest(const AspState *state);

#endif
