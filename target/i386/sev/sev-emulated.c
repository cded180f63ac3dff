/*
 * SEV objects: sev-emulated, a guest with known transport keys
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A sev-guest that always runs on the emulated platform.  With tik and tek
 * the object plays the guest owner: it makes a session of its own with these
 * keys for its own platform, so that the launch takes the usual way and a
 * test knows the keys that its measurement is made with.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "sev/asp/session.h"
#include "blob.h"
#include "properties.h"
#include "sev-guest.h"

OBJECT_DECLARE_SIMPLE_TYPE(SevEmulatedState, SEV_EMULATED)

struct SevEmulatedState {
    SevGuestState parent_obj;

    char *tik;
    char *tek;
};

/* A key from its source, or a random one */
static bool get_key(const char *name, const char *source, uint8_t *key,
                    Error **errp)
{
    if (!source) {
        asp_random(key, SEV_KEY_SIZE);
        return true;
    }
    return sev_blob_load_key(name, source, key, SEV_KEY_SIZE, errp);
}

static bool make_session(SevGuestState *guest, const SevTransportKeys *keys,
                         SevOwnerSession *session, Error **errp)
{
    g_autoptr(GError) err = NULL;
    SevBackend *be = SEV_COMMON(guest)->launch.backend;
    SevCerts certs;
    SevCert pdh, godh;
    SevSession wire;

    if (!be->ops->certs(be, &certs, errp)) {
        return false;
    }
    memcpy(pdh.bytes, certs.pdh, sizeof(pdh.bytes));
    if (!sev_session_create(&pdh, guest->policy, keys, &godh, &wire, &err)) {
        error_setg(errp, "tik and tek: %s", err->message);
        return false;
    }
    session->present = true;
    memcpy(session->godh, godh.bytes, sizeof(session->godh));
    QEMU_BUILD_BUG_ON(sizeof(wire) != sizeof(session->session));
    memcpy(session->session, &wire, sizeof(session->session));
    return true;
}

static bool sev_emulated_owner_session(SevGuestState *guest,
                                       SevOwnerSession *session, Error **errp)
{
    SevEmulatedState *emulated = SEV_EMULATED(guest);
    ObjectClass *parent = object_class_by_name(TYPE_SEV_GUEST);
    SevTransportKeys keys;
    bool ok;

    if (!emulated->tik && !emulated->tek) {
        return SEV_GUEST_CLASS(parent)->owner_session(guest, session, errp);
    }
    if (guest->dh_cert_file || guest->session_file) {
        error_setg(errp, "'%s' has both a guest owner's session and keys of "
                   "its own: leave out either dh-cert-file and session-file, "
                   "or tik and tek", sev_common_id(SEV_COMMON(guest)));
        return false;
    }
    ok = get_key("tik", emulated->tik, keys.tik, errp) &&
         get_key("tek", emulated->tek, keys.tek, errp) &&
         make_session(guest, &keys, session, errp);
    asp_wipe(&keys, sizeof(keys));
    return ok;
}

static int sev_emulated_kvm_init(ConfidentialGuestSupport *cgs, Error **errp)
{
    error_setg(errp, "sev-emulated runs under -accel tcg only; under KVM, "
               "sev-guest uses the host's processor");
    return -1;
}

static const SevProperty sev_emulated_properties[] = {
    { "tik", SEV_PROPERTY_STR, offsetof(SevEmulatedState, tik),
      "transport integrity key: id of a secret object, or file of 16 bytes "
      "(default: a random one)" },
    { "tek", SEV_PROPERTY_STR, offsetof(SevEmulatedState, tek),
      "transport encryption key: id of a secret object, or file of 16 bytes "
      "(default: a random one)" },
    { }
};

static void sev_emulated_finalize(Object *obj)
{
    sev_object_free_strings(obj, sev_emulated_properties);
}

static void sev_emulated_class_init(ObjectClass *oc, void *data)
{
    CONFIDENTIAL_GUEST_SUPPORT_CLASS(oc)->kvm_init = sev_emulated_kvm_init;
    SEV_GUEST_CLASS(oc)->owner_session = sev_emulated_owner_session;
    sev_class_add_properties(oc, sev_emulated_properties);
}

static const TypeInfo sev_emulated_info = {
    .name = TYPE_SEV_EMULATED,
    .parent = TYPE_SEV_GUEST,
    .instance_size = sizeof(SevEmulatedState),
    .instance_finalize = sev_emulated_finalize,
    .class_init = sev_emulated_class_init,
};

static void sev_emulated_register_types(void)
{
    type_register_static(&sev_emulated_info);
}

type_init(sev_emulated_register_types);
