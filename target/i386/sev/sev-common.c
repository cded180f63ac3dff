/*
 * SEV objects: what all kinds of SEV guests share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/config-file.h"
#include "qemu/error-report.h"
#include "qemu/option.h"
#include "qom/object_interfaces.h"
#include "system/kvm.h"
#include "system/reset.h"
#include "system/system.h"
#include "sev/debug/debug.h"
#include "sev/launch/backing.h"
#include "sev/memory/outside.h"
#include "sev/memory/pci.h"
#include "sev/memory/space.h"
#include "properties.h"
#include "sev-common.h"

SevCommonState *sev_common_active(void)
{
    SevLaunch *launch = sev_launch_current();

    return launch ? container_of(launch, SevCommonState, launch) : NULL;
}

const char *sev_common_id(const SevCommonState *sev)
{
    return object_get_canonical_path_component(OBJECT(sev));
}

bool sev_enabled(void)
{
    return sev_launch_current();
}

bool sev_es_enabled(void)
{
    SevLaunch *launch = sev_launch_current();

    return launch && launch->es;
}

bool sev_snp_enabled(void)
{
    SevLaunch *launch = sev_launch_current();

    return launch && launch->type == SEV_GUEST_TYPE_SEV_SNP;
}

uint32_t sev_get_cbit_position(void)
{
    SevLaunch *launch = sev_launch_current();

    return launch ? launch->cbitpos : 0;
}

uint32_t sev_get_reduced_phys_bits(void)
{
    SevCommonState *sev = sev_common_active();

    return sev ? sev->reduced_phys_bits : 0;
}

/* Take what was left out from the platform, and check what was given */
static bool settle_address_bits(SevCommonState *sev, Error **errp)
{
    const SevPlatform *platform = &sev->platform;
    SevLaunch *launch = &sev->launch;

    launch->cbitpos = launch->cbitpos ?: platform->cbitpos;
    sev->reduced_phys_bits = sev->reduced_phys_bits ?:
                             platform->reduced_phys_bits;
    if (launch->cbitpos < platform->cbitpos_min ||
        launch->cbitpos > platform->cbitpos_max) {
        error_setg(errp, "cbitpos=%" PRIu32 " of '%s' is not possible: the "
                   "platform allows %" PRIu32 " to %" PRIu32 "; leave it out "
                   "to get %" PRIu32, launch->cbitpos, sev_common_id(sev),
                   platform->cbitpos_min, platform->cbitpos_max,
                   platform->cbitpos);
        return false;
    }
    if (sev->reduced_phys_bits > 63) {
        error_setg(errp, "reduced-phys-bits=%" PRIu32 " of '%s' is not "
                   "possible: it must be 1 to 63; leave it out to get %"
                   PRIu32, sev->reduced_phys_bits, sev_common_id(sev),
                   platform->reduced_phys_bits);
        return false;
    }
    return true;
}

/* An emulated platform has a new launch at each reset, others have none */
static bool check_pause_on_reset(SevCommonState *sev, Error **errp)
{
    const SevBackendOps *ops = sev->launch.backend->ops;

    if (sev->launch.pause_on_reset == ON_OFF_AUTO_ON && !ops->reset) {
        error_setg(errp, "pause-on-reset=on of '%s' is not possible: the %s "
                   "platform has no new launch at a reset; leave it out",
                   sev_common_id(sev), ops->name);
        return false;
    }
    return true;
}

/* Take a platform and launch a guest on it; owns @backend */
static bool attach(SevCommonState *sev, SevBackend *backend, Error **errp)
{
    SevCommonClass *klass = SEV_COMMON_GET_CLASS(sev);

    sev->launch.id = sev_common_id(sev);
    sev->launch.type = klass->guest_type;
    sev->launch.ops = klass->launch;
    sev->launch.private_memfd =
        CONFIDENTIAL_GUEST_SUPPORT(sev)->require_guest_memfd;
    sev->launch.backend = backend;
    if (!backend->ops->platform(backend, &sev->platform, errp) ||
        !settle_address_bits(sev, errp) ||
        !check_pause_on_reset(sev, errp) || !klass->check(sev, errp) ||
        !sev_launch_begin(&sev->launch, errp)) {
        sev_backend_free(g_steal_pointer(&sev->launch.backend));
        return false;
    }
    CONFIDENTIAL_GUEST_SUPPORT(sev)->ready = true;
    return true;
}

