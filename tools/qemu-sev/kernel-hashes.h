/*
 * qemu-sev: the table of kernel hashes that QEMU measures
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_KERNEL_HASHES_H
#define QEMU_SEV_KERNEL_HASHES_H

#include "target/i386/sev/asp/abi.h"

#define KERNEL_HASHES_SIZE 176

/**
 * kernel_hashes_build - hash what -kernel, -initrd and -append name
 * @initrd: NULL without -initrd
 * @cmdline: NULL without -append
 * @table: out: KERNEL_HASHES_SIZE bytes, as kernel-hashes=on measures them
 *
 * Returns: false with @err set if a file cannot be read
 */
bool kernel_hashes_build(const char *kernel, const char *initrd,
                         const char *cmdline, uint8_t *table, GError **err);

#endif
