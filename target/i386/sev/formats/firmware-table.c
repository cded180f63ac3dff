/*
 * SEV formats: the GUIDed table at the end of a firmware image
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "firmware-table.h"
#include "guids.h"

#define RESET_CODE          0x20        /* after the table */
#define ENTRY_TAIL          (2 + 16)    /* length and GUID */
#define LEGACY_BLOCK_SIZE   (4 + ENTRY_TAIL)

/* Whether the entry that ends at @end has this GUID */
static bool is_entry(const uint8_t *end, const char *text)
{
    QemuUUID guid = sev_guid(text);

    return memcmp(end - sizeof(guid), &guid, sizeof(guid)) == 0;
}

static size_t entry_len(const uint8_t *end)
{
    return lduw_le_p(end - ENTRY_TAIL);
}

/* Whether the lengths of entries add up to that of the table */
static bool is_well_formed(const SevFirmwareTable *table)
{
    size_t left = table->len, len;

    for (; left; left -= len) {
        if (left < ENTRY_TAIL) {
            return false;
        }
        len = entry_len(table->entries + left);
        if (len < ENTRY_TAIL || len > left) {
            return false;
        }
    }
    return true;
}

bool sev_firmware_table_find(const uint8_t *image, size_t size,
                             SevFirmwareTable *table)
{
    const uint8_t *end;
    size_t len;

    *table = (SevFirmwareTable) { };
    if (size < RESET_CODE + ENTRY_TAIL) {
        return false;
    }
    end = image + size - RESET_CODE;
    len = entry_len(end);
    if (!is_entry(end, SEV_GUID_TABLE_FOOTER) || len < ENTRY_TAIL ||
        len > size - RESET_CODE) {
        return false;
    }
    table->entries = end - len;
    table->len = len - ENTRY_TAIL;
    if (!is_well_formed(table)) {
        *table = (SevFirmwareTable) { };
        return false;
    }
    return true;
}

const uint8_t *sev_firmware_table_get(const SevFirmwareTable *table,
                                      const char *guid, size_t *len)
{
    size_t left = table->len;

    while (left) {
        const uint8_t *end = table->entries + left;

        if (is_entry(end, guid)) {
            *len = entry_len(end) - ENTRY_TAIL;
            return end - entry_len(end);
        }
        left -= entry_len(end);
    }
    return NULL;
}

bool sev_firmware_table_area(const SevFirmwareTable *table, const char *guid,
                             SevArea *area)
{
    size_t len;
    const uint8_t *data = sev_firmware_table_get(table, guid, &len);

    *area = (SevArea) { };
    if (!data || len < sizeof(*area)) {
        return false;
    }
    area->base = ldl_le_p(data);
    area->size = ldl_le_p(data + sizeof(area->base));
    return true;
}

/* Old firmware has the block itself in the table's place */
static uint32_t legacy_address(const uint8_t *image, size_t size)
{
    const uint8_t *end;

    if (size < RESET_CODE + LEGACY_BLOCK_SIZE) {
        return 0;
    }
    end = image + size - RESET_CODE;
    if (!is_entry(end, SEV_GUID_RESET_BLOCK) ||
        entry_len(end) != LEGACY_BLOCK_SIZE) {
        return 0;
    }
    return ldl_le_p(end - LEGACY_BLOCK_SIZE);
}

uint32_t sev_firmware_reset_address(const uint8_t *image, size_t size)
{
    SevFirmwareTable table;
    const uint8_t *data;
    size_t len;

    if (!sev_firmware_table_find(image, size, &table)) {
        return legacy_address(image, size);
    }
    data = sev_firmware_table_get(&table, SEV_GUID_RESET_BLOCK, &len);
    return data && len >= sizeof(uint32_t) ? ldl_le_p(data) : 0;
}
