/*
 * qemu-sev: what a launch measures
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_LAUNCH_DIGEST_H
#define QEMU_SEV_LAUNCH_DIGEST_H

#include "qemu-sev.h"
#include "vmsa.h"

/* The options of a guest that enter its launch digest */
typedef struct LaunchArgs {
    char *digest;               /* the digest itself instead of all others */
    char *firmware, *kernel, *initrd, *cmdline;
    char *num_cpus, *vmsa_cpu0, *vmsa_cpu1;
    VmsaCpuArgs cpu;
    gboolean init2;
} LaunchArgs;

/**
 * launch_options - add the options of a launch to a subcommand
 */
void launch_options(ToolRun *run, LaunchArgs *args);

/**
 * launch_args_clear - free what GOption put there
 */
void launch_args_clear(LaunchArgs *args);

/**
 * launch_digest - SHA-256 of what a launch measures, in its order
 * @policy: of the guest; its ES bit tells whether CPU states are measured
 * @digest: out: SEV_DIGEST_SIZE bytes
 *
 * Returns: false with @err set
 */
bool launch_digest(const ToolRun *run, const LaunchArgs *args,
                   uint32_t policy, uint8_t *digest, GError **err);

#endif
