/*
 * SEV objects: sev-guest, a guest under SEV
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "system/tcg.h"
#include "sev/kvm/kvm.h"
#include "blob.h"
#include "sev/debug/debug.h"
#include "sev/debug/diagnose.h"
#include "policy.h"
#include "properties.h"
#include "sev-guest.h"

/* Both files or none */
static bool sev_guest_owner_session(SevGuestState *guest,
                                    SevOwnerSession *session, Error **errp)
{
    if (!guest->dh_cert_file != !guest->session_file) {
        error_setg(errp, "'%s' has %s but no %s: they belong together",
                   sev_common_id(SEV_COMMON(guest)),
                   guest->dh_cert_file ? "dh-cert-file" : "session-file",
                   guest->dh_cert_file ? "session-file" : "dh-cert-file");
        return false;
    }
    session->present = guest->dh_cert_file;
    return !session->present ||
           (sev_blob_load_base64("dh-cert-file", guest->dh_cert_file,
                                 session->godh, sizeof(session->godh),
                                 errp) &&
            sev_blob_load_base64("session-file", guest->session_file,
                                 session->session, sizeof(session->session),
                                 errp));
}

static bool check_diagnose(const SevGuestState *guest, Error **errp)
{
    if (guest->diagnose != SEV_DIAGNOSE_OFF && !tcg_enabled()) {
        error_setg(errp, "diagnose=%s of '%s' needs an emulated platform: use "
                   "-accel tcg", SevDiagnose_str(guest->diagnose),
                   sev_common_id(SEV_COMMON(guest)));
        return false;
    }
    if (guest->diagnose_vcpus && guest->diagnose == SEV_DIAGNOSE_OFF) {
        error_setg(errp, "diagnose-vcpus=on of '%s' has no effect without "
                   "diagnose=first, every or panic",
                   sev_common_id(SEV_COMMON(guest)));
        return false;
    }
    return true;
}

static bool sev_guest_check(SevCommonState *sev, Error **errp)
{
    SevGuestState *guest = SEV_GUEST(sev);

    sev->launch.es = guest->policy & SEV_POLICY_ES;
    if (!sev_policy_check(guest->policy, &sev->platform,
                          sev->launch.backend->ops->name, errp) ||
        (guest->debug_access &&
         !sev_debug_check(sev_common_id(sev), guest->policy, errp)) ||
        !check_diagnose(guest, errp)) {
        return false;
    }
    sev_diagnose_start(sev_common_id(sev), guest->diagnose,
                       guest->diagnose_vcpus);
    return true;
}

static bool sev_guest_get_debug_access(Object *obj, Error **errp)
{
    return SEV_GUEST(obj)->debug_access;
}

/* The one property that can be set while the guest runs */
static void sev_guest_set_debug_access(Object *obj, bool value, Error **errp)
{
    SevGuestState *guest = SEV_GUEST(obj);
    SevCommonState *sev = SEV_COMMON(obj);

    if (sev->launch.backend) {
        if (value &&
            !sev_debug_check(sev_common_id(sev), guest->policy, errp)) {
            return;
        }
        sev_debug_set(sev->launch.id, sev->launch.backend, value);
    }
    guest->debug_access = value;
}

static void explain_start_failure(SevGuestState *guest, Error **errp)
{
    ERRP_GUARD();
    g_autofree char *words = sev_policy_describe(guest->policy);

    error_append_hint(errp, "The policy of '%s' is 0x%" PRIx32 ": %s.\n",
                      sev_common_id(SEV_COMMON(guest)), guest->policy, words);
    if (guest->session.present) {
        error_append_hint(errp, "The session must have been made for the "
                          "certificate that query-sev-capabilities shows as "
                          "pdh, and for policy 0x%" PRIx32 ".\n",
                          guest->policy);
    }
    if (guest->handle) {
        error_append_hint(errp, "handle=%" PRIu32 " asks for the key of "
                          "another guest on the same platform; leave it out "
                          "to get a new key.\n", guest->handle);
    }
}

/* The files may be gone when the VM is reset: what they held is kept */
static bool prepare_start(SevGuestState *guest, SevLaunch *launch,
                          Error **errp)
{
    SevOwnerSession *session = &guest->session;
    SevBackend *be = launch->backend;

    if (guest->start) {
        return true;
    }
    if (!SEV_GUEST_GET_CLASS(guest)->owner_session(guest, session, errp) ||
        (be->ops->init && !be->ops->init(be, launch->es, errp))) {
        return false;
    }
    launch->has_owner = session->present;
    if (guest->debug_access) {
        sev_debug_set(launch->id, be, true);
    }
    guest->start = g_new(SevLaunchStart, 1);
    *guest->start = (SevLaunchStart) {
        .policy = guest->policy,
        .handle = guest->handle,
        .godh = session->present ? session->godh : NULL,
        .session = session->present ? session->session : NULL,
    };
    return true;
}

