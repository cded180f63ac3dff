/*
 * A double of /dev/kvm and /dev/sev: what was called
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "double.h"

void double_log(const char *fmt, ...)
{
    const char *path = getenv("KVM_DOUBLE_LOG");
    FILE *file = path ? fopen(path, "ae") : NULL;
    va_list ap;

    if (!file) {
        return;
    }
    va_start(ap, fmt);
    vfprintf(file, fmt, ap);
    va_end(ap);
    fputc('\n', file);
    fclose(file);
}
