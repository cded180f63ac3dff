/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As much of a debugger as the tests need.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/sockets.h"
#include "gdb.h"

struct TestGdb {
    int fd;
};

TestGdb *test_gdb_connect(const char *path)
{
    TestGdb *gdb = g_new0(TestGdb, 1);

    gdb->fd = unix_connect(path, &error_abort);
    return gdb;
}

static char get_char(TestGdb *gdb)
{
    char c;

    g_assert_cmpint(RETRY_ON_EINTR(read(gdb->fd, &c, 1)), ==, 1);
    return c;
}

static void put(TestGdb *gdb, const char *text)
{
    g_assert_cmpint(qemu_write_full(gdb->fd, text, strlen(text)), ==,
                    strlen(text));
}

char *test_gdb_ask(TestGdb *gdb, const char *fmt, ...)
{
    g_autofree char *text = NULL, *packet = NULL;
    GString *reply = g_string_new("");
    uint8_t sum = 0;
    va_list ap;
    char c;

    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    for (const char *at = text; *at; at++) {
        sum += *at;
    }
    packet = g_strdup_printf("$%s#%02x", text, sum);
    put(gdb, packet);
    while (get_char(gdb) != '$') {
        /* an acknowledgement */
    }
    for (c = get_char(gdb); c != '#'; c = get_char(gdb)) {
        g_string_append_c(reply, c);
    }
    get_char(gdb);
    get_char(gdb);
    put(gdb, "+");
    return g_string_free(reply, false);
}

void test_gdb_close(TestGdb *gdb)
{
    close(gdb->fd);
    g_free(gdb);
}
