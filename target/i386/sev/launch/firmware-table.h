/*
 * SEV: areas that the firmware image keeps for the launch
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A firmware image lists them in the GUIDed table below its reset vector.
 * The machine has found the table when it handed the image to us.
 */

#ifndef I386_SEV_FIRMWARE_TABLE_H
#define I386_SEV_FIRMWARE_TABLE_H

#include "exec/hwaddr.h"

/* A range of guest memory */
typedef struct SevArea {
    uint32_t base;
    uint32_t size;
} SevArea;

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
