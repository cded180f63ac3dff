/*
 * Fuzzer of the parsers of qemu-sev, and of those of firmware images that it
 * shares with the emulator
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The first byte chooses the parser, the rest is what it gets.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include <sys/socket.h>
#include "fuzz.h"
#include "target/i386/sev/formats/firmware-table.h"
#include "target/i386/sev/formats/guids.h"
#include "target/i386/sev/formats/text.h"
#include "target/i386/sev/launch/snp-metadata.h"
#include "tools/qemu-sev/chain.h"
#include "tools/qemu-sev/describe.h"
#include "tools/qemu-sev/printable.h"
#include "tools/qemu-sev/secret-table.h"

static ToolBlob *copy_blob(const uint8_t *data, size_t size)
{
    ToolBlob *blob = tool_blob_new(size);

    memcpy(blob->data, data, size);
    return blob;
}

/* A decoder writes what it says, as far as there is room, and nothing else */
static void check_decoder(ssize_t (*decode)(const char *text, size_t text_len,
                                            uint8_t *out, size_t max),
                          const char *text, size_t size)
{
    g_autofree uint8_t *some = g_malloc(17), *all = g_malloc(size + 1);
    ssize_t len = decode(text, size, NULL, 0);

    memset(some, 0xa5, 17);
    memset(all, 0xa5, size + 1);
    g_assert(len <= (ssize_t)size);
    g_assert(decode(text, size, some, 16) == len);
    g_assert(decode(text, size, all, size) == len);
    g_assert(some[16] == 0xa5 && (len < 0 || all[len] == 0xa5));
    g_assert(len <= 0 || memcmp(some, all, MIN(len, 16)) == 0);
}

static void fuzz_text(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *hex = sev_hex(data, size);
    g_autofree char *base64 = g_base64_encode(data, size);
    g_autofree uint8_t *back = g_malloc(size + 1);
    g_autofree char *shown = tool_printable(text);

    check_decoder(sev_base64_decode, (const char *)data, size);
    check_decoder(sev_hex_decode, (const char *)data, size);
    g_assert(sev_hex_decode(hex, 2 * size, back, size) == size &&
             memcmp(back, data, size) == 0);
    g_assert(sev_base64_decode(base64, strlen(base64), back, size) == size &&
             memcmp(back, data, size) == 0);
    for (const char *c = shown; *c; c++) {
        g_assert(!g_ascii_iscntrl(*c));
    }
}

static void fuzz_secret(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(SecretTable) table = secret_table_new();
    g_autoptr(ToolBlob) secret = copy_blob(data, size);
    QemuUUID guid = { 0 };
    const char *path = secret_parse(text, &guid, NULL);

    g_assert(!path || (path > text && *path && path[-1] == ':'));
    while (secret_table_add(table, &guid, secret, NULL)) {
        /* until it is full; no name twice */
        g_assert(!secret_table_add(table, &guid, secret, NULL));
        stl_le_p(guid.data, ldl_le_p(guid.data) + 1);
    }
    g_assert(secret_table_finish(table)->len <= SEV_SECRET_MAX);
}

/* Every section is whole pages of memory that does not wrap around */
static void check_metadata(const uint8_t *image, size_t size, uint32_t offset)
{
    g_autoptr(GArray) sections = snp_metadata_parse(image, size, offset, NULL);

    for (unsigned i = 0; sections && i < sections->len; i++) {
        SnpSection *section = &g_array_index(sections, SnpSection, i);

        g_assert(section->len && section->gpa % 4096 == 0 &&
                 section->gpa + section->len > section->gpa);
    }
}

/*
 * A firmware image on its way through a launch: table, areas, reset vector
 * and metadata, of which all have to be within the image
 */
