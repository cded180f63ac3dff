/*
 * SEV: hashes of -kernel, -initrd and -append in the launch measurement
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The host hands kernel, initrd and command line to the firmware after the
 * launch, unmeasured.  This table of their hashes is measured, and the
 * firmware holds them against it.  OVMF defines the format.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/uuid.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "asp/crypto.h"
#include "firmware-table.h"
#include "guest-ram.h"
#include "launch.h"

#define TABLE_GUID   UUID_LE(0x9438d606, 0x4f22, 0x4cc9, 0xb4, 0x79, 0xa7, \
                             0x93, 0xd4, 0x11, 0xfd, 0x21)
#define CMDLINE_GUID UUID_LE(0x97d02dd8, 0xbd20, 0x4c94, 0xaa, 0x78, 0xe7, \
                             0x71, 0x4d, 0x36, 0xab, 0x2a)
#define INITRD_GUID  UUID_LE(0x44baf731, 0x3a2f, 0x4bd7, 0x9a, 0xf1, 0x41, \
                             0xe2, 0x91, 0x69, 0x78, 0x1d)
#define KERNEL_GUID  UUID_LE(0x4de79437, 0xabd2, 0x427f, 0xb8, 0x35, 0xd5, \
                             0xb1, 0x72, 0xd2, 0x04, 0x5b)

/* Little-endian; len counts the whole entry, the table's its padding not */
typedef struct QEMU_PACKED HashEntry {
    QemuUUID guid;
    uint16_t len;
    uint8_t sha256[SEV_DIGEST_SIZE];
} HashEntry;

typedef struct QEMU_PACKED HashTable {
    QemuUUID guid;
    uint16_t len;
    HashEntry cmdline;
    HashEntry initrd;
    HashEntry kernel;
    uint8_t padding[8];
} HashTable;

QEMU_BUILD_BUG_ON(sizeof(HashEntry) != 50);
QEMU_BUILD_BUG_ON(sizeof(HashTable) != 176);

static void fill_entry(HashEntry *entry, QemuUUID guid,
                       const void *data, size_t size)
{
    entry->guid = guid;
    entry->len = cpu_to_le16(sizeof(*entry));
    asp_sha256(data, size, entry->sha256);
}

/* The kernel comes in two parts */
static void hash_kernel(const SevKernelLoaderContext *ctx, uint8_t *sha256)
{
    AspHash *hash = asp_hash_new();

    asp_hash_update(hash, ctx->setup_data, ctx->setup_size);
    asp_hash_update(hash, ctx->kernel_data, ctx->kernel_size);
    asp_hash_digest(hash, sha256);
    asp_hash_free(hash);
}

static void fill_table(HashTable *table, const SevKernelLoaderContext *ctx)
{
    *table = (HashTable) {
        .guid = { .data = TABLE_GUID },
        .len = cpu_to_le16(offsetof(HashTable, padding)),
    };
    fill_entry(&table->cmdline, (QemuUUID) { .data = CMDLINE_GUID },
               ctx->cmdline_data, ctx->cmdline_size);
    fill_entry(&table->initrd, (QemuUUID) { .data = INITRD_GUID },
               ctx->initrd_data, ctx->initrd_size);
    table->kernel.guid = (QemuUUID) { .data = KERNEL_GUID };
    table->kernel.len = cpu_to_le16(sizeof(table->kernel));
    hash_kernel(ctx, table->kernel.sha256);
}

bool sev_add_kernel_loader_hashes(SevKernelLoaderContext *ctx, Error **errp)
{
    ERRP_GUARD();
    SevCommonState *sev = sev_common_active();
    HashTable table;
    SevArea area;
    void *hva;

    if (!sev->kernel_hashes) {
        return false;
    }
    if (!sev_firmware_hash_area(&area, errp)) {
        error_prepend(errp, "kernel-hashes=on of '%s': ", sev_common_id(sev));
        return false;
    }
    if (area.size < sizeof(table)) {
        error_setg(errp, "the kernel hash area of the firmware image has "
                   "0x%" PRIx32 " bytes, but the hashes need 0x%zx",
                   area.size, sizeof(table));
        return false;
    }
    hva = sev_guest_ram(area.base, sizeof(table), errp);
    if (!hva) {
        error_prepend(errp, "kernel hash area of the firmware image: ");
        return false;
    }
    fill_table(&table, ctx);
    address_space_write(&address_space_memory, area.base,
                        MEMTXATTRS_UNSPECIFIED, &table, sizeof(table));
    return sev_launch_update(sev, area.base, hva, sizeof(table),
                             SEV_MEASURED_KIND_KERNEL_HASHES, errp);
}
