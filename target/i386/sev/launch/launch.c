/*
 * SEV launch: from the first command to the running guest
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-events-sev-target.h"
#include "hw/boards.h"
#include "hw/i386/x86.h"
#include "migration/blocker.h"
#include "qemu/error-report.h"
#include "qemu/units.h"
#include "exec/memory.h"
#include "system/runstate.h"
#include "system/system.h"
#include "launch.h"
#include "sev/trace.h"

/* The state that follows a step; 0 (uninit) where the step is impossible */
static const SevState next_state[SEV_STATE__MAX][SEV_STEP__MAX] = {
    [SEV_STATE_UNINIT] = {
        [SEV_STEP_START] = SEV_STATE_LAUNCH_UPDATE,
    },
    [SEV_STATE_LAUNCH_UPDATE] = {
        [SEV_STEP_UPDATE_DATA] = SEV_STATE_LAUNCH_UPDATE,
        [SEV_STEP_UPDATE_VMSA] = SEV_STATE_LAUNCH_UPDATE,
        [SEV_STEP_MEASURE] = SEV_STATE_LAUNCH_SECRET,
        [SEV_STEP_SNP_FINISH] = SEV_STATE_RUNNING,
    },
    [SEV_STATE_LAUNCH_SECRET] = {
        [SEV_STEP_SECRET] = SEV_STATE_LAUNCH_SECRET,
        [SEV_STEP_ATTESTATION] = SEV_STATE_LAUNCH_SECRET,
        [SEV_STEP_FINISH] = SEV_STATE_RUNNING,
    },
    [SEV_STATE_RUNNING] = {
        [SEV_STEP_ATTESTATION] = SEV_STATE_RUNNING,
    },
};

static const char *const step_name[SEV_STEP__MAX] = {
    [SEV_STEP_START] = "launching the guest",
    [SEV_STEP_UPDATE_DATA] = "measuring memory",
    [SEV_STEP_UPDATE_VMSA] = "measuring the processors' registers",
    [SEV_STEP_MEASURE] = "the launch measurement",
    [SEV_STEP_SECRET] = "injecting a secret",
    [SEV_STEP_FINISH] = "finishing the launch",
    [SEV_STEP_ATTESTATION] = "an attestation report",
    [SEV_STEP_SNP_FINISH] = "finishing the launch",
};

/* "launch-secret or running" */
static char *states_for(SevStep step)
{
    GString *names = g_string_new("");

    for (SevState state = 0; state < SEV_STATE__MAX; state++) {
        if (next_state[state][step]) {
            g_string_append_printf(names, "%s%s", names->len ? " or " : "",
                                   SevState_str(state));
        }
    }
    return g_string_free(names, false);
}

bool sev_launch_check(const SevCommonState *sev, SevStep step, Error **errp)
{
    g_autofree char *states = NULL;

    if (next_state[sev->state][step]) {
        return true;
    }
    states = states_for(step);
    error_setg(errp, "SEV guest '%s' is in state %s, but %s needs state %s",
               sev_common_id(sev), SevState_str(sev->state), step_name[step],
               states);
    return false;
}

static void change_state(SevCommonState *sev, SevState state)
{
    SevState old = sev->state;

    sev->state = state;
    if (state != old) {
        trace_sev_change_state(sev_common_id(sev), SevState_str(old),
                               SevState_str(state));
        qapi_event_send_sev_state_change(old, state);
    }
}

void sev_launch_done(SevCommonState *sev, SevStep step)
{
    SevState next = next_state[sev->state][step];

    assert(next);
    change_state(sev, next);
}

/* The digest costs time: only for somebody who looks */
static void trace_last_range(SevRegions *regions)
{
    g_autofree char *digest = NULL;
    const SevRegion *last;

    if (!trace_event_get_state_backends(TRACE_SEV_MEASURED_RANGE)) {
        return;
    }
    last = sev_regions_get(regions, sev_regions_count(regions) - 1);
    digest = sev_hex(last->digest, last->digest_size);
    trace_sev_measured_range(last->gpa, last->size,
                             SevMeasuredKind_str(last->kind), digest);
}

void sev_launch_measured(SevCommonState *sev, hwaddr gpa, void *hva,
                         uint64_t len, SevMeasuredKind kind, void *data)
{
    sev_regions_add(sev->regions, gpa, hva, len, kind, data);
    sev_launch_done(sev, SEV_STEP_UPDATE_DATA);
    trace_last_range(sev->regions);
}

