/*
 * qemu-sev: the table of secrets that OVMF hands to a guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A header of GUID and length, then for each secret GUID, length and data;
 * lengths count the GUID and themselves.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu-sev.h"
#include "secret-table.h"
#include "target/i386/sev/asp/abi.h"

#define ENTRY_HEADER (16 + 4)
#define CIPHER_BLOCK 16

struct SecretTable {
    ToolBlob *blob;             /* of SEV_SECRET_MAX bytes until finished */
    size_t len;
};

static const QemuUUID table_guid = {
    .data = UUID_LE(0x1e74f542, 0x71dd, 0x4d66, 0x96, 0x3e,
                    0xef, 0x42, 0x87, 0xff, 0x17, 0x3b)
};

/* Names that virt-qemu-sev-validate knows */
static const struct {
    const char *name;
    const char *guid;
} aliases[] = {
    { "luks-key", "736869e5-84f0-4973-92ec-06879ce3da0b" },
};

static void put_header(SecretTable *table, size_t at, const QemuUUID *guid,
                       uint32_t len)
{
    memcpy(table->blob->data + at, guid->data, sizeof(guid->data));
    stl_le_p(table->blob->data + at + sizeof(guid->data), len);
}

SecretTable *secret_table_new(void)
{
    SecretTable *table = g_new(SecretTable, 1);

    table->blob = tool_blob_new(SEV_SECRET_MAX);
    table->len = ENTRY_HEADER;
    return table;
}

void secret_table_free(SecretTable *table)
{
    if (table) {
        tool_blob_free(table->blob);
        g_free(table);
    }
}

const char *secret_parse(const char *text, QemuUUID *guid, GError **err)
{
    const char *colon = strchr(text, ':');
    g_autofree char *name = colon ? g_strndup(text, colon - text) : NULL;
    const char *digits = name;

    for (size_t i = 0; name && i < G_N_ELEMENTS(aliases); i++) {
        digits = strcmp(name, aliases[i].name) ? digits : aliases[i].guid;
    }
    if (!name || !colon[1] || qemu_uuid_parse(digits, guid) < 0) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "--secret: '%s' is not GUID:FILE; a GUID looks like "
                    "736869e5-84f0-4973-92ec-06879ce3da0b, which is also "
                    "called luks-key", text);
        return NULL;
    }
    *guid = qemu_uuid_bswap(*guid);
    return colon + 1;
}

static bool has_guid(const SecretTable *table, const QemuUUID *guid)
{
    const uint8_t *data = table->blob->data;

    for (size_t at = ENTRY_HEADER; at < table->len;
         at += ldl_le_p(data + at + sizeof(guid->data))) {
        if (!memcmp(data + at, guid->data, sizeof(guid->data))) {
            return true;
        }
    }
    return false;
}

bool secret_table_add(SecretTable *table, const QemuUUID *guid,
                      const ToolBlob *secret, GError **err)
{
    size_t room = table->blob->len - table->len;

    if (has_guid(table, guid)) {
        QemuUUID name = qemu_uuid_bswap(*guid);
        g_autofree char *text = qemu_uuid_unparse_strdup(&name);

        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "--secret: GUID %s is given twice, but a guest looks for "
                    "one secret of a name", text);
        return false;
    }
    if (room < ENTRY_HEADER || secret->len > room - ENTRY_HEADER) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "all secrets with their table must not have more than "
                    "%d bytes; there is no room for %zu more after %zu",
                    SEV_SECRET_MAX, secret->len, table->len);
        return false;
    }
    put_header(table, table->len, guid, ENTRY_HEADER + secret->len);
    memcpy(table->blob->data + table->len + ENTRY_HEADER, secret->data,
           secret->len);
    table->len += ENTRY_HEADER + secret->len;
    return true;
}

ToolBlob *secret_table_finish(SecretTable *table)
{
    put_header(table, 0, &table_guid, table->len);
    /* what follows the last entry is zero, so this pads with zeros */
    table->blob->len = QEMU_ALIGN_UP(table->len, CIPHER_BLOCK);
    return table->blob;
}
