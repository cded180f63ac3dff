/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a guest says on its first serial port, line by line:
 *
 *   guest NAME             first line
 *   info KEY 0xVALUE       something that the host may compare
 *   data KEY HEX           the same for bytes
 *   skip TEXT              a property that this CPU cannot show
 *   ok N TEXT              a property that holds
 *   FAIL N TEXT: got 0xVALUE, want 0xVALUE
 *   done N                 last line: how many properties were looked at
 *   gave-up N              last line of a guest that could not go on
 */
#ifndef GUEST_REPORT_H
#define GUEST_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Set up the serial port and say who we are. */
void report_start(const char *name);

void report_info(const char *key, uint64_t value);
void report_data(const char *key, const void *data, size_t size);
void report_skip(const char *text);

/* One property; @text says it as a sentence that is true when it holds. */
void report_equal(const char *text, uint64_t got, uint64_t want);
void report_true(const char *text, bool holds);

/* Say goodbye and end the VM by its isa-debug-exit device at 0xf4. */
void report_done(void) __attribute__((noreturn));

/* Give up, after something that makes going on senseless. */
void report_abort(const char *text, uint64_t value) __attribute__((noreturn));

#endif
