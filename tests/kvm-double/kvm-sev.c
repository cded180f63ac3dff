/*
 * A double of /dev/kvm and /dev/sev: encrypted guests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kernel's Documentation/virt/kvm/x86/amd-memory-encryption.rst, and what
 * KVM checks before it calls the firmware.  Where a kernel ignores what a
 * caller must leave 0, the double refuses it.
 */

#include <errno.h>
#include <string.h>
#include "double.h"

#define MAX_BLOB        (16 * 1024)
#define PAGE            4096
#define GHCB_VERSION_MAX 2

/* A command: returns 0 or a negative errno; @status: what the firmware said */
typedef int SevHandler(uint64_t data, const DoubleFault *fault,
                       uint32_t *status);

int double_refuse(const char *why)
{
    double_log("REFUSED: %s", why);
    return -EINVAL;
}

/* The firmware's word: EIO unless it did what it was told */
static int firmware(AspCommand id, void *buf, size_t len, uint32_t *status)
{
    *status = double_firmware(id, buf, len);
    return *status ? -EIO : 0;
}

static int make_active(bool es, bool init2)
{
    if (double_vm.num_vcpus) {
        return double_refuse("the VM has vCPUs already");
    }
    if (double_vm.active) {
        return double_refuse("the VM is a SEV guest already");
    }
    if (es && !double_has_es()) {
        return -ENOTTY;
    }
    double_vm.active = true;
    double_vm.es = es;
    double_vm.init2 = init2;
    return 0;
}

static int init_legacy(bool es, uint64_t data)
{
    if (double_vm.type != KVM_X86_DEFAULT_VM) {
        return double_refuse("KVM_SEV_INIT is for VMs of the default type");
    }
    return data ? double_refuse("the command has no data")
                : make_active(es, false);
}

static int sev_init(uint64_t data, const DoubleFault *fault, uint32_t *status)
{
    (void)fault;
    (void)status;
    double_log("KVM_SEV_INIT");
    return init_legacy(false, data);
}

static int sev_es_init(uint64_t data, const DoubleFault *fault,
                       uint32_t *status)
{
    (void)fault;
    (void)status;
    double_log("KVM_SEV_ES_INIT");
    return init_legacy(true, data);
}

static int sev_init2(uint64_t data, const DoubleFault *fault, uint32_t *status)
{
    struct kvm_sev_init init, zero = { 0 };
    bool es = double_vm.type == KVM_X86_SEV_ES_VM;

    (void)fault;
    (void)status;
    if (!double_user_read(data, &init, sizeof(init))) {
        return -EFAULT;
    }
    double_log("KVM_SEV_INIT2 vmsa_features 0x%llx flags 0x%x ghcb_version %u",
               init.vmsa_features, init.flags, init.ghcb_version);
    if (double_vm.type != KVM_X86_SEV_VM && !es) {
        return double_refuse("KVM_SEV_INIT2 needs a VM of type SEV or SEV-ES");
    }
    if (init.flags || init.vmsa_features || init.pad1 ||
        memcmp(init.pad2, zero.pad2, sizeof(init.pad2)) != 0) {
        return double_refuse("unknown bits in struct kvm_sev_init");
    }
    if (init.ghcb_version > GHCB_VERSION_MAX || (!es && init.ghcb_version)) {
        return double_refuse("ghcb_version");
    }
    return make_active(es, true);
}

/* Give the new guest an address space id */
static int activate(uint32_t handle, uint32_t *status)
{
    AspCmdActivate cmd = {
        .handle = GUINT32_TO_LE(handle),
        .asid = GUINT32_TO_LE(double_vm.es ? 1 : ASP_ASID_MIN_SEV),
    };
    int err = firmware(ASP_CMD_DF_FLUSH, NULL, 0, status);

    return err ? err : firmware(ASP_CMD_ACTIVATE, &cmd, sizeof(cmd), status);
}

