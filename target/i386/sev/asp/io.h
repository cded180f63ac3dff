/*
 * Reading and writing all of it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_ASP_IO_H
#define I386_SEV_ASP_IO_H

#include <stddef.h>
#include <sys/types.h>

/**
 * asp_read_full - read until the end of a file or until @len bytes are there
 *
 * Returns: the bytes read, or a negative errno
 */
ssize_t asp_read_full(int fd, void *buf, size_t len);

/**
 * asp_write_full - write all of @len bytes
 *
 * Returns: 0, or a negative errno
 */
int asp_write_full(int fd, const void *buf, size_t len);

#endif
