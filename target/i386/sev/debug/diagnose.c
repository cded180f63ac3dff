/*
 * SEV: uses of memory that are probably not meant
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "block/aio.h"
#include "qemu/error-report.h"
#include "qemu/lockable.h"
#include "qemu/main-loop.h"
#include "system/runstate.h"
#include "diagnose.h"
#include "sev/memory/devices.h"
#include "sev/memory/memory.h"
#include "sev/trace.h"

bool sev_diagnosing;

static const char *guest_id;
static SevDiagnose mode;
static bool report_vcpus;
static QemuMutex lock;
static GHashTable *known;               /* page and kind that were reported */
static uint64_t counters[SEV_USE__MAX];
static bool panicked;
static SevDiagnoseRip *find_rip;

void sev_diagnose_start(const char *id, SevDiagnose wanted, bool vcpus)
{
    if (wanted == SEV_DIAGNOSE_OFF) {
        return;
    }
    guest_id = id;
    mode = wanted;
    report_vcpus = vcpus;
    qemu_mutex_init(&lock);
    known = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    sev_diagnosing = true;
    sev_memory_devices_watch(sev_diagnose_device);
}

void sev_diagnose_set_rip(SevDiagnoseRip *find)
{
    find_rip = find;
}

/* Returns: text, which the caller frees */
static char *rip_text(bool known, uint64_t rip)
{
    return known ? g_strdup_printf("0x%016" PRIx64, rip)
                 : g_strdup("unknown");
}

/* Returns: whether to report it */
static bool count(hwaddr gpa, SevUse use)
{
    uint64_t key = QEMU_ALIGN_DOWN(gpa, SEV_MEMORY_PAGE) | use;

    QEMU_LOCK_GUARD(&lock);
    counters[use]++;
    return g_hash_table_add(known, g_memdup2(&key, sizeof(key))) ||
           mode == SEV_DIAGNOSE_EVERY;
}

static void panic(void *unused)
{
    qemu_system_guest_panicked(NULL);
}

void sev_diagnose_device(hwaddr gpa, bool write, const char *who)
{
    g_autofree char *name = who ? g_strdup_printf("device '%s'", who)
                                : g_strdup("a device or the host");
    g_autofree char *text = NULL;
    uint64_t rip = 0;
    bool has_rip;

    if (!count(gpa, write ? SEV_USE_DEVICE_WRITE : SEV_USE_DEVICE_READ)) {
        return;
    }
    has_rip = find_rip && find_rip(&rip);
    text = rip_text(has_rip, rip);
    trace_sev_diagnose_device(gpa, write ? "written" : "read", name, text);
    warn_report("SEV guest '%s': %s %s the page at 0x%" HWADDR_PRIx ", which "
                "the guest uses with the C-bit set: %s (RIP %s)",
                guest_id, name, write ? "writes to" : "reads", gpa,
                write ? "the guest will read garbage"
                      : "it gets ciphertext", text);
    if (mode == SEV_DIAGNOSE_PANIC && !qatomic_xchg(&panicked, true)) {
        aio_bh_schedule_oneshot(qemu_get_aio_context(), panic, NULL);
    }
}

void sev_diagnose_vcpu(hwaddr gpa, const SevVcpuUse *use)
{
    g_autofree char *rip = rip_text(use->has_rip, use->rip);

    if (!count(gpa, SEV_USE_VIEW_CHANGE)) {
        return;
    }
    trace_sev_diagnose_vcpu(use->cpu_index, gpa, use->va, rip, use->private);
    if (!report_vcpus) {
        return;
    }
    warn_report("SEV guest '%s': vCPU %d uses the page at 0x%" HWADDR_PRIx
                " with C=%d, but it was last used with C=%d (virtual address "
                "0x%016" VADDR_PRIx ", RIP %s)", guest_id, use->cpu_index, gpa,
                use->private, !use->private, use->va, rip);
}

uint64_t sev_diagnose_count(SevUse use)
{
    QEMU_LOCK_GUARD(&lock);
    return counters[use];
}
