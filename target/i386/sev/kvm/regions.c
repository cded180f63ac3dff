/*
 * SEV: guest memory that KVM has to know as encrypted
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/rcu.h"
#include "system/hostmem.h"
#include "system/kvm.h"
#include "sev/guest-ram.h"
#include "regions.h"
#include "sev/trace.h"

static RAMBlock *block_of(void *host)
{
    ram_addr_t offset;

    return qemu_ram_block_from_host(host, false, &offset);
}

/* Of what it could not encrypt the kernel would not pin anything */
static bool is_guests(void *host)
{
    RAMBlock *block;

    RCU_READ_LOCK_GUARD();
    block = block_of(host);
    return !block || sev_ram_can_be_private(block);
}

/* Who adds such a block asks whether it can stay, and can free it */
static bool is_backend(void *host)
{
    RAMBlock *block;

    RCU_READ_LOCK_GUARD();
    block = block_of(host);
    return block && object_dynamic_cast(memory_region_owner(block->mr),
                                        TYPE_MEMORY_BACKEND);
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

    if (!is_guests(host)) {
        return 0;
    }
    ret = kvm_vm_ioctl(kvm_state, request, &region);
    trace_sev_kvm_region(what, host, size, ret);
    return ret;
}

static void set_refused(Error **errp, size_t size, int err)
{
    error_setg(errp, "KVM_MEMORY_ENCRYPT_REG_REGION refused 0x%zx bytes of "
               "guest memory: %s (errno %d); memory of an SEV guest is locked: "
               "the limit of locked memory (ulimit -l) must cover all of it, "
               "and with share=on its mem-path must be a folder on tmpfs or "
               "hugetlbfs",
               size, strerror(err), err);
}

static void region_added(RAMBlockNotifier *n, void *host, size_t size,
                         size_t max_size)
{
    SevKvmRegions *regions = container_of(n, SevKvmRegions, notifier);
    int ret = issue(KVM_MEMORY_ENCRYPT_REG_REGION, "register", host, max_size);

    if (ret == 0) {
        return;
    }
    if (!regions->active || regions->refused || !is_backend(host)) {
        set_refused(&error_fatal, max_size, -ret);
    }
    regions->refused = host;
    regions->refused_size = max_size;
    regions->refused_errno = -ret;
}

bool sev_kvm_regions_accept(SevKvmRegions *regions, void *host, Error **errp)
{
    if (host != regions->refused) {
        return true;
    }
    set_refused(errp, regions->refused_size, regions->refused_errno);
    return false;
}

static void region_removed(RAMBlockNotifier *n, void *host, size_t size,
                           size_t max_size)
{
    SevKvmRegions *regions = container_of(n, SevKvmRegions, notifier);
    int ret;

    if (host == regions->refused) {
        regions->refused = NULL;
        return;
    }
    ret = issue(KVM_MEMORY_ENCRYPT_UNREG_REGION, "unregister", host, max_size);
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
    ram_block_notifier_add(&regions->notifier);
    regions->active = true;
}

void sev_kvm_regions_stop(SevKvmRegions *regions)
{
    if (regions->active) {
        regions->active = false;
        regions->notifier.ram_block_removed = NULL;
        ram_block_notifier_remove(&regions->notifier);
    }
}