bool sev_launch_update(SevCommonState *sev, hwaddr gpa, void *hva,
                       uint64_t len, SevMeasuredKind kind, Error **errp)
{
    SevCommonClass *klass = SEV_COMMON_GET_CLASS(sev);
    g_autofree void *plaintext = NULL;

    if (!sev_launch_check(sev, SEV_STEP_UPDATE_DATA, errp)) {
        return false;
    }
    if (klass->launch_update) {
        return klass->launch_update(sev, gpa, hva, len, kind, errp);
    }
    plaintext = g_memdup2(hva, len);
    if (!sev->backend->ops->launch_update_data(sev->backend, gpa, hva, len,
                                               errp)) {
        return false;
    }
    sev_launch_measured(sev, gpa, hva, len, kind, g_steal_pointer(&plaintext));
    return true;
}

bool sev_launch_secret(SevCommonState *sev, const SevLaunchSecret *secret,
                       Error **errp)
{
    if (!sev_launch_check(sev, SEV_STEP_SECRET, errp) ||
        !sev->backend->ops->launch_secret(sev->backend, secret, errp)) {
        return false;
    }
    sev_launch_done(sev, SEV_STEP_SECRET);
    return true;
}

/* Where memory ends, with what may be plugged in later */
static hwaddr end_of_memory(void)
{
    X86MachineState *x86ms = (X86MachineState *)
        object_dynamic_cast(OBJECT(current_machine), TYPE_X86_MACHINE);
    DeviceMemoryState *plugged = current_machine->device_memory;
    hwaddr end = 4 * GiB;

    if (x86ms && x86ms->above_4g_mem_size) {
        end = x86ms->above_4g_mem_start + x86ms->above_4g_mem_size;
    }
    if (plugged && memory_region_size(&plugged->mr)) {
        end = MAX(end, plugged->base + memory_region_size(&plugged->mr));
    }
    return end;
}

/* The guest cannot name memory whose address has the C-bit's bit set */
static bool check_memory_size(SevCommonState *sev, Error **errp)
{
    hwaddr end = end_of_memory();

    if (end > 1ULL << sev->cbitpos) {
        error_setg(errp, "cbitpos=%" PRIu32 " of '%s' leaves no addresses for "
                   "memory up to 0x%" HWADDR_PRIx ": leave cbitpos out, or "
                   "use less memory", sev->cbitpos, sev_common_id(sev), end);
        return false;
    }
    return true;
}

/*
 * A firmware that is started without a kernel has nothing to hold against
 * hashes.  One that gets a kernel which nobody hashed must not run.
 */
static bool check_hashes(SevCommonState *sev, Error **errp)
{
    if (!sev->kernel_hashes ||
        sev_regions_has(sev->regions, SEV_MEASURED_KIND_KERNEL_HASHES)) {
        return true;
    }
    if (!current_machine->kernel_filename) {
        warn_report_once("kernel-hashes=on of '%s' has no effect without "
                         "-kernel", sev_common_id(sev));
        return true;
    }
    error_setg(errp, "kernel-hashes=on of '%s' needs a Linux bzImage to make "
               "hashes of, which -kernel %s is not", sev_common_id(sev),
               current_machine->kernel_filename);
    return false;
}

/* What a machine must have handed over before it is measured */
static bool check_complete(SevCommonState *sev, Error **errp)
{
    if (!sev_regions_has(sev->regions, SEV_MEASURED_KIND_FIRMWARE)) {
        error_setg(errp, "machine type '%s' does not support SEV guests: it "
                   "starts from no firmware image that could be measured; "
                   "use pc or q35", MACHINE_GET_CLASS(current_machine)->name);
        return false;
    }
    return check_hashes(sev, errp) && check_memory_size(sev, errp);
}

/* After all memory: nobody can set registers from here on */
static bool update_vmsa(SevCommonState *sev, Error **errp)
{
    if (!sev->es) {
        return true;
    }
    if (!sev_launch_check(sev, SEV_STEP_UPDATE_VMSA, errp) ||
        !sev->backend->ops->launch_update_vmsa(sev->backend, errp)) {
        return false;
    }
    sev_launch_done(sev, SEV_STEP_UPDATE_VMSA);
    return true;
}

static bool launch_measure(SevCommonState *sev, Error **errp)
{
    if (!update_vmsa(sev, errp) ||
        !sev_launch_check(sev, SEV_STEP_MEASURE, errp) ||
        !sev->backend->ops->launch_measure(sev->backend, sev->measurement,
                                           errp)) {
        return false;
    }
    sev_launch_done(sev, SEV_STEP_MEASURE);
    return true;
}

bool sev_launch_measure(SevCommonState *sev, Error **errp)
{
    SevCommonClass *klass = SEV_COMMON_GET_CLASS(sev);

    if (klass->launch_measure && !klass->launch_measure(sev, errp)) {
        return false;
    }
    return check_complete(sev, errp) &&
           (klass->launch_measure || launch_measure(sev, errp));
}

