/*
 * A double of /dev/kvm and /dev/sev: migration of SEV guests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The software firmware has no commands for it, and says so.  What is here is
 * what a kernel does before it asks.
 */

#include <errno.h>
#include "double.h"

/* Guest memory goes page by page */
static bool is_in_page(uint64_t addr, uint32_t len)
{
    return addr && len && addr % DOUBLE_PAGE + len <= DOUBLE_PAGE;
}

static int ask(AspCommand id, bool good, uint32_t *status)
{
    return good ? double_command(id, NULL, 0, status) :
           double_refuse("padding, address or length");
}

int double_send_start(uint64_t data, const DoubleFault *fault,
                      uint32_t *status)
{
    struct kvm_sev_send_start user;

    (void)fault;
    double_log("KVM_SEV_SEND_START");
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    /* Length 0 asks for the length of the session */
    return ask(ASP_CMD_SEND_START, !user.pad0 && !user.pad1 && !user.pad2 &&
               !user.pad3 && !user.pad4 &&
               (!user.session_len ||
                (double_is_blob(user.pdh_cert_uaddr, user.pdh_cert_len) &&
                 double_is_blob(user.plat_certs_uaddr, user.plat_certs_len) &&
                 double_is_blob(user.amd_certs_uaddr, user.amd_certs_len) &&
                 double_is_blob(user.session_uaddr, user.session_len))),
               status);
}

int double_send_update_data(uint64_t data, const DoubleFault *fault,
                            uint32_t *status)
{
    struct kvm_sev_send_update_data user;

    (void)fault;
    double_log("KVM_SEV_SEND_UPDATE_DATA");
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    /* Length 0 asks for the lengths of header and data */
    return ask(ASP_CMD_SEND_UPDATE_DATA, !user.pad0 && !user.pad1 &&
               !user.pad2 &&
               (!user.hdr_len || !user.trans_len ||
                (user.hdr_uaddr && user.trans_uaddr &&
                 is_in_page(user.guest_uaddr, user.guest_len))), status);
}

int double_receive_start(uint64_t data, const DoubleFault *fault,
                         uint32_t *status)
{
    struct kvm_sev_receive_start user;

    (void)fault;
    double_log("KVM_SEV_RECEIVE_START");
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    return ask(ASP_CMD_RECEIVE_START, !user.pad0 && !user.pad1 &&
               double_is_blob(user.pdh_uaddr, user.pdh_len) &&
               double_is_blob(user.session_uaddr, user.session_len), status);
}

int double_receive_update_data(uint64_t data, const DoubleFault *fault,
                               uint32_t *status)
{
    struct kvm_sev_receive_update_data user;

    (void)fault;
    double_log("KVM_SEV_RECEIVE_UPDATE_DATA");
    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    return ask(ASP_CMD_RECEIVE_UPDATE_DATA, !user.pad0 && !user.pad1 &&
               !user.pad2 && double_is_blob(user.hdr_uaddr, user.hdr_len) &&
               double_is_blob(user.trans_uaddr, user.trans_len) &&
               is_in_page(user.guest_uaddr, user.guest_len), status);
}

#define WITHOUT_DATA(function, command)                                 \
    int function(uint64_t data, const DoubleFault *fault,               \
                 uint32_t *status)                                      \
    {                                                                   \
        (void)fault;                                                    \
        double_log("KVM_SEV_" #command);                                \
        return ask(ASP_CMD_##command, !data, status);                   \
    }

WITHOUT_DATA(double_send_finish, SEND_FINISH)
WITHOUT_DATA(double_send_cancel, SEND_CANCEL)
WITHOUT_DATA(double_receive_finish, RECEIVE_FINISH)
