/*
 * qemu-sev: reading files and other text of the user's
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include <glib/gstdio.h>
#include "qemu-sev.h"
#include "input.h"
#include "target/i386/sev/asp/abi.h"
#include "target/i386/sev/asp/crypto.h"
#include "target/i386/sev/asp/io.h"
#include "target/i386/sev/formats/text.h"

/* More than any kernel or initrd; a device file must not keep us for ever */
#define HASH_MAX (16ull * GiB)
#define FIRMWARE_MAX (64 * MiB)

ToolBlob *tool_blob_new(size_t len)
{
    ToolBlob *blob = g_new(ToolBlob, 1);

    blob->data = g_malloc0(len + 1);
    blob->len = blob->size = len;
    return blob;
}

void tool_blob_free(ToolBlob *blob)
{
    if (blob) {
        asp_wipe(blob->data, blob->size);
        g_free(blob->data);
        g_free(blob);
    }
}

static void file_error(GError **err, const char *path, const char *what,
                       int code)
{
    g_set_error(err, TOOL_ERROR, TOOL_FAILED, "%s (%s): %s", path, what,
                g_strerror(code));
}

/* What this command has read: device and inode */
static GArray *inputs;

void tool_note_input(const struct stat *st)
{
    if (!inputs) {
        inputs = g_array_new(false, false, sizeof(*st));
    }
    g_array_append_vals(inputs, st, 1);
}

bool tool_is_input(const struct stat *st)
{
    for (guint i = 0; inputs && i < inputs->len; i++) {
        const struct stat *input = &g_array_index(inputs, struct stat, i);

        if (S_ISREG(st->st_mode) && input->st_dev == st->st_dev &&
            input->st_ino == st->st_ino) {
            return true;
        }
    }
    return false;
}

static int open_input(const char *path, const char *what, GError **err)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    struct stat st;

    if (fd < 0) {
        file_error(err, path, what, errno);
    } else if (fstat(fd, &st) == 0) {
        tool_note_input(&st);
    }
    return fd;
}

/*
 * @read bytes were read of a file that may have more.  A pipe or a device does
 * not say how many.
 */
static void size_error(GError **err, const char *path, const char *what,
                       int fd, size_t read, size_t max, const char *wanted)
{
    bool more = read > max;
    uint64_t size = read;
    struct stat st;

    if (more && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size > max) {
        size = st.st_size;
        more = false;
    }
    if (size == 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is empty; %s has %s bytes", path, what, wanted);
    } else {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s has %s%" PRIu64 " bytes; %s has %s", path,
                    more ? "at least " : "", size, what, wanted);
    }
}

ToolBlob *tool_read_wanted(const char *path, const char *what, size_t min,
                           size_t max, const char *wanted, GError **err)
{
    g_autoptr(ToolBlob) blob = NULL;
    ssize_t len;
    int fd = open_input(path, what, err);

    if (fd < 0) {
        return NULL;
    }
    /* one byte more than allowed tells too long a file from a good one */
    blob = tool_blob_new(max + 1);
    len = asp_read_full(fd, blob->data, max + 1);
    if (len < 0) {
        file_error(err, path, what, -len);
        close(fd);
        return NULL;
    }
    if (len < min || len > max) {
        size_error(err, path, what, fd, len, max, wanted);
        close(fd);
        return NULL;
    }
    close(fd);
    blob->len = len;
    return g_steal_pointer(&blob);
}

ToolBlob *tool_read(const char *path, const char *what, size_t min, size_t max,
                    GError **err)
{
    g_autofree char *wanted = min == max
        ? g_strdup_printf("%zu", max)
        : g_strdup_printf("%zu to %zu", min, max);

    return tool_read_wanted(path, what, min, max, wanted, err);
}

ToolBlob *tool_base64(const char *name, const char *what, const char *text,
                      size_t text_len, size_t max, GError **err)
{
    g_autoptr(ToolBlob) blob = tool_blob_new(max);
    ssize_t len = sev_base64_decode(text, text_len, blob->data, max);

    if (len < 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is not base64; %s is expected there", name, what);
        return NULL;
    }
    if (len > max) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is base64 of %zd bytes; %s has at most %zu", name,
                    len, what, max);
        return NULL;
    }
    blob->len = len;
    return g_steal_pointer(&blob);
}

/*
 * Hexadecimal text is base64 as well, of half as many bytes again: with the
 * size that is wanted one knows which one it is.
 */
ToolBlob *tool_text_sized(const char *name, const char *what,
                          const char *text, size_t len, GError **err)
{
    g_autoptr(ToolBlob) blob = tool_blob_new(len);
    ssize_t found = sev_base64_decode(text, strlen(text), blob->data, len);
    ssize_t digits;

    if (found == len) {
        return g_steal_pointer(&blob);
    }
    digits = sev_hex_decode(text, strlen(text), blob->data, len);
    if (digits == len) {
        return g_steal_pointer(&blob);
    }
    if (found < 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is neither base64 nor hexadecimal; %s of %zu bytes is "
                    "expected there", name, what, len);
    } else if (digits < 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is base64 of %zd bytes; %s has %zu", name, found,
                    what, len);
    } else {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is base64 of %zd or hexadecimal of %zd bytes; %s has "
                    "%zu", name, found, digits, what, len);
    }
    return NULL;
}

