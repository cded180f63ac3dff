/*
 * SEV: areas that the firmware image keeps for the launch
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A firmware image lists them in the GUIDed table below its reset vector.
 */

#ifndef I386_SEV_FIRMWARE_TABLE_H
#define I386_SEV_FIRMWARE_TABLE_H

#include "sev/formats/firmware-table.h"

/**
 * sev_firmware_load - take the table of the machine's firmware
 * @image: @size bytes, not trusted; what is needed of it is copied
 *
 * Once the machine has its firmware, before all others.
 */
void sev_firmware_load(const uint8_t *image, size_t size);

/**
 * sev_firmware_entry - find an entry of the firmware's table
 * @guid: one of guids.h
 * @len: out: bytes of its data
 *
 * Returns: its data, NULL if the firmware has no such entry
 */
const uint8_t *sev_firmware_entry(const char *guid, size_t *len);

/**
 * sev_firmware_has_sev - whether the image has any entry that is about SEV
 *
 * All of OVMF's builds have one; SeaBIOS has not even the table.
 */
bool sev_firmware_has_sev(void);

/**
 * sev_firmware_secret_area - where the firmware expects the launch secret
 * @errp: set when it has no such area
 */
bool sev_firmware_secret_area(SevArea *area, Error **errp);

/**
 * sev_firmware_hash_area - where it expects the table of kernel hashes
 * @errp: set when it has no such area
 */
bool sev_firmware_hash_area(SevArea *area, Error **errp);

#endif
