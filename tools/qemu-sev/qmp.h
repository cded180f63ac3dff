/*
 * qemu-sev: ask a running QEMU through its QMP socket
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_QMP_H
#define QEMU_SEV_QMP_H

#include "qobject/qdict.h"

typedef struct Qmp Qmp;

/**
 * qmp_open - connect and negotiate
 * @path: UNIX socket of -qmp unix:PATH,server=on
 *
 * Returns: the connection, or NULL with @err set
 */
Qmp *qmp_open(const char *path, GError **err);

/**
 * qmp_free - hang up; NULL is allowed
 */
void qmp_free(Qmp *qmp);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_free)

/**
 * qmp_query - run a command without arguments that returns an object
 * @command: its name; a constant of ours
 *
 * Returns: the result, to be unreferenced, or NULL with @err set
 */
QDict *qmp_query(Qmp *qmp, const char *command, GError **err);

#endif
