/*
 * Software AMD Secure Processor: state files on disk
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "io.h"
#include "state-file.h"

static bool io_error(const char *what, const char *path, int code,
                     GError **err)
{
    g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_IO,
                "cannot %s '%s': %s", what, path, g_strerror(code));
    return false;
}

/* Returns 0 or a negative errno */
static int write_state(int fd, const AspState *state)
{
    int rc = asp_write_full(fd, state->bytes, sizeof(state->bytes));

    return rc ? rc : fsync(fd) < 0 ? -errno : 0;
}

/* Only a regular file can be replaced, and opening another could block. */
static int open_regular(const char *path, GError **err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0) {
        io_error("open", path, errno, err);
        return -1;
    }
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_FORMAT,
                    "'%s' is not a regular file", path);
        close(fd);
        return -1;
    }
    return fd;
}

static bool read_state(int fd, const char *path, AspState *state, size_t *len,
                       GError **err)
{
    ssize_t n = asp_read_full(fd, state->bytes, sizeof(state->bytes));
    uint8_t extra;

    if (n < 0) {
        return io_error("read", path, -n, err);
    }
    *len = n;
    n = asp_read_full(fd, &extra, 1);
    if (n != 0) {
        g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_FORMAT,
                    "'%s' has %" G_GOFFSET_FORMAT " bytes, but a state file "
                    "has %zu", path, (goffset)lseek(fd, 0, SEEK_END),
                    sizeof(state->bytes));
        return false;
    }
    return true;
}

bool asp_state_read(const char *path, AspState *state, size_t *len,
                    GError **err)
{
    int fd = open_regular(path, err);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = read_state(fd, path, state, len, err);
    close(fd);
    return ok;
}

/* A new name is safe on disk once its directory is. */
static void sync_directory(const char *path)
{
    char *dir = g_path_get_dirname(path);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        /* Not every file system can; the file itself is there anyway. */
        (void)fsync(fd);
        close(fd);
    }
    g_free(dir);
}

bool asp_state_create(const char *path, const AspState *state, GError **err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int rc;

    if (fd < 0) {
        return io_error("create", path, errno, err);
    }
    rc = write_state(fd, state);
    if (close(fd) < 0 && !rc) {
        rc = -errno;
    }
    if (rc) {
        unlink(path);
        return io_error("write", path, -rc, err);
    }
    sync_directory(path);
    return true;
}

/*
 * Lock the file that @path names.  Somebody may have put another one in its
 * place between open and lock, and then that lock would exclude nobody.
 */
static int open_locked(const char *path, GError **err)
{
    struct stat opened, named;

    for (;;) {
        int fd = open_regular(path, err);

        if (fd < 0) {
            return -1;
        }
        if (flock(fd, LOCK_EX) < 0 || fstat(fd, &opened) < 0 ||
            stat(path, &named) < 0) {
            io_error("lock", path, errno, err);
            close(fd);
            return -1;
        }
        if (opened.st_dev == named.st_dev && opened.st_ino == named.st_ino) {
            return fd;
        }
        close(fd);
    }
}

/* Put a temporary file in the place of @path */
static bool replace(const char *path, const AspState *state, GError **err)
{
    char *tmp = g_strconcat(path, ".XXXXXX", NULL);
    int fd = g_mkstemp_full(tmp, O_WRONLY | O_CLOEXEC, 0600);
    int rc = fd < 0 ? -errno : 0;

    if (!rc) {
        rc = write_state(fd, state);
        if (close(fd) < 0 && !rc) {
            rc = -errno;
        }
        if (!rc && rename(tmp, path) < 0) {
            rc = -errno;
        }
        if (rc) {
            unlink(tmp);
        }
    }
    g_free(tmp);
    if (rc) {
        return io_error("replace", path, -rc, err);
    }
    sync_directory(path);
    return true;
}

static bool unchanged(int fd, const char *path, const uint8_t *old_digest,
                      GError **err)
{
    AspState *now = g_new0(AspState, 1);
    size_t len;
    bool ok = read_state(fd, path, now, &len, err);

    if (ok && (len != sizeof(now->bytes) ||
               memcmp(asp_state_digest(now), old_digest, SEV_DIGEST_SIZE))) {
        g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_CONFLICT,
                    "another process changed '%s' in the meantime", path);
        ok = false;
    }
    asp_wipe(now, sizeof(*now));
    g_free(now);
    return ok;
}

bool asp_state_replace(const char *path, const uint8_t *old_digest,
                       const AspState *state, GError **err)
{
    int fd = open_locked(path, err);
    bool ok;

    if (fd < 0) {
        return false;
    }
    ok = unchanged(fd, path, old_digest, err) && replace(path, state, err);
    close(fd);
    return ok;
}
