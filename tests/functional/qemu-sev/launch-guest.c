/*
 * A platform for one launch, for the tests of qemu-sev
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * usage: launch-guest POLICY GODH SESSION PART...
 *
 * Launches a guest of the parts (binary files, measured in order) on the
 * built-in identity with a session (binary files).  Prints the launch
 * measurement in base64, then reads lines "HEADER PAYLOAD" (binary files)
 * and prints for each the status of LAUNCH_SECRET and what the guest finds
 * in its memory, in hexadecimal.
 */

#include "qemu/osdep.h"
#include "target/i386/sev/asp/asp.h"

/* Where things are in the memory of this platform */
#define GODH        0x1000
#define SESSION     0x2000
#define MEASURE     0x3000
#define HEADER      0x4000
#define PAYLOAD     0x10000
#define GUEST       0x20000
#define MEMORY      (64 * 1024 * 1024)

static uint8_t *memory;

static uint8_t *at(uint64_t addr, size_t len)
{
    return len <= MEMORY && addr <= MEMORY - len ? memory + addr : NULL;
}

static bool mem_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return at(addr, len) && memcpy(buf, at(addr, len), len);
}

static bool mem_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    return at(addr, len) && memcpy(at(addr, len), buf, len);
}

/* Guest memory is kept as the guest sees it */
static bool guest_read(void *opaque, uint32_t handle, const uint8_t *vek,
                       uint64_t addr, void *buf, size_t len)
{
    return mem_read(opaque, addr, buf, len);
}

static bool guest_write(void *opaque, uint32_t handle, const uint8_t *vek,
                        uint64_t addr, const void *buf, size_t len)
{
    return mem_write(opaque, addr, buf, len);
}

static uint32_t load(const char *path, uint64_t addr, size_t room)
{
    g_autofree char *data = NULL;
    g_autoptr(GError) err = NULL;
    gsize len;

    if (!g_file_get_contents(path, &data, &len, &err) || len > room) {
        fprintf(stderr, "%s: %s\n", path, err ? err->message : "too long");
        exit(1);
    }
    memcpy(at(addr, len), data, len);
    return len;
}

static void run(Asp *asp, AspCommand id, void *buf, size_t len)
{
    AspStatus status = asp_command(asp, id, buf, len);

    if (status != ASP_SUCCESS) {
        fprintf(stderr, "%s: %s\n", asp_command_name(id),
                asp_status_name(status));
        exit(1);
    }
}

static uint32_t launch(Asp *asp, uint32_t policy, char **argv)
{
    AspCmdInit init = { 0 };
    AspCmdLaunchStart start = {
        .policy = policy, .dh_cert_paddr = GODH, .session_paddr = SESSION,
    };
    AspCmdActivate activate = { .asid = ASP_ASID_MIN_SEV };

    start.dh_cert_len = load(argv[0], GODH, SEV_CERT_SIZE);
    start.session_len = load(argv[1], SESSION, SEV_SESSION_SIZE);
    run(asp, ASP_CMD_INIT, &init, sizeof(init));
    run(asp, ASP_CMD_DF_FLUSH, NULL, 0);
    run(asp, ASP_CMD_LAUNCH_START, &start, sizeof(start));
    activate.handle = start.handle;
    run(asp, ASP_CMD_ACTIVATE, &activate, sizeof(activate));
    for (argv += 2; *argv; argv++) {
        AspCmdLaunchUpdate update = { .handle = start.handle, .paddr = GUEST };

        update.len = load(*argv, GUEST, MEMORY - GUEST);
        run(asp, ASP_CMD_LAUNCH_UPDATE_DATA, &update, sizeof(update));
    }
    return start.handle;
}

static void measure(Asp *asp, uint32_t handle)
{
    AspCmdLaunchMeasure cmd = {
        .handle = handle, .measure_paddr = MEASURE,
        .measure_len = SEV_MEASURE_BLOB_SIZE,
    };
    g_autofree char *text = NULL;

    run(asp, ASP_CMD_LAUNCH_MEASURE, &cmd, sizeof(cmd));
    text = g_base64_encode(at(MEASURE, SEV_MEASURE_BLOB_SIZE),
                           SEV_MEASURE_BLOB_SIZE);
    printf("%s\n", text);
    fflush(stdout);
}

static void inject(Asp *asp, uint32_t handle, char **files)
{
    AspCmdLaunchSecret cmd = {
        .handle = handle, .hdr_paddr = HEADER, .guest_paddr = GUEST,
        .trans_paddr = PAYLOAD,
    };
    AspStatus status;

    memset(at(GUEST, SEV_SECRET_MAX), 0, SEV_SECRET_MAX);
    cmd.hdr_len = load(files[0], HEADER, PAYLOAD - HEADER);
    cmd.trans_len = load(files[1], PAYLOAD, GUEST - PAYLOAD);
    cmd.guest_len = cmd.trans_len;
    status = asp_command(asp, ASP_CMD_LAUNCH_SECRET, &cmd, sizeof(cmd));
    printf("%s ", asp_status_name(status));
    for (uint32_t i = 0; i < cmd.guest_len; i++) {
        printf("%02x", *at(GUEST + i, 1));
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static const AspMemory access = {
        .read = mem_read, .write = mem_write,
        .guest_read = guest_read, .guest_write = guest_write,
    };
    AspIdentity *identity = asp_identity_builtin();
    Asp *asp = asp_new(identity, &access, NULL);
    char line[512];
    uint32_t handle;

    if (argc < 4) {
        fprintf(stderr, "usage: launch-guest POLICY GODH SESSION PART...\n");
        return 1;
    }
    memory = g_malloc0(MEMORY);
    handle = launch(asp, g_ascii_strtoull(argv[1], NULL, 0), argv + 2);
    measure(asp, handle);
    while (fgets(line, sizeof(line), stdin)) {
        g_auto(GStrv) files = g_strsplit(g_strstrip(line), " ", 2);

        inject(asp, handle, files);
    }
    asp_free(asp);
    asp_identity_free(identity);
    g_free(memory);
    return 0;
}
