/*
 * qemu-sev: ask a running QEMU through its QMP socket
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The peer is not trusted: it may say anything, nothing, or never stop.
 */

#ifndef QEMU_SEV_QMP_H
#define QEMU_SEV_QMP_H

#include "qobject/qdict.h"

typedef struct Qmp Qmp;

/**
 * qmp_open - connect and negotiate
 * @address: where QEMU's -qmp listens, in the same words: PATH or unix:PATH,
 *   or tcp:HOST:PORT.  What follows a comma is ignored, as it is QEMU's
 *
 * Returns: the connection, or NULL with @err set
 */
Qmp *qmp_open(const char *address, GError **err);

/**
 * qmp_open_fd - negotiate on a connected socket
 * @fd: the socket; closed also on failure
 * @name: what to call it in errors
 *
 * Returns: the connection, or NULL with @err set
 */
Qmp *qmp_open_fd(int fd, const char *name, GError **err);

/**
 * qmp_free - hang up; NULL is allowed
 */
void qmp_free(Qmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_free)

/**
 * qmp_name - what to call the peer in errors; borrowed
 */
const char *qmp_name(const Qmp *qmp);

/**
 * qmp_query - run a command without arguments that returns an object
 * @command: its name; a constant of ours
 *
 * It has ten seconds, whatever the peer says meanwhile.
 *
 * Returns: the result, to be unreferenced, or NULL with @err set
 */
QDict *qmp_query(Qmp *qmp, const char *command, GError **err);

#endif