static bool launch_finish(SevCommonState *sev, Error **errp)
{
    SevCommonClass *klass = SEV_COMMON_GET_CLASS(sev);

    if (klass->launch_finish) {
        return klass->launch_finish(sev, errp);
    }
    if (!sev_launch_check(sev, SEV_STEP_FINISH, errp) ||
        !sev->backend->ops->launch_finish(sev->backend, errp)) {
        return false;
    }
    sev_launch_done(sev, SEV_STEP_FINISH);
    return true;
}

/* A guest that is about to run for the first time must not see an error */
static void vm_change(void *opaque, bool running, RunState state)
{
    SevCommonState *sev = opaque;

    if (running && sev->state != SEV_STATE_RUNNING) {
        launch_finish(sev, &error_fatal);
    }
}

static bool launch_start(SevCommonState *sev, Error **errp)
{
    if (!sev_launch_check(sev, SEV_STEP_START, errp) ||
        !SEV_COMMON_GET_CLASS(sev)->launch_start(sev, errp)) {
        return false;
    }
    sev->regions = sev_regions_new(SEV_COMMON_GET_CLASS(sev)->guest_type);
    sev_launch_done(sev, SEV_STEP_START);
    return true;
}

/* The guest may have changed what it was launched from */
static bool update_again(SevCommonState *sev, const SevRegions *regions,
                         Error **errp)
{
    for (unsigned i = 0; i < sev_regions_count(regions); i++) {
        const SevRegion *region = sev_regions_peek(regions, i);

        memcpy(region->hva, region->data, region->size);
        if (!sev_launch_update(sev, region->gpa, region->hva, region->size,
                               region->kind, errp)) {
            return false;
        }
    }
    return true;
}

bool sev_launch_again(SevCommonState *sev, Error **errp)
{
    SevRegions *regions = sev->regions;
    bool ok;

    if (!sev->backend->ops->reset) {
        return true;
    }
    if (!sev->backend->ops->reset(sev->backend, errp)) {
        return false;
    }
    change_state(sev, SEV_STATE_UNINIT);
    ok = launch_start(sev, errp) && update_again(sev, regions, errp) &&
         sev_launch_measure(sev, errp);
    sev_regions_free(regions);
    return ok;
}

/* Whether somebody outside will want to look at the new launch first */
static bool wants_pause(const SevCommonState *sev)
{
    return sev->pause_on_reset == ON_OFF_AUTO_ON ||
           (sev->pause_on_reset == ON_OFF_AUTO_AUTO && sev->has_owner);
}

bool sev_launch_resume(SevCommonState *sev, Error **errp)
{
    if (!sev->backend->ops->reset || !runstate_is_running()) {
        return true;
    }
    if (wants_pause(sev)) {
        vm_stop(RUN_STATE_PAUSED);
        return true;
    }
    return launch_finish(sev, errp);
}

static void launch_exit(Notifier *notifier, void *unused)
{
    SevCommonState *sev = container_of(notifier, SevCommonState, exit);

    sev_backend_free(g_steal_pointer(&sev->backend));
}

/* What an encrypted guest rules out */
static bool block_others(SevCommonState *sev, Error **errp)
{
    int ret;

    error_setg(&sev->migration_blocker, "SEV guest '%s' can be neither "
               "migrated nor saved: its memory is encrypted with a key that "
               "stays on this platform; shut it down and launch it elsewhere "
               "or later", sev_common_id(sev));
    if (migrate_add_blocker(&sev->migration_blocker, errp) < 0) {
        return false;
    }
    /*
     * Encrypted memory stays pinned, so none of it can be given back; that
     * in a guest_memfd goes back whenever the guest shares it.
     */
    ret = CONFIDENTIAL_GUEST_SUPPORT(sev)->require_guest_memfd ? 0 :
          ram_block_discard_disable(true);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "SEV guest '%s' needs memory that is "
                         "never discarded", sev_common_id(sev));
        migrate_del_blocker(&sev->migration_blocker);
        return false;
    }
    return true;
}

bool sev_launch_begin(SevCommonState *sev, Error **errp)
{
    if (runstate_check(RUN_STATE_INMIGRATE)) {
        error_setg(errp, "SEV guest '%s' cannot be migrated here: leave "
                   "-incoming out", sev_common_id(sev));
        return false;
    }
    if (!launch_start(sev, errp) || !block_others(sev, errp)) {
        return false;
    }
    sev->exit.notify = launch_exit;
    qemu_add_exit_notifier(&sev->exit);
    qemu_add_vm_change_state_handler(vm_change, sev);
    return true;
}
