/*
 * qemu-sev: the initial state of an SEV-ES virtual CPU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_VMSA_H
#define QEMU_SEV_VMSA_H

#include "target/i386/sev/asp/abi.h"

/* What the measured page depends on */
typedef struct VmsaSpec {
    uint32_t signature;     /* CPUID 1 EAX */
    uint32_t reset_addr;    /* where an AP starts; 0 for the boot CPU */
    bool init2;             /* KVM_SEV_INIT2: x87 and SSE state is set too */
} VmsaSpec;

/**
 * vmsa_fill - write the page that LAUNCH_UPDATE_VMSA measures
 * @page: out: SEV_VMSA_SIZE bytes
 */
void vmsa_fill(const VmsaSpec *spec, uint8_t *page);

/**
 * vmsa_signature - CPUID 1 EAX of a family, model and stepping
 * @family: at most 0xf + 0xff; @model: at most 0xff; @stepping: at most 0xf
 */
uint32_t vmsa_signature(uint32_t family, uint32_t model, uint32_t stepping);

/* Options that describe a CPU model */
typedef struct VmsaCpuArgs {
    char *family, *model, *stepping;
} VmsaCpuArgs;

/**
 * vmsa_parse_cpu - the signature that the options stand for
 *
 * Returns: false with @err set if one is missing or out of range
 */
bool vmsa_parse_cpu(const VmsaCpuArgs *args, uint32_t *signature,
                    GError **err);

#endif
