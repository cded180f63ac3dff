/*
 * qemu-sev: the table of kernel hashes that QEMU measures
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "input.h"
#include "kernel-hashes.h"

static bool hash_file(const char *path, const char *what, uint8_t *digest,
                      GError **err)
{
    AspHash *hash = asp_hash_new();
    bool ok = !path || tool_hash_file(path, what, hash, err);

    asp_hash_digest(hash, digest);
    asp_hash_free(hash);
    return ok;
}

bool kernel_hashes_build(const char *kernel, const char *initrd,
                         const char *cmdline, SevHashTable *table, GError **err)
{
    sev_hash_table_init(table);
    /* the terminating NUL counts; without -append it is all there is */
    cmdline = cmdline ?: "";
    asp_sha256(cmdline, strlen(cmdline) + 1, table->cmdline.sha256);
    return hash_file(initrd, "the initrd", table->initrd.sha256, err) &&
           hash_file(kernel, "the kernel", table->kernel.sha256, err);
}
