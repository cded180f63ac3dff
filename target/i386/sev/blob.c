/*
 * SEV: fixed-size binary values from files, strings and secrets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "crypto/secret_common.h"
#include "sev/asp/crypto.h"
#include "sev/formats/text.h"
#include "blob.h"

/* More than any value needs, in any encoding */
#define MAX_FILE_SIZE (64 * 1024)

static bool check_size(const char *what, size_t got, size_t want, Error **errp)
{
    if (got != want) {
        error_setg(errp, "%s holds %zu bytes, but must hold %zu", what, got,
                   want);
        return false;
    }
    return true;
}

bool sev_blob_decode(const char *name, const char *text,
                     uint8_t *buf, size_t size, Error **errp)
{
    g_autofree uint8_t *data = g_malloc(size);
    ssize_t len = sev_base64_decode(text, strlen(text), data, size);

    if (len < 0) {
        error_setg(errp, "%s is not valid base64 text", name);
        return false;
    }
    if (!check_size(name, len, size, errp)) {
        return false;
    }
    memcpy(buf, data, size);
    return true;
}

/*
 * Read a whole file that may be anything, a device that never ends included.
 * @data: out: a NUL follows the @len bytes
 */
static bool read_file(const char *what, const char *path,
                      char **data, size_t *len, Error **errp)
{
    g_autofree char *buf = g_malloc0(MAX_FILE_SIZE + 1);
    FILE *file = fopen(path, "rb");
    struct stat st;
    int err;

    if (!file) {
        error_setg_errno(errp, errno, "%s cannot be opened", what);
        return false;
    }
    setbuf(file, NULL);                 /* no copy that nobody wipes */
    errno = 0;
    *len = fread(buf, 1, MAX_FILE_SIZE, file);
    err = ferror(file) ? errno ?: EIO : 0;
    if (fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode)) {
        st.st_size = 0;                 /* not known */
    }
    fclose(file);
    if (err) {
        error_setg_errno(errp, err, "%s cannot be read", what);
        return false;
    }
    if (*len == 0) {
        error_setg(errp, "%s is empty", what);
        return false;
    }
    if (*len == MAX_FILE_SIZE) {
        error_setg(errp, "%s is too large: it has %s%" PRIu64 " bytes", what,
                   st.st_size < *len ? "at least " : "",
                   MAX((uint64_t)st.st_size, *len));
        return false;
    }
    *data = g_steal_pointer(&buf);
    return true;
}

bool sev_blob_load_base64(const char *name, const char *path,
                          uint8_t *buf, size_t size, Error **errp)
{
    g_autofree char *what = g_strdup_printf("%s '%s'", name, path);
    g_autofree char *text = NULL;
    size_t len;

    if (!read_file(what, path, &text, &len, errp)) {
        return false;
    }
    if (strlen(text) != len) {
        error_setg(errp, "%s is not base64 text but binary; \"base64 FILE\" "
                   "encodes it", what);
        return false;
    }
    g_strdelimit(text, " \t\r", '\n');      /* of other systems' editors */
    return sev_blob_decode(what, text, buf, size, errp);
}

/* Take a key out of @data, which goes away without a trace */
static bool take_key(const char *what, void *data, size_t len,
                     uint8_t *buf, size_t size, Error **errp)
{
    bool ok = false;

    if (len == 2 * size) {
        error_setg(errp, "%s holds %zu bytes, but must hold %zu: TEK and TIK "
                   "in one file, as sev-tool writes it, have to be two files",
                   what, len, size);
    } else {
        ok = check_size(what, len, size, errp);
    }
    if (ok) {
        memcpy(buf, data, size);
    }
    asp_wipe(data, len);
    g_free(data);
    return ok;
}

static bool load_secret(const char *what, const char *id,
                        uint8_t *buf, size_t size, Error **errp)
{
    uint8_t *data = NULL;
    size_t len;

    return qcrypto_secret_lookup(id, &data, &len, errp) == 0 &&
           take_key(what, data, len, buf, size, errp);
}

static bool load_key_file(const char *what, const char *path,
                          uint8_t *buf, size_t size, Error **errp)
{
    char *data = NULL;
    size_t len;

    return read_file(what, path, &data, &len, errp) &&
           take_key(what, data, len, buf, size, errp);
}

bool sev_blob_load_key(const char *name, const char *source,
                       uint8_t *buf, size_t size, Error **errp)
{
    g_autofree char *what = g_strdup_printf("%s '%s'", name, source);
    Object *obj = object_resolve_path_component(object_get_objects_root(),
                                                source);

    if (obj && object_dynamic_cast(obj, TYPE_QCRYPTO_SECRET_COMMON)) {
        return load_secret(what, source, buf, size, errp);
    }
    return load_key_file(what, source, buf, size, errp);
}
