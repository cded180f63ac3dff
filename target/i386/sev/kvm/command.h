/*
 * SEV: commands to the guest through KVM
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_KVM_COMMAND_H
#define I386_SEV_KVM_COMMAND_H

/**
 * sev_kvm_usable - whether KVM offers SEV at all
 * @errp: set to what to check and to the way out
 */
bool sev_kvm_usable(Error **errp);

/**
 * sev_kvm_command - KVM_MEMORY_ENCRYPT_OP
 * @sev_fd: from sev_device_open()
 * @id: KVM_SEV_*, one of those in the table of kvm-command.c
 * @data: the command's structure, or NULL if it has none
 */
bool sev_kvm_command(int sev_fd, uint32_t id, void *data, Error **errp);

/**
 * sev_kvm_command_again - the same, for a command that KVM may want repeated
 * @data: advanced by KVM past what is done
 * @errp: set also when KVM is too busy for about a second
 */
bool sev_kvm_command_again(int sev_fd, uint32_t id, void *data, Error **errp);

/**
 * sev_kvm_dbg - KVM_SEV_DBG_DECRYPT or KVM_SEV_DBG_ENCRYPT
 * @id: which
 * @src, @dst: guest memory and a buffer, in the direction of the command
 * @len: bytes, any number
 */
bool sev_kvm_dbg(int sev_fd, uint32_t id, const void *src, const void *dst,
                 uint64_t len, Error **errp);

/**
 * sev_kvm_query_length - ask how long the answer of a command is
 * @data: the command's structure, its length 0
 * @len: the length field in it, which KVM fills
 * @expected: the length that the SEV API gives
 * @errp: set also if the firmware wants another length
 */
bool sev_kvm_query_length(int sev_fd, uint32_t id, void *data,
                          const uint32_t *len, uint32_t expected,
                          Error **errp);

#endif
