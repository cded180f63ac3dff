/*
 * SEV formats: the table of hashes of -kernel, -initrd and -append
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host hands kernel, initrd and command line to the firmware after the
 * launch, unmeasured.  This table is measured, and the firmware holds them
 * against it.  OVMF defines the format.
 */

#ifndef I386_SEV_FORMATS_KERNEL_HASHES_H
#define I386_SEV_FORMATS_KERNEL_HASHES_H

#include "qemu/uuid.h"
#include "target/i386/sev/asp/abi.h"

/* Little-endian; len counts the whole entry, the table's its padding not */
typedef struct QEMU_PACKED SevHashEntry {
    QemuUUID guid;
    uint16_t len;
    uint8_t sha256[SEV_DIGEST_SIZE];
} SevHashEntry;

typedef struct QEMU_PACKED SevHashTable {
    QemuUUID guid;
    uint16_t len;
    SevHashEntry cmdline;
    SevHashEntry initrd;
    SevHashEntry kernel;
    uint8_t padding[8];
} SevHashTable;

QEMU_BUILD_BUG_ON(sizeof(SevHashEntry) != 50);
QEMU_BUILD_BUG_ON(sizeof(SevHashTable) != 176);

/**
 * sev_hash_table_init - a table with all but the hashes
 */
void sev_hash_table_init(SevHashTable *table);

/**
 * sev_hash_table_check - whether @table is one
 */
bool sev_hash_table_check(const SevHashTable *table);

#endif
