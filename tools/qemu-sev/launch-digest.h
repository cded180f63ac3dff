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

#define LAUNCH_OPTIONS(args) \
    { "firmware", 'f', 0, G_OPTION_ARG_FILENAME, &(args)->firmware, \
      "Firmware image", "FILE" }, \
    { "kernel", 'k', 0, G_OPTION_ARG_FILENAME, &(args)->kernel, \
      "Kernel, with kernel-hashes=on", "FILE" }, \
    { "initrd", 'r', 0, G_OPTION_ARG_FILENAME, &(args)->initrd, \
      "Its initrd", "FILE" }, \
    { "cmdline", 'e', 0, G_OPTION_ARG_FILENAME, &(args)->cmdline, \
      "Its command line", "TEXT" }, \
    { "num-cpus", 0, 0, G_OPTION_ARG_STRING, &(args)->num_cpus, \
      "Virtual CPUs of an SEV-ES guest (default: 1)", "N" }, \
    { "vmsa-cpu0", '0', 0, G_OPTION_ARG_FILENAME, &(args)->vmsa_cpu0, \
      "Initial state of the boot CPU", "FILE" }, \
    { "vmsa-cpu1", '1', 0, G_OPTION_ARG_FILENAME, &(args)->vmsa_cpu1, \
      "Initial state of each other CPU", "FILE" }, \
    { "cpu-family", 0, 0, G_OPTION_ARG_STRING, &(args)->cpu.family, \
      "CPU family, to make the initial states", "N" }, \
    { "cpu-model", 0, 0, G_OPTION_ARG_STRING, &(args)->cpu.model, \
      "CPU model number", "N" }, \
    { "cpu-stepping", 0, 0, G_OPTION_ARG_STRING, &(args)->cpu.stepping, \
      "CPU stepping", "N" }, \
    { "init2", 0, 0, G_OPTION_ARG_NONE, &(args)->init2, \
      "Initial states as KVM_SEV_INIT2 makes them", NULL }, \
    { "launch-digest", 0, 0, G_OPTION_ARG_STRING, &(args)->digest, \
      "SHA-256 of all that in base64, instead", "B64" }, \
    { "digest", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, \
      &(args)->digest, NULL, NULL }

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
