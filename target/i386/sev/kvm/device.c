/*
 * SEV: the host's firmware, as its device file shows it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/timer.h"
#include <sys/ioctl.h>
#include <linux/psp-sev.h>
#include "kernel-error.h"
#include "device.h"
#include "sev/trace.h"

/* A command of the device and the mailbox command behind it */
typedef struct SevDeviceCommand {
    uint32_t id;
    const char *name;
    AspCommand firmware;
} SevDeviceCommand;

static const SevDeviceCommand platform_status = {
    SEV_PLATFORM_STATUS, "SEV_PLATFORM_STATUS", ASP_CMD_PLATFORM_STATUS,
};
static const SevDeviceCommand pdh_cert_export = {
    SEV_PDH_CERT_EXPORT, "SEV_PDH_CERT_EXPORT", ASP_CMD_PDH_CERT_EXPORT,
};
static const SevDeviceCommand get_id2 = {
    SEV_GET_ID2, "SEV_GET_ID2", ASP_CMD_GET_ID,
};

int sev_device_open(const char *path, Error **errp)
{
    int fd = qemu_open(path, O_RDWR, NULL);

    if (fd < 0) {
        error_setg(errp, "sev-device '%s' cannot be opened: %s; the host "
                   "needs an AMD EPYC processor with SEV switched on, its "
                   "driver (ccp) and access to the device; -accel tcg "
                   "emulates SEV on any host", path, strerror(errno));
    }
    return fd;
}

/* Returns 0 or a negative errno; @status: out: what the firmware answered */
static int issue(int fd, const SevDeviceCommand *command, void *data,
                 uint32_t *status)
{
    struct sev_issue_cmd arg = {
        .cmd = command->id,
        .data = (uintptr_t)data,
        .error = SEV_NO_FW_STATUS,
    };
    int64_t start = get_clock();
    int ret = ioctl(fd, SEV_ISSUE_CMD, &arg) < 0 ? -errno : 0;

    *status = arg.error;
    trace_sev_kernel_command(command->name, ret, arg.error,
                             (get_clock() - start) / SCALE_US);
    return ret;
}

static bool execute(int fd, const SevDeviceCommand *command, void *data,
                    Error **errp)
{
    uint32_t status;
    int ret = issue(fd, command, data, &status);

    if (ret < 0) {
        sev_error_kernel(errp, command->name, command->firmware, -ret, status);
        return false;
    }
    return true;
}

/* With buffers of length 0 the firmware refuses, and says what it needs */
static bool query_length(int fd, const SevDeviceCommand *command, void *data,
                         Error **errp)
{
    uint32_t status;
    int ret = issue(fd, command, data, &status);

    if (ret < 0 && status != ASP_INVALID_LENGTH) {
        sev_error_kernel(errp, command->name, command->firmware, -ret, status);
        return false;
    }
    return true;
}

static bool check_length(const SevDeviceCommand *command, const char *what,
                         uint32_t len, uint32_t min, uint32_t max,
                         Error **errp)
{
    if (len < min || len > max) {
        error_setg(errp, "%s: the firmware's %s has %" PRIu32 " bytes instead "
                   "of %s%" PRIu32 "; this firmware is not supported",
                   command->name, what, len, min < max ? "at most " : "", max);
        return false;
    }
    return true;
}

bool sev_device_status(int fd, SevPlatform *platform, Error **errp)
{
    struct sev_user_data_status status = {};

    if (!execute(fd, &platform_status, &status, errp)) {
        return false;
    }
    platform->api_major = status.api_major;
    platform->api_minor = status.api_minor;
    platform->build = status.build;
    /*
     * The driver may leave the platform alone until KVM has a guest for it
     * (psp_init_on_probe=0).  Whether there is SEV-ES shows only then: it is
     * for KVM to say.
     */
    platform->has_es = status.state == ASP_PLATFORM_UNINIT ||
                       status.flags & SEV_STATUS_FLAGS_CONFIG_ES;
    return true;
}

static bool export_certs(int fd, SevCerts *certs, Error **errp)
{
    struct sev_user_data_pdh_cert_export export = {};

    if (!query_length(fd, &pdh_cert_export, &export, errp) ||
        !check_length(&pdh_cert_export, "PDH certificate", export.pdh_cert_len,
                      sizeof(certs->pdh), sizeof(certs->pdh), errp) ||
        !check_length(&pdh_cert_export, "certificate chain",
                      export.cert_chain_len, sizeof(certs->chain),
                      sizeof(certs->chain), errp)) {
        return false;
    }
    export.pdh_cert_address = (uintptr_t)certs->pdh;
    export.cert_chain_address = (uintptr_t)certs->chain;
    return execute(fd, &pdh_cert_export, &export, errp);
}

static bool get_chip_id(int fd, SevCerts *certs, Error **errp)
{
    struct sev_user_data_get_id2 id = {};

    /* A host of two sockets has one id each: the first is enough */
    if (!query_length(fd, &get_id2, &id, errp) ||
        !check_length(&get_id2, "chip id", id.length, 1,
                      2 * sizeof(certs->chip_id), errp)) {
        return false;
    }
    g_autofree uint8_t *ids = g_malloc0(2 * sizeof(certs->chip_id));

    id.address = (uintptr_t)ids;
    if (!execute(fd, &get_id2, &id, errp)) {
        return false;
    }
    memcpy(certs->chip_id, ids, sizeof(certs->chip_id));
    return true;
}

bool sev_device_certs(int fd, SevCerts *certs, Error **errp)
{
    return export_certs(fd, certs, errp) && get_chip_id(fd, certs, errp);
}
