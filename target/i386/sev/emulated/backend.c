/*
 * SEV backends: the software AMD Secure Processor in this process
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Puts the operations of a SevBackend into mailbox commands.  The commands
 * name memory by physical address: guest memory is at its guest physical
 * address there, buffers of QEMU at addresses that no guest has.  A window
 * opens one such range for the length of one command.
 *
 * What the memory controller's engine does to guest memory is up to the model
 * of encrypted memory, memory.h.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/timer.h"
#include "sev/asp/asp.h"
#include "sev/asp/launch.h"
#include "sev/backend.h"
#include "sev/error.h"
#include "sev/memory/space.h"
#include "sev/trace.h"
#include "vmsa.h"

/*
 * Hardware has the C-bit at bit 47 (first EPYCs) or 51; any place in a page
 * table entry's address field that lies above 32-bit addresses will do here.
 */
#define CBITPOS_DEFAULT         51
#define CBITPOS_MIN             32
#define CBITPOS_MAX             51
#define REDUCED_PHYS_BITS       1

#define MAX_WINDOWS             3

/* Above any guest physical address, 4 GiB apart */
#define BUFFER_BASE             (1ULL << 56)
#define BUFFER_STRIDE           (1ULL << 32)

/* Trusted memory of the firmware, which this one has elsewhere */
#define TMR_BASE                (1ULL << 57)

typedef struct SevWindow {
    uint64_t addr;
    uint64_t len;
    uint8_t *host;
    bool writable;
    bool guest;                 /* guest memory, which has two views */
} SevWindow;

typedef struct SevBackendEmulated {
    SevBackend parent;
    AspIdentity *identity;
    Asp *asp;
    uint32_t handle;            /* 0: no guest */
    bool es;
    SevWindow windows[MAX_WINDOWS];
    unsigned num_windows;
} SevBackendEmulated;

/* The window that a range lies in, or NULL; @offset: where in it */
static const SevWindow *window_find(SevBackendEmulated *be, uint64_t addr,
                                    size_t len, bool write, uint64_t *offset)
{
    for (unsigned i = 0; i < be->num_windows; i++) {
        const SevWindow *win = &be->windows[i];

        *offset = addr - win->addr;
        if (addr >= win->addr && *offset <= win->len &&
            len <= win->len - *offset && (win->writable || !write)) {
            return win;
        }
    }
    return NULL;
}

/* @view matters to guest memory only */
static bool window_rw(SevBackendEmulated *be, uint64_t addr, void *buf,
                      size_t len, SevView view, bool write)
{
    uint64_t offset;
    const SevWindow *win = window_find(be, addr, len, write, &offset);
    uint8_t *host = win ? win->host + offset : NULL;

    if (!win || win->guest) {
        return win && sev_memory_space_rw(host, buf, len, view, write);
    }
    memcpy(write ? host : buf, write ? buf : host, len);
    return true;
}

static bool mem_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return window_rw(opaque, addr, buf, len, SEV_VIEW_SHARED, false);
}

static bool mem_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    return window_rw(opaque, addr, (void *)buf, len, SEV_VIEW_SHARED, true);
}

/* The engine has the key from the first command that uses it on */
static void take_key(const uint8_t *vek)
{
    if (!sev_memory_has_key(sev_memory_space_model())) {
        sev_memory_set_key(sev_memory_space_model(), vek);
    }
}

static bool guest_read(void *opaque, uint32_t handle, const uint8_t *vek,
                       uint64_t addr, void *buf, size_t len)
{
    take_key(vek);
    return window_rw(opaque, addr, buf, len, SEV_VIEW_PRIVATE, false);
}

static bool guest_write(void *opaque, uint32_t handle, const uint8_t *vek,
                        uint64_t addr, const void *buf, size_t len)
{
    take_key(vek);
    return window_rw(opaque, addr, (void *)buf, len, SEV_VIEW_PRIVATE, true);
}

static const AspMemory asp_memory = {
    .read = mem_read,
    .write = mem_write,
    .guest_read = guest_read,
    .guest_write = guest_write,
};

static void window_add(SevBackendEmulated *be, uint64_t addr,
                       void *host, uint64_t len, bool writable)
{
    assert(be->num_windows < MAX_WINDOWS);
    be->windows[be->num_windows++] = (SevWindow) {
        .addr = addr, .len = len, .host = host, .writable = writable,
    };
}

