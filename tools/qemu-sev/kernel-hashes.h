/*
 * qemu-sev: the table of kernel hashes that QEMU measures
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_KERNEL_HASHES_H
#define QEMU_SEV_KERNEL_HASHES_H

#include "target/i386/sev/formats/kernel-hashes.h"

/**
 * kernel_hashes_build - hash what -kernel, -initrd and -append name
 * @initrd: NULL without -initrd
 * @cmdline: NULL without -append
 * @table: out: as kernel-hashes=on measures it
 *
 * Returns: false with @err set if a file cannot be read
 */
bool kernel_hashes_build(const char *kernel, const char *initrd,
                         const char *cmdline, SevHashTable *table, GError **err);

#endif
