/*
 * qemu-sev: ask a running QEMU through its QMP socket
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/un.h>
#include "qapi/error.h"
#include "qemu/units.h"
#include "qobject/qjson.h"
#include "qemu-sev.h"
#include "qmp.h"

#define LINE_MAX_BYTES  (1 * MiB)   /* more than any reply of ours */
#define TIMEOUT_SECONDS 10

struct Qmp {
    char *path;
    FILE *stream;
};

void qmp_free(Qmp *qmp)
{
    if (qmp) {
        if (qmp->stream) {
            fclose(qmp->stream);
        }
        g_free(qmp->path);
        g_free(qmp);
    }
}

static int connect_unix(const char *path, GError **err)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    struct timeval timeout = { .tv_sec = TIMEOUT_SECONDS };
    int fd;

    if (g_strlcpy(addr.sun_path, path, sizeof(addr.sun_path)) >=
        sizeof(addr.sun_path)) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "--qmp: the path of a socket has at most %zu bytes, "
                    "not %zu", sizeof(addr.sun_path) - 1, strlen(path));
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "cannot connect to QEMU at %s: %s", path,
                    g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    return fd;
}

static QDict *read_error(Qmp *qmp, const char *what, GError **err)
{
    g_set_error(err, TOOL_ERROR, TOOL_FAILED, "QEMU at %s: %s", qmp->path,
                what);
    return NULL;
}

static QDict *parse_line(Qmp *qmp, const char *line, GError **err)
{
    Error *cause = NULL;
    QObject *reply = qobject_from_json(line, &cause);
    QDict *dict = qobject_to(QDict, reply);

    if (!dict) {
        qobject_unref(reply);
        error_free(cause);
        return read_error(qmp, "what it says is no QMP message", err);
    }
    return dict;
}

/* The next message, whatever it is */
static QDict *read_message(Qmp *qmp, GError **err)
{
    g_autoptr(GString) line = g_string_new(NULL);
    int c;

    while ((c = getc(qmp->stream)) != '\n') {
        if (c == EOF) {
            return read_error(qmp, feof(qmp->stream)
                              ? "it closed the connection"
                              : "no answer; is another client connected?",
                              err);
        }
        if (line->len == LINE_MAX_BYTES) {
            return read_error(qmp, "its message does not end", err);
        }
        g_string_append_c(line, c);
    }
    return parse_line(qmp, line->str, err);
}

/* The next message that answers a command */
static QDict *read_reply(Qmp *qmp, GError **err)
{
    for (;;) {
        QDict *message = read_message(qmp, err);

        if (!message || !qdict_haskey(message, "event")) {
            return message;
        }
        qobject_unref(message);
    }
}

QDict *qmp_query(Qmp *qmp, const char *command, GError **err)
{
    g_autoptr(QDict) reply = NULL;
    QDict *result, *failure;

    if (fprintf(qmp->stream, "{\"execute\": \"%s\"}\n", command) < 0 ||
        fflush(qmp->stream) != 0) {
        return read_error(qmp, g_strerror(errno), err);
    }
    reply = read_reply(qmp, err);
    if (!reply) {
        return NULL;
    }
    result = qobject_to(QDict, qdict_get(reply, "return"));
    if (result) {
        return qobject_ref(result);
    }
    failure = qobject_to(QDict, qdict_get(reply, "error"));
    g_set_error(err, TOOL_ERROR, TOOL_FAILED, "QEMU at %s: %s: %s", qmp->path,
                command, (failure ? qdict_get_try_str(failure, "desc") : NULL)
                ?: "no result");
    return NULL;
}

Qmp *qmp_open(const char *path, GError **err)
{
    g_autoptr(Qmp) qmp = g_new0(Qmp, 1);
    g_autoptr(QDict) greeting = NULL, done = NULL;
    int fd = connect_unix(path, err);

    if (fd < 0) {
        return NULL;
    }
    qmp->path = g_strdup(path);
    qmp->stream = fdopen(fd, "r+");
    if (!qmp->stream) {
        close(fd);
        read_error(qmp, g_strerror(errno), err);
        return NULL;
    }
    greeting = read_message(qmp, err);
    done = greeting ? qmp_query(qmp, "qmp_capabilities", err) : NULL;
    return done ? g_steal_pointer(&qmp) : NULL;
}
