/*
 * qemu-sev: the table of secrets that OVMF hands to a guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_SECRET_TABLE_H
#define QEMU_SEV_SECRET_TABLE_H

#include "qemu/uuid.h"
#include "input.h"

typedef struct SecretTable SecretTable;

/**
 * secret_table_new - an empty table; free it with secret_table_free()
 */
SecretTable *secret_table_new(void);

/**
 * secret_table_free - wipe and free; NULL is allowed
 */
void secret_table_free(SecretTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SecretTable, secret_table_free)

/**
 * secret_parse - take a "GUID:FILE" or "ALIAS:FILE" apart
 * @guid: out: in the little-endian form of firmware
 *
 * Returns: FILE, a part of @text, or NULL with @err set
 */
const char *secret_parse(const char *text, QemuUUID *guid, GError **err);

/**
 * secret_table_add - append a secret
 * @guid: little-endian
 *
 * Returns: false with @err set if the table has @guid already or would pass
 * SEV_SECRET_MAX
 */
bool secret_table_add(SecretTable *table, const QemuUUID *guid,
                      const ToolBlob *secret, GError **err);

/**
 * secret_table_finish - set the length and pad to whole cipher blocks
 *
 * Returns: the table, borrowed
 */
ToolBlob *secret_table_finish(SecretTable *table);

#endif
