/*
 * SEV: which memory KVM gets to know as encrypted
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A kernel of our own stands behind kvm_vm_ioctl(), and three blocks of RAM
 * behind qemu_ram_block_from_host(): the guest's, a device's, and one that is
 * only read.
 */

#include "qemu/osdep.h"
#include "exec/memory.h"
#include "exec/ramblock.h"
#include "system/hostmem.h"
#include "system/kvm.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "sev/kvm/regions.h"

#define SIZE        0x3000
#define MAX_SIZE    0x8000

KVMState *kvm_state;

static uint8_t ram[MAX_SIZE], device_ram[MAX_SIZE], constant_ram[MAX_SIZE];
static MemoryRegion ram_region, device_region;
static RAMBlock block = { .mr = &ram_region };
static RAMBlock device_block = { .mr = &device_region };
static RAMBlock constant_block = { .mr = &ram_region, .flags = RAM_READONLY };
static Object *owner;           /* whose the RAM is, if anybody's */
static RAMBlockNotifier *notifier;

static unsigned num_calls;
static unsigned long last_request;
static struct kvm_enc_region last;
static int answer;

int kvm_vm_ioctl(KVMState *s, unsigned long type, ...)
{
    va_list ap;

    va_start(ap, type);
    last = *va_arg(ap, struct kvm_enc_region *);
    va_end(ap);
    last_request = type;
    num_calls++;
    return answer;
}

RAMBlock *qemu_ram_block_from_host(void *ptr, bool round_offset,
                                   ram_addr_t *offset)
{
    if (ptr == constant_ram) {
        return &constant_block;
    }
    return ptr == device_ram ? &device_block : &block;
}

bool memory_region_is_ram_device(MemoryRegion *mr)
{
    return mr == &device_region;
}

Object *memory_region_owner(MemoryRegion *mr)
{
    return owner;
}

void ram_block_notifier_add(RAMBlockNotifier *n)
{
    notifier = n;
}

void ram_block_notifier_remove(RAMBlockNotifier *n)
{
    g_assert_true(n == notifier);
    notifier = NULL;
}

static void start(SevKvmRegions *regions)
{
    *regions = (SevKvmRegions) { };
    num_calls = 0;
    answer = 0;
    sev_kvm_regions_start(regions);
    g_assert_nonnull(notifier);
}

static void check(unsigned long request)
{
    g_assert_cmphex(last_request, ==, request);
    g_assert_cmphex(last.addr, ==, (uintptr_t)ram);
    g_assert_cmphex(last.size, ==, MAX_SIZE);
}

/* A block may grow: all of it is registered */
static void test_ram(void)
{
    SevKvmRegions regions;

    start(&regions);
    notifier->ram_block_added(notifier, ram, SIZE, MAX_SIZE);
    g_assert_cmpint(num_calls, ==, 1);
    check(KVM_MEMORY_ENCRYPT_REG_REGION);
    notifier->ram_block_removed(notifier, ram, SIZE, MAX_SIZE);
    g_assert_cmpint(num_calls, ==, 2);
    check(KVM_MEMORY_ENCRYPT_UNREG_REGION);
    sev_kvm_regions_stop(&regions);
    g_assert_null(notifier);
}

/* What is a device's, or only read, cannot be pinned: nothing to encrypt */
static void test_device(const void *host)
{
    SevKvmRegions regions;

    start(&regions);
    notifier->ram_block_added(notifier, (void *)host, SIZE, MAX_SIZE);
    notifier->ram_block_removed(notifier, (void *)host, SIZE, MAX_SIZE);
    g_assert_cmpint(num_calls, ==, 0);
    sev_kvm_regions_stop(&regions);
}

/* Memory that goes after the launch's end stays registered */
static void test_stop(void)
{
    SevKvmRegions regions = { };

    sev_kvm_regions_stop(&regions);
    start(&regions);
    sev_kvm_regions_stop(&regions);
    sev_kvm_regions_stop(&regions);
    g_assert_cmpint(num_calls, ==, 0);
}

/* A memory backend goes again, and was never registered */
static void test_backend(void)
{
    SevKvmRegions regions;
    Error *err = NULL;

    start(&regions);
    owner = object_new(TYPE_MEMORY_BACKEND);
    answer = -ENOMEM;
    notifier->ram_block_added(notifier, ram, SIZE, MAX_SIZE);
    g_assert_false(sev_kvm_regions_accept(&regions, ram, &err));
    g_assert_nonnull(strstr(error_get_pretty(err), "refused 0x8000 bytes"));
    g_assert_nonnull(strstr(error_get_pretty(err), "errno 12"));
    error_free(err);
    g_assert_true(sev_kvm_regions_accept(&regions, device_ram, &error_abort));
    notifier->ram_block_removed(notifier, ram, SIZE, MAX_SIZE);
    g_assert_cmpint(num_calls, ==, 1);

    answer = 0;
    notifier->ram_block_added(notifier, ram, SIZE, MAX_SIZE);
    g_assert_true(sev_kvm_regions_accept(&regions, ram, &error_abort));
    notifier->ram_block_removed(notifier, ram, SIZE, MAX_SIZE);
    g_assert_cmpint(num_calls, ==, 3);
    check(KVM_MEMORY_ENCRYPT_UNREG_REGION);
    object_unref(owner);
    owner = NULL;
    sev_kvm_regions_stop(&regions);
}

static void refuse(bool add)
{
    SevKvmRegions regions;

    start(&regions);
    answer = -ENOMEM;
    if (add) {
        notifier->ram_block_added(notifier, ram, SIZE, MAX_SIZE);
    } else {
        notifier->ram_block_removed(notifier, ram, SIZE, MAX_SIZE);
    }
}

/* No guest whose memory could move; but memory that goes may go */
static void test_refused(void)
{
    if (g_test_subprocess()) {
        refuse(true);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*REG_REGION refused 0x8000 bytes*errno 12*"
                              "ulimit -l*");
}

static void test_refused_removal(void)
{
    if (g_test_subprocess()) {
        refuse(false);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*UNREG_REGION refused 0x8000 bytes*errno 12*");
}

static const TypeInfo backend_info = {
    .name = TYPE_MEMORY_BACKEND,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(Object),
};

int main(int argc, char **argv)
{
    module_call_init(MODULE_INIT_QOM);
    type_register_static(&backend_info);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sev/kvm/regions/ram", test_ram);
    g_test_add_data_func("/sev/kvm/regions/device", device_ram, test_device);
    g_test_add_data_func("/sev/kvm/regions/read-only", constant_ram,
                         test_device);
    g_test_add_func("/sev/kvm/regions/stop", test_stop);
    g_test_add_func("/sev/kvm/regions/backend", test_backend);
    g_test_add_func("/sev/kvm/regions/refused", test_refused);
    g_test_add_func("/sev/kvm/regions/refused/removal", test_refused_removal);
    return g_test_run();
}
