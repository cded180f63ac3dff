/*
 * SEV formats: the GUIDed table at the end of a firmware image
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * OVMF made it up, and other firmware has it too.  The table ends 0x20 bytes
 * before the image does and is read downwards: each entry is data, a u16
 * length that counts the whole entry, and a GUID.  The first one met, the
 * footer, holds the length of the table.  All of it is little-endian.
 */

#ifndef I386_SEV_FORMATS_FIRMWARE_TABLE_H
#define I386_SEV_FORMATS_FIRMWARE_TABLE_H

/* The entries of a table, without its footer; borrowed from the image */
typedef struct SevFirmwareTable {
    const uint8_t *entries;
    size_t len;
} SevFirmwareTable;

/**
 * sev_firmware_table_find - find the table of a firmware image
 * @image: @size bytes, not trusted
 * @table: out: its entries, of which each is within the table; none if there
 *   is no table, or one that is not well-formed
 *
 * Returns: whether there is a well-formed table
 */
bool sev_firmware_table_find(const uint8_t *image, size_t size,
                             SevFirmwareTable *table);

/**
 * sev_firmware_table_get - find an entry
 * @guid: one of guids.h
 * @len: out: bytes of its data
 *
 * Returns: the data of the entry that is met first, NULL without one
 */
const uint8_t *sev_firmware_table_get(const SevFirmwareTable *table,
                                      const char *guid, size_t *len);

/* A range of guest memory; all 0: none */
typedef struct SevArea {
    uint32_t base;
    uint32_t size;
} SevArea;

/**
 * sev_firmware_table_area - an entry that names a range
 * @area: out: all 0 without such an entry
 *
 * Returns: whether there is an entry, and long enough
 */
bool sev_firmware_table_area(const SevFirmwareTable *table, const char *guid,
                             SevArea *area);

/**
 * sev_firmware_reset_address - where SEV-ES starts application processors
 * @image: @size bytes, not trusted
 *
 * From the table, or from the block that old firmware has in its place.
 *
 * Returns: the address, or 0 if the image does not say
 */
uint32_t sev_firmware_reset_address(const uint8_t *image, size_t size);

#endif
