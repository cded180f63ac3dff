/*
 * qemu-sev: the GUIDed table at the end of a firmware image
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table ends 0x20 bytes before the image does.  It is read downwards:
 * each entry is data, a u16 length that counts the whole entry, and a GUID.
 * The last entry, the footer, holds the length of the table.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "fw-table.h"
#include "target/i386/sev/launch/guids.h"

#define RESET_CODE      0x20        /* after the table */
#define ENTRY_TAIL      (2 + 16)    /* length and GUID */
#define FIRMWARE_MAX    (64 * MiB)

ToolBlob *fw_read(const char *path, GError **err)
{
    return tool_read(path, "a firmware image", 1, FIRMWARE_MAX, err);
}

/* @end is the end of an entry; whether it has this GUID and data length */
static bool is_entry(const uint8_t *end, const char *text, size_t len,
                     size_t want)
{
    QemuUUID guid = sev_guid(text);

    return memcmp(end - 16, guid.data, 16) == 0 && len >= ENTRY_TAIL + want;
}

static void take_entry(FwTable *table, const uint8_t *end, size_t len)
{
    const uint8_t *data = end - len;

    if (is_entry(end, SEV_GUID_RESET_BLOCK, len, 4)) {
        table->reset_addr = ldl_le_p(data);
    } else if (is_entry(end, SEV_GUID_SECRET_AREA, len, 8)) {
        table->secret_base = ldl_le_p(data);
        table->secret_size = ldl_le_p(data + 4);
    } else if (is_entry(end, SEV_GUID_HASH_AREA, len, 8)) {
        table->hashes_base = ldl_le_p(data);
        table->hashes_size = ldl_le_p(data + 4);
    }
}

bool fw_table_parse(const ToolBlob *image, FwTable *table)
{
    const uint8_t *end;
    size_t left, len;

    memset(table, 0, sizeof(*table));
    if (image->len < RESET_CODE + ENTRY_TAIL) {
        return false;
    }
    end = image->data + image->len - RESET_CODE;
    left = lduw_le_p(end - ENTRY_TAIL);
    if (!is_entry(end, SEV_GUID_TABLE_FOOTER, left, 0) ||
        left > image->len - RESET_CODE) {
        return false;
    }
    end -= ENTRY_TAIL;
    left -= ENTRY_TAIL;
    while (left >= ENTRY_TAIL) {
        len = lduw_le_p(end - ENTRY_TAIL);
        if (len < ENTRY_TAIL || len > left) {
            memset(table, 0, sizeof(*table));
            return false;
        }
        take_entry(table, end, len);
        end -= len;
        left -= len;
    }
    return true;
}
