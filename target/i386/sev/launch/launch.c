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
#include "backing.h"
#include "boot-files.h"
#include "launch.h"
#include "sev/formats/text.h"
#include "sev/trace.h"

/* The guest of this process; never changes once it is set */
static SevLaunch *current;

SevLaunch *sev_launch_current(void)
{
    return current;
}

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

bool sev_launch_check(const SevLaunch *launch, SevStep step, Error **errp)
{
    g_autofree char *states = NULL;

    if (next_state[launch->state][step]) {
        return true;
    }
    states = states_for(step);
    error_setg(errp, "SEV guest '%s' is in state %s, but %s needs state %s",
               launch->id, SevState_str(launch->state), step_name[step],
               states);
    return false;
}

static void change_state(SevLaunch *launch, SevState state)
{
    SevState old = launch->state;

    launch->state = state;
    if (state != old) {
        trace_sev_change_state(launch->id, SevState_str(old),
                               SevState_str(state));
        qapi_event_send_sev_state_change(old, state);
    }
}

void sev_launch_done(SevLaunch *launch, SevStep step)
{
    SevState next = next_state[launch->state][step];

    assert(next);
    change_state(launch, next);
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

void sev_launch_measured(SevLaunch *launch, hwaddr gpa, void *hva,
                         uint64_t len, SevMeasuredKind kind, void *data)
{
    sev_regions_add(launch->regions, gpa, hva, len, kind, data);
    sev_launch_done(launch, SEV_STEP_UPDATE_DATA);
    trace_last_range(launch->regions);
}

/* Private memory in a guest_memfd has no file that others can see */
static bool check_backing(const SevLaunch *launch, void *hva, Error **errp)
{
    return launch->private_memfd ||
           (sev_backing_check_machine(launch->id, errp) &&
            sev_backing_check_host(launch->id, hva, errp));
}

bool sev_launch_update(SevLaunch *launch, hwaddr gpa, void *hva,
                       uint64_t len, SevMeasuredKind kind, Error **errp)
{
    g_autofree void *plaintext = NULL;

    if (!sev_launch_check(launch, SEV_STEP_UPDATE_DATA, errp) ||
        !check_backing(launch, hva, errp)) {
        return false;
    }
    if (launch->ops->update) {
        return launch->ops->update(launch, gpa, hva, len, kind, errp);
    }
    plaintext = g_memdup2(hva, len);
    if (!launch->backend->ops->launch_update_data(launch->backend, gpa, hva, len,
                                               errp)) {
        return false;
    }
    sev_launch_measured(launch, gpa, hva, len, kind, g_steal_pointer(&plaintext));
    return true;
}

bool sev_launch_secret(SevLaunch *launch, const SevLaunchSecret *secret,
                       Error **errp)
{
    if (!sev_launch_check(launch, SEV_STEP_SECRET, errp) ||
        !launch->backend->ops->launch_secret(launch->backend, secret, errp)) {
        return false;
    }
    sev_launch_done(launch, SEV_STEP_SECRET);
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
static bool check_memory_size(SevLaunch *launch, Error **errp)
{
    hwaddr end = end_of_memory();

    if (end > 1ULL << launch->cbitpos) {
        error_setg(errp, "cbitpos=%" PRIu32 " of '%s' leaves no addresses for "
                   "memory up to 0x%" HWADDR_PRIx ": leave cbitpos out, or "
                   "use less memory", launch->cbitpos, launch->id, end);
        return false;
    }
    return true;
}

/*
 * A firmware that is started without a kernel has nothing to hold against
 * hashes.  One that gets a kernel which nobody hashed must not run.
 */
static bool check_hashes(SevLaunch *launch, Error **errp)
{
    if (!launch->kernel_hashes ||
        sev_regions_has(launch->regions, SEV_MEASURED_KIND_KERNEL_HASHES)) {
        return true;
    }
    if (!current_machine->kernel_filename) {
        warn_report_once("kernel-hashes=on of '%s' has no effect without "
                         "-kernel", launch->id);
        return true;
    }
    error_setg(errp, "kernel-hashes=on of '%s' needs a Linux bzImage to make "
               "hashes of, which -kernel %s is not", launch->id,
               current_machine->kernel_filename);
    return false;
}

/* What a machine must have handed over before it is measured */
static bool check_complete(SevLaunch *launch, Error **errp)
{
    if (!sev_regions_has(launch->regions, SEV_MEASURED_KIND_FIRMWARE)) {
        error_setg(errp, "machine type '%s' does not support SEV guests: it "
                   "starts from no firmware image that could be measured; "
                   "use pc or q35", MACHINE_GET_CLASS(current_machine)->name);
        return false;
    }
    return check_hashes(launch, errp) && check_memory_size(launch, errp);
}

/* After all memory: nobody can set registers from here on */
static bool update_vmsa(SevLaunch *launch, Error **errp)
{
    if (!launch->es) {
        return true;
    }
    if (!sev_launch_check(launch, SEV_STEP_UPDATE_VMSA, errp) ||
        !launch->backend->ops->launch_update_vmsa(launch->backend, errp)) {
        return false;
    }
    sev_launch_done(launch, SEV_STEP_UPDATE_VMSA);
    return true;
}

static bool measure(SevLaunch *launch, Error **errp)
{
    if (!update_vmsa(launch, errp) ||
        !sev_launch_check(launch, SEV_STEP_MEASURE, errp) ||
        !launch->backend->ops->launch_measure(launch->backend, launch->measurement,
                                           errp)) {
        return false;
    }
    sev_launch_done(launch, SEV_STEP_MEASURE);
    return true;
}

bool sev_launch_measure(SevLaunch *launch, Error **errp)
{
    if (launch->kernel_hashes && !sev_boot_files_check(launch->id, errp)) {
        return false;
    }
    if (launch->ops->measure && !launch->ops->measure(launch, errp)) {
        return false;
    }
    return check_complete(launch, errp) &&
           (launch->ops->measure || measure(launch, errp));
}

static bool finish(SevLaunch *launch, Error **errp)
{

    if (launch->ops->finish) {
        return launch->ops->finish(launch, errp);
    }
    if (!sev_launch_check(launch, SEV_STEP_FINISH, errp) ||
        !launch->backend->ops->launch_finish(launch->backend, errp)) {
        return false;
    }
    sev_launch_done(launch, SEV_STEP_FINISH);
    return true;
}

/* A guest that is about to run for the first time must not see an error */
static void vm_change(void *opaque, bool running, RunState state)
{
    SevLaunch *launch = opaque;

    if (running && launch->state != SEV_STATE_RUNNING) {
        finish(launch, &error_fatal);
    }
}

static bool start(SevLaunch *launch, Error **errp)
{
    if (!sev_launch_check(launch, SEV_STEP_START, errp) ||
        !launch->ops->start(launch, errp)) {
        return false;
    }
    launch->regions = sev_regions_new(launch->type);
    sev_launch_done(launch, SEV_STEP_START);
    return true;
}

/* The guest may have changed what it was launched from */
static bool update_again(SevLaunch *launch, const SevRegions *regions,
                         Error **errp)
{
    for (unsigned i = 0; i < sev_regions_count(regions); i++) {
        const SevRegion *region = sev_regions_peek(regions, i);

        memcpy(region->hva, region->data, region->size);
        if (!sev_launch_update(launch, region->gpa, region->hva, region->size,
                               region->kind, errp)) {
            return false;
        }
    }
    return true;
}

bool sev_launch_again(SevLaunch *launch, Error **errp)
{
    SevRegions *regions = launch->regions;
    bool ok;

    if (!launch->backend->ops->reset) {
        return true;
    }
    if (!launch->backend->ops->reset(launch->backend, errp)) {
        return false;
    }
    change_state(launch, SEV_STATE_UNINIT);
    ok = start(launch, errp) && update_again(launch, regions, errp) &&
         sev_launch_measure(launch, errp);
    sev_regions_free(regions);
    return ok;
}

/* Whether somebody outside will want to look at the new launch first */
static bool wants_pause(const SevLaunch *launch)
{
    return launch->pause_on_reset == ON_OFF_AUTO_ON ||
           (launch->pause_on_reset == ON_OFF_AUTO_AUTO && launch->has_owner);
}

bool sev_launch_resume(SevLaunch *launch, Error **errp)
{
    if (!launch->backend->ops->reset || !runstate_is_running()) {
        return true;
    }
    if (wants_pause(launch)) {
        vm_stop(RUN_STATE_PAUSED);
        return true;
    }
    return finish(launch, errp);
}

static void launch_exit(Notifier *notifier, void *unused)
{
    SevLaunch *launch = container_of(notifier, SevLaunch, exit);

    sev_backend_free(g_steal_pointer(&launch->backend));
}

/* What an encrypted guest rules out */
static bool block_others(SevLaunch *launch, Error **errp)
{
    int ret;

    error_setg(&launch->migration_blocker, "SEV guest '%s' can be neither "
               "migrated nor saved: its memory is encrypted with a key that "
               "stays on this platform; shut it down and launch it elsewhere "
               "or later", launch->id);
    if (migrate_add_blocker(&launch->migration_blocker, errp) < 0) {
        return false;
    }
    /*
     * Encrypted memory stays pinned, so none of it can be given back; that
     * in a guest_memfd goes back whenever the guest shares it.
     */
    ret = launch->private_memfd ? 0 :
          ram_block_discard_disable(true);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "SEV guest '%s' needs memory that is "
                         "never discarded", launch->id);
        migrate_del_blocker(&launch->migration_blocker);
        return false;
    }
    return true;
}

bool sev_launch_begin(SevLaunch *launch, Error **errp)
{
    if (runstate_check(RUN_STATE_INMIGRATE)) {
        error_setg(errp, "SEV guest '%s' cannot be migrated here: leave "
                   "-incoming out", launch->id);
        return false;
    }
    if (!start(launch, errp) || !block_others(launch, errp)) {
        return false;
    }
    launch->exit.notify = launch_exit;
    qemu_add_exit_notifier(&launch->exit);
    qemu_add_vm_change_state_handler(vm_change, launch);
    current = launch;
    return true;
}
