/*
 * A double of /dev/kvm and /dev/sev: the platform
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV_ISSUE_CMD of linux/psp-sev.h: the commands that QEMU needs, and those
 * that sevctl and sev-tool send to a platform's owner besides (sev-owner.c).
 */

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/psp-sev.h>
#include "double.h"

static int platform_status(uint64_t data, const DoubleFault *fault,
                           uint32_t *status)
{
    AspCmdPlatformStatus cmd = { 0 };
    struct sev_user_data_status user = { 0 };
    int err;

    (void)fault;
    double_log("SEV_PLATFORM_STATUS");
    err = double_command(ASP_CMD_PLATFORM_STATUS, &cmd, sizeof(cmd), status);
    user.api_major = cmd.api_major;
    user.api_minor = cmd.api_minor;
    user.state = cmd.state;
    user.flags = cmd.owner | (uint32_t)GUINT16_FROM_LE(cmd.config) << 8;
    user.build = cmd.build;
    user.guest_count = GUINT32_FROM_LE(cmd.guest_count);
    if (double_inits_late() && !double_vm.active) {
        user.state = ASP_PLATFORM_UNINIT;
        user.flags = 0;
    }
    return double_user_write(data, &user, sizeof(user)) ? err : -EFAULT;
}

static int pdh_cert_export(uint64_t data, const DoubleFault *fault,
                           uint32_t *status)
{
    struct sev_user_data_pdh_cert_export user;
    AspCmdPdhCertExport cmd = { 0 };
    int err;

    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    double_log("SEV_PDH_CERT_EXPORT pdh %u chain %u", user.pdh_cert_len,
               user.cert_chain_len);
    if (user.pdh_cert_len > DOUBLE_MAX_BLOB ||
        user.cert_chain_len > DOUBLE_MAX_BLOB) {
        return -EFAULT;
    }
    cmd.pdh_paddr = GUINT64_TO_LE(user.pdh_cert_address);
    cmd.pdh_len = GUINT32_TO_LE(user.pdh_cert_len);
    cmd.certs_paddr = GUINT64_TO_LE(user.cert_chain_address);
    cmd.certs_len = GUINT32_TO_LE(user.cert_chain_len);
    err = double_command(ASP_CMD_PDH_CERT_EXPORT, &cmd, sizeof(cmd), status);
    user.pdh_cert_len = fault->kind == FAULT_LENGTH ? fault->value :
                        GUINT32_FROM_LE(cmd.pdh_len);
    user.cert_chain_len = GUINT32_FROM_LE(cmd.certs_len);
    return double_user_write(data, &user, sizeof(user)) ? err : -EFAULT;
}

static int get_id2(uint64_t data, const DoubleFault *fault, uint32_t *status)
{
    struct sev_user_data_get_id2 user;
    _Alignas(8) uint8_t id[SEV_CHIP_ID_SIZE];
    AspCmdGetId cmd = { .id_paddr = GUINT64_TO_LE((uintptr_t)id) };
    int err;

    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    double_log("SEV_GET_ID2 len %u", user.length);
    if (user.length > DOUBLE_MAX_BLOB) {
        return -EINVAL;
    }
    /* The driver has a buffer of its own, and copies what fits */
    cmd.id_len = GUINT32_TO_LE(user.length);
    err = double_command(ASP_CMD_GET_ID, &cmd, sizeof(cmd), status);
    user.length = fault->kind == FAULT_LENGTH ? fault->value :
                  GUINT32_FROM_LE(cmd.id_len);
    if (!err && !double_user_write(user.address, id, sizeof(id))) {
        return -EFAULT;
    }
    return double_user_write(data, &user, sizeof(user)) ? err : -EFAULT;
}

