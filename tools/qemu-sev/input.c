/*
 * qemu-sev: reading and writing files
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

/* More than any kernel or initrd; a device file must not keep us for ever */
#define HASH_MAX (16ull * GiB)

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

static int open_input(const char *path, const char *what, GError **err)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);

    if (fd < 0) {
        file_error(err, path, what, errno);
    }
    return fd;
}

/* Fill @buf as far as the file goes.  Returns the bytes read, -1 on error. */
static ssize_t read_full(int fd, uint8_t *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = RETRY_ON_EINTR(read(fd, buf + done, len - done));

        if (n < 0) {
            return -1;
        }
        if (n == 0) {
            break;
        }
        done += n;
    }
    return done;
}

static void size_error(GError **err, const char *path, const char *what,
                       size_t found, size_t max, const char *wanted)
{
    if (found == 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is empty; %s has %s bytes", path, what, wanted);
    } else {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s has %s%zu bytes; %s has %s", path,
                    found > max ? "at least " : "", found, what, wanted);
    }
}

/* tool_read(), with its own words for the sizes that are wanted */
static ToolBlob *read_bounded(const char *path, const char *what, size_t min,
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
    len = read_full(fd, blob->data, max + 1);
    if (len < 0) {
        file_error(err, path, what, errno);
        close(fd);
        return NULL;
    }
    close(fd);
    if (len < min || len > max) {
        size_error(err, path, what, len, max, wanted);
        return NULL;
    }
    blob->len = len;
    return g_steal_pointer(&blob);
}

ToolBlob *tool_read(const char *path, const char *what, size_t min, size_t max,
                    GError **err)
{
    g_autofree char *wanted = min == max
        ? g_strdup_printf("%zu", max)
        : g_strdup_printf("%zu to %zu", min, max);

    return read_bounded(path, what, min, max, wanted, err);
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    } else if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    } else if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/*
 * glib's decoder skips what it does not know; a guest owner's file must not
 * be half understood.  At most @max bytes are written to @out.
 *
 * Returns: how many bytes @text stands for, or -1 if it is not base64
 */
static ssize_t base64_decode(const char *text, size_t text_len, uint8_t *out,
                             size_t max)
{
    size_t len = 0, digits = 0, padding = 0;
    uint32_t bits = 0;

    for (size_t i = 0; i < text_len; i++) {
        int value = base64_value(text[i]);

        if (g_ascii_isspace(text[i])) {
            continue;
        }
        if (text[i] == '=') {
            padding++;
            continue;
        }
        if (value < 0 || padding) {
            return -1;
        }
        bits = bits << 6 | value;
        digits++;
        if (digits % 4 != 1) {
            if (len < max) {
                out[len] = bits >> (2 * (-digits & 3));
            }
            len++;
        }
    }
    return padding <= 2 && (digits + padding) % 4 == 0 ? len : -1;
}

ToolBlob *tool_base64(const char *name, const char *what, const char *text,
                      size_t text_len, size_t max, GError **err)
{
    g_autoptr(ToolBlob) blob = tool_blob_new(max);
    ssize_t len = base64_decode(text, text_len, blob->data, max);

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

ToolBlob *tool_base64_sized(const char *name, const char *what,
                            const char *text, size_t len, GError **err)
{
    g_autoptr(ToolBlob) blob = tool_base64(name, what, text, strlen(text),
                                           len, err);

    if (blob && blob->len != len) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is base64 of %zu bytes; %s has %zu", name, blob->len,
                    what, len);
        return NULL;
    }
    return g_steal_pointer(&blob);
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

ToolBlob *tool_read_sized(const char *path, const char *what,
                          const size_t *sizes, GError **err)
{
    size_t max = largest(sizes);
    g_autofree char *wanted = list_sizes(sizes);
    /* base64 takes a third more, and line breaks */
    g_autoptr(ToolBlob) file = read_bounded(path, what, 1, 2 * max + 64,
                                            wanted, err);
    g_autoptr(ToolBlob) blob = NULL;
    ssize_t len;

    if (!file || is_listed(sizes, file->len)) {
        return g_steal_pointer(&file);
    }
    blob = tool_blob_new(max);
    len = base64_decode((char *)file->data, file->len, blob->data, max);
    if (len >= 0 && is_listed(sizes, len)) {
        blob->len = len;
        return g_steal_pointer(&blob);
    }
    if (len >= 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s is base64 of %zd bytes; %s has %s", path, len, what,
                    wanted);
    } else {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s has %zu bytes and is not base64; %s has %s bytes",
                    path, file->len, what, wanted);
    }
    return NULL;
}

ToolBlob *tool_read_key(const char *path, const char *what, GError **err)
{
    return tool_read(path, what, SEV_KEY_SIZE, SEV_KEY_SIZE, err);
}

ToolBlob *tool_measure_blob(const char *arg, GError **err)
{
    static const size_t sizes[] = { SEV_MEASURE_BLOB_SIZE, 0 };
    const char *what = "a launch measurement (measure and nonce)";

    if (g_file_test(arg, G_FILE_TEST_EXISTS)) {
        return tool_read_sized(arg, what, sizes, err);
    }
    return tool_base64_sized("--launch-measure-blob", what, arg,
                             SEV_MEASURE_BLOB_SIZE, err);
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

static bool write_full(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = RETRY_ON_EINTR(write(fd, data, len));

        if (n < 0) {
            return false;
        }
        data += n;
        len -= n;
    }
    return true;
}

bool tool_write(const char *path, const void *data, size_t len, int mode,
                bool exclusive, GError **err)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY
                | (exclusive ? O_EXCL : O_TRUNC);
    int fd = g_open(path, flags, mode);
    bool ok;

    if (fd < 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED, "cannot write %s: %s", path,
                    g_strerror(errno));
        return false;
    }
    ok = write_full(fd, data, len);
    /* a full disk may show up only now */
    ok = close(fd) == 0 && ok;
    if (!ok) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED, "cannot write %s: %s", path,
                    g_strerror(errno));
    }
    return ok;
}

bool tool_write_base64(const char *path, const void *data, size_t len,
                       bool exclusive, GError **err)
{
    g_autofree char *text = g_base64_encode(data, len);

    return tool_write(path, text, strlen(text), 0666, exclusive, err);
}
