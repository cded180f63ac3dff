/*
 * SEV objects: sev-snp-guest, a guest under SEV-SNP
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "hw/boards.h"
#include "hw/i386/x86.h"
#include "system/blockdev.h"
#include "sev/formats/text.h"
#include "sev/kvm/kvm.h"
#include "blob.h"
#include "sev/launch/launch.h"
#include "policy.h"
#include "properties.h"
#include "sev-snp-guest.h"
#include "sev/launch/cpuid-page.h"

#define POLICY_DEFAULT (SNP_POLICY_RESERVED_ONE | SNP_POLICY_SMT)

/* --- What the properties say */

static bool has_backend(SevCommonState *sev, Error **errp)
{
    const SevBackendOps *ops = sev->launch.backend->ops;

    if (!ops->snp_launch_start) {
        error_setg(errp, "'%s' is a sev-snp-guest, but the %s platform has no "
                   "SEV-SNP: use sev-guest here, or -accel kvm on a host with "
                   "SEV-SNP", sev_common_id(sev), ops->name);
        return false;
    }
    return true;
}

/* What is not given stays 0 */
static bool decode(const char *name, const char *text, void *buf, size_t size,
                   Error **errp)
{
    return !text || sev_blob_decode(name, text, buf, size, errp);
}

static bool decode_all(SevSnpGuestState *snp, Error **errp)
{
    return decode("guest-visible-workarounds", snp->guest_visible_workarounds,
                  snp->start.gosvw, sizeof(snp->start.gosvw), errp) &&
           decode("id-block", snp->id_block, &snp->id_block_data,
                  sizeof(snp->id_block_data), errp) &&
           decode("id-auth", snp->id_auth, &snp->id_auth_data,
                  sizeof(snp->id_auth_data), errp) &&
           decode("host-data", snp->host_data, snp->finish.host_data,
                  sizeof(snp->finish.host_data), errp);
}

/* Part of an identity is none: the firmware would not look at it */
static bool check_id(SevSnpGuestState *snp, Error **errp)
{
    uint64_t policy = le64_to_cpu(snp->id_block_data.policy);

    if (!snp->id_block != !snp->id_auth) {
        error_setg(errp, "'%s' has %s but no %s: they belong together",
                   sev_common_id(SEV_COMMON(snp)),
                   snp->id_block ? "id-block" : "id-auth",
                   snp->id_block ? "id-auth" : "id-block");
        return false;
    }
    if (snp->author_key_enabled && !snp->id_auth) {
        error_setg(errp, "author-key-enabled=on of '%s' needs id-block and "
                   "id-auth, which has the author's key",
                   sev_common_id(SEV_COMMON(snp)));
        return false;
    }
    if (snp->id_block && policy != snp->policy) {
        error_setg(errp, "id-block of '%s' is for policy 0x%" PRIx64 ", but "
                   "policy is 0x%" PRIx64 ": the two must be the same",
                   sev_common_id(SEV_COMMON(snp)), policy, snp->policy);
        return false;
    }
    return true;
}

/* Nobody but the guest can set registers, so nobody can enter SMM */
static bool check_smm(SevCommonState *sev, Error **errp)
{
    X86MachineState *x86ms = (X86MachineState *)
        object_dynamic_cast(OBJECT(current_machine), TYPE_X86_MACHINE);

    if (x86ms && x86ms->smm == ON_OFF_AUTO_ON) {
        error_setg(errp, "SEV-SNP guest '%s' cannot have System Management "
                   "Mode: use -machine smm=off, and a firmware that was built "
                   "without it", sev_common_id(sev));
        return false;
    }
    return true;
}

/* The memory of a flash device is never private */
static bool check_flash(SevCommonState *sev, Error **errp)
{
    Object *machine = OBJECT(current_machine);
    g_autofree char *node = NULL;

    if (object_property_find(machine, "pflash0")) {
        node = object_property_get_str(machine, "pflash0", NULL);
    }
    if ((node && *node) || drive_get(IF_PFLASH, 0, 0)) {
        error_setg(errp, "SEV-SNP guest '%s' cannot start from flash memory, "
                   "which is never private: give its firmware as -bios FILE "
                   "instead of pflash", sev_common_id(sev));
        return false;
    }
    return true;
}

static bool sev_snp_guest_check(SevCommonState *sev, Error **errp)
{
    SevSnpGuestState *snp = SEV_SNP_GUEST(sev);

    sev->launch.es = true;
    if (!has_backend(sev, errp) || !check_smm(sev, errp) ||
        !check_flash(sev, errp) ||
        !sev_snp_policy_check(snp->policy, &sev->platform, errp) ||
        !decode_all(snp, errp) || !check_id(snp, errp)) {
        return false;
    }
    snp->start.policy = snp->policy;
    snp->finish.author_key_enabled = snp->author_key_enabled;
    snp->finish.vcek_disabled = snp->vcek_disabled;
    if (snp->id_block) {
        snp->finish.id_block = &snp->id_block_data;
        snp->finish.id_auth = &snp->id_auth_data;
    }
    return true;
}

/* --- The launch */

static SevSnpGuestState *guest_of(SevLaunch *launch)
{
    return SEV_SNP_GUEST(container_of(launch, SevCommonState, launch));
}

static bool sev_snp_guest_launch_start(SevLaunch *launch, Error **errp)
{
    ERRP_GUARD();
    SevSnpGuestState *snp = guest_of(launch);
    SevBackend *be = launch->backend;
    g_autofree char *words = NULL;

    if (be->ops->init && !be->ops->init(be, true, errp)) {
        return false;
    }
    if (!be->ops->snp_launch_start(be, &snp->start, errp)) {
        words = sev_snp_policy_describe(snp->policy);
        error_append_hint(errp, "The policy of '%s' is 0x%" PRIx64 ": %s.\n",
                          launch->id, snp->policy, words);
        return false;
    }
    launch->snp = sev_snp_launch_new(launch);
    return true;
}

