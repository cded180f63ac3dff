/*
 * SEV: HMP "info sev"
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "monitor/hmp-target.h"
#include "monitor/monitor.h"
#include "qapi/error.h"
#include "qapi/qapi-commands-misc-target.h"
#include "qapi/qapi-commands-sev-target.h"
#include "policy.h"
#include "sev-common.h"

static const char *on_off(bool on)
{
    return on ? "on" : "off";
}

/* In the words that QEMU always had, and then the whole policy */
static void print_guest_type(Monitor *mon, const SevInfo *info)
{
    g_autofree char *policy = NULL;

    switch (info->sev_type) {
    case SEV_GUEST_TYPE_SEV:
        policy = sev_policy_describe(info->u.sev.policy);
        monitor_printf(mon, "handle: %" PRIu32 "\n", info->u.sev.handle);
        monitor_printf(mon, "debug: %s\n",
                       on_off(!(info->u.sev.policy & SEV_POLICY_NODBG)));
        monitor_printf(mon, "key-sharing: %s\n",
                       on_off(!(info->u.sev.policy & SEV_POLICY_NOKS)));
        monitor_printf(mon, "policy: 0x%" PRIx32 " (%s)\n",
                       info->u.sev.policy, policy);
        break;
    case SEV_GUEST_TYPE_SEV_SNP:
        policy = sev_snp_policy_describe(info->u.sev_snp.snp_policy);
        monitor_printf(mon, "debug: %s\n",
                       on_off(info->u.sev_snp.snp_policy & SNP_POLICY_DEBUG));
        monitor_printf(mon, "SMT allowed: %s\n",
                       on_off(info->u.sev_snp.snp_policy & SNP_POLICY_SMT));
        monitor_printf(mon, "snp policy: 0x%" PRIx64 " (%s)\n",
                       info->u.sev_snp.snp_policy, policy);
        break;
    case SEV_GUEST_TYPE__MAX:
        break;
    }
}

static void print_memory(Monitor *mon, const SevMemoryInfo *memory)
{
    if (!memory) {
        return;
    }
    monitor_printf(mon, "memory: %" PRIu64 " pages turned over, %" PRIu64
                   " accesses by copy\n", memory->pages_turned,
                   memory->copies);
    if (memory->has_device_reads) {
        monitor_printf(mon, "private pages: read by devices %" PRIu64
                       ", written by devices %" PRIu64
                       ", used with another C-bit %" PRIu64 "\n",
                       memory->device_reads, memory->device_writes,
                       memory->view_changes);
    }
}

static void print_ranges(Monitor *mon)
{
    SevMeasuredRangeList *ranges = qmp_query_sev_measured_ranges(&error_abort);

    monitor_printf(mon, "measured:\n");
    for (SevMeasuredRangeList *r = ranges; r; r = r->next) {
        monitor_printf(mon, "  0x%016" PRIx64 " 0x%08" PRIx64 " %s\n"
                       "    sha256 %s\n    launch digest %s\n",
                       r->value->gpa, r->value->size,
                       SevMeasuredKind_str(r->value->kind),
                       r->value->sha256, r->value->launch_digest);
    }
    qapi_free_SevMeasuredRangeList(ranges);
}

void hmp_info_sev(Monitor *mon, const QDict *qdict)
{
    SevInfo *info = qmp_query_sev(&error_abort);
    SevCommonState *sev = sev_common_active();

    if (!info->enabled) {
        monitor_printf(mon, "SEV is not enabled\n");
        qapi_free_SevInfo(info);
        return;
    }
    monitor_printf(mon, "SEV type: %s\n", SevGuestType_str(info->sev_type));
    monitor_printf(mon, "state: %s\n", SevState_str(info->state));
    monitor_printf(mon, "build: %d\n", info->build_id);
    monitor_printf(mon, "api version: %d.%d\n", info->api_major,
                   info->api_minor);
    print_guest_type(mon, info);
    monitor_printf(mon, "platform: %s\n", sev->launch.backend->ops->name);
    monitor_printf(mon, "C-bit: %" PRIu32 ", reduced physical bits: %" PRIu32
                   "\n", sev->launch.cbitpos, sev->reduced_phys_bits);
    print_memory(mon, info->memory);
    print_ranges(mon);
    qapi_free_SevInfo(info);
}
