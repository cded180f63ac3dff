/*
 * SEV formats: bytes as hexadecimal and base64 text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_FORMATS_TEXT_H
#define I386_SEV_FORMATS_TEXT_H

/**
 * sev_hex - bytes as lower-case hexadecimal digits
 *
 * Returns: a new string
 */
char *sev_hex(const void *bytes, size_t len);

/**
 * sev_hex_decode - the opposite; digits of either case, white space between
 * @text: @text_len characters
 * @out: room for @max bytes; more are counted, but not written
 *
 * Returns: how many bytes @text stands for, or -1 if it is not hexadecimal
 */
ssize_t sev_hex_decode(const char *text, size_t text_len, uint8_t *out,
                       size_t max);

/**
 * sev_base64_decode - base64 of RFC 4648 with padding, white space between
 * @text: @text_len characters
 * @out: room for @max bytes; more are counted, but not written
 *
 * Stricter than glib, which skips what it does not know: a guest owner's file
 * must not be half understood.
 *
 * Returns: how many bytes @text stands for, or -1 if it is not base64
 */
ssize_t sev_base64_decode(const char *text, size_t text_len, uint8_t *out,
                          size_t max);

#endif