static bool sev_snp_guest_launch_update(SevLaunch *launch, hwaddr gpa,
                                        void *hva, uint64_t len,
                                        SevMeasuredKind kind, Error **errp)
{
    sev_snp_launch_plan(launch->snp, gpa, hva, len, kind);
    return true;
}

static bool sev_snp_guest_launch_measure(SevLaunch *launch, Error **errp)
{
    return sev_snp_launch_memory(launch->snp, errp);
}

static bool sev_snp_guest_launch_finish(SevLaunch *launch, Error **errp)
{
    ERRP_GUARD();
    SevSnpGuestState *snp = guest_of(launch);
    SevBackend *be = launch->backend;
    g_autofree char *digest = NULL;

    if (!sev_launch_check(launch, SEV_STEP_SNP_FINISH, errp)) {
        return false;
    }
    if (!be->ops->snp_launch_finish(be, &snp->finish, errp)) {
        if (snp->id_block) {
            digest = sev_hex(snp->id_block_data.launch_digest,
                             SNP_DIGEST_SIZE);
            error_append_hint(errp, "id-block of '%s' is for launch digest "
                              "%s.\n", launch->id, digest);
        }
        return false;
    }
    sev_launch_done(launch, SEV_STEP_SNP_FINISH);
    return true;
}

static void sev_snp_guest_fill_info(SevCommonState *sev, SevInfo *info)
{
    info->u.sev_snp.snp_policy = SEV_SNP_GUEST(sev)->policy;
}

/* --- The object */

/* KVM asks before it makes the VM, and takes no Error */
static int sev_snp_guest_kvm_type(X86ConfidentialGuest *cg)
{
    SEV_COMMON(cg)->kvm_vm_type = sev_kvm_snp_vm_type(&error_fatal);
    return SEV_COMMON(cg)->kvm_vm_type;
}

static const SevProperty sev_snp_guest_properties[] = {
    { "policy", SEV_PROPERTY_UINT64, offsetof(SevSnpGuestState, policy),
      "guest policy (default: 0x30000, SMT allowed)" },
    { "guest-visible-workarounds", SEV_PROPERTY_STR,
      offsetof(SevSnpGuestState, guest_visible_workarounds),
      "workarounds that the guest is told of, 16 bytes in base64 (default: "
      "all 0)" },
    { "id-block", SEV_PROPERTY_STR, offsetof(SevSnpGuestState, id_block),
      "ID block: who the guest is and its launch digest, 96 bytes in base64 "
      "(default: none)" },
    { "id-auth", SEV_PROPERTY_STR, offsetof(SevSnpGuestState, id_auth),
      "keys and signatures of id-block, 4096 bytes in base64 (default: "
      "none)" },
    { "author-key-enabled", SEV_PROPERTY_BOOL,
      offsetof(SevSnpGuestState, author_key_enabled),
      "id-auth has an author's key (default: off)" },
    { "host-data", SEV_PROPERTY_STR, offsetof(SevSnpGuestState, host_data),
      "data for the guest's attestation reports, 32 bytes in base64 "
      "(default: all 0)" },
    { "vcek-disabled", SEV_PROPERTY_BOOL,
      offsetof(SevSnpGuestState, vcek_disabled),
      "do not sign reports with the chip's own key, VCEK (default: off)" },
    { }
};

static void sev_snp_guest_instance_init(Object *obj)
{
    SEV_SNP_GUEST(obj)->policy = POLICY_DEFAULT;
    CONFIDENTIAL_GUEST_SUPPORT(obj)->require_guest_memfd = true;
}

static void sev_snp_guest_finalize(Object *obj)
{
    sev_snp_launch_free(SEV_COMMON(obj)->launch.snp);
    sev_object_free_strings(obj, sev_snp_guest_properties);
}

static const SevLaunchOps sev_snp_guest_launch = {
    .start = sev_snp_guest_launch_start,
    .update = sev_snp_guest_launch_update,
    .measure = sev_snp_guest_launch_measure,
    .finish = sev_snp_guest_launch_finish,
};

static void sev_snp_guest_class_init(ObjectClass *oc, void *data)
{
    SevCommonClass *common = SEV_COMMON_CLASS(oc);
    X86ConfidentialGuestClass *x86 = X86_CONFIDENTIAL_GUEST_CLASS(oc);

    x86->kvm_type = sev_snp_guest_kvm_type;
    x86->mask_cpuid_features = sev_cpuid_mask;
    common->guest_type = SEV_GUEST_TYPE_SEV_SNP;
    common->check = sev_snp_guest_check;
    common->launch = &sev_snp_guest_launch;
    common->fill_info = sev_snp_guest_fill_info;
    sev_class_add_properties(oc, sev_snp_guest_properties);
}

static const TypeInfo sev_snp_guest_info = {
    .name = TYPE_SEV_SNP_GUEST,
    .parent = TYPE_SEV_COMMON,
    .instance_size = sizeof(SevSnpGuestState),
    .instance_init = sev_snp_guest_instance_init,
    .instance_finalize = sev_snp_guest_finalize,
    .class_init = sev_snp_guest_class_init,
};

static void sev_snp_guest_register_types(void)
{
    type_register_static(&sev_snp_guest_info);
}

type_init(sev_snp_guest_register_types);
