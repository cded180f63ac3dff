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
#include "qemu/uuid.h"
#include "fw-table.h"

#define RESET_CODE      0x20        /* after the table */
#define ENTRY_TAIL      (2 + 16)    /* length and GUID */
#define FIRMWARE_MAX    (64 * MiB)

static const QemuUUID footer_guid = {
    .data = UUID_LE(0x96b582de, 0x1fb2, 0x45f7, 0xba, 0xea,
                    0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d)
};
static const QemuUUID reset_guid = {
    .data = UUID_LE(0x00f771de, 0x1a7e, 0x4fcb, 0x89, 0x0e,
                    0x68, 0xc7, 0x7e, 0x2f, 0xb4, 0x4e)
};
static const QemuUUID secret_guid = {
    .data = UUID_LE(0x4c2eb361, 0x7d9b, 0x4cc3, 0x80, 0x81,
                    0x12, 0x7c, 0x90, 0xd3, 0xd2, 0x94)
};
static const QemuUUID hashes_guid = {
    .data = UUID_LE(0x7255371f, 0x3a3b, 0x4b04, 0x92, 0x7b,
                    0x1d, 0xa6, 0xef, 0xa8, 0xd4, 0x54)
};

ToolBlob *fw_read(const char *path, GError **err)
{
    return tool_read(path, "a firmware image", 1, FIRMWARE_MAX, err);
}

/* @end is the end of an entry; whether it has this GUID and data length */
static bool is_entry(const uint8_t *end, const QemuUUID *guid, size_t len,
                     size_t want)
{
    return memcmp(end - 16, guid->data, 16) == 0 &&
           len >= ENTRY_TAIL + want;
}

static void take_entry(FwTable *table, const uint8_t *end, size_t len)
{
    const uint8_t *data = end - len;

    if (is_entry(end, &reset_guid, len, 4)) {
        table->reset_addr = ldl_le_p(data);
    } else if (is_entry(end, &secret_guid, len, 8)) {
        table->secret_base = ldl_le_p(data);
        table->secret_size = ldl_le_p(data + 4);
    } else if (is_entry(end, &hashes_guid, len, 8)) {
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
    if (memcmp(end - 16, footer_guid.data, 16) || left < ENTRY_TAIL ||
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
