/*
 * A double of /dev/kvm and /dev/sev: memory of encrypted guests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include "double.h"

/* "region 0 + 0x1000": where a guest's memory is, the same in every run */
char *double_place(uint64_t addr, uint64_t len)
{
    for (unsigned i = 0; i < double_vm.regions->len; i++) {
        struct kvm_enc_region *r = &g_array_index(double_vm.regions,
                                                  struct kvm_enc_region, i);

        if (addr >= r->addr && addr - r->addr <= r->size &&
            len <= r->size - (addr - r->addr)) {
            return g_strdup_printf("region %u + 0x%" G_GINT64_MODIFIER "x", i,
                                   (guint64)(addr - r->addr));
        }
    }
    return g_strdup("NO REGISTERED REGION");
}

static int find_region(const struct kvm_enc_region *region)
{
    for (unsigned i = 0; i < double_vm.regions->len; i++) {
        struct kvm_enc_region *r = &g_array_index(double_vm.regions,
                                                  struct kvm_enc_region, i);

        if (r->addr == region->addr && r->size == region->size) {
            return i;
        }
    }
    return -1;
}

/*
 * What is shared with a file is not to change behind its file system's back.
 * A file that was deleted is where its folder is; a memfd is in none.
 */
static bool is_on_disk(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    struct statfs fs;

    return !g_str_has_prefix(path, "/memfd:") &&
           statfs(g_str_has_suffix(path, " (deleted)") ? folder : path,
                  &fs) == 0 &&
           fs.f_type != TMPFS_MAGIC && fs.f_type != HUGETLBFS_MAGIC;
}

/* Whether the kernel would keep this memory where it is, for writing */
static bool can_be_pinned(uint64_t addr)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    g_file_get_contents("/proc/self/maps", &text, NULL, NULL);
    lines = g_strsplit(text ? text : "", "\n", 0);
    for (unsigned i = 0; lines[i]; i++) {
        char mode[5] = "", path[512] = "";
        unsigned long start, end;

        if (sscanf(lines[i], "%lx-%lx %4s %*s %*s %*s %511[^\n]", &start, &end,
                   mode, path) >= 3 && start <= addr && addr < end) {
            return mode[1] == 'w' && !(mode[3] == 's' && is_on_disk(path));
        }
    }
    return false;
}

static int add_region(const struct kvm_enc_region *region)
{
    uint8_t byte;

    if (!double_vm.active) {
        return -ENOTTY;
    }
    if (!double_is_range(region->addr, region->size)) {
        return double_refuse("an empty region, or one past the last address");
    }
    if (!double_user_read(region->addr, &byte, 1) ||
        !double_user_read(region->addr + region->size - 1, &byte, 1)) {
        return -EFAULT;
    }
    if (!can_be_pinned(region->addr)) {
        double_log("REFUSED: memory that is read-only, or a file's on disk");
        return -ENOMEM;
    }
    g_array_append_val(double_vm.regions, *region);
    return 0;
}

int double_region(bool add, const struct kvm_enc_region *region)
{
    const char *name = add ? "KVM_MEMORY_ENCRYPT_REG_REGION"
                           : "KVM_MEMORY_ENCRYPT_UNREG_REGION";
    int index = find_region(region), err = 0;

    double_log("%s size 0x%llx", name, region->size);
    if (add) {
        err = add_region(region);
    } else if (index < 0) {
        err = double_refuse("this region was not registered");
    } else {
        g_array_remove_index(double_vm.regions, index);
    }
    return err ? double_fail(err) : 0;
}
