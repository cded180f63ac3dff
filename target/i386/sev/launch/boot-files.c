/*
 * SEV: what firmware boots besides the kernel whose hash is measured
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "hw/boards.h"
#include "hw/nvram/fw_cfg.h"
#include "boot-files.h"

#define BOOT_FOLDER     "etc/boot/"

/* The machine adds -kernel itself, whole, as its hash has it */
#define BOOT_KERNEL     BOOT_FOLDER "kernel"

static bool refuse(const char *id, const char *what, const char *name,
                   const char *reason, const char *option, Error **errp)
{
    error_setg(errp, "kernel-hashes=on of '%s' does not cover %s %s: %s; "
               "leave %s out", id, what, name, reason, option);
    return false;
}

static bool check_options(const char *id, const MachineState *ms, Error **errp)
{
    if (ms->shim_filename) {
        return refuse(id, "-shim", ms->shim_filename,
                      "the hashes are of kernel, initrd and command line, and "
                      "the firmware would run the shim unmeasured", "-shim",
                      errp);
    }
    if (ms->dtb) {
        return refuse(id, "-dtb", ms->dtb, "the device tree would be appended "
                      "to the kernel, whose hash the guest's owner then "
                      "cannot know", "-dtb", errp);
    }
    return true;
}

static bool check_file(const char *id, const MachineState *ms,
                       const char *name, Error **errp)
{
    if (!strstart(name, BOOT_FOLDER, NULL) ||
        (ms->kernel_filename && g_str_equal(name, BOOT_KERNEL))) {
        return true;
    }
    return refuse(id, "the fw_cfg file", name, "the firmware takes what is in "
                  BOOT_FOLDER " for part of the boot, unmeasured",
                  "this -fw_cfg", errp);
}

bool sev_boot_files_check(const char *id, Error **errp)
{
    const MachineState *ms = current_machine;
    const FWCfgState *fw_cfg = fw_cfg_find();
    uint32_t count = fw_cfg && fw_cfg->files ? be32_to_cpu(fw_cfg->files->count)
                                             : 0;

    if (!check_options(id, ms, errp)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!check_file(id, ms, fw_cfg->files->f[i].name, errp)) {
            return false;
        }
    }
    return true;
}
