/*
 * qemu-sev: the table of kernel hashes that QEMU measures
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/uuid.h"
#include "input.h"
#include "kernel-hashes.h"

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

static const QemuUUID table_guid = {
    .data = UUID_LE(0x9438d606, 0x4f22, 0x4cc9, 0xb4, 0x79,
                    0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21)
};
static const QemuUUID cmdline_guid = {
    .data = UUID_LE(0x97d02dd8, 0xbd20, 0x4c94, 0xaa, 0x78,
                    0xe7, 0x71, 0x4d, 0x36, 0xab, 0x2a)
};
static const QemuUUID initrd_guid = {
    .data = UUID_LE(0x44baf731, 0x3a2f, 0x4bd7, 0x9a, 0xf1,
                    0x41, 0xe2, 0x91, 0x69, 0x78, 0x1d)
};
static const QemuUUID kernel_guid = {
    .data = UUID_LE(0x4de79437, 0xabd2, 0x427f, 0xb8, 0x35,
                    0xd5, 0xb1, 0x72, 0xd2, 0x04, 0x5b)
};

static bool hash_file(const char *path, const char *what, uint8_t *digest,
                      GError **err)
{
    AspHash *hash = asp_hash_new();
    bool ok = !path || tool_hash_file(path, what, hash, err);

    asp_hash_digest(hash, digest);
    asp_hash_free(hash);
    return ok;
}

static void start_entry(HashEntry *entry, const QemuUUID *guid)
{
    entry->guid = *guid;
    entry->len = GUINT16_TO_LE(sizeof(*entry));
}

bool kernel_hashes_build(const char *kernel, const char *initrd,
                         const char *cmdline, uint8_t *table, GError **err)
{
    HashTable t = {
        .guid = table_guid,
        .len = GUINT16_TO_LE(offsetof(HashTable, padding)),
    };

    start_entry(&t.cmdline, &cmdline_guid);
    start_entry(&t.initrd, &initrd_guid);
    start_entry(&t.kernel, &kernel_guid);
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
