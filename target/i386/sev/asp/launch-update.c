/*
 * Software AMD Secure Processor: LAUNCH_UPDATE_DATA and LAUNCH_UPDATE_VMSA
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV API, chapters 6.3 and 6.4: measure plaintext, then encrypt it in place.
 */

#include "asp-internal.h"

/*
 * What is measured is what becomes the guest's, even if somebody else writes
 * to memory in between: each chunk is read once.
 */
static AspStatus measure_and_encrypt(Asp *asp, AspGuest *guest,
                                     AspHash *hash, uint64_t addr,
                                     uint32_t len)
{
    uint8_t *chunk = g_malloc(MIN(len, ASP_MEM_CHUNK));
    AspStatus status = ASP_SUCCESS;

    while (len && !status) {
        uint32_t part = MIN(len, ASP_MEM_CHUNK);

        status = asp_mem_read(asp, addr, chunk, part);
        if (!status) {
            asp_hash_update(hash, chunk, part);
            status = asp_guest_write(asp, &guest->key, addr, chunk, part);
        }
        addr += part;
        len -= part;
    }
    g_free(chunk);
    return status;
}

static AspStatus update(Asp *asp, AspGuest *guest, uint64_t addr, uint32_t len)
{
    AspStatus status = asp_mem_probe_out(asp, addr, len);
    AspHash *hash;

    if (status) {
        return status;
    }
    hash = asp_hash_copy(guest->running_digest);
    if (measure_and_encrypt(asp, guest, hash, addr, len)) {
        /* It was all there a moment ago; now some of it is ciphertext. */
        asp_hash_free(hash);
        return ASP_HWERROR_UNSAFE;
    }
    asp_hash_free(guest->running_digest);
    guest->running_digest = hash;
    return ASP_SUCCESS;
}

AspStatus asp_cmd_launch_update_data(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspCmdLaunchUpdate *c = cmd;
    uint64_t addr = GUINT64_FROM_LE(c->paddr);
    uint32_t len = GUINT32_FROM_LE(c->len);

    if (addr % ASP_MEM_BLOCK) {
        return ASP_INVALID_ADDRESS;
    }
    if (!len || len % ASP_MEM_BLOCK) {
        return ASP_INVALID_LENGTH;
    }
    return update(asp, guest, addr, len);
}

AspStatus asp_cmd_launch_update_vmsa(Asp *asp, AspGuest *guest, void *cmd)
{
    const AspCmdLaunchUpdate *c = cmd;
    uint64_t addr = GUINT64_FROM_LE(c->paddr);

    if (addr % SEV_VMSA_SIZE) {
        return ASP_INVALID_ADDRESS;
    }
    if (GUINT32_FROM_LE(c->len) != SEV_VMSA_SIZE) {
        return ASP_INVALID_LENGTH;
    }
    if (!(guest->policy & SEV_POLICY_ES)) {
        return ASP_INVALID_PARAM;
    }
    return update(asp, guest, addr, SEV_VMSA_SIZE);
}
