/*
 * A double of /dev/kvm and /dev/sev: failures on demand
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "double.h"

static GHashTable *counts;      /* name -> number of calls */

/* vCPUs call at the same time as everybody else */
static unsigned count_call(const char *name)
{
    static GMutex lock;
    g_autoptr(GMutexLocker) locker = g_mutex_locker_new(&lock);
    unsigned count;

    (void)locker;
    if (!counts) {
        counts = g_hash_table_new(g_str_hash, g_str_equal);
    }
    count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, name)) + 1;
    g_hash_table_insert(counts, (void *)name, GUINT_TO_POINTER(count));
    return count;
}

static DoubleFaultKind kind_of(const char *kind)
{
    return strcmp(kind, "errno") == 0 ? FAULT_ERRNO :
           strcmp(kind, "firmware") == 0 ? FAULT_FIRMWARE :
           strcmp(kind, "length") == 0 ? FAULT_LENGTH : FAULT_NONE;
}

/* A line for each call; short enough to be written in one piece */
static void note_call(const char *name)
{
    const char *path = getenv("KVM_DOUBLE_CALLS");
    FILE *file = path ? fopen(path, "ae") : NULL;

    if (file) {
        fprintf(file, "%s\n", name);
        fclose(file);
    }
}

DoubleFault double_fault(const char *name)
{
    const char *path = getenv("KVM_DOUBLE_FAULT");
    FILE *file = path ? fopen(path, "re") : NULL;
    DoubleFault fault = { FAULT_NONE, 0 };
    unsigned count = count_call(name), nth, value;
    char wanted[64], kind[16];

    note_call(name);
    if (!file) {
        return fault;
    }
    if (fscanf(file, "%63s %u %15s %i", wanted, &nth, kind, (int *)&value) == 4
        && strcmp(wanted, name) == 0 && (nth == 0 || nth == count)) {
        fault = (DoubleFault) { kind_of(kind), value };
    }
    fclose(file);
    return fault;
}

int double_fault_errno(const char *name)
{
    DoubleFault fault = double_fault(name);

    if (fault.kind != FAULT_ERRNO) {
        return 0;
    }
    double_log("%s: errno %u on demand", name, fault.value);
    return -(int)fault.value;
}
