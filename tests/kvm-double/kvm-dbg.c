/*
 * A double of /dev/kvm and /dev/sev: debugging of SEV and SEV-ES guests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The firmware takes multiples of 16 bytes, KVM any range: what is around it
 * is decrypted into a bounce buffer first.  Kernels go on, over memory of
 * somebody else, where the destination has less left of a page than the source
 * has; the double refuses it.
 */

#include <errno.h>
#include <string.h>
#include "double.h"

#define BLOCK 16

/* Between guest memory at @guest and the buffer; whole blocks */
static int move(AspCommand id, uint64_t guest, void *buffer, uint32_t len,
                uint32_t *status)
{
    bool decrypt = id == ASP_CMD_DBG_DECRYPT;
    uint64_t plain = (uintptr_t)buffer;
    AspCmdDbg cmd = {
        .handle = GUINT32_TO_LE(double_vm.handle),
        .src_paddr = GUINT64_TO_LE(decrypt ? guest : plain),
        .dst_paddr = GUINT64_TO_LE(decrypt ? plain : guest),
        .len = GUINT32_TO_LE(len),
    };

    return double_command(id, &cmd, sizeof(cmd), status);
}

/* Whether page after page of the source fits into one of the destination */
static bool stays_in_pages(const struct kvm_sev_dbg *user)
{
    uint64_t src = user->src_uaddr % DOUBLE_PAGE;
    uint64_t dst = user->dst_uaddr % DOUBLE_PAGE;
    uint64_t first = MIN(user->len, DOUBLE_PAGE - src);

    return dst + first <= DOUBLE_PAGE && (user->len == first || src == dst);
}

static int check(const struct kvm_sev_dbg *user)
{
    if (!user->len) {
        return double_refuse("no length in struct kvm_sev_dbg");
    }
    if (user->pad0) {
        return double_refuse("padding of struct kvm_sev_dbg");
    }
    if (user->src_uaddr + user->len < user->src_uaddr ||
        user->dst_uaddr + user->len < user->dst_uaddr || !user->dst_uaddr) {
        return double_refuse("range of struct kvm_sev_dbg");
    }
    if (!stays_in_pages(user)) {
        return double_refuse("the destination's page ends before the source's");
    }
    return 0;
}

static int dbg(uint64_t data, bool decrypt, uint32_t *status)
{
    struct kvm_sev_dbg user;
    g_autofree uint8_t *raw = NULL;
    g_autofree char *where = NULL;
    uint64_t guest, start;
    uint8_t *buffer;
    uint32_t len;
    int err;

    if (!double_user_read(data, &user, sizeof(user))) {
        return -EFAULT;
    }
    guest = decrypt ? user.src_uaddr : user.dst_uaddr;
    where = double_place(guest, user.len);
    double_log("KVM_SEV_DBG_%s %s len 0x%x", decrypt ? "DECRYPT" : "ENCRYPT",
               where, user.len);
    err = check(&user);
    if (err) {
        return err;
    }
    start = guest - guest % BLOCK;
    len = (guest + user.len - start + BLOCK - 1) / BLOCK * BLOCK;
    raw = g_malloc(len + BLOCK);
    buffer = raw + (-(uintptr_t)raw % BLOCK);
    err = move(ASP_CMD_DBG_DECRYPT, start, buffer, len, status);
    if (err) {
        return err;
    }
    if (decrypt) {
        return double_user_write(user.dst_uaddr, buffer + (guest - start),
                                 user.len) ? 0 : -EFAULT;
    }
    if (!double_user_read(user.src_uaddr, buffer + (guest - start),
                          user.len)) {
        return -EFAULT;
    }
    return move(ASP_CMD_DBG_ENCRYPT, start, buffer, len, status);
}

int double_dbg_decrypt(uint64_t data, const DoubleFault *fault,
                       uint32_t *status)
{
    (void)fault;
    return dbg(data, true, status);
}

int double_dbg_encrypt(uint64_t data, const DoubleFault *fault,
                       uint32_t *status)
{
    (void)fault;
    return dbg(data, false, status);
}