/* Stops at the first accelerator of the two that can have a guest */
static int is_kvm(void *opaque, QemuOpts *opts, Error **errp)
{
    const char *name = qemu_opt_get(opts, "accel");

    return g_strcmp0(name, "kvm") == 0 ? 1 :
           g_strcmp0(name, "tcg") == 0 ? -1 : 0;
}

/*
 * Who asks for KVM and, failing that, TCG may have a guest that is slower, but
 * not one that nothing protects.
 */
static bool check_fallback(SevCommonState *sev, Error **errp)
{
    if (!kvm_enabled() && qemu_opts_foreach(qemu_find_opts("accel"), is_kvm,
                                            NULL, NULL) > 0) {
        error_setg(errp, "'%s' was to run under KVM, which failed; the "
                   "platform that TCG emulates does not take its place, as it "
                   "protects nothing: mend KVM, or ask for -accel tcg only",
                   sev_common_id(sev));
        return false;
    }
    return true;
}

/* For every accelerator; under KVM, kvm_init() was there first */
static bool sev_common_accel_init(ConfidentialGuestSupport *cgs, Error **errp)
{
    SevCommonState *sev = SEV_COMMON(cgs);
    SevBackendConfig config = {
        .sev_device = sev->sev_device,
        .state_file = sev->state_file,
        .kvm_vm_type = sev->kvm_vm_type,
    };
    SevBackend *backend;

    if (cgs->ready) {
        return true;
    }
    if (!check_fallback(sev, errp)) {
        return false;
    }
    backend = sev_backend_new(&config, errp);
    return backend && attach(sev, backend, errp);
}

static int sev_common_kvm_init(ConfidentialGuestSupport *cgs, Error **errp)
{
    return sev_common_accel_init(cgs, errp) ? 0 : -ENOTSUP;
}

/* What is known only when all devices are there */
static bool check_machine(SevCommonState *sev, Error **errp)
{
    return !sev_memory_space_model() ||
           (sev_memory_pci_check(errp) && sev_memory_outside_check(errp));
}

/* A guest_memfd has no file that others can see, whatever is plugged in */
static bool sev_common_check_memory(ConfidentialGuestSupport *cgs,
                                    MemoryRegion *mr, Error **errp)
{
    return cgs->require_guest_memfd ||
           sev_backing_check(sev_common_id(SEV_COMMON(cgs)), mr, errp);
}

static bool sev_common_accepts_memory(ConfidentialGuestSupport *cgs,
                                      void *host, Error **errp)
{
    SevBackend *be = SEV_COMMON(cgs)->launch.backend;

    return !be || !be->ops->accepts_memory ||
           be->ops->accepts_memory(be, host, errp);
}

static AddressSpace *sev_common_ram_space(ConfidentialGuestSupport *cgs)
{
    return sev_memory_space_model() ? sev_memory_space_dram() : NULL;
}

static const void *sev_common_dump_memory(ConfidentialGuestSupport *cgs,
                                          const void *host, size_t len)
{
    return sev_debug_dump(host, len);
}

/* Measure the machine's guest; an object that guards nothing must say so */
static void machine_done(Notifier *notifier, void *unused)
{
    SevCommonState *sev = container_of(notifier, SevCommonState, machine_done);

    if (sev->launch.backend) {
        check_machine(sev, &error_fatal);
        sev_launch_measure(&sev->launch, &error_fatal);
        qemu_register_resettable(OBJECT(sev));
    } else {
        warn_report("%s object '%s' has no effect: -machine "
                    "confidential-guest-support=%s would use it",
                    object_get_typename(OBJECT(sev)), sev_common_id(sev),
                    sev_common_id(sev));
    }
}

static ResettableState *sev_common_reset_state(Object *obj)
{
    return &SEV_COMMON(obj)->reset;
}

/* Waking up, or what ends the start of QEMU: the guest is as it should be */
static bool keeps_guest(SevCommonState *sev, ResetType type)
{
    return type != RESET_TYPE_COLD || !sev->powered_on;
}

/* Devices are quiet, and ROMs are not yet written */
static void sev_common_reset_hold(Object *obj, ResetType type)
{
    SevCommonState *sev = SEV_COMMON(obj);

    if (!keeps_guest(sev, type)) {
        sev_launch_again(&sev->launch, &error_fatal);
    }
}

static void sev_common_reset_exit(Object *obj, ResetType type)
{
    SevCommonState *sev = SEV_COMMON(obj);

    if (!keeps_guest(sev, type)) {
        sev_launch_resume(&sev->launch, &error_fatal);
    }
    sev->powered_on = true;
}