/* Open guest memory for the next command, at its guest physical address */
static void window_guest(SevBackendEmulated *be, hwaddr gpa, void *hva,
                         uint64_t len)
{
    window_add(be, gpa, hva, len, true);
    be->windows[be->num_windows - 1].guest = true;
}

/* Open a buffer for the next command; returns its address, little-endian */
static uint64_t window_out(SevBackendEmulated *be, void *buf, uint32_t len)
{
    uint64_t addr = BUFFER_BASE + be->num_windows * BUFFER_STRIDE;

    window_add(be, addr, buf, len, true);
    return cpu_to_le64(addr);
}

static uint64_t window_in(SevBackendEmulated *be, const void *buf,
                          uint32_t len)
{
    uint64_t addr = window_out(be, (void *)buf, len);

    be->windows[be->num_windows - 1].writable = false;
    return addr;
}

/* Carry out one command and close its windows */
static bool command(SevBackendEmulated *be, AspCommand id, void *buf,
                    size_t len, Error **errp)
{
    int64_t start = get_clock();
    AspStatus status = asp_command(be->asp, id, buf, len);

    trace_sev_firmware_command(asp_command_name(id), asp_status_name(status),
                               status, (get_clock() - start) / SCALE_US);
    be->num_windows = 0;
    if (status != ASP_SUCCESS) {
        sev_error_firmware_hint(errp, id, status,
                                asp_identity_hint(be->identity, status));
        return false;
    }
    return true;
}

static bool command_guest(SevBackendEmulated *be, AspCommand id,
                          uint32_t handle, Error **errp)
{
    AspCmdGuest cmd = { .handle = cpu_to_le32(handle) };

    return command(be, id, &cmd, sizeof(cmd), errp);
}

static bool emulated_platform(SevBackend *parent, SevPlatform *platform,
                              Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdPlatformStatus status = {};

    if (!command(be, ASP_CMD_PLATFORM_STATUS, &status, sizeof(status), errp)) {
        return false;
    }
    *platform = (SevPlatform) {
        .api_major = status.api_major,
        .api_minor = status.api_minor,
        .build = status.build,
        .cbitpos = CBITPOS_DEFAULT,
        .cbitpos_min = CBITPOS_MIN,
        .cbitpos_max = CBITPOS_MAX,
        .reduced_phys_bits = REDUCED_PHYS_BITS,
        .has_es = le16_to_cpu(status.config) & ASP_CONFIG_ES,
    };
    return true;
}

static bool emulated_certs(SevBackend *parent, SevCerts *certs, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdPdhCertExport export = {
        .pdh_paddr = window_out(be, certs->pdh, sizeof(certs->pdh)),
        .pdh_len = cpu_to_le32(sizeof(certs->pdh)),
        .certs_paddr = window_out(be, certs->chain, sizeof(certs->chain)),
        .certs_len = cpu_to_le32(sizeof(certs->chain)),
    };
    AspCmdGetId get_id = { .id_len = cpu_to_le32(sizeof(certs->chip_id)) };

    if (!command(be, ASP_CMD_PDH_CERT_EXPORT, &export, sizeof(export), errp)) {
        return false;
    }
    get_id.id_paddr = window_out(be, certs->chip_id, sizeof(certs->chip_id));
    return command(be, ASP_CMD_GET_ID, &get_id, sizeof(get_id), errp);
}

/* Give the new guest an address space id, as a hypervisor does */
static bool activate(SevBackendEmulated *be, Error **errp)
{
    AspCmdActivate cmd = {
        .handle = cpu_to_le32(be->handle),
        .asid = cpu_to_le32(be->es ? 1 : ASP_ASID_MIN_SEV),
    };

    return command(be, ASP_CMD_DF_FLUSH, NULL, 0, errp) &&
           command(be, ASP_CMD_ACTIVATE, &cmd, sizeof(cmd), errp);
}

