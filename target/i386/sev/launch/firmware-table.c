/*
 * SEV: areas that the firmware image keeps for the launch
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "sev/formats/guids.h"
#include "firmware-table.h"

static SevFirmwareTable table;

void sev_firmware_load(const uint8_t *image, size_t size)
{
    g_free((void *)table.entries);
    sev_firmware_table_find(image, size, &table);
    table.entries = g_memdup2(table.entries, table.len);
}

const uint8_t *sev_firmware_entry(const char *guid, size_t *len)
{
    return sev_firmware_table_get(&table, guid, len);
}

/* Both kinds of entry: u32 base, u32 size, little-endian */
static bool find_area(const char *guid, const char *what, SevArea *area,
                      Error **errp)
{
    const char *remedy = "use a firmware that was built for it, for example "
                         "OVMF's AmdSev build (Debian package ovmf-amdsev)";
    size_t len;
    const uint8_t *data = sev_firmware_entry(guid, &len);

    if (!data) {
        error_setg(errp, "the firmware image has no %s: %s", what, remedy);
        return false;
    }
    if (len < sizeof(*area)) {
        error_setg(errp, "the firmware image describes its %s in %zu bytes "
                   "instead of %zu: %s", what, len, sizeof(*area), remedy);
        return false;
    }
    area->base = ldl_le_p(data);
    area->size = ldl_le_p(data + sizeof(area->base));
    if (!area->base || !area->size) {
        error_setg(errp, "the firmware image has an entry for its %s, but "
                   "with base 0x%" PRIx32 " and size 0x%" PRIx32 " it is "
                   "empty: %s", what, area->base, area->size, remedy);
        return false;
    }
    return true;
}

bool sev_firmware_has_sev(void)
{
    static const char *const guids[] = {
        SEV_GUID_RESET_BLOCK, SEV_GUID_SECRET_AREA, SEV_GUID_HASH_AREA,
        SEV_GUID_SNP_METADATA,
    };

    size_t len;

    for (size_t i = 0; i < ARRAY_SIZE(guids); i++) {
        if (sev_firmware_entry(guids[i], &len)) {
            return true;
        }
    }
    return false;
}

bool sev_firmware_secret_area(SevArea *area, Error **errp)
{
    return find_area(SEV_GUID_SECRET_AREA, "launch secret area", area, errp);
}

bool sev_firmware_hash_area(SevArea *area, Error **errp)
{
    return find_area(SEV_GUID_HASH_AREA, "kernel hash area", area, errp);
}
