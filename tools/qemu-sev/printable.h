/*
 * qemu-sev: text that others wrote, on its way to people
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_PRINTABLE_H
#define QEMU_SEV_PRINTABLE_H

/**
 * tool_printable - make a line of any text
 * @text: ours with what a file, a user or a QMP peer put into it; any bytes
 *
 * What could move the cursor, change colours, start a line or turn the order
 * of characters around is written as \xNN, byte by byte, and so is what is not
 * text in the locale's encoding.  Every line that people see passes here; JSON
 * has escapes of its own.
 *
 * Returns: a new string, to be freed by the caller
 */
char *tool_printable(const char *text);

#endif
