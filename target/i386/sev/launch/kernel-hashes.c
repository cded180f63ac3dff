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
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "sev/asp/crypto.h"
#include "sev/formats/kernel-hashes.h"
#include "firmware-table.h"
#include "sev/guest-ram.h"
#include "launch.h"
#include "sev.h"

/* The kernel comes in two parts */
static void hash_kernel(const SevKernelLoaderContext *ctx, uint8_t *sha256)
{
    AspHash *hash = asp_hash_new();

    asp_hash_update(hash, ctx->setup_data, ctx->setup_size);
    asp_hash_update(hash, ctx->kernel_data, ctx->kernel_size);
    asp_hash_digest(hash, sha256);
    asp_hash_free(hash);
}

static void fill_table(SevHashTable *table, const SevKernelLoaderContext *ctx)
{
    sev_hash_table_init(table);
    asp_sha256(ctx->cmdline_data, ctx->cmdline_size, table->cmdline.sha256);
    asp_sha256(ctx->initrd_data, ctx->initrd_size, table->initrd.sha256);
    hash_kernel(ctx, table->kernel.sha256);
}

bool sev_add_kernel_loader_hashes(SevKernelLoaderContext *ctx, Error **errp)
{
    ERRP_GUARD();
    SevLaunch *launch = sev_launch_current();
    SevHashTable table;
    SevArea area;
    void *hva;

    if (!launch->kernel_hashes) {
        return false;
    }
    if (!sev_firmware_hash_area(&area, errp)) {
        error_prepend(errp, "kernel-hashes=on of '%s': ", launch->id);
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
    return sev_launch_update(launch, area.base, hva, sizeof(table),
                             SEV_MEASURED_KIND_KERNEL_HASHES, errp);
}
