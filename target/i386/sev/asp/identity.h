/*
 * Software AMD Secure Processor: who a platform is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An identity is what a chip and its flash hold: the root (ARK, ASK) of an
 * emulated product line, the chip's endorsement key (CEK) and id, and the
 * persistent store with OCA, PEK and PDH.
 *
 * The built-in identity is derived from a published seed: it is the same in
 * every process, so that the PDH that was exported yesterday opens the
 * session that was made for it today.  Its private keys are public knowledge;
 * its root says that it is emulated and not AMD's.
 */

#ifndef I386_SEV_ASP_IDENTITY_H
#define I386_SEV_ASP_IDENTITY_H

#include <glib.h>
#include "cert.h"
#include "identity-error.h"

typedef struct AspIdentity AspIdentity;

/**
 * asp_identity_builtin - the well-known test identity
 *
 * PEK_GEN, PDH_GEN and the like work on it, in memory only.
 *
 * Returns: a new identity; free it with asp_identity_free()
 */
AspIdentity *asp_identity_builtin(void);

/**
 * asp_identity_create - make an identity from fresh randomness
 * @path: the state file to create, mode 0600; fails if it exists
 *
 * The root, the chip's keys and the complete OCA, PEK and PDH set are made.
 *
 * Returns: the identity, or NULL with @err set
 */
AspIdentity *asp_identity_create(const char *path, GError **err);

/**
 * asp_identity_open - use the identity kept in a state file
 * @path: as made by asp_identity_create(); rewritten atomically whenever a
 *   command changes the persistent store, unless another process did so in
 *   the meantime.  The file is not trusted: its format and integrity are
 *   checked
 *
 * Returns: the identity, or NULL with @err set
 */
AspIdentity *asp_identity_open(const char *path, GError **err);

/**
 * asp_identity_free - wipe the keys and free @identity; NULL is allowed
 */
void asp_identity_free(AspIdentity *identity);

/**
 * asp_identity_error - why a command could not write the state file
 *
 * Such a command fails with HWERROR_PLATFORM and changes nothing.
 *
 * Returns: the reason of the latest failure, or NULL if there was none
 */
const char *asp_identity_error(const AspIdentity *identity);

/**
 * asp_identity_hint - the likely cause of a status of a platform with @identity
 * @status: as a command of the platform returned it
 *
 * Returns: asp_identity_error() for a file that was not written, otherwise
 * asp_status_hint()
 */
const char *asp_identity_hint(const AspIdentity *identity, uint32_t status);

/**
 * asp_identity_ca - the emulated root: ASK followed by ARK
 *
 * What AMD's key server hands out as "ask_ark".
 *
 * Returns: a new array, to be unreferenced by the caller
 */
GByteArray *asp_identity_ca(const AspIdentity *identity);

/**
 * asp_identity_signed_cek - the CEK certificate with the ASK's signature
 *
 * PDH_CERT_EXPORT gives the CEK unsigned, as hardware does; AMD's key server
 * gives this one.
 */
void asp_identity_signed_cek(const AspIdentity *identity, SevCert *cek);

/**
 * asp_identity_chip_id - what GET_ID returns, and what AMD's key server is
 * asked with
 * @id: out: SEV_CHIP_ID_SIZE bytes
 */
void asp_identity_chip_id(const AspIdentity *identity, uint8_t *id);

#endif