/* "2084, 8336 or 10000" */
static char *list_sizes(const size_t *sizes)
{
    GString *list = g_string_new(NULL);

    for (size_t i = 0; sizes[i]; i++) {
        g_string_append_printf(list, "%s%zu", i == 0 ? ""
                               : sizes[i + 1] ? ", " : " or ", sizes[i]);
    }
    return g_string_free(list, FALSE);
}

static bool is_listed(const size_t *sizes, size_t len)
{
    for (size_t i = 0; sizes[i]; i++) {
        if (sizes[i] == len) {
            return true;
        }
    }
    return false;
}

static size_t largest(const size_t *sizes)
{
    size_t max = 0;

    for (size_t i = 0; sizes[i]; i++) {
        max = MAX(max, sizes[i]);
    }
    return max;
}

/* What a payload of LAUNCH_SECRET may have: a table with a secret in it */
static bool is_blocks(size_t len)
{
    return len % 16 == 0 && len >= 48 && len <= SEV_SECRET_MAX;
}

/* Decode @file with one of both decoders, if the size is right then */
static ToolBlob *decode_file(const ToolBlob *file, const size_t *sizes,
                             bool hex)
{
    const char *text = (char *)file->data;
    g_autoptr(ToolBlob) blob = tool_blob_new(file->len);
    ssize_t len = (hex ? sev_hex_decode
                         : sev_base64_decode)(text, file->len, blob->data,
                                              file->len);

    if (len < 0 || !(sizes ? is_listed(sizes, len) : is_blocks(len))) {
        return NULL;
    }
    blob->len = len;
    return g_steal_pointer(&blob);
}

/* @file if it has one of the @sizes (NULL: blocks), or what it stands for */
static ToolBlob *take_file(ToolBlob **file, const size_t *sizes)
{
    ToolBlob *blob;

    /* any 64 bytes are blocks, also if they are base64 of 48 */
    if (sizes && is_listed(sizes, (*file)->len)) {
        return g_steal_pointer(file);
    }
    /* of any size, what looks like hexadecimal is not base64 by chance */
    blob = decode_file(*file, sizes, !sizes) ?: decode_file(*file, sizes,
                                                            sizes);
    return blob || sizes || !is_blocks((*file)->len) ? blob
                                                     : g_steal_pointer(file);
}

static void text_error(GError **err, const char *path, const char *what,
                       const ToolBlob *file, const char *wanted)
{
    ssize_t len = sev_base64_decode((char *)file->data, file->len, NULL, 0);

    if (len >= 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is base64 of %zd bytes; %s has %s", path, len, what,
                    wanted);
    } else {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s has %zu bytes and is not base64; %s has %s bytes",
                    path, file->len, what, wanted);
    }
}

static ToolBlob *read_sized(const char *path, const char *what,
                            const size_t *sizes, bool blocks, GError **err)
{
    g_autofree char *wanted = list_sizes(sizes);
    size_t max = blocks ? MAX(largest(sizes), SEV_SECRET_MAX) : largest(sizes);
    /* hexadecimal takes twice as much, and line breaks */
    g_autoptr(ToolBlob) file = tool_read_wanted(path, what, 1, 3 * max + 64,
                                                wanted, err);
    ToolBlob *blob;

    if (!file) {
        return NULL;
    }
    blob = take_file(&file, sizes);
    if (!blob && blocks) {
        blob = take_file(&file, NULL);
    }
    if (!blob) {
        text_error(err, path, what, file, wanted);
    }
    return blob;
}

ToolBlob *tool_read_sized(const char *path, const char *what,
                          const size_t *sizes, GError **err)
{
    return read_sized(path, what, sizes, false, err);
}

ToolBlob *tool_read_blocks(const char *path, const char *what,
                           const size_t *sizes, GError **err)
{
    return read_sized(path, what, sizes, true, err);
}

ToolBlob *tool_read_firmware(const char *path, GError **err)
{
    return tool_read(path, "a firmware image", 1, FIRMWARE_MAX, err);
}

ToolBlob *tool_measure_blob(const char *arg, GError **err)
{
    static const size_t sizes[] = { SEV_MEASURE_BLOB_SIZE, 0 };
    const char *what = "a launch measurement (measure and nonce)";
    g_autoptr(ToolBlob) blob = NULL;

    if (g_access(arg, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR &&
                                     errno != ENAMETOOLONG)) {
        return tool_read_sized(arg, what, sizes, err);
    }
    blob = tool_text_sized("--launch-measure-blob", what, arg,
                           SEV_MEASURE_BLOB_SIZE, err);
    if (!blob) {
        g_prefix_error(err, "there is no file '%.64s', and ", arg);
    }
    return g_steal_pointer(&blob);
}

static bool hash_fd(int fd, const char *path, const char *what,
                    AspHash *hash, GError **err)
{
    g_autofree uint8_t *buf = g_malloc(64 * KiB);
    uint64_t total = 0;
    ssize_t n;

    while ((n = RETRY_ON_EINTR(read(fd, buf, 64 * KiB))) > 0) {
        total += n;
        if (total > HASH_MAX) {
            g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                        "%s (%s) has more than %llu bytes", path, what,
                        HASH_MAX);
            return false;
        }
        asp_hash_update(hash, buf, n);
    }
    if (n < 0) {
        file_error(err, path, what, errno);
    }
    return n == 0;
}

bool tool_hash_file(const char *path, const char *what, AspHash *hash,
                    GError **err)
{
    int fd = open_input(path, what, err);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = hash_fd(fd, path, what, hash, err);
    close(fd);
    return ok;
}
