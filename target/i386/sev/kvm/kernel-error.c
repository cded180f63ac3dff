/*
 * SEV: errors that the host's kernel reports
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "sev/error.h"
#include "kernel-error.h"

/*
 * What each errno means when the command did not reach the firmware; see the
 * kernel's Documentation/virt/kvm/x86/amd-memory-encryption.rst and its ccp
 * driver
 */
static const struct {
    int err;
    AspCommand command;         /* 0: any */
    const char *cause;
} causes[] = {
    { EINVAL, ASP_CMD_LAUNCH_SECRET, "the pages that get the secret must be "
      "neighbours in the host's memory; use a secret that stays within one "
      "page, or huge pages for the guest" },
    { EINVAL, ASP_CMD_INIT, "the kernel does not support it, or not for this "
      "VM; legacy-vm-type of sev-guest chooses between its two interfaces" },
    { EINVAL, ASP_CMD_SNP_LAUNCH_START, "the kernel does not allow this "
      "policy" },
    { EINVAL, ASP_CMD_SNP_LAUNCH_FINISH, "the kernel could not take the "
      "processors' registers; a debugger must not set breakpoints or step "
      "before the guest has begun to run" },
    { ENOTTY, ASP_CMD_PLATFORM_STATUS, "sev-device names no SEV device" },
    { EPERM, 0, "the kernel does not allow this command to this VM or to this "
      "user; check the permissions of the SEV device" },
    { EIO, 0, "the firmware could not be called; see the kernel's log" },
    { EBADF, 0, "sev-device names no SEV device" },
    { ENOMEM, 0, "too little memory, or the limit of locked memory is too low "
      "(ulimit -l)" },
    { EFAULT, 0, "the kernel could not access a buffer of the command" },
    { EAGAIN, 0, "the kernel was too busy" },
    { EBUSY, 0, "all of the host's address space ids for encrypted guests are "
      "in use, or its firmware stopped working" },
    { ENODEV, 0, "the host's AMD Secure Processor has no driver (ccp)" },
    { EINVAL, 0, "the kernel does not support it, or not for this VM" },
    { ENOTTY, 0, "KVM has SEV (or SEV-ES) switched off; check the host's "
      "firmware settings and the parameters of the module kvm_amd" },
    { ETIMEDOUT, 0, "the firmware did not answer; see the kernel's log" },
};

static const char *cause_of(AspCommand command, int err)
{
    for (size_t i = 0; i < ARRAY_SIZE(causes); i++) {
        if (causes[i].err == err &&
            (!causes[i].command || causes[i].command == command)) {
            return causes[i].cause;
        }
    }
    return "see the kernel's log";
}

void sev_error_kernel(Error **errp, const char *name, AspCommand command,
                      int err, uint32_t status)
{
    if (sev_kernel_is_firmware(status)) {
        sev_error_firmware(errp, command, status);
    } else {
        error_setg(errp, "the kernel refused %s: %s (errno %d): %s", name,
                   strerror(err), err, cause_of(command, err));
    }
}
