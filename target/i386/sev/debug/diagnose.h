/*
 * SEV: uses of memory that are probably not meant
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A guest that forgets to share a buffer runs until somebody misses the data.
 * This says at once who used which page: as a warning, a trace event and a
 * counter, if the user asked for it.
 *
 * Which uses these are is up to those who map memory; each asks
 * sev_diagnosing first.
 */

#ifndef I386_SEV_DIAGNOSE_H
#define I386_SEV_DIAGNOSE_H

#include "exec/hwaddr.h"
#include "exec/vaddr.h"
#include "qapi/qapi-types-qom.h"

/**
 * enum SevUse - kinds of uses
 * @SEV_USE_DEVICE_READ: of a page that the guest uses as private
 * @SEV_USE_DEVICE_WRITE: the same
 * @SEV_USE_VIEW_CHANGE: a vCPU comes with another C-bit than the last user
 */
typedef enum SevUse {
    SEV_USE_DEVICE_READ,
    SEV_USE_DEVICE_WRITE,
    SEV_USE_VIEW_CHANGE,
    SEV_USE__MAX,
} SevUse;

/**
 * struct SevVcpuUse - a vCPU at work
 * @va: virtual address that it uses
 * @rip: address of the instruction, if @has_rip
 * @private: the C-bit of this use
 */
typedef struct SevVcpuUse {
    int cpu_index;
    vaddr va;
    bool has_rip;
    uint64_t rip;
    bool private;
} SevVcpuUse;

/* Whether anybody wants to know */
extern bool sev_diagnosing;

/**
 * sev_diagnose_start - report from now on
 * @id: of the guest's object; borrowed for good
 * @mode: which uses of each kind to report; off does nothing
 * @vcpus: report vCPUs as well, not only devices and the host: a guest that
 *   does nothing wrong has such uses, wherever it shares a page
 *
 * Before the guest runs.
 */
void sev_diagnose_start(const char *id, SevDiagnose mode, bool vcpus);

/**
 * SevDiagnoseRip - the instruction in which a device is at work
 * @rip: out
 *
 * Returns: false if this thread is not in the middle of one
 */
typedef bool SevDiagnoseRip(uint64_t *rip);

/**
 * sev_diagnose_set_rip - who knows the addresses of instructions
 *
 * Before the guest runs; without it they are unknown.
 */
void sev_diagnose_set_rip(SevDiagnoseRip *find);

/**
 * sev_diagnose_device - a device or the host uses a page that is private
 * @who: the device's name, or NULL if it is not known
 *
 * Any thread.
 */
void sev_diagnose_device(hwaddr gpa, bool write, const char *who);

/**
 * sev_diagnose_vcpu - a vCPU uses a page that was used with another C-bit
 *
 * Counted and traced; reported to the user only if vCPUs were asked for.
 * Any thread.
 */
void sev_diagnose_vcpu(hwaddr gpa, const SevVcpuUse *use);

/**
 * sev_diagnose_count - how many uses there were of this kind, reported or not
 */
uint64_t sev_diagnose_count(SevUse use);

#endif
