/*
 * A double of /dev/kvm and /dev/sev: launch of SEV and SEV-ES guests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <string.h>
#include "double.h"

/* Give the new guest an address space id */
static int activate(uint32_t handle, uint32_t *status)
{
    AspCmdActivate cmd = {
        .handle = GUINT32_TO_LE(handle),
        .asid = GUINT32_TO_LE(double_vm.es ? 1 : ASP_ASID_MIN_SEV),
    };
    int err = double_command(ASP_CMD_DF_FLUSH, NULL, 0, status);

    return err ? err : double_command(ASP_CMD_ACTIVATE, &cmd, sizeof(cmd),
                                      status);
}

int double_launch_start(uint64_t data, const DoubleFault *fault,
                        uint32_t *status)
{
    struct kvm_sev_launch_start user;
    AspCmdLaunchStart cmd = { 0 };
    int err;

    (void)fault;
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    double_log("KVM_SEV_LAUNCH_START handle %u policy 0x%x dh %u session %u",
               user.handle, user.policy, user.dh_len, user.session_len);
    if (user.pad0 || user.pad1) {
        return double_refuse("padding of struct kvm_sev_launch_start");
    }
    if (user.dh_len > DOUBLE_MAX_BLOB || user.session_len > DOUBLE_MAX_BLOB ||
        !user.dh_uaddr != !user.dh_len ||
        !user.session_uaddr != !user.session_len) {
        return double_refuse("length of a blob");
    }
    if (double_vm.handle) {
        return double_refuse("the guest is launched already");
    }
    cmd.handle = GUINT32_TO_LE(user.handle);
    cmd.policy = GUINT32_TO_LE(user.policy);
    cmd.dh_cert_paddr = GUINT64_TO_LE(user.dh_uaddr);
    cmd.dh_cert_len = GUINT32_TO_LE(user.dh_len);
    cmd.session_paddr = GUINT64_TO_LE(user.session_uaddr);
    cmd.session_len = GUINT32_TO_LE(user.session_len);
    err = double_command(ASP_CMD_LAUNCH_START, &cmd, sizeof(cmd), status);
    if (!err) {
        err = activate(GUINT32_FROM_LE(cmd.handle), status);
    }
    if (err) {
        return err;
    }
    double_vm.handle = GUINT32_FROM_LE(cmd.handle);
    user.handle = double_vm.handle;
    return double_user_write(data, &user, sizeof(user)) ? 0 : -EFAULT;
}

int double_launch_update_data(uint64_t data, const DoubleFault *fault,
                              uint32_t *status)
{
    struct kvm_sev_launch_update_data user;
    g_autofree char *where = NULL;
    AspCmdLaunchUpdate cmd = { .handle = GUINT32_TO_LE(double_vm.handle) };

    (void)fault;
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    where = double_place(user.uaddr, user.len);
    double_log("KVM_SEV_LAUNCH_UPDATE_DATA %s len 0x%x", where, user.len);
    if (user.pad0) {
        return double_refuse("padding of struct kvm_sev_launch_update_data");
    }
    if (!double_is_range(user.uaddr, user.len)) {
        return double_refuse("an empty range, or one past the last address");
    }
    cmd.paddr = GUINT64_TO_LE(user.uaddr);
    cmd.len = GUINT32_TO_LE(user.len);
    return double_command(ASP_CMD_LAUNCH_UPDATE_DATA, &cmd, sizeof(cmd),
                          status);
}

static int encrypt_vcpu(const DoubleVcpu *vcpu, uint32_t *status)
{
    AspCmdLaunchUpdate cmd = {
        .handle = GUINT32_TO_LE(double_vm.handle),
        .len = GUINT32_TO_LE(SEV_VMSA_SIZE),
    };
    static _Alignas(DOUBLE_PAGE) uint8_t page[SEV_VMSA_SIZE];
    g_autofree char *hash = NULL;

    double_vmsa_build(vcpu, double_vm.init2, page);
    hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, page, sizeof(page));
    double_log("  vCPU %u: sha256 %s", vcpu->index, hash);
    cmd.paddr = GUINT64_TO_LE((uintptr_t)page);
    return double_command(ASP_CMD_LAUNCH_UPDATE_VMSA, &cmd, sizeof(cmd),
                          status);
}

int double_launch_update_vmsa(uint64_t data, const DoubleFault *fault,
                              uint32_t *status)
{
    int err = 0;

    (void)fault;
    double_log("KVM_SEV_LAUNCH_UPDATE_VMSA");
    if (data) {
        return double_refuse("the command has no data");
    }
    if (!double_vm.es) {
        return -ENOTTY;
    }
    if (double_vm.registers_encrypted) {
        return double_refuse("the registers are encrypted already");
    }
    if (!double_vmsa_possible()) {
        return -EINVAL;
    }
    for (unsigned i = 0; i < double_vm.num_vcpus && !err; i++) {
        err = encrypt_vcpu(&double_vm.vcpus[i], status);
    }
    double_vm.registers_encrypted = !err;
    return err;
}

