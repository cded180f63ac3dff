/*
 * qemu-sev: the GUIDed table at the end of a firmware image
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_FW_TABLE_H
#define QEMU_SEV_FW_TABLE_H

#include "input.h"

/* What a firmware image says of itself; 0 where it says nothing */
typedef struct FwTable {
    uint32_t reset_addr;            /* where SEV-ES starts APs */
    uint32_t secret_base, secret_size;
    uint32_t hashes_base, hashes_size;
} FwTable;

/**
 * fw_table_parse - read the table of a firmware image
 * @image: the whole image, not trusted
 *
 * Returns: false if @image has no table; @table is all zeros then
 */
bool fw_table_parse(const ToolBlob *image, FwTable *table);

/**
 * fw_read - read a firmware image, as large as QEMU takes it
 */
ToolBlob *fw_read(const char *path, GError **err);

#endif
