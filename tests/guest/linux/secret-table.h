/*
 * The launch secret as a Linux guest finds it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef LINUX_GUEST_SECRET_TABLE_H
#define LINUX_GUEST_SECRET_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One entry of the table; @guid is text. */
typedef void secret_entry_fn(const char *guid, const uint8_t *data,
                             size_t size);

/*
 * Call @fn with each entry of the secret table.  The firmware names the area
 * in an EFI configuration table, which is read through /dev/mem.
 *
 * Returns NULL, or in a few words why there is no secret.
 */
const char *secret_table_for_each(secret_entry_fn *fn);

#endif
