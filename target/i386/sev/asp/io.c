/*
 * Reading and writing all of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdint.h>
#include <unistd.h>
#include "io.h"

ssize_t asp_read_full(int fd, void *buf, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = read(fd, (uint8_t *)buf + done, len - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -errno;
        }
        if (n == 0) {
            break;
        }
        done += n;
    }
    return done;
}

int asp_write_full(int fd, const void *buf, size_t len)
{
    const uint8_t *next = buf;

    while (len) {
        ssize_t n = write(fd, next, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -errno;
        }
        next += n;
        len -= n;
    }
    return 0;
}