static bool sev_guest_launch_start(SevLaunch *launch, Error **errp)
{
    ERRP_GUARD();
    SevGuestState *guest = SEV_GUEST(container_of(launch, SevCommonState,
                                                  launch));
    SevBackend *be = launch->backend;

    if (!prepare_start(guest, launch, errp)) {
        return false;
    }
    if (!be->ops->launch_start(be, guest->start, &guest->handle, errp)) {
        explain_start_failure(guest, errp);
        return false;
    }
    return true;
}

static void sev_guest_fill_info(SevCommonState *sev, SevInfo *info)
{
    SevGuestState *guest = SEV_GUEST(sev);

    info->u.sev.policy = guest->policy;
    info->u.sev.handle = guest->handle;
}

/* KVM asks before it makes the VM, and takes no Error */
static int sev_guest_kvm_type(X86ConfidentialGuest *cg)
{
    SevGuestState *guest = SEV_GUEST(cg);

    SEV_COMMON(cg)->kvm_vm_type = sev_kvm_vm_type(guest->policy & SEV_POLICY_ES,
                                                  guest->legacy_vm_type,
                                                  &error_fatal);
    return SEV_COMMON(cg)->kvm_vm_type;
}

static const SevProperty sev_guest_properties[] = {
    { "policy", SEV_PROPERTY_UINT32, offsetof(SevGuestState, policy),
      "guest policy (default: 1, no debugging)" },
    { "handle", SEV_PROPERTY_UINT32, offsetof(SevGuestState, handle),
      "firmware handle of a guest whose key to share (default: 0, none)" },
    { "dh-cert-file", SEV_PROPERTY_STR, offsetof(SevGuestState, dh_cert_file),
      "guest owner's Diffie-Hellman certificate, base64 (default: none)" },
    { "session-file", SEV_PROPERTY_STR, offsetof(SevGuestState, session_file),
      "guest owner's session parameters, base64 (default: none)" },
    { "legacy-vm-type", SEV_PROPERTY_ON_OFF_AUTO,
      offsetof(SevGuestState, legacy_vm_type),
      "use KVM's older SEV interface; auto: if nothing needs the newer one "
      "(default: auto); without effect on emulated platforms" },
    { "diagnose", SEV_PROPERTY_DIAGNOSE, offsetof(SevGuestState, diagnose),
      "report uses of private memory that are probably not meant: first, "
      "every, or panic at a device's (default: off); emulated platforms only"
    },
    { "diagnose-vcpus", SEV_PROPERTY_BOOL,
      offsetof(SevGuestState, diagnose_vcpus),
      "with diagnose, report also where a vCPU changes the C-bit of a page, "
      "which correct guests do (default: off)" },
    { }
};

static void sev_guest_instance_init(Object *obj)
{
    SevGuestState *guest = SEV_GUEST(obj);

    guest->policy = SEV_POLICY_NODBG;
    guest->legacy_vm_type = ON_OFF_AUTO_AUTO;
}

static void sev_guest_finalize(Object *obj)
{
    sev_object_free_strings(obj, sev_guest_properties);
    g_free(SEV_GUEST(obj)->start);
}

static const SevLaunchOps sev_guest_launch = {
    .start = sev_guest_launch_start,
};

static void sev_guest_class_init(ObjectClass *oc, void *data)
{
    SevCommonClass *common = SEV_COMMON_CLASS(oc);

    X86_CONFIDENTIAL_GUEST_CLASS(oc)->kvm_type = sev_guest_kvm_type;
    common->guest_type = SEV_GUEST_TYPE_SEV;
    common->check = sev_guest_check;
    common->launch = &sev_guest_launch;
    common->fill_info = sev_guest_fill_info;
    SEV_GUEST_CLASS(oc)->owner_session = sev_guest_owner_session;
    sev_class_add_properties(oc, sev_guest_properties);
    object_class_property_add_bool(oc, "debug-access",
                                   sev_guest_get_debug_access,
                                   sev_guest_set_debug_access);
    object_class_property_set_description(oc, "debug-access",
        "let debuggers and dumps see private memory decrypted, if the policy "
        "allows debugging (default: off)");
}

static const TypeInfo sev_guest_info = {
    .name = TYPE_SEV_GUEST,
    .parent = TYPE_SEV_COMMON,
    .instance_size = sizeof(SevGuestState),
    .instance_init = sev_guest_instance_init,
    .instance_finalize = sev_guest_finalize,
    .class_size = sizeof(SevGuestClass),
    .class_init = sev_guest_class_init,
};

static void sev_guest_register_types(void)
{
    type_register_static(&sev_guest_info);
}

type_init(sev_guest_register_types);
