/*
 * SEV: fixed-size binary values from files, strings and secrets
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_BLOB_H
#define I386_SEV_BLOB_H

/**
 * sev_blob_decode - base64 text to a value of known size
 * @name: what it is, for errors
 * @buf: out: @size bytes; unchanged on failure
 */
bool sev_blob_decode(const char *name, const char *text,
                     uint8_t *buf, size_t size, Error **errp);

/**
 * sev_blob_load_base64 - a value from a file of base64 text
 * @name: the property that names the file, for errors
 * @buf: out: @size bytes; unchanged on failure
 */
bool sev_blob_load_base64(const char *name, const char *path,
                          uint8_t *buf, size_t size, Error **errp);

/**
 * sev_blob_load_key - a key from a secret object or a file
 * @name: the property that names it, for errors
 * @source: id of an object of type secret, or else a file that holds the
 *   bare bytes
 * @buf: out: @size bytes; unchanged on failure
 */
bool sev_blob_load_key(const char *name, const char *source,
                       uint8_t *buf, size_t size, Error **errp);

#endif
