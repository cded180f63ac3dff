/*
 * A double of /dev/kvm and /dev/sev: the firmware
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Physical addresses are those of this process.  Memory of the guest really
 * is encrypted, so whoever reads it by mistake gets what hardware would give.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include "double.h"

/* The process's own memory, with an answer instead of a fault */
bool double_user_read(uint64_t addr, void *buf, size_t len)
{
    struct iovec local = { buf, len };
    struct iovec remote = { (void *)(uintptr_t)addr, len };

    return len == 0 ||
           process_vm_readv(getpid(), &local, 1, &remote, 1, 0) ==
           (ssize_t)len;
}

bool double_user_write(uint64_t addr, const void *buf, size_t len)
{
    struct iovec local = { (void *)buf, len };
    struct iovec remote = { (void *)(uintptr_t)addr, len };

    return len == 0 ||
           process_vm_writev(getpid(), &local, 1, &remote, 1, 0) ==
           (ssize_t)len;
}

static bool mem_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    (void)opaque;
    return double_user_read(addr, buf, len);
}

static bool mem_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    (void)opaque;
    return double_user_write(addr, buf, len);
}

static const AspMemory memory = {
    .read = mem_read,
    .write = mem_write,
    .rmp_read = double_rmp_read,
    .rmp_write = double_rmp_write,
};

static AspIdentity *identity(void)
{
    const char *path = getenv("KVM_DOUBLE_STATE");
    AspIdentity *id;

    if (!path) {
        return asp_identity_builtin();
    }
    id = asp_identity_open(path, NULL);
    if (!id) {
        g_error("KVM_DOUBLE_STATE=%s is not usable", path);
    }
    return id;
}

/* As the driver does when it is loaded */
static Asp *platform(void)
{
    static Asp *asp;
    SnpCmdInitEx snp_init = { .flags = GUINT32_TO_LE(SNP_INIT_EX_RMP) };
    AspCmdInit init = { 0 };
    void *tmr;

    if (asp) {
        return asp;
    }
    asp = asp_new(identity(), &memory, NULL);
    double_no_cpuid(asp);
    if (double_has_snp() && asp_command(asp, ASP_CMD_SNP_INIT_EX, &snp_init,
                                        sizeof(snp_init)) != ASP_SUCCESS) {
        g_error("the platform does not start with SEV-SNP");
    }
    if (double_has_es()) {
        if (posix_memalign(&tmr, ASP_TMR_SIZE, ASP_TMR_SIZE) != 0) {
            g_error("no memory for the TMR");
        }
        init.options = GUINT32_TO_LE(ASP_INIT_ES);
        init.tmr_paddr = GUINT64_TO_LE((uintptr_t)tmr);
        init.tmr_len = GUINT32_TO_LE(ASP_TMR_SIZE);
    }
    if (asp_command(asp, ASP_CMD_INIT, &init, sizeof(init)) != ASP_SUCCESS) {
        g_error("the platform does not start");
    }
    return asp;
}

AspStatus double_firmware(AspCommand id, void *buf, size_t len)
{
    return asp_command(platform(), id, buf, len);
}

bool double_snp_digest(const void *gctx, uint8_t *digest)
{
    return asp_snp_digest(platform(), (uintptr_t)gctx, digest);
}

int double_command(AspCommand id, void *buf, size_t len, uint32_t *status)
{
    *status = double_firmware(id, buf, len);
    return *status ? -EIO : 0;
}
