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
#include "double.h"

#define GHCB_VERSION_MAX 2
#define VMSA_FEATURES_SNP 1ull

int double_refuse(const char *why)
{
    double_log("REFUSED: %s", why);
    return -EINVAL;
}

bool double_is_zero(const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;

    while (len && !*byte) {
        byte++;
        len--;
    }
    return len == 0;
}

bool double_is_range(uint64_t addr, uint64_t len)
{
    return len && addr + len >= addr;
}

bool double_is_blob(uint64_t addr, uint32_t len)
{
    return addr && len && len <= DOUBLE_MAX_BLOB;
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
    if (double_platform_init() != ASP_SUCCESS) {
        return -EIO;
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
    struct kvm_sev_init init;
    bool es = double_vm.type != KVM_X86_SEV_VM;
    uint64_t features = es ? double_vmsa_features() : 0;
    int err;

    (void)fault;
    (void)status;
    if (!double_user_read(data, &init, sizeof(init))) {
        return -EFAULT;
    }
    double_log("KVM_SEV_INIT2 vmsa_features 0x%llx flags 0x%x ghcb_version %u",
               init.vmsa_features, init.flags, init.ghcb_version);
    if (double_vm.type != KVM_X86_SEV_VM &&
        double_vm.type != KVM_X86_SEV_ES_VM &&
        double_vm.type != KVM_X86_SNP_VM) {
        return double_refuse("KVM_SEV_INIT2 needs a VM of type SEV, SEV-ES or "
                             "SEV-SNP");
    }
    if (init.flags || init.pad1 ||
        !double_is_zero(init.pad2, sizeof(init.pad2))) {
        return double_refuse("unknown bits in struct kvm_sev_init");
    }
    if (init.vmsa_features & ~features) {
        return double_refuse("vmsa_features");
    }
    if (init.ghcb_version > GHCB_VERSION_MAX || (!es && init.ghcb_version)) {
        return double_refuse("ghcb_version");
    }
    err = make_active(es, true);
    if (!err) {
        double_vm.vmsa_features = init.vmsa_features |
            (double_vm.type == KVM_X86_SNP_VM ? VMSA_FEATURES_SNP : 0);
    }
    return err;
}

/* Which VMs may have a command */
typedef enum Needs {
    NEEDS_NOTHING,
    NEEDS_SEV,
    NEEDS_SNP,
} Needs;

#define COMMAND(id_, handler_, needs_) \
    { .id = KVM_SEV_##id_, .name = "KVM_SEV_" #id_, .handler = handler_, \
      .needs = needs_ }

static const struct {
    uint32_t id;
    const char *name;
    DoubleHandler *handler;
    Needs needs;
} commands[] = {
    COMMAND(INIT, sev_init, NEEDS_NOTHING),
    COMMAND(ES_INIT, sev_es_init, NEEDS_NOTHING),
    COMMAND(INIT2, sev_init2, NEEDS_NOTHING),
    COMMAND(LAUNCH_START, double_launch_start, NEEDS_SEV),
    COMMAND(LAUNCH_UPDATE_DATA, double_launch_update_data, NEEDS_SEV),
    COMMAND(LAUNCH_UPDATE_VMSA, double_launch_update_vmsa, NEEDS_SEV),
    COMMAND(LAUNCH_MEASURE, double_launch_measure, NEEDS_SEV),
    COMMAND(LAUNCH_SECRET, double_launch_secret, NEEDS_SEV),
    COMMAND(LAUNCH_FINISH, double_launch_finish, NEEDS_SEV),
    COMMAND(GUEST_STATUS, double_guest_status, NEEDS_SEV),
    COMMAND(GET_ATTESTATION_REPORT, double_attestation_report, NEEDS_SEV),
    COMMAND(DBG_DECRYPT, double_dbg_decrypt, NEEDS_SEV),
    COMMAND(DBG_ENCRYPT, double_dbg_encrypt, NEEDS_SEV),
    COMMAND(SEND_START, double_send_start, NEEDS_SEV),
    COMMAND(SEND_UPDATE_DATA, double_send_update_data, NEEDS_SEV),
    COMMAND(SEND_FINISH, double_send_finish, NEEDS_SEV),
    COMMAND(SEND_CANCEL, double_send_cancel, NEEDS_SEV),
    COMMAND(RECEIVE_START, double_receive_start, NEEDS_SEV),
    COMMAND(RECEIVE_UPDATE_DATA, double_receive_update_data, NEEDS_SEV),
    COMMAND(RECEIVE_FINISH, double_receive_finish, NEEDS_SEV),
    COMMAND(SNP_LAUNCH_START, double_snp_launch_start, NEEDS_SNP),
    COMMAND(SNP_LAUNCH_UPDATE, double_snp_launch_update, NEEDS_SEV),
    COMMAND(SNP_LAUNCH_FINISH, double_snp_launch_finish, NEEDS_SNP),
};

static bool is_snp(void)
{
    return double_vm.active && double_vm.type == KVM_X86_SNP_VM;
}

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
    if ((commands[i].needs == NEEDS_SEV && !double_vm.active) ||
        (commands[i].needs == NEEDS_SNP && !is_snp())) {
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
    if (is_snp() && cmd.id < KVM_SEV_SNP_LAUNCH_START) {
        double_log("REFUSED: command %u is not for SEV-SNP", cmd.id);
        return double_fail(-EPERM);
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
