/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The other side of QEMU's gdbstub, for one vCPU of x86_64.
 */

#include "qemu/osdep.h"
#include <sys/un.h>
#include "qemu/bswap.h"
#include "gdb.h"

#define CHUNK           1024            /* bytes of memory in a packet */
#define RIP_OFFSET      (16 * 8)        /* in what "g" answers */

struct Gdb {
    int fd;
};

Gdb *gdb_new(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    Gdb *gdb = g_new0(Gdb, 1);

    g_assert_cmpuint(strlen(path), <, sizeof(address.sun_path));
    strcpy(address.sun_path, path);
    gdb->fd = socket(AF_UNIX, SOCK_STREAM, 0);
    g_assert_cmpint(connect(gdb->fd, (struct sockaddr *)&address,
                            sizeof(address)), ==, 0);
    return gdb;
}

void gdb_free(Gdb *gdb)
{
    close(gdb->fd);
    g_free(gdb);
}

static uint8_t sum_of(const char *text)
{
    uint8_t sum = 0;

    while (*text) {
        sum += *text++;
    }
    return sum;
}

void gdb_send(Gdb *gdb, const char *packet)
{
    g_autofree char *framed = g_strdup_printf("$%s#%02x", packet,
                                              sum_of(packet));
    ssize_t size = strlen(framed);

    g_assert_cmpint(write(gdb->fd, framed, size), ==, size);
}

static char next_char(Gdb *gdb)
{
    char c;

    g_assert_cmpint(read(gdb->fd, &c, 1), ==, 1);
    return c;
}

char *gdb_receive(Gdb *gdb)
{
    g_autoptr(GString) packet = g_string_new("");
    char sum[3] = {};
    char c;

    while (next_char(gdb) != '$') {
        /* acknowledgements */
    }
    while ((c = next_char(gdb)) != '#') {
        g_string_append_c(packet, c);
    }
    sum[0] = next_char(gdb);
    sum[1] = next_char(gdb);
    g_assert_cmpuint(strtoul(sum, NULL, 16), ==, sum_of(packet->str));
    g_assert_cmpint(write(gdb->fd, "+", 1), ==, 1);
    return g_string_free(g_steal_pointer(&packet), false);
}

void gdb_expect(Gdb *gdb, const char *packet, const char *answer)
{
    g_autofree char *got = NULL;

    gdb_send(gdb, packet);
    got = gdb_receive(gdb);
    g_assert_cmpstr(got, ==, answer);
}

static void unhex(const char *digits, uint8_t *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        int high = g_ascii_xdigit_value(digits[2 * i]);
        int low = g_ascii_xdigit_value(digits[2 * i + 1]);

        g_assert_true(high >= 0 && low >= 0);
        data[i] = high << 4 | low;
    }
}

static void read_chunk(Gdb *gdb, uint64_t address, uint8_t *data, size_t size)
{
    g_autofree char *packet = g_strdup_printf("m%" PRIx64 ",%zx", address,
                                              size);
    g_autofree char *answer = NULL;

    gdb_send(gdb, packet);
    answer = gdb_receive(gdb);
    g_assert_cmpuint(strlen(answer), ==, 2 * size);
    unhex(answer, data, size);
}

void gdb_read(Gdb *gdb, uint64_t address, uint8_t *data, size_t size)
{
    for (size_t at = 0; at < size; at += CHUNK) {
        read_chunk(gdb, address + at, data + at, MIN(CHUNK, size - at));
    }
}

uint64_t gdb_rip(Gdb *gdb)
{
    g_autofree char *answer = NULL;
    uint8_t rip[8];

    gdb_send(gdb, "g");
    answer = gdb_receive(gdb);
    g_assert_cmpuint(strlen(answer), >=, 2 * (RIP_OFFSET + sizeof(rip)));
    unhex(answer + 2 * RIP_OFFSET, rip, sizeof(rip));
    return ldq_le_p(rip);
}
