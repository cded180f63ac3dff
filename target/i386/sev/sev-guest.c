/*
 * SEV objects: sev-guest, a guest under SEV
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "backend-kvm.h"
#include "blob.h"
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

static bool sev_guest_check(SevCommonState *sev, Error **errp)
{
    SevGuestState *guest = SEV_GUEST(sev);

    sev->es = guest->policy & SEV_POLICY_ES;
    return sev_policy_check(guest->policy, &sev->platform,
                            sev->backend->ops->name, errp);
}

static bool sev_guest_launch_start(SevCommonState *sev, Error **errp)
{
    ERRP_GUARD();
    SevGuestState *guest = SEV_GUEST(sev);
    SevOwnerSession session = {};
    SevLaunchStart start = {
        .policy = guest->policy,
        .handle = guest->handle,
    };

    if (!SEV_GUEST_GET_CLASS(guest)->owner_session(guest, &session, errp) ||
        (sev->backend->ops->init &&
         !sev->backend->ops->init(sev->backend, sev->es, errp))) {
        return false;
    }
    if (session.present) {
        start.godh = session.godh;
        start.session = session.session;
    }
    if (sev->backend->ops->launch_start(sev->backend, &start, &guest->handle,
                                        errp)) {
        return true;
    }
    if (session.present) {
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
    return false;
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
      "guest owner's Diffie-Hellman certificate, base64" },
    { "session-file", SEV_PROPERTY_STR, offsetof(SevGuestState, session_file),
      "guest owner's session parameters, base64" },
    { "legacy-vm-type", SEV_PROPERTY_ON_OFF_AUTO,
      offsetof(SevGuestState, legacy_vm_type),
      "use KVM's older SEV interface; without effect on emulated platforms" },
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
}

static void sev_guest_class_init(ObjectClass *oc, void *data)
{
    SevCommonClass *common = SEV_COMMON_CLASS(oc);

    X86_CONFIDENTIAL_GUEST_CLASS(oc)->kvm_type = sev_guest_kvm_type;
    common->guest_type = SEV_GUEST_TYPE_SEV;
    common->check = sev_guest_check;
    common->launch_start = sev_guest_launch_start;
    common->fill_info = sev_guest_fill_info;
    SEV_GUEST_CLASS(oc)->owner_session = sev_guest_owner_session;
    sev_class_add_properties(oc, sev_guest_properties);
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
