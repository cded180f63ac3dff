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

/* Memory for VMSAs, which with SEV-SNP is the firmware's for good */
static void *tmr(size_t size)
{
    static void *memory;

    if (!memory) {
        if (posix_memalign(&memory, size, size) != 0) {
            g_error("no memory for the TMR");
        }
        if (double_has_snp()) {
            double_rmp_give((uintptr_t)memory, size);
        }
    }
    return memory;
}

static AspStatus start(Asp *asp)
{
    const size_t size = double_has_snp() ? ASP_TMR_SIZE_SNP : ASP_TMR_SIZE;
    AspCmdInit init = { 0 };

    if (double_has_es()) {
        init.options = GUINT32_TO_LE(ASP_INIT_ES);
        init.tmr_paddr = GUINT64_TO_LE((uintptr_t)tmr(size));
        init.tmr_len = GUINT32_TO_LE(size);
    }
    return asp_command(asp, ASP_CMD_INIT, &init, sizeof(init));
}

/* As the driver does when it is loaded */
static Asp *platform(void)
{
    static Asp *asp;
    SnpCmdInitEx snp_init = { .flags = GUINT32_TO_LE(SNP_INIT_EX_RMP) };

    if (asp) {
        return asp;
    }
    asp = asp_new(identity(), &memory, NULL);
    double_no_cpuid(asp);
    if (double_has_snp() && asp_command(asp, ASP_CMD_SNP_INIT_EX, &snp_init,
                                        sizeof(snp_init)) != ASP_SUCCESS) {
        g_error("the platform does not start with SEV-SNP");
    }
    if (start(asp) != ASP_SUCCESS) {
        g_error("the platform does not start");
    }
    return asp;
}

AspStatus double_platform_init(void)
{
    AspCmdPlatformStatus status;

    asp_command(platform(), ASP_CMD_PLATFORM_STATUS, &status, sizeof(status));
    return status.state == ASP_PLATFORM_UNINIT ? start(platform())
                                               : ASP_SUCCESS;
}

/*
 * What commands of SEV write besides their buffers: where those have the
 * address and the length of it
 */
static const struct {
    AspCommand id;
    uint8_t addr, len;
} outputs[] = {
    { ASP_CMD_GET_ID, 0x00, 0x08 },
    { ASP_CMD_PEK_CSR, 0x00, 0x08 },
    { ASP_CMD_PDH_CERT_EXPORT, 0x00, 0x08 },
    { ASP_CMD_PDH_CERT_EXPORT, 0x10, 0x18 },
    { ASP_CMD_LAUNCH_UPDATE_DATA, 0x08, 0x10 },
    { ASP_CMD_LAUNCH_UPDATE_VMSA, 0x08, 0x10 },
    { ASP_CMD_LAUNCH_MEASURE, 0x08, 0x10 },
    { ASP_CMD_LAUNCH_SECRET, 0x18, 0x20 },
    { ASP_CMD_ATTESTATION, 0x08, 0x20 },
    { ASP_CMD_DBG_DECRYPT, 0x10, 0x18 },
    { ASP_CMD_DBG_ENCRYPT, 0x10, 0x18 },
};

/* With SEV-SNP the driver lends these pages to the firmware */
static void lend(AspCommand id, const uint8_t *cmd,
                 void (*action)(uint64_t addr, size_t len))
{
    uint64_t addr;
    uint32_t len;
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(outputs); i++) {
        if (outputs[i].id == id) {
            memcpy(&addr, cmd + outputs[i].addr, sizeof(addr));
            memcpy(&len, cmd + outputs[i].len, sizeof(len));
            action(GUINT64_FROM_LE(addr), GUINT32_FROM_LE(len));
        }
    }
}

AspStatus double_firmware(AspCommand id, void *buf, size_t len)
{
    Asp *asp = platform();
    uint8_t *copy;
    AspStatus status;

    if (!double_has_snp()) {
        return asp_command(asp, id, buf, len);
    }
    copy = g_memdup2(buf, len);         /* the command may change lengths */
    lend(id, copy, double_rmp_give);
    status = asp_command(asp, id, buf, len);
    lend(id, copy, double_rmp_take);
    g_free(copy);
    return status;
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