static bool emulated_launch_start(SevBackend *parent,
                                  const SevLaunchStart *start,
                                  uint32_t *handle, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdLaunchStart cmd = {
        .handle = cpu_to_le32(start->handle),
        .policy = cpu_to_le32(start->policy),
    };

    if (start->godh) {
        cmd.dh_cert_len = cpu_to_le32(SEV_CERT_SIZE);
        cmd.dh_cert_paddr = window_in(be, start->godh, SEV_CERT_SIZE);
        cmd.session_len = cpu_to_le32(SEV_SESSION_SIZE);
        cmd.session_paddr = window_in(be, start->session, SEV_SESSION_SIZE);
    }
    if (!command(be, ASP_CMD_LAUNCH_START, &cmd, sizeof(cmd), errp)) {
        return false;
    }
    be->handle = le32_to_cpu(cmd.handle);
    be->es = start->policy & SEV_POLICY_ES;
    if (!activate(be, errp)) {
        command_guest(be, ASP_CMD_DECOMMISSION, be->handle, NULL);
        be->handle = 0;
        return false;
    }
    if (!sev_memory_space_model()) {
        sev_memory_space_start();
    }
    *handle = be->handle;
    return true;
}

static bool emulated_launch_update_data(SevBackend *parent, hwaddr gpa,
                                        void *hva, uint64_t len, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdLaunchUpdate cmd = {
        .handle = cpu_to_le32(be->handle),
        .paddr = cpu_to_le64(gpa),
        .len = cpu_to_le32(len),
    };

    if (len > UINT32_MAX) {
        error_setg(errp, "0x%" PRIx64 " bytes are more than LAUNCH_UPDATE_DATA "
                   "takes", len);
        return false;
    }
    window_guest(be, gpa, hva, len);
    return command(be, ASP_CMD_LAUNCH_UPDATE_DATA, &cmd, sizeof(cmd), errp);
}

/* One vCPU after the other, as hypervisors do */
static bool emulated_launch_update_vmsa(SevBackend *parent, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdLaunchUpdate cmd = {
        .handle = cpu_to_le32(be->handle),
        .paddr = cpu_to_le64(BUFFER_BASE),
        .len = cpu_to_le32(SEV_VMSA_SIZE),
    };
    CPUState *cs;

    CPU_FOREACH(cs) {
        window_guest(be, BUFFER_BASE, sev_hv_vmsa_prepare(X86_CPU(cs), false),
                     SEV_VMSA_SIZE);
        if (!command(be, ASP_CMD_LAUNCH_UPDATE_VMSA, &cmd, sizeof(cmd),
                     errp)) {
            return false;
        }
    }
    return true;
}

static bool emulated_launch_measure(SevBackend *parent, uint8_t *blob,
                                    Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdLaunchMeasure cmd = {
        .handle = cpu_to_le32(be->handle),
        .measure_paddr = window_out(be, blob, SEV_MEASURE_BLOB_SIZE),
        .measure_len = cpu_to_le32(SEV_MEASURE_BLOB_SIZE),
    };

    return command(be, ASP_CMD_LAUNCH_MEASURE, &cmd, sizeof(cmd), errp);
}

static bool emulated_launch_secret(SevBackend *parent,
                                   const SevLaunchSecret *secret, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdLaunchSecret cmd = {
        .handle = cpu_to_le32(be->handle),
        .hdr_paddr = window_in(be, secret->header, SEV_PACKET_HEADER_SIZE),
        .hdr_len = cpu_to_le32(SEV_PACKET_HEADER_SIZE),
        .guest_paddr = cpu_to_le64(secret->gpa),
        .guest_len = cpu_to_le32(secret->len),
        .trans_len = cpu_to_le32(secret->len),
    };

    cmd.trans_paddr = window_in(be, secret->data, secret->len);
    window_guest(be, secret->gpa, secret->hva, secret->len);
    return command(be, ASP_CMD_LAUNCH_SECRET, &cmd, sizeof(cmd), errp);
}

static bool emulated_launch_finish(SevBackend *parent, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);

    if (!command_guest(be, ASP_CMD_LAUNCH_FINISH, be->handle, errp)) {
        return false;
    }
    if (be->es) {
        sev_hv_vmsa_start();
    }
    return true;
}

static bool emulated_reset(SevBackend *parent, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);

    if (!command_guest(be, ASP_CMD_DEACTIVATE, be->handle, errp) ||
        !command_guest(be, ASP_CMD_DECOMMISSION, be->handle, errp)) {
        return false;
    }
    be->handle = 0;
    sev_memory_space_seal();
    return true;
}

