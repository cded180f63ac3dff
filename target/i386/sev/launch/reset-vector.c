/*
 * SEV-ES: where the firmware wants its application processors to start
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Registers of a SEV-ES guest are encrypted before it runs, so nobody can
 * point its APs somewhere when the firmware wakes them.  The firmware says
 * beforehand, in its GUIDed table, where they shall start.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "cpu.h"
#include "sev/formats/firmware-table.h"
#include "sev.h"

/* 0: not known */
static uint32_t ap_start;

int sev_es_save_reset_vector(void *flash_ptr, uint64_t flash_size)
{
    CPUState *cs;

    if (!sev_es_enabled()) {
        return 0;
    }
    ap_start = sev_firmware_reset_address(flash_ptr, flash_size);
    if (!ap_start) {
        error_report("the firmware image does not say where the processors of "
                     "a SEV-ES guest start (SEV-ES reset block): use a "
                     "firmware that was built for SEV-ES, such as OVMF, or a "
                     "policy without bit 2");
        return -1;
    }
    /* Those that were made before the firmware was loaded */
    CPU_FOREACH(cs) {
        sev_es_set_reset_vector(cs);
    }
    return 0;
}

void sev_es_set_reset_vector(CPUState *cpu)
{
    CPUX86State *env = cpu_env(cpu);

    /* The boot processor starts where every x86 does */
    if (!sev_es_enabled() || !ap_start || cpu->cpu_index == 0) {
        return;
    }
    cpu_x86_load_seg_cache(env, R_CS, 0xf000, ap_start & 0xffff0000, 0xffff,
                           DESC_P_MASK | DESC_S_MASK | DESC_CS_MASK |
                           DESC_R_MASK | DESC_A_MASK);
    env->eip = ap_start & 0xffff;
}

void sev_es_refuse_cpu_hotplug(Error **errp)
{
    error_setg(errp, "CPU hotplug is not possible in a SEV-ES guest: the "
               "registers of all its processors were measured at launch; "
               "start it with as many as it needs (-smp)");
}
