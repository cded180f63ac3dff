/*
 * qemu-sev: the table of kernel hashes that QEMU measures
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "input.h"
#include "kernel-hashes.h"
#include "target/i386/sev/launch/guids.h"

typedef struct HashEntry {
    QemuUUID guid;
    uint16_t len;               /* of the entry, little-endian */
    uint8_t digest[SEV_DIGEST_SIZE];
} QEMU_PACKED HashEntry;

typedef struct HashTable {
    QemuUUID guid;
    uint16_t len;               /* of the table without padding */
    HashEntry cmdline, initrd, kernel;
    uint8_t padding[8];
} QEMU_PACKED HashTable;

QEMU_BUILD_BUG_ON(sizeof(HashTable) != KERNEL_HASHES_SIZE);

static bool hash_file(const char *path, const char *what, uint8_t *digest,
                      GError **err)
{
    AspHash *hash = asp_hash_new();
    bool ok = !path || tool_hash_file(path, what, hash, err);

    asp_hash_digest(hash, digest);
    asp_hash_free(hash);
    return ok;
}

static void start_entry(HashEntry *entry, const char *guid)
{
    entry->guid = sev_guid(guid);
    entry->len = GUINT16_TO_LE(sizeof(*entry));
}

bool kernel_hashes_build(const char *kernel, const char *initrd,
                         const char *cmdline, uint8_t *table, GError **err)
{
    HashTable t = {
        .guid = sev_guid(SEV_GUID_HASH_TABLE),
        .len = GUINT16_TO_LE(offsetof(HashTable, padding)),
    };

    start_entry(&t.cmdline, SEV_GUID_HASH_CMDLINE);
    start_entry(&t.initrd, SEV_GUID_HASH_INITRD);
    start_entry(&t.kernel, SEV_GUID_HASH_KERNEL);
    /* the terminating NUL counts; without -append it is all there is */
    cmdline = cmdline ?: "";
    asp_sha256(cmdline, strlen(cmdline) + 1, t.cmdline.digest);
    if (!hash_file(initrd, "the initrd", t.initrd.digest, err) ||
        !hash_file(kernel, "the kernel", t.kernel.digest, err)) {
        return false;
    }
    memcpy(table, &t, sizeof(t));
    return true;
}
