/*
 * A double of /dev/kvm and /dev/sev: the platform's keys and who owns them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Commands of linux/psp-sev.h that sevctl's reset, rotate and provision and
 * those of sev-tool are made of.
 */

#include <errno.h>
#include <string.h>
#include <linux/psp-sev.h>
#include "double.h"

static uint8_t platform_state(void)
{
    AspCmdPlatformStatus status = { 0 };

    double_firmware(ASP_CMD_PLATFORM_STATUS, &status, sizeof(status));
    return status.state;
}

/* The driver shuts the platform down for it, unless a guest lives there */
int double_factory_reset(uint64_t data, const DoubleFault *fault,
                         uint32_t *status)
{
    (void)data;
    (void)fault;
    double_log("SEV_FACTORY_RESET");
    if (platform_state() == ASP_PLATFORM_WORKING) {
        return -EBUSY;
    }
    if (platform_state() == ASP_PLATFORM_INIT &&
        double_command(ASP_CMD_SHUTDOWN, NULL, 0, status) < 0) {
        return -EIO;
    }
    return double_command(ASP_CMD_PLATFORM_RESET, NULL, 0, status);
}

int double_pek_gen(uint64_t data, const DoubleFault *fault, uint32_t *status)
{
    (void)data;
    (void)fault;
    double_log("SEV_PEK_GEN");
    return double_command(ASP_CMD_PEK_GEN, NULL, 0, status);
}

int double_pdh_gen(uint64_t data, const DoubleFault *fault, uint32_t *status)
{
    (void)data;
    (void)fault;
    double_log("SEV_PDH_GEN");
    return double_command(ASP_CMD_PDH_GEN, NULL, 0, status);
}

/* With too short a buffer the length that it takes comes back */
int double_pek_csr(uint64_t data, const DoubleFault *fault, uint32_t *status)
{
    struct sev_user_data_pek_csr user;
    AspCmdPekCsr cmd = { 0 };
    int err;

    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    double_log("SEV_PEK_CSR len %u", user.length);
    if (user.length > DOUBLE_MAX_BLOB) {
        return -EFAULT;
    }
    cmd.csr_paddr = GUINT64_TO_LE(user.address);
    cmd.csr_len = GUINT32_TO_LE(user.length);
    err = double_command(ASP_CMD_PEK_CSR, &cmd, sizeof(cmd), status);
    user.length = fault->kind == FAULT_LENGTH ? fault->value :
                  GUINT32_FROM_LE(cmd.csr_len);
    return double_user_write(data, &user, sizeof(user)) ? err : -EFAULT;
}

int double_pek_cert_import(uint64_t data, const DoubleFault *fault,
                           uint32_t *status)
{
    struct sev_user_data_pek_cert_import user;
    AspCmdPekCertImport cmd = { 0 };

    (void)fault;
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    double_log("SEV_PEK_CERT_IMPORT pek %u oca %u", user.pek_cert_len,
               user.oca_cert_len);
    if (!double_is_blob(user.pek_cert_address, user.pek_cert_len) ||
        !double_is_blob(user.oca_cert_address, user.oca_cert_len)) {
        return -EFAULT;
    }
    cmd.pek_paddr = GUINT64_TO_LE(user.pek_cert_address);
    cmd.pek_len = GUINT32_TO_LE(user.pek_cert_len);
    cmd.oca_paddr = GUINT64_TO_LE(user.oca_cert_address);
    cmd.oca_len = GUINT32_TO_LE(user.oca_cert_len);
    return double_command(ASP_CMD_PEK_CERT_IMPORT, &cmd, sizeof(cmd), status);
}
