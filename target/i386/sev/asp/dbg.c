/*
 * Software AMD Secure Processor: DBG_DECRYPT and DBG_ENCRYPT
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-internal.h"

/* One chunk; @plain is the side that the guest does not see */
static AspStatus copy_chunk(Asp *asp, AspGuest *guest, bool decrypt,
                            uint64_t src, uint64_t dst, uint8_t *chunk,
                            uint32_t len)
{
    AspStatus status;

    status = decrypt ? asp_guest_read(asp, &guest->key, src, chunk, len)
                     : asp_mem_read(asp, src, chunk, len);
    if (status) {
        return status;
    }
    return decrypt ? asp_mem_write(asp, dst, chunk, len)
                   : asp_guest_write(asp, &guest->key, dst, chunk, len);
}

static AspStatus copy(Asp *asp, AspGuest *guest, bool decrypt, uint64_t src,
                      uint64_t dst, uint32_t len)
{
    uint8_t *chunk = g_malloc(ASP_MEM_CHUNK);
    AspStatus status = ASP_SUCCESS;
    bool changed = false;

    while (len && !status) {
        uint32_t part = MIN(len, ASP_MEM_CHUNK);

        status = copy_chunk(asp, guest, decrypt, src, dst, chunk, part);
        if (status && changed) {
            status = ASP_HWERROR_UNSAFE;
        }
        changed = true;
        src += part;
        dst += part;
        len -= part;
    }
    asp_wipe(chunk, ASP_MEM_CHUNK);
    g_free(chunk);
    return status;
}

static AspStatus dbg(Asp *asp, AspGuest *guest, bool decrypt, void *cmd)
{
    const AspCmdDbg *c = cmd;
    uint64_t src = GUINT64_FROM_LE(c->src_paddr);
    uint64_t dst = GUINT64_FROM_LE(c->dst_paddr);
    uint32_t len = GUINT32_FROM_LE(c->len);
    AspStatus status;

    if (src % ASP_MEM_BLOCK || dst % ASP_MEM_BLOCK) {
        return ASP_INVALID_ADDRESS;
    }
    if (!len || len % ASP_MEM_BLOCK) {
        return ASP_INVALID_LENGTH;
    }
    if (guest->policy & SEV_POLICY_NODBG) {
        return ASP_POLICY_FAILURE;
    }
    status = asp_mem_probe(asp, src, len);
    if (!status) {
        status = asp_mem_probe_out(asp, dst, len);
    }
    return status ? status : copy(asp, guest, decrypt, src, dst, len);
}

AspStatus asp_cmd_dbg_decrypt(Asp *asp, AspGuest *guest, void *cmd)
{
    return dbg(asp, guest, true, cmd);
}

AspStatus asp_cmd_dbg_encrypt(Asp *asp, AspGuest *guest, void *cmd)
{
    return dbg(asp, guest, false, cmd);
}
