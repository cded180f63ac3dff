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

static int migration(const char *name, AspCommand id, uint64_t data,
                     size_t size, uint32_t *status)
{
    g_autofree uint8_t *user = g_malloc0(size + 1);

    double_log("%s", name);
    if (!double_user_read(data, user, size)) {
        return -EFAULT;
    }
    return double_command(id, NULL, 0, status);
}

#define MIGRATION(function, command, size)                              \
    int function(uint64_t data, const DoubleFault *fault,               \
                 uint32_t *status)                                      \
    {                                                                   \
        (void)fault;                                                    \
        return migration("KVM_SEV_" #command, ASP_CMD_##command, data,  \
                         size, status);                                 \
    }

MIGRATION(double_send_start, SEND_START, sizeof(struct kvm_sev_send_start))
MIGRATION(double_send_update_data, SEND_UPDATE_DATA,
          sizeof(struct kvm_sev_send_update_data))
MIGRATION(double_send_finish, SEND_FINISH, 0)
MIGRATION(double_send_cancel, SEND_CANCEL, 0)
MIGRATION(double_receive_start, RECEIVE_START,
          sizeof(struct kvm_sev_receive_start))
MIGRATION(double_receive_update_data, RECEIVE_UPDATE_DATA,
          sizeof(struct kvm_sev_receive_update_data))
MIGRATION(double_receive_finish, RECEIVE_FINISH, 0)
