/*
 * Fuzzer of the parsers of qemu-sev, and of the metadata of firmware images
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The first byte chooses the parser, the rest is what it gets.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "fuzz.h"
#include "target/i386/sev/launch/snp-metadata.h"
#include "tools/qemu-sev/chain.h"
#include "tools/qemu-sev/describe.h"
#include "tools/qemu-sev/fw-table.h"
#include "tools/qemu-sev/secret-table.h"

static ToolBlob *copy_blob(const uint8_t *data, size_t size)
{
    ToolBlob *blob = tool_blob_new(size);

    memcpy(blob->data, data, size);
    return blob;
}

static void fuzz_base64(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(ToolBlob) some = tool_base64("fuzz", "some bytes", text,
                                           strlen(text), 64, NULL);
    g_autoptr(ToolBlob) all = tool_base64("fuzz", "all bytes", text,
                                          strlen(text), size, NULL);

    /* four characters hold three bytes */
    g_assert(!some || some->len <= 64);
    g_assert(!all || all->len <= size / 4 * 3);
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
        /* until it is full */
    }
    g_assert(secret_table_finish(table)->len <= SEV_SECRET_MAX);
}

static void fuzz_firmware(const uint8_t *data, size_t size)
{
    g_autoptr(ToolBlob) image = copy_blob(data, size);
    FwTable table;

    if (!fw_table_parse(image, &table)) {
        g_assert(!table.reset_addr && !table.secret_size &&
                 !table.hashes_size);
    }
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
    g_autoptr(GArray) sections = NULL;
    g_autofree uint8_t *image = NULL;

    if (size < 4) {
        return;
    }
    image = g_memdup2(data + 4, size - 4);
    sections = snp_metadata_parse(image, size - 4, ldl_le_p(data), NULL);
    for (unsigned i = 0; sections && i < sections->len; i++) {
        SnpSection *section = &g_array_index(sections, SnpSection, i);

        g_assert(section->len && section->gpa % 4096 == 0 &&
                 section->gpa + section->len > section->gpa);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parsers[])(const uint8_t *data, size_t size) = {
        fuzz_base64, fuzz_secret, fuzz_firmware, fuzz_describe, fuzz_numbers,
        fuzz_metadata,
    };

    if (size > 0) {
        parsers[data[0] % G_N_ELEMENTS(parsers)](data + 1, size - 1);
    }
    return 0;
}
