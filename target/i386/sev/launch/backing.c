/*
 * SEV: files behind guest memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "block/block-io.h"
#include "exec/cpu-common.h"
#include "hw/block/flash.h"
#include "hw/boards.h"
#include "system/block-backend-global-state.h"
#include "system/block-backend-io.h"
#include "system/hostmem.h"
#include "system/numa.h"
#include "backing.h"

/* With snapshot=on it is written to a file that nobody else ever sees */
static bool is_kept(BlockBackend *blk)
{
    return blk && blk_supports_write_perm(blk) &&
           !(bdrv_get_flags(blk_bs(blk)) & BDRV_O_TEMPORARY);
}

static bool check_flash(const char *id, PFlashCFI01 *flash, Error **errp)
{
    BlockBackend *blk = pflash_cfi01_get_blk(flash);

    if (!is_kept(blk)) {
        return true;
    }
    error_setg(errp, "'%s' cannot be launched from '%s', flash memory that is "
               "written to its file: the launch encrypts the firmware in "
               "place, and its ciphertext would replace parts of the file; "
               "make the flash read-only (-drive if=pflash,readonly=on, "
               "-blockdev read-only=on, libvirt: <loader readonly='yes'>)",
               id, bdrv_get_device_or_node_name(blk_bs(blk)));
    return false;
}

/* Where mem-path is a folder, the file has no name from the start */
static bool has_name(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static bool check_file(const char *id, Object *backend, Error **errp)
{
    g_autofree char *path = NULL;

    if (!object_property_get_bool(backend, "share", &error_abort) ||
        object_property_get_bool(backend, "readonly", &error_abort)) {
        return true;
    }
    path = object_property_get_str(backend, "mem-path", &error_abort);
    if (!has_name(path)) {
        return true;
    }
    error_setg(errp, "memory '%s' of SEV guest '%s' is written to the file "
               "'%s', which would outlive the guest, with what the guest "
               "encrypts: use share=off, a folder on tmpfs or hugetlbfs as "
               "mem-path, or memory-backend-memfd",
               object_get_canonical_path_component(backend), id, path);
    return false;
}

bool sev_backing_check(const char *id, MemoryRegion *mr, Error **errp)
{
    Object *owner;

    while (mr->alias) {                 /* that of an nvdimm is one */
        mr = mr->alias;
    }
    owner = memory_region_owner(mr);
    if (object_dynamic_cast(owner, TYPE_PFLASH_CFI01)) {
        return check_flash(id, PFLASH_CFI01(owner), errp);
    }
    if (object_dynamic_cast(owner, "memory-backend-file")) {
        return check_file(id, owner, errp);
    }
    return true;
}

bool sev_backing_check_host(const char *id, void *host, Error **errp)
{
    ram_addr_t offset;
    MemoryRegion *mr = memory_region_from_host(host, &offset);

    return !mr || sev_backing_check(id, mr, errp);
}

static bool check_backend(const char *id, HostMemoryBackend *backend,
                          Error **errp)
{
    return !backend ||
           sev_backing_check(id, host_memory_backend_get_memory(backend),
                             errp);
}

bool sev_backing_check_machine(const char *id, Error **errp)
{
    NumaState *numa = current_machine->numa_state;

    for (int i = 0; numa && i < numa->num_nodes; i++) {
        if (!check_backend(id, numa->nodes[i].node_memdev, errp)) {
            return false;
        }
    }
    return check_backend(id, current_machine->memdev, errp);
}