static void fuzz_firmware(const uint8_t *data, size_t size)
{
    static const char *const guids[] = {
        SEV_GUID_RESET_BLOCK, SEV_GUID_SECRET_AREA, SEV_GUID_HASH_AREA,
        SEV_GUID_SNP_METADATA, SEV_GUID_TABLE_FOOTER,
    };
    SevFirmwareTable table;
    SevArea area;
    bool found = sev_firmware_table_find(data, size, &table);

    g_assert(found ? table.entries >= data &&
                     table.entries + table.len <= data + size - 0x20 - 18
                   : !table.len);
    for (size_t i = 0; i < G_N_ELEMENTS(guids); i++) {
        size_t len;
        const uint8_t *entry = sev_firmware_table_get(&table, guids[i], &len);

        g_assert(!entry || (entry >= table.entries &&
                            entry + len + 18 <= table.entries + table.len));
        if (!sev_firmware_table_area(&table, guids[i], &area)) {
            g_assert(!area.base && !area.size);
        }
        if (entry && len >= 4 && !strcmp(guids[i], SEV_GUID_SNP_METADATA)) {
            check_metadata(data, size, ldl_le_p(entry));
        }
    }
    sev_firmware_reset_address(data, size);
}

/* Data of a size that means something is described */
static void fuzz_describe(const uint8_t *data, size_t size)
{
    ToolRun run = { .quiet = true };
    size_t n = 0;

    while (describe_sizes[n]) {
        n++;
    }
    if (size > 0) {
        g_autoptr(ToolBlob) blob = tool_blob_new(describe_sizes[data[0] % n]);
        g_autoptr(Report) report = report_new(&run);

        memcpy(blob->data, data + 1, MIN(blob->len, size - 1));
        describe_data(report, blob, NULL);
    }
}

static void fuzz_numbers(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    uint64_t value = 0;
    uint32_t policy = 0;

    if (tool_number("fuzz", text, 1000, &value, NULL)) {
        g_assert(value <= 1000);
    }
    if (tool_policy(text, &policy, NULL)) {
        g_assert(!(policy & SEV_POLICY_RESERVED));
    }
}

/* The offset, then the image */
static void fuzz_metadata(const uint8_t *data, size_t size)
{
    g_autofree uint8_t *image = NULL;

    if (size >= 4) {
        image = g_memdup2(data + 4, size - 4);
        check_metadata(image, size - 4, ldl_le_p(data));
    }
}

/* A QEMU that says @data and hangs up */
static Qmp *open_qmp(const uint8_t *data, size_t size)
{
    Qmp *qmp;
    int fds[2];

    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0) {
        g_error("no sockets");
    }
    /* a socket takes so little without anybody who reads */
    if (send(fds[1], data, size, MSG_DONTWAIT) != size) {
        g_error("%zu bytes are too much", size);
    }
    shutdown(fds[1], SHUT_WR);
    qmp = qmp_open_fd(fds[0], "fuzz", NULL);
    close(fds[1]);
    return qmp;
}

static void fuzz_capabilities(const uint8_t *data, size_t size)
{
    g_autoptr(Qmp) qmp = open_qmp(data, size);
    g_autoptr(Platform) platform = qmp ? platform_from_qmp(qmp, NULL, NULL)
                                       : NULL;

    g_assert(!platform || platform->chip_id->len <= 2 * SEV_CHIP_ID_SIZE);
}

static void fuzz_status(const uint8_t *data, size_t size)
{
    g_autoptr(Qmp) qmp = open_qmp(data, size);
    PlatformInfo info;

    if (qmp && platform_info_from_qmp(qmp, &info, NULL)) {
        g_assert(!info.is_platform && info.state && info.type &&
                 (info.snp || info.policy <= UINT32_MAX));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(const uint8_t *data, size_t size) = {
        fuzz_text, fuzz_secret, fuzz_firmware, fuzz_describe, fuzz_numbers,
        fuzz_metadata, fuzz_capabilities, fuzz_status,
    };

    if (size > 0) {
        parsers[data[0] % G_N_ELEMENTS(parsers)](data + 1, size - 1);
    }
    return 0;
}