/* Deprecated, for two sockets, of which this platform has one */
static int get_id(uint64_t data, const DoubleFault *fault, uint32_t *status)
{
    struct sev_user_data_get_id user;
    _Alignas(8) uint8_t ids[sizeof(user)];
    AspCmdGetId cmd = {
        .id_paddr = GUINT64_TO_LE((uintptr_t)ids),
        .id_len = GUINT32_TO_LE(sizeof(ids)),
    };
    int err;

    (void)fault;
    double_log("SEV_GET_ID");
    err = double_command(ASP_CMD_GET_ID, &cmd, sizeof(cmd), status);
    if (!err && !double_user_write(data, ids, GUINT32_FROM_LE(cmd.id_len))) {
        return -EFAULT;
    }
    return err;
}

static int snp_platform_status(uint64_t data, const DoubleFault *fault,
                               uint32_t *status)
{
    struct sev_user_data_snp_status user;
    void *page;
    SnpCmdAddress cmd;
    int err;

    G_STATIC_ASSERT(sizeof(user) == sizeof(SnpPlatformStatus));
    (void)fault;
    double_log("SNP_PLATFORM_STATUS");
    if (!double_has_snp()) {
        return -EINVAL;
    }
    page = double_firmware_page();
    cmd.paddr = GUINT64_TO_LE((uintptr_t)page);
    err = double_command(ASP_CMD_SNP_PLATFORM_STATUS, &cmd, sizeof(cmd),
                         status);
    double_page_reclaim(page);
    memcpy(&user, page, sizeof(user));
    double_page_free(page);
    if (!err && !double_user_write(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    return err;
}

/* @init: the driver initialises a platform that is not, before the command */
static const struct {
    uint32_t id;
    const char *name;
    DoubleHandler *handler;
    bool writes, init;
} commands[] = {
    { SEV_FACTORY_RESET, "SEV_FACTORY_RESET", double_factory_reset,
      .writes = true },
    { SEV_PLATFORM_STATUS, "SEV_PLATFORM_STATUS", platform_status },
    { SEV_PEK_GEN, "SEV_PEK_GEN", double_pek_gen, true, true },
    { SEV_PEK_CSR, "SEV_PEK_CSR", double_pek_csr, true, true },
    { SEV_PDH_GEN, "SEV_PDH_GEN", double_pdh_gen, true, true },
    { SEV_PDH_CERT_EXPORT, "SEV_PDH_CERT_EXPORT", pdh_cert_export,
      .init = true },
    { SEV_PEK_CERT_IMPORT, "SEV_PEK_CERT_IMPORT", double_pek_cert_import,
      true, true },
    { SEV_GET_ID, "SEV_GET_ID", get_id },
    { SEV_GET_ID2, "SEV_GET_ID2", get_id2 },
    { SNP_PLATFORM_STATUS, "SNP_PLATFORM_STATUS", snp_platform_status },
};

/* Carry out one command; returns 0 or a negative errno */
static int execute(uint32_t id, uint64_t data, bool writable,
                   uint32_t *status)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        DoubleFault fault;

        if (commands[i].id != id) {
            continue;
        }
        fault = double_fault(commands[i].name);
        if (fault.kind == FAULT_ERRNO) {
            return -(int)fault.value;
        }
        if (fault.kind == FAULT_FIRMWARE) {
            *status = fault.value;
            return -EIO;
        }
        if (commands[i].writes && !writable) {
            double_log("REFUSED: %s of who may only read", commands[i].name);
            return -EPERM;
        }
        if (commands[i].init) {
            *status = double_platform_init();
            if (*status) {
                return -EIO;
            }
        }
        return commands[i].handler(data, &fault, status);
    }
    double_log("REFUSED: platform command %u", id);
    return -EINVAL;
}

int double_sev_ioctl(unsigned long request, void *arg, bool writable)
{
    struct sev_issue_cmd cmd;
    uint32_t status;
    int err;

    if (request != SEV_ISSUE_CMD) {
        return double_fail(-EINVAL);
    }
    if (!double_user_read((uintptr_t)arg, &cmd, sizeof(cmd))) {
        return double_fail(-EFAULT);
    }
    status = cmd.error;
    err = execute(cmd.cmd, cmd.data, writable, &status);
    cmd.error = status;
    if (!double_user_write((uintptr_t)arg, &cmd, sizeof(cmd))) {
        return double_fail(-EFAULT);
    }
    return err ? double_fail(err) : 0;
}