int double_launch_measure(uint64_t data, const DoubleFault *fault,
                          uint32_t *status)
{
    struct kvm_sev_launch_measure user;
    AspCmdLaunchMeasure cmd = { .handle = GUINT32_TO_LE(double_vm.handle) };
    int err;

    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    double_log("KVM_SEV_LAUNCH_MEASURE len %u", user.len);
    if (user.pad0) {
        return double_refuse("padding of struct kvm_sev_launch_measure");
    }
    if (user.len > DOUBLE_MAX_BLOB) {
        return double_refuse("length of a blob");
    }
    cmd.measure_paddr = GUINT64_TO_LE(user.uaddr);
    cmd.measure_len = GUINT32_TO_LE(user.len);
    err = double_command(ASP_CMD_LAUNCH_MEASURE, &cmd, sizeof(cmd), status);
    if (err && user.len) {
        return err;
    }
    user.len = fault->kind == FAULT_LENGTH ? fault->value :
               GUINT32_FROM_LE(cmd.measure_len);
    return double_user_write(data, &user, sizeof(user)) ? err : -EFAULT;
}

/* The firmware gets one address for all of a secret */
static bool is_contiguous(uint64_t addr, uint32_t len)
{
    return !double_is_scattered() ||
           addr / DOUBLE_PAGE == (addr + len - 1) / DOUBLE_PAGE;
}

int double_launch_secret(uint64_t data, const DoubleFault *fault,
                         uint32_t *status)
{
    struct kvm_sev_launch_secret user;
    g_autofree char *where = NULL;
    AspCmdLaunchSecret cmd = { .handle = GUINT32_TO_LE(double_vm.handle) };

    (void)fault;
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    where = double_place(user.guest_uaddr, user.guest_len);
    double_log("KVM_SEV_LAUNCH_SECRET hdr_len %u %s guest_len 0x%x "
               "trans_len 0x%x", user.hdr_len, where, user.guest_len,
               user.trans_len);
    if (user.pad0 || user.pad1 || user.pad2) {
        return double_refuse("padding of struct kvm_sev_launch_secret");
    }
    if (!double_is_blob(user.hdr_uaddr, user.hdr_len) ||
        !double_is_blob(user.trans_uaddr, user.trans_len)) {
        return double_refuse("address or length of a blob");
    }
    if (!double_is_range(user.guest_uaddr, user.guest_len)) {
        return double_refuse("an empty range, or one past the last address");
    }
    if (!is_contiguous(user.guest_uaddr, user.guest_len)) {
        return double_refuse("the secret's pages are not neighbours");
    }
    cmd.hdr_paddr = GUINT64_TO_LE(user.hdr_uaddr);
    cmd.hdr_len = GUINT32_TO_LE(user.hdr_len);
    cmd.guest_paddr = GUINT64_TO_LE(user.guest_uaddr);
    cmd.guest_len = GUINT32_TO_LE(user.guest_len);
    cmd.trans_paddr = GUINT64_TO_LE(user.trans_uaddr);
    cmd.trans_len = GUINT32_TO_LE(user.trans_len);
    return double_command(ASP_CMD_LAUNCH_SECRET, &cmd, sizeof(cmd), status);
}

int double_launch_finish(uint64_t data, const DoubleFault *fault,
                         uint32_t *status)
{
    AspCmdGuest cmd = { .handle = GUINT32_TO_LE(double_vm.handle) };
    int err;

    (void)fault;
    double_log("KVM_SEV_LAUNCH_FINISH");
    err = data ? double_refuse("the command has no data") :
          double_command(ASP_CMD_LAUNCH_FINISH, &cmd, sizeof(cmd), status);
    double_vm.finished |= !err;
    return err;
}

int double_guest_status(uint64_t data, const DoubleFault *fault,
                        uint32_t *status)
{
    struct kvm_sev_guest_status user = { 0 };
    AspCmdGuestStatus cmd = { .handle = GUINT32_TO_LE(double_vm.handle) };
    int err;

    (void)fault;
    double_log("KVM_SEV_GUEST_STATUS");
    err = double_command(ASP_CMD_GUEST_STATUS, &cmd, sizeof(cmd), status);
    if (err) {
        return err;
    }
    user.handle = double_vm.handle;
    user.policy = GUINT32_FROM_LE(cmd.policy);
    user.state = cmd.state;
    return double_user_write(data, &user, sizeof(user)) ? 0 : -EFAULT;
}

int double_attestation_report(uint64_t data, const DoubleFault *fault,
                              uint32_t *status)
{
    struct kvm_sev_attestation_report user;
    AspCmdAttestation cmd = { .handle = GUINT32_TO_LE(double_vm.handle) };
    int err;

    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    double_log("KVM_SEV_GET_ATTESTATION_REPORT len %u", user.len);
    if (user.pad0) {
        return double_refuse("padding of struct kvm_sev_attestation_report");
    }
    if (user.len > DOUBLE_MAX_BLOB) {
        return double_refuse("length of a blob");
    }
    cmd.report_paddr = GUINT64_TO_LE(user.uaddr);
    cmd.report_len = GUINT32_TO_LE(user.len);
    memcpy(cmd.mnonce, user.mnonce, sizeof(cmd.mnonce));
    err = double_command(ASP_CMD_ATTESTATION, &cmd, sizeof(cmd), status);
    if (err && user.len) {
        return err;
    }
    user.len = fault->kind == FAULT_LENGTH ? fault->value :
               GUINT32_FROM_LE(cmd.report_len);
    return double_user_write(data, &user, sizeof(user)) ? err : -EFAULT;
}
