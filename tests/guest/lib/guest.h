/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What each guest provides; the library does the rest.
 */
#ifndef GUEST_H
#define GUEST_H

#include "cpu.h"
#include "layout.h"
#include "report.h"
#include "sev.h"
#include "trap.h"

extern const char guest_name[];

/* Look at the property; ends by returning. */
void guest_main(void);

/* The frame around guest_main(), where the assembly enters C. */
void guest_run(void);

#endif