static int launch_start(uint64_t data, const DoubleFault *fault,
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
    if (user.dh_len > MAX_BLOB || user.session_len > MAX_BLOB ||
        !user.dh_uaddr != !user.dh_len) {
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
    err = firmware(ASP_CMD_LAUNCH_START, &cmd, sizeof(cmd), status);
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

static int launch_update_data(uint64_t data, const DoubleFault *fault,
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
    if (user.uaddr % 16 || user.len % 16) {
        return double_refuse("address and length must be multiples of 16");
    }
    cmd.paddr = GUINT64_TO_LE(user.uaddr);
    cmd.len = GUINT32_TO_LE(user.len);
    return firmware(ASP_CMD_LAUNCH_UPDATE_DATA, &cmd, sizeof(cmd), status);
}

static int encrypt_vcpu(const DoubleVcpu *vcpu, uint32_t *status)
{
    AspCmdLaunchUpdate cmd = {
        .handle = GUINT32_TO_LE(double_vm.handle),
        .len = GUINT32_TO_LE(SEV_VMSA_SIZE),
    };
    static _Alignas(PAGE) uint8_t page[SEV_VMSA_SIZE];
    g_autofree char *hash = NULL;

    double_vmsa_build(vcpu, double_vm.init2, page);
    hash = g_compute_checksum_for_data(G_CHECKSUM_SHA256, page, sizeof(page));
    double_log("  vCPU %u: sha256 %s", vcpu->index, hash);
    cmd.paddr = GUINT64_TO_LE((uintptr_t)page);
    return firmware(ASP_CMD_LAUNCH_UPDATE_VMSA, &cmd, sizeof(cmd), status);
}

static int launch_update_vmsa(uint64_t data, const DoubleFault *fault,
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
    for (unsigned i = 0; i < double_vm.num_vcpus && !err; i++) {
        err = encrypt_vcpu(&double_vm.vcpus[i], status);
    }
    double_vm.registers_encrypted = !err;
    return err;
}

static int launch_measure(uint64_t data, const DoubleFault *fault,
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
    if (user.len > MAX_BLOB) {
        return double_refuse("length of a blob");
    }
    cmd.measure_paddr = GUINT64_TO_LE(user.uaddr);
    cmd.measure_len = GUINT32_TO_LE(user.len);
    err = firmware(ASP_CMD_LAUNCH_MEASURE, &cmd, sizeof(cmd), status);
    user.len = fault->kind == FAULT_LENGTH ? fault->value :
               GUINT32_FROM_LE(cmd.measure_len);
    return double_user_write(data, &user, sizeof(user)) ? err : -EFAULT;
}

static int launch_secret(uint64_t data, const DoubleFault *fault,
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
    if (user.hdr_len > MAX_BLOB || user.trans_len > MAX_BLOB) {
        return double_refuse("length of a blob");
    }
    cmd.hdr_paddr = GUINT64_TO_LE(user.hdr_uaddr);
    cmd.hdr_len = GUINT32_TO_LE(user.hdr_len);
    cmd.guest_paddr = GUINT64_TO_LE(user.guest_uaddr);
    cmd.guest_len = GUINT32_TO_LE(user.guest_len);
    cmd.trans_paddr = GUINT64_TO_LE(user.trans_uaddr);
    cmd.trans_len = GUINT32_TO_LE(user.trans_len);
    return firmware(ASP_CMD_LAUNCH_SECRET, &cmd, sizeof(cmd), status);
}

static int launch_finish(uint64_t data, const DoubleFault *fault,
                         uint32_t *status)
{
    AspCmdGuest cmd = { .handle = GUINT32_TO_LE(double_vm.handle) };

    (void)fault;
    double_log("KVM_SEV_LAUNCH_FINISH");
    return data ? double_refuse("the command has no data") :
           firmware(ASP_CMD_LAUNCH_FINISH, &cmd, sizeof(cmd), status);
}

static int guest_status(uint64_t data, const DoubleFault *fault,
                        uint32_t *status)
{
    struct kvm_sev_guest_status user = { 0 };
    AspCmdGuestStatus cmd = { .handle = GUINT32_TO_LE(double_vm.handle) };
    int err;

    (void)fault;
    double_log("KVM_SEV_GUEST_STATUS");
    err = firmware(ASP_CMD_GUEST_STATUS, &cmd, sizeof(cmd), status);
    user.handle = double_vm.handle;
    user.policy = GUINT32_FROM_LE(cmd.policy);
    user.state = cmd.state;
    return double_user_write(data, &user, sizeof(user)) ? err : -EFAULT;
}

static int attestation_report(uint64_t data, const DoubleFault *fault,
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
    if (user.len > MAX_BLOB) {
        return double_refuse("length of a blob");
    }
    cmd.report_paddr = GUINT64_TO_LE(user.uaddr);
    cmd.report_len = GUINT32_TO_LE(user.len);
    memcpy(cmd.mnonce, user.mnonce, sizeof(cmd.mnonce));
    err = firmware(ASP_CMD_ATTESTATION, &cmd, sizeof(cmd), status);
    user.len = fault->kind == FAULT_LENGTH ? fault->value :
               GUINT32_FROM_LE(cmd.report_len);
    return double_user_write(data, &user, sizeof(user)) ? err : -EFAULT;
}

static const struct {
    uint32_t id;
    const char *name;
    SevHandler *handler;
    bool before_init;
} commands[] = {
    { KVM_SEV_INIT, "KVM_SEV_INIT", sev_init, true },
    { KVM_SEV_ES_INIT, "KVM_SEV_ES_INIT", sev_es_init, true },
    { KVM_SEV_INIT2, "KVM_SEV_INIT2", sev_init2, true },
    { KVM_SEV_LAUNCH_START, "KVM_SEV_LAUNCH_START", launch_start, false },
    { KVM_SEV_LAUNCH_UPDATE_DATA, "KVM_SEV_LAUNCH_UPDATE_DATA",
      launch_update_data, false },
    { KVM_SEV_LAUNCH_UPDATE_VMSA, "KVM_SEV_LAUNCH_UPDATE_VMSA",
      launch_update_vmsa, false },
    { KVM_SEV_LAUNCH_MEASURE, "KVM_SEV_LAUNCH_MEASURE", launch_measure,
      false },
    { KVM_SEV_LAUNCH_SECRET, "KVM_SEV_LAUNCH_SECRET", launch_secret, false },
    { KVM_SEV_LAUNCH_FINISH, "KVM_SEV_LAUNCH_FINISH", launch_finish, false },
    { KVM_SEV_GUEST_STATUS, "KVM_SEV_GUEST_STATUS", guest_status, false },
    { KVM_SEV_GET_ATTESTATION_REPORT, "KVM_SEV_GET_ATTESTATION_REPORT",
      attestation_report, false },
};

/* Carry out one command; returns 0 or a negative errno */
static int execute(unsigned i, const struct kvm_sev_cmd *cmd, uint32_t *status)
{
    DoubleFault fault = double_fault(commands[i].name);

    if (fault.kind == FAULT_ERRNO) {
        double_log("%s: errno %u on demand", commands[i].name, fault.value);
        return -(int)fault.value;
    }
    if (fault.kind == FAULT_FIRMWARE) {
        double_log("%s: status 0x%x on demand", commands[i].name, fault.value);
        *status = fault.value;
        return -EIO;
    }
    if (!commands[i].before_init && !double_vm.active) {
        return -ENOTTY;
    }
    if (double_fd_kind(cmd->sev_fd, NULL) != DOUBLE_SEV) {
        double_log("REFUSED: sev_fd is not /dev/sev");
        return -EBADF;
    }
    return commands[i].handler(cmd->data, &fault, status);
}

static int find(uint32_t id)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].id == id) {
            return i;
        }
    }
    return -1;
}

/* With no command it tells whether there is SEV at all */
static int probe(void)
{
    DoubleFault fault = double_fault("KVM_MEMORY_ENCRYPT_OP");

    double_log("KVM_MEMORY_ENCRYPT_OP NULL");
    return fault.kind == FAULT_ERRNO ? -(int)fault.value :
           double_has_sev() ? 0 : -ENOTTY;
}

int double_encrypt_op(void *arg)
{
    struct kvm_sev_cmd cmd;
    int index, err;

    if (!arg) {
        err = probe();
        return err ? double_fail(err) : 0;
    }
    if (!double_user_read((uintptr_t)arg, &cmd, sizeof(cmd))) {
        return double_fail(-EFAULT);
    }
    index = find(cmd.id);
    if (index < 0 || cmd.pad0) {
        double_log("REFUSED: command %u pad %u", cmd.id, cmd.pad0);
        return double_fail(-EINVAL);
    }
    err = double_has_sev() ? execute(index, &cmd, &cmd.error) : -ENOTTY;
    if (!double_user_write((uintptr_t)arg, &cmd, sizeof(cmd))) {
        return double_fail(-EFAULT);
    }
    return err ? double_fail(err) : 0;
}
