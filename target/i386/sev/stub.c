/*
 * SEV: what is left of it in a QEMU without
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "monitor/hmp-target.h"
#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-misc-target.h"
#include "qapi/qapi-commands-sev-target.h"
#include "sev.h"

#define UNAVAILABLE "SEV is not available in this QEMU"

SevInfo *qmp_query_sev(Error **errp)
{
    error_setg(errp, UNAVAILABLE);
    return NULL;
}

SevLaunchMeasureInfo *qmp_query_sev_launch_measure(Error **errp)
{
    error_setg(errp, UNAVAILABLE);
    return NULL;
}

SevCapability *qmp_query_sev_capabilities(Error **errp)
{
    error_setg(errp, UNAVAILABLE);
    return NULL;
}

void qmp_sev_inject_launch_secret(const char *packet_header,
                                  const char *secret, bool has_gpa,
                                  uint64_t gpa, Error **errp)
{
    error_setg(errp, UNAVAILABLE);
}

SevAttestationReport *qmp_query_sev_attestation_report(const char *mnonce,
                                                       Error **errp)
{
    error_setg(errp, UNAVAILABLE);
    return NULL;
}

SevMeasuredRangeList *qmp_query_sev_measured_ranges(Error **errp)
{
    return NULL;
}

void hmp_info_sev(Monitor *mon, const QDict *qdict)
{
    monitor_printf(mon, UNAVAILABLE "\n");
}

/* Base code calls these only where sev_enabled(), but the linker asks */

int sev_encrypt_flash(hwaddr gpa, uint8_t *ptr, uint64_t len, Error **errp)
{
    g_assert_not_reached();
}

int sev_es_save_reset_vector(void *flash_ptr, uint64_t flash_size)
{
    g_assert_not_reached();
}

void pc_system_parse_sev_metadata(uint8_t *flash_ptr, size_t flash_size)
{
    g_assert_not_reached();
}

void sev_es_set_reset_vector(CPUState *cpu)
{
}

void sev_kvm_cpu_init_spaces(CPUState *cs)
{
}

void sev_es_refuse_cpu_hotplug(Error **errp)
{
    g_assert_not_reached();
}
