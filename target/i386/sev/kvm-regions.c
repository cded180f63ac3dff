/*
 * SEV: guest memory that KVM has to know as encrypted
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/rcu.h"
#include "exec/memory.h"
#include "system/kvm.h"
#include "kvm-regions.h"
#include "trace.h"

/* Memory of a device is nothing that the guest could encrypt */
static bool is_device(void *host)
{
    ram_addr_t offset;
    MemoryRegion *mr;

    RCU_READ_LOCK_GUARD();
    mr = memory_region_from_host(host, &offset);
    return mr && memory_region_is_ram_device(mr);
}

/*
 * Returns 0 or a negative errno.  A block may grow to @size: all of that is
 * the guest's
 */
static int issue(unsigned long request, const char *what, void *host,
                 size_t size)
{
    struct kvm_enc_region region = {
        .addr = (uintptr_t)host,
        .size = size,
    };
    int ret;

    if (is_device(host)) {
        return 0;
    }
    ret = kvm_vm_ioctl(kvm_state, request, &region);
    trace_sev_kvm_region(what, host, size, ret);
    return ret;
}

static void region_added(RAMBlockNotifier *n, void *host, size_t size,
                         size_t max_size)
{
    int ret = issue(KVM_MEMORY_ENCRYPT_REG_REGION, "register", host, max_size);

    if (ret < 0) {
        error_report("KVM_MEMORY_ENCRYPT_REG_REGION refused 0x%zx bytes of "
                     "guest memory: %s (errno %d)", max_size, strerror(-ret),
                     -ret);
        error_printf("Memory of an SEV guest is locked: the limit of locked "
                     "memory (ulimit -l) must cover all of it.\n");
        exit(EXIT_FAILURE);
    }
}

static void region_removed(RAMBlockNotifier *n, void *host, size_t size,
                           size_t max_size)
{
    int ret = issue(KVM_MEMORY_ENCRYPT_UNREG_REGION, "unregister", host,
                    max_size);

    if (ret < 0) {
        /* The memory goes away all the same; the kernel keeps it pinned */
        warn_report("KVM_MEMORY_ENCRYPT_UNREG_REGION refused 0x%zx bytes of "
                    "guest memory: %s (errno %d); the host gets them back "
                    "when QEMU ends", max_size, strerror(-ret), -ret);
    }
}

void sev_kvm_regions_start(SevKvmRegions *regions)
{
    regions->notifier = (RAMBlockNotifier) {
        .ram_block_added = region_added,
        .ram_block_removed = region_removed,
    };
    regions->active = true;
    ram_block_notifier_add(&regions->notifier);
}

void sev_kvm_regions_stop(SevKvmRegions *regions)
{
    if (regions->active) {
        regions->active = false;
        regions->notifier.ram_block_removed = NULL;
        ram_block_notifier_remove(&regions->notifier);
    }
}
