/*
 * qemu-sev: ask a running QEMU through its QMP socket
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <poll.h>
#include <sys/un.h>
#include "qapi/error.h"
#include "qapi/qapi-types-sockets.h"
#include "qemu/sockets.h"
#include "qemu/units.h"
#include "qobject/qjson.h"
#include "qemu-sev.h"
#include "qmp.h"

#define LINE_MAX_BYTES  (1 * MiB)   /* more than any reply of ours */
#define TIMEOUT_SECONDS 10
#define DESC_MAX_BYTES  300         /* of an error's description */

struct Qmp {
    char *name;
    int fd;
    int64_t deadline;           /* g_get_monotonic_time() */
    GString *received;          /* bytes that were not looked at yet */
};

void qmp_free(Qmp *qmp)
{
    if (qmp) {
        close(qmp->fd);
        g_string_free(qmp->received, TRUE);
        g_free(qmp->name);
        g_free(qmp);
    }
}

const char *qmp_name(const Qmp *qmp)
{
    return qmp->name;
}

static void connect_error(GError **err, const char *address,
                          const char *cause)
{
    g_set_error(err, TOOL_ERROR, TOOL_FAILED, "cannot connect to QEMU at %s: "
                "%s", address, cause);
}

/* A listener that accepts nobody must not keep us: the timeout is for that */
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
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
    }
    if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
        connect_error(err, path, errno == EAGAIN ? "nobody answers"
                      : g_strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static int connect_tcp(const char *address, GError **err)
{
    Error *cause = NULL;
    SocketAddress *addr = socket_parse(address, &cause);
    int fd;

    if (!addr) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "--qmp: '%s' is not tcp:HOST:PORT: %s", address,
                    error_get_pretty(cause));
        error_free(cause);
        return -1;
    }
    fd = socket_connect(addr, &cause);
    qapi_free_SocketAddress(addr);
    if (fd < 0) {
        connect_error(err, address, error_get_pretty(cause));
        error_free(cause);
    }
    return fd;
}

static void *read_error(Qmp *qmp, const char *what, GError **err)
{
    g_set_error(err, TOOL_ERROR, TOOL_FAILED, "QEMU at %s: %s", qmp->name,
                what);
    return NULL;
}

static QDict *parse_line(Qmp *qmp, const char *line, size_t len, GError **err)
{
    /* with a NUL in it, it would be half understood */
    QObject *reply = strlen(line) == len ? qobject_from_json(line, NULL)
                                         : NULL;
    QDict *dict = qobject_to(QDict, reply);

    if (!dict) {
        qobject_unref(reply);
        return read_error(qmp, "what it says is no QMP message", err);
    }
    return dict;
}

/* Wait until there is something to read */
static bool wait_input(Qmp *qmp, GError **err)
{
    struct pollfd pfd = { .fd = qmp->fd, .events = POLLIN };
    int64_t left;
    int ret;

    do {
        left = (qmp->deadline - g_get_monotonic_time()) / 1000;
        ret = poll(&pfd, 1, MAX(left, 0));
    } while (ret < 0 && errno == EINTR);
    if (ret < 0) {
        return read_error(qmp, g_strerror(errno), err);
    }
    if (ret == 0 || left <= 0) {
        return read_error(qmp, "no answer; is another client connected?",
                          err);
    }
    return true;
}

static bool receive(Qmp *qmp, GError **err)
{
    char buf[4 * KiB];
    ssize_t n;

    if (!wait_input(qmp, err)) {
        return false;
    }
    n = RETRY_ON_EINTR(recv(qmp->fd, buf, sizeof(buf), 0));
    if (n < 0) {
        return read_error(qmp, g_strerror(errno), err);
    }
    if (n == 0) {
        return read_error(qmp, "it closed the connection", err);
    }
    g_string_append_len(qmp->received, buf, n);
    return true;
}

/* The next message, whatever it is */
static QDict *read_message(Qmp *qmp, GError **err)
{
    g_autofree char *line = NULL;
    size_t done = 0;
    char *end;

    while (!(end = memchr(qmp->received->str + done, '\n',
                          qmp->received->len - done))) {
        done = qmp->received->len;
        if (done > LINE_MAX_BYTES) {
            return read_error(qmp, "its message does not end", err);
        }
        if (!receive(qmp, err)) {
            return NULL;
        }
    }
    done = end - qmp->received->str;
    line = g_malloc(done + 1);
    memcpy(line, qmp->received->str, done);
    line[done] = '\0';
    g_string_erase(qmp->received, 0, done + 1);
    return parse_line(qmp, line, done, err);
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
        if (g_get_monotonic_time() > qmp->deadline) {
            return read_error(qmp, "it sends events, but no answer", err);
        }
    }
}

static void start_clock(Qmp *qmp)
{
    qmp->deadline = g_get_monotonic_time() +
                    TIMEOUT_SECONDS * G_TIME_SPAN_SECOND;
}

static bool send_command(Qmp *qmp, const char *command, GError **err)
{
    g_autofree char *text = g_strdup_printf("{\"execute\": \"%s\"}\n",
                                            command);
    size_t len = strlen(text);

    /* So short that it is sent at once or not at all */
    if (send(qmp->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) != len) {
        return read_error(qmp, g_strerror(errno), err);
    }
    return true;
}

/* What the peer gives as the reason, cut to what a reader can take in */
static void refusal(Qmp *qmp, const char *command, QDict *reply, GError **err)
{
    QDict *failure = qobject_to(QDict, qdict_get(reply, "error"));
    const char *desc = failure ? qdict_get_try_str(failure, "desc") : NULL;

    if (desc) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "QEMU at %s refuses %s and says: \"%.*s\"", qmp->name,
                    command, DESC_MAX_BYTES, desc);
    } else {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "QEMU at %s: %s: no result", qmp->name, command);
    }
}

QDict *qmp_query(Qmp *qmp, const char *command, GError **err)
{
    g_autoptr(QDict) reply = NULL;
    QDict *result;

    start_clock(qmp);
    if (!send_command(qmp, command, err)) {
        return NULL;
    }
    reply = read_reply(qmp, err);
    if (!reply) {
        return NULL;
    }
    result = qobject_to(QDict, qdict_get(reply, "return"));
    if (!result) {
        refusal(qmp, command, reply, err);
        return NULL;
    }
    return qobject_ref(result);
}

Qmp *qmp_open_fd(int fd, const char *name, GError **err)
{
    g_autoptr(Qmp) qmp = g_new0(Qmp, 1);
    g_autoptr(QDict) greeting = NULL, done = NULL;

    qmp->name = g_strdup(name);
    qmp->fd = fd;
    qmp->received = g_string_new(NULL);
    start_clock(qmp);
    greeting = read_message(qmp, err);
    if (greeting && !qdict_haskey(greeting, "QMP")) {
        return read_error(qmp, "what it says is no greeting of QMP", err);
    }
    done = greeting ? qmp_query(qmp, "qmp_capabilities", err) : NULL;
    return done ? g_steal_pointer(&qmp) : NULL;
}

Qmp *qmp_open(const char *address, GError **err)
{
    g_auto(GStrv) words = g_strsplit(address, ",", 2);
    const char *path = address;
    int fd;

    if (g_str_has_prefix(address, "tcp:")) {
        fd = connect_tcp(words[0], err);
    } else {
        if (g_str_has_prefix(address, "unix:")) {
            path = words[0] + strlen("unix:");
        }
        fd = connect_unix(path, err);
    }
    return fd < 0 ? NULL : qmp_open_fd(fd, address, err);
}
