/*
 * SEV hypervisor: what a host does for guests with encrypted registers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The part of KVM and QEMU on a host with SEV-ES, for guests under TCG: which
 * instructions it intercepts, what it answers to the guest's requests (GHCB
 * specification, AMD 56421), and how it starts vCPUs.
 */

#ifndef I386_SEV_EMULATED_HYPERVISOR_H
#define I386_SEV_EMULATED_HYPERVISOR_H

#include "sev/hypervisor.h"
#include "ghcb.h"

/**
 * sev_hv_ops - QEMU's own hypervisor
 */
extern const SevHypervisor sev_hv_ops;

/**
 * sev_hv_passes_msr - whether a guest accesses a register itself
 *
 * Its value is in the save area then, where a hypervisor cannot get at it.
 */
bool sev_hv_passes_msr(uint32_t msr);

/**
 * sev_hv_event - a request by the GHCB page: a non-automatic exit
 *
 * The answer is in the vCPU's page, and what the vCPU does next settled.
 */
void sev_hv_event(X86CPU *cpu, hwaddr gpa);

/**
 * sev_hv_hold - put a vCPU to sleep until it is started again
 */
void sev_hv_hold(X86CPU *cpu, int wait);

/**
 * sev_hv_terminate - the guest wants its end
 * @request: reason set in bits 15:12, code in 23:16, as in MSR protocol
 */
void sev_hv_terminate(X86CPU *cpu, uint64_t request);

/**
 * sev_hv_info - what the GHCB MSR holds after a reset: versions and C-bit
 */
uint64_t sev_hv_info(void);

/**
 * sev_hv_features - what this hypervisor can do, GHCB specification 2.3.x
 */
uint64_t sev_hv_features(void);

#endif