static int find_other(Object *obj, void *opaque)
{
    return obj != opaque && object_dynamic_cast(obj, TYPE_SEV_COMMON);
}

static void sev_common_complete(UserCreatable *uc, Error **errp)
{
    SevCommonState *sev = SEV_COMMON(uc);

    if (object_child_foreach(object_get_objects_root(), find_other, sev)) {
        error_setg(errp, "'%s' is a second SEV object: a VM has one",
                   sev_common_id(sev));
        return;
    }
    sev->machine_done.notify = machine_done;
    qemu_add_machine_init_done_notifier(&sev->machine_done);
}

static bool sev_common_can_be_deleted(UserCreatable *uc)
{
    return !SEV_COMMON(uc)->launch.backend;
}

static const SevProperty sev_common_properties[] = {
    { "sev-device", SEV_PROPERTY_STR, offsetof(SevCommonState, sev_device),
      "device file of the host's SEV firmware (default: "
      SEV_DEVICE_DEFAULT ")" },
    { "state-file", SEV_PROPERTY_STR, offsetof(SevCommonState, state_file),
      "identity of the emulated platform, made by qemu-sev platform init "
      "(default: a built-in test identity)" },
    { "cbitpos", SEV_PROPERTY_UINT32,
      offsetof(SevCommonState, launch.cbitpos),
      "C-bit location in page table entries (default: the platform's)" },
    { "reduced-phys-bits", SEV_PROPERTY_UINT32,
      offsetof(SevCommonState, reduced_phys_bits),
      "physical address bits that encryption takes (default: the "
      "platform's)" },
    { "kernel-hashes", SEV_PROPERTY_BOOL,
      offsetof(SevCommonState, launch.kernel_hashes),
      "measure hashes of -kernel, -initrd and -append (default: off)" },
    { "pause-on-reset", SEV_PROPERTY_ON_OFF_AUTO,
      offsetof(SevCommonState, launch.pause_on_reset),
      "stop the VM after a reset, which is a new launch on emulated platforms "
      "(default: auto, if the launch has a session)" },
    { }
};

static void sev_common_instance_init(Object *obj)
{
    SevCommonState *sev = SEV_COMMON(obj);

    sev->sev_device = g_strdup(SEV_DEVICE_DEFAULT);
    sev->launch.pause_on_reset = ON_OFF_AUTO_AUTO;
}

/* Machine types pin defaults of the base's sev-guest */
static void sev_common_post_init(Object *obj)
{
    object_apply_compat_props(obj);
}

static void sev_common_finalize(Object *obj)
{
    SevCommonState *sev = SEV_COMMON(obj);

    if (sev->machine_done.notify) {
        qemu_remove_machine_init_done_notifier(&sev->machine_done);
    }
    sev_object_free_strings(obj, sev_common_properties);
}

static void sev_common_class_init(ObjectClass *oc, void *data)
{
    ConfidentialGuestSupportClass *cgs = CONFIDENTIAL_GUEST_SUPPORT_CLASS(oc);
    UserCreatableClass *uc = USER_CREATABLE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    cgs->kvm_init = sev_common_kvm_init;
    cgs->accel_init = sev_common_accel_init;
    cgs->accepts_memory = sev_common_accepts_memory;
    cgs->ram_space = sev_common_ram_space;
    cgs->dump_memory = sev_common_dump_memory;
    cgs->check_memory = sev_common_check_memory;
    uc->complete = sev_common_complete;
    uc->can_be_deleted = sev_common_can_be_deleted;
    rc->get_state = sev_common_reset_state;
    rc->phases.hold = sev_common_reset_hold;
    rc->phases.exit = sev_common_reset_exit;
    sev_class_add_properties(oc, sev_common_properties);
}

static const TypeInfo sev_common_info = {
    .name = TYPE_SEV_COMMON,
    .parent = TYPE_X86_CONFIDENTIAL_GUEST,
    .abstract = true,
    .instance_size = sizeof(SevCommonState),
    .instance_init = sev_common_instance_init,
    .instance_post_init = sev_common_post_init,
    .instance_finalize = sev_common_finalize,
    .class_size = sizeof(SevCommonClass),
    .class_init = sev_common_class_init,
    .interfaces = (InterfaceInfo[]) {
        { TYPE_USER_CREATABLE },
        { TYPE_RESETTABLE_INTERFACE },
        { }
    },
};

static void sev_common_register_types(void)
{
    type_register_static(&sev_common_info);
}

type_init(sev_common_register_types);
