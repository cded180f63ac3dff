/*
 * qemu-sev: writing files, all of a command's or none
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "input.h"
#include "output.h"
#include "qemu-sev.h"
#include "target/i386/sev/asp/io.h"

typedef struct Output {
    char *path;                 /* as the user named it */
    char *target;               /* the file itself, links followed */
    ToolBlob *data;
    bool key;                   /* for its owner's eyes only */
    bool exists;                /* @old is what is there */
    struct stat old;
    char *temp;                 /* complete, to be renamed; NULL: there is none */
    char *backup;               /* another name of the file that was there */
    bool installed;             /* @target is new */
} Output;

struct ToolOutputs {
    GPtrArray *files;           /* of Output */
    GPtrArray *folders;         /* char *: to be made */
    GPtrArray *made;            /* char *: made, the outermost first */
    const char *keep;
};

static void output_free(gpointer data)
{
    Output *output = data;

    g_free(output->path);
    g_free(output->target);
    g_free(output->temp);
    g_free(output->backup);
    tool_blob_free(output->data);
    g_free(output);
}

ToolOutputs *tool_outputs_new(const char *keep)
{
    ToolOutputs *outputs = g_new0(ToolOutputs, 1);

    outputs->files = g_ptr_array_new_with_free_func(output_free);
    outputs->folders = g_ptr_array_new_with_free_func(g_free);
    outputs->made = g_ptr_array_new_with_free_func(g_free);
    outputs->keep = keep;
    return outputs;
}

void tool_outputs_free(ToolOutputs *outputs)
{
    if (outputs) {
        g_ptr_array_unref(outputs->files);
        g_ptr_array_unref(outputs->folders);
        g_ptr_array_unref(outputs->made);
        g_free(outputs);
    }
}

void tool_outputs_folder(ToolOutputs *outputs, const char *path)
{
    g_ptr_array_add(outputs->folders, g_strdup(path));
}

static Output *add(ToolOutputs *outputs, const char *path, const void *data,
                   size_t len)
{
    Output *output = g_new0(Output, 1);

    output->path = g_strdup(path);
    output->data = tool_blob_new(len);
    memcpy(output->data->data, data, len);
    g_ptr_array_add(outputs->files, output);
    return output;
}

void tool_outputs_add(ToolOutputs *outputs, const char *path,
                      const void *data, size_t len)
{
    add(outputs, path, data, len);
}

void tool_outputs_add_key(ToolOutputs *outputs, const char *path,
                          const void *data, size_t len)
{
    add(outputs, path, data, len)->key = true;
}

void tool_outputs_add_base64(ToolOutputs *outputs, const char *path,
                             const void *data, size_t len)
{
    g_autofree char *text = g_base64_encode(data, len);

    add(outputs, path, text, strlen(text));
}

static bool fail(GError **err, const char *path, int code)
{
    g_set_error(err, TOOL_ERROR, TOOL_FAILED, "cannot write %s: %s", path,
                g_strerror(code));
    return false;
}

/* mkdir -p that remembers what it made */
static bool make_folder(ToolOutputs *outputs, const char *path, GError **err)
{
    bool made = g_mkdir(path, 0777) == 0;

    if (!made && errno == ENOENT) {
        g_autofree char *parent = g_path_get_dirname(path);

        if (strcmp(parent, path) && !make_folder(outputs, parent, err)) {
            return false;
        }
        made = g_mkdir(path, 0777) == 0;
    }
    if (made) {
        g_ptr_array_add(outputs->made, g_strdup(path));
    } else if (errno != EEXIST || !g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED, "cannot make %s: %s", path,
                    g_strerror(errno));
        return false;
    }
    return true;
}

/* Where a file will be that is not there yet: folders may be links */
static char *resolve_new(const char *path)
{
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    char *real = realpath(dir, NULL);
    char *target = real ? g_build_filename(real, name, NULL) : NULL;
    int code = errno;

    free(real);
    errno = code;
    return target;
}

/* A pipe or a device, which stays what it is */
static bool is_stream(const Output *output)
{
    return output->exists && !S_ISREG(output->old.st_mode);
}

/* The file behind links, but not behind one that leads nowhere */
static char *resolve_file(const char *path)
{
    char *real = realpath(path, NULL), *target = NULL;
    struct stat link;

    if (real) {
        target = g_strdup(real);
        free(real);
    } else if (errno == ENOENT && lstat(path, &link) < 0 &&
               !g_str_has_suffix(path, "/")) {
        target = resolve_new(path);
    }
    return target;
}

/* Find out what @output names */
static bool resolve(Output *output, GError **err)
{
    output->exists = stat(output->path, &output->old) == 0;
    if (output->exists && S_ISDIR(output->old.st_mode)) {
        return fail(err, output->path, EISDIR);
    }
    /* /dev/stdout leads to what has no name, perhaps */
    output->target = is_stream(output) ? g_strdup(output->path)
                                       : resolve_file(output->path);
    return output->target || fail(err, output->path, errno);
}

static bool same_file(const Output *a, const Output *b)
{
    if (a->exists && b->exists) {
        return a->old.st_dev == b->old.st_dev &&
               a->old.st_ino == b->old.st_ino;
    }
    return strcmp(a->target, b->target) == 0;
}

