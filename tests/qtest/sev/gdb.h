/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * As much of a debugger as the tests need: packets of GDB's remote protocol
 * over a socket.
 */
#ifndef QTEST_SEV_GDB_H
#define QTEST_SEV_GDB_H

typedef struct TestGdb TestGdb;

/* Connect to QEMU's -gdb unix:path=@path. */
TestGdb *test_gdb_connect(const char *path);

/* Send a packet and wait for the reply's text; freed by the caller. */
char *test_gdb_ask(TestGdb *gdb, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

void test_gdb_close(TestGdb *gdb);

#endif
