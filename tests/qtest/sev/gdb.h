/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The other side of QEMU's gdbstub, for one vCPU of x86_64.
 */
#ifndef QTEST_SEV_GDB_H
#define QTEST_SEV_GDB_H

typedef struct Gdb Gdb;

/* Connect to "-gdb unix:PATH,server=on,wait=off"; that stops the VM. */
Gdb *gdb_new(const char *path);

/* Disconnect. */
void gdb_free(Gdb *gdb);

/* Send a packet that has no answer, or whose answer comes later. */
void gdb_send(Gdb *gdb, const char *packet);

/* The next packet from QEMU; freed by the caller. */
char *gdb_receive(Gdb *gdb);

/* Send a packet; it must be answered by this one. */
void gdb_expect(Gdb *gdb, const char *packet, const char *answer);

/* What the debugger sees of memory. */
void gdb_read(Gdb *gdb, uint64_t address, uint8_t *data, size_t size);

/* The register RIP. */
uint64_t gdb_rip(Gdb *gdb);

#endif