/* Files that have one name would be one, with what came last */
static bool check_distinct(const ToolOutputs *outputs, guint n, GError **err)
{
    const Output *output = outputs->files->pdata[n];

    for (guint i = 0; i < n; i++) {
        const Output *other = outputs->files->pdata[i];

        if (same_file(output, other) && !is_stream(output)) {
            g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                        strcmp(output->path, other->path)
                        ? "%s and %s are one file, but two are to be written"
                        : "%s is named twice, but two files are to be written",
                        other->path, output->path);
            return false;
        }
    }
    return true;
}

static bool check(const ToolOutputs *outputs, guint n, GError **err)
{
    const Output *output = outputs->files->pdata[n];

    if (!check_distinct(outputs, n, err)) {
        return false;
    }
    if (output->exists && tool_is_input(&output->old)) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "%s is read by this command: writing to it would destroy "
                    "what it holds", output->path);
        return false;
    }
    if (output->exists && outputs->keep) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED, "%s exists; %s",
                    output->path, outputs->keep);
        return false;
    }
    return true;
}

/* Returns 0 or an errno; closes @fd.  A full disk may show up only at the end */
static int finish(int fd, const Output *output, bool stream)
{
    int code = -asp_write_full(fd, output->data->data, output->data->len);

    if (!code && !stream && fsync(fd) < 0) {
        code = errno;
    }
    return close(fd) < 0 && !code ? errno : code;
}

/* Write the whole file beside its place */
static bool stage(Output *output, GError **err)
{
    int mode = output->key ? 0600 : 0666, code;
    g_autofree char *temp = g_strconcat(output->target, ".XXXXXX", NULL);
    int fd = g_mkstemp_full(temp, O_WRONLY | O_CLOEXEC, mode);

    if (fd < 0) {
        return fail(err, output->path, errno);
    }
    output->temp = g_steal_pointer(&temp);
    if (output->exists && !output->key &&
        fchmod(fd, output->old.st_mode & 0777) < 0) {
        code = errno;
        close(fd);
    } else {
        code = finish(fd, output, false);
    }
    return !code || fail(err, output->path, code);
}

static bool write_stream(Output *output, GError **err)
{
    int fd = g_open(output->target, O_WRONLY | O_CLOEXEC | O_NOCTTY, 0);
    int code = fd < 0 ? errno : finish(fd, output, true);

    return !code || fail(err, output->path, code);
}

/* Keep what is at @target under a second name until all is done */
static bool back_up(Output *output)
{
    output->backup = g_strconcat(output->temp, "~", NULL);
    if (link(output->target, output->backup) == 0 ||
        rename(output->target, output->backup) == 0) {
        return true;
    }
    g_clear_pointer(&output->backup, g_free);
    return false;
}

/* Give the new file its name, unless something has that by now */
static bool claim(const Output *output)
{
    if (link(output->temp, output->target) == 0) {
        return unlink(output->temp) == 0;
    }
    /* a file system without hard links */
    return errno != EEXIST && access(output->target, F_OK) < 0 &&
           rename(output->temp, output->target) == 0;
}

static bool install(Output *output, GError **err)
{
    bool ok = output->exists
        ? back_up(output) && rename(output->temp, output->target) == 0
        : claim(output);

    if (!ok) {
        return fail(err, output->path, errno);
    }
    output->installed = true;
    g_clear_pointer(&output->temp, g_free);
    return true;
}

static void undo(Output *output)
{
    if (output->temp) {
        unlink(output->temp);
    }
    if (output->backup) {
        rename(output->backup, output->target);
        /* which does nothing if both are one file */
        unlink(output->backup);
    } else if (output->installed) {
        unlink(output->target);
    }
}

static void undo_all(ToolOutputs *outputs)
{
    for (guint i = outputs->files->len; i > 0; i--) {
        undo(outputs->files->pdata[i - 1]);
    }
    for (guint i = outputs->made->len; i > 0; i--) {
        g_rmdir(outputs->made->pdata[i - 1]);
    }
}

static bool prepare(ToolOutputs *outputs, GError **err)
{
    for (guint i = 0; i < outputs->folders->len; i++) {
        if (!make_folder(outputs, outputs->folders->pdata[i], err)) {
            return false;
        }
    }
    for (guint i = 0; i < outputs->files->len; i++) {
        if (!resolve(outputs->files->pdata[i], err) ||
            !check(outputs, i, err)) {
            return false;
        }
    }
    return true;
}

/* One step for each file, of those that are streams or of those that are not */
static bool for_each(ToolOutputs *outputs, bool streams,
                     bool (*step)(Output *output, GError **err), GError **err)
{
    for (guint i = 0; i < outputs->files->len; i++) {
        Output *output = outputs->files->pdata[i];

        if (is_stream(output) == streams && !step(output, err)) {
            return false;
        }
    }
    return true;
}

bool tool_outputs_commit(ToolOutputs *outputs, GError **err)
{
    if (!prepare(outputs, err) ||
        !for_each(outputs, false, stage, err) ||
        !for_each(outputs, true, write_stream, err) ||
        !for_each(outputs, false, install, err)) {
        undo_all(outputs);
        return false;
    }
    for (guint i = 0; i < outputs->files->len; i++) {
        const Output *output = outputs->files->pdata[i];

        if (output->backup) {
            unlink(output->backup);
        }
    }
    return true;
}