static bool emulated_attestation(SevBackend *parent, const uint8_t *mnonce,
                                 uint8_t *report, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdAttestation cmd = {
        .handle = cpu_to_le32(be->handle),
        .report_paddr = window_out(be, report, SEV_REPORT_SIZE),
        .report_len = cpu_to_le32(SEV_REPORT_SIZE),
    };

    memcpy(cmd.mnonce, mnonce, sizeof(cmd.mnonce));
    return command(be, ASP_CMD_ATTESTATION, &cmd, sizeof(cmd), errp);
}

static bool emulated_dbg_decrypt(SevBackend *parent, hwaddr gpa, void *hva,
                                 void *buf, uint64_t len, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdDbg cmd = {
        .handle = cpu_to_le32(be->handle),
        .src_paddr = cpu_to_le64(gpa),
        .dst_paddr = window_out(be, buf, len),
        .len = cpu_to_le32(len),
    };

    window_guest(be, gpa, hva, len);
    return command(be, ASP_CMD_DBG_DECRYPT, &cmd, sizeof(cmd), errp);
}

static bool emulated_dbg_encrypt(SevBackend *parent, hwaddr gpa, void *hva,
                                 const void *buf, uint64_t len, Error **errp)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);
    AspCmdDbg cmd = {
        .handle = cpu_to_le32(be->handle),
        .src_paddr = window_in(be, buf, len),
        .dst_paddr = cpu_to_le64(gpa),
        .len = cpu_to_le32(len),
    };

    window_guest(be, gpa, hva, len);
    return command(be, ASP_CMD_DBG_ENCRYPT, &cmd, sizeof(cmd), errp);
}

static void emulated_free(SevBackend *parent)
{
    SevBackendEmulated *be = container_of(parent, SevBackendEmulated, parent);

    if (be->handle) {
        command_guest(be, ASP_CMD_DEACTIVATE, be->handle, NULL);
        command_guest(be, ASP_CMD_DECOMMISSION, be->handle, NULL);
    }
    asp_free(be->asp);
    asp_identity_free(be->identity);
    g_free(be);
}

static const SevBackendOps emulated_ops = {
    .name = "emulated",
    .platform = emulated_platform,
    .certs = emulated_certs,
    .launch_start = emulated_launch_start,
    .launch_update_data = emulated_launch_update_data,
    .launch_update_vmsa = emulated_launch_update_vmsa,
    .launch_measure = emulated_launch_measure,
    .launch_secret = emulated_launch_secret,
    .launch_finish = emulated_launch_finish,
    .reset = emulated_reset,
    .attestation = emulated_attestation,
    .dbg_decrypt = emulated_dbg_decrypt,
    .dbg_encrypt = emulated_dbg_encrypt,
    .free = emulated_free,
};

static AspIdentity *identity_of(const SevBackendConfig *config, Error **errp)
{
    g_autoptr(GError) err = NULL;
    AspIdentity *identity;

    if (!config->state_file) {
        return asp_identity_builtin();
    }
    identity = asp_identity_open(config->state_file, &err);
    if (!identity) {
        error_setg(errp, "state-file: %s; \"qemu-sev platform init\" makes "
                   "one", err->message);
    }
    return identity;
}

SevBackend *sev_backend_emulated_new(const SevBackendConfig *config,
                                     Error **errp)
{
    AspCmdInit init = {
        .options = cpu_to_le32(ASP_INIT_ES),
        .tmr_paddr = cpu_to_le64(TMR_BASE),
        .tmr_len = cpu_to_le32(ASP_TMR_SIZE),
    };
    SevBackendEmulated *be;
    AspIdentity *identity;

    if (!g_str_equal(config->sev_device ?: "", SEV_DEVICE_DEFAULT)) {
        error_setg(errp, "sev-device '%s' cannot be used: the platform is "
                   "emulated in this process; leave it out, or name another "
                   "platform by state-file", config->sev_device ?: "");
        return NULL;
    }
    identity = identity_of(config, errp);
    if (!identity) {
        return NULL;
    }
    be = g_new0(SevBackendEmulated, 1);
    be->parent.ops = &emulated_ops;
    be->identity = identity;
    be->asp = asp_new(identity, &asp_memory, be);
    if (!command(be, ASP_CMD_INIT, &init, sizeof(init), errp)) {
        emulated_free(&be->parent);
        return NULL;
    }
    return &be->parent;
}
