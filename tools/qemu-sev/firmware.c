/*
 * qemu-sev: a software AMD Secure Processor in this process
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu-sev.h"
#include "firmware.h"
#include "input.h"

struct Firmware {
    AspIdentity *identity;
    Asp *asp;
    uint8_t memory[FIRMWARE_MEMORY];
};

/* Where [@addr, @addr + @len) is in our memory, NULL if it is not */
static uint8_t *locate(Firmware *fw, uint64_t addr, size_t len)
{
    if (addr < FIRMWARE_BASE || len > FIRMWARE_MEMORY ||
        addr - FIRMWARE_BASE > FIRMWARE_MEMORY - len) {
        return NULL;
    }
    return fw->memory + (addr - FIRMWARE_BASE);
}

static bool read_memory(void *opaque, uint64_t addr, void *buf, size_t len)
{
    uint8_t *from = locate(opaque, addr, len);

    if (from) {
        memcpy(buf, from, len);
    }
    return from;
}

static bool write_memory(void *opaque, uint64_t addr, const void *buf,
                         size_t len)
{
    uint8_t *to = locate(opaque, addr, len);

    if (to) {
        memcpy(to, buf, len);
    }
    return to;
}

Firmware *firmware_open(const char *state, GError **err)
{
    static const AspMemory memory = {
        .read = read_memory,
        .write = write_memory,
    };
    AspIdentity *identity = state ? asp_identity_open(state, err)
                                  : asp_identity_builtin();
    struct stat st;
    Firmware *fw;

    if (!identity) {
        return NULL;
    }
    if (state && stat(state, &st) == 0) {
        tool_note_input(&st);
    }
    fw = g_new0(Firmware, 1);
    fw->identity = identity;
    fw->asp = asp_new(identity, &memory, fw);
    return fw;
}

void firmware_free(Firmware *fw)
{
    if (fw) {
        asp_free(fw->asp);
        asp_identity_free(fw->identity);
        g_free(fw);
    }
}

bool firmware_command(Firmware *fw, AspCommand id, void *buf, size_t len,
                      GError **err)
{
    AspStatus status = asp_command(fw->asp, id, buf, len);
    const char *hint = asp_identity_hint(fw->identity, status);

    if (status != ASP_SUCCESS) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s failed with %s (0x%x)%s%s", asp_command_name(id),
                    asp_status_name(status), status, *hint ? ": " : "", hint);
    }
    return status == ASP_SUCCESS;
}

bool firmware_init(Firmware *fw, GError **err)
{
    AspCmdInit cmd = { 0 };

    return firmware_command(fw, ASP_CMD_INIT, &cmd, sizeof(cmd), err);
}

uint8_t *firmware_memory(Firmware *fw)
{
    return fw->memory;
}

const AspIdentity *firmware_identity(const Firmware *fw)
{
    return fw->identity;
}
