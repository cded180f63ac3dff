/*
 * qemu-sev: reading files and other text of the user's
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything that comes from outside passes here: sizes are bounded before
 * anything is looked at, and errors name the file, the size found and the
 * size wanted.
 */

#ifndef QEMU_SEV_INPUT_H
#define QEMU_SEV_INPUT_H

#include <glib.h>
#include "target/i386/sev/asp/crypto.h"

/* Bytes that may be secret: wiped when freed */
typedef struct ToolBlob {
    uint8_t *data;
    size_t len;
    size_t size;                /* allocated, all of which is wiped */
} ToolBlob;

/**
 * tool_blob_free - wipe and free; NULL is allowed
 */
void tool_blob_free(ToolBlob *blob);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ToolBlob, tool_blob_free)

/**
 * tool_blob_new - room for @len zero bytes
 */
ToolBlob *tool_blob_new(size_t len);

/**
 * tool_note_input - remember a file that this command reads
 * @st: of the file
 */
void tool_note_input(const struct stat *st);

/**
 * tool_is_input - whether this command has read a file
 * @st: of the file
 */
bool tool_is_input(const struct stat *st);

/**
 * tool_read - read a whole file, which may be a pipe
 * @path: the file
 * @what: what it should be, for the error: "the firmware image"
 * @min, @max: bytes that it may have
 *
 * Returns: the content, or NULL with @err set
 */
ToolBlob *tool_read(const char *path, const char *what, size_t min, size_t max,
                    GError **err);

/**
 * tool_read_wanted - tool_read() with other words for the size in errors
 * @wanted: "16"
 */
ToolBlob *tool_read_wanted(const char *path, const char *what, size_t min,
                           size_t max, const char *wanted, GError **err);

/**
 * tool_read_sized - read a file of known sizes, as it is or as text
 * @sizes: bytes that the decoded content may have, ended by 0
 *
 * A file of one of the @sizes is taken as it is; any other must be base64 or
 * hexadecimal text, white space allowed.
 *
 * Returns: the decoded content, or NULL with @err set
 */
ToolBlob *tool_read_sized(const char *path, const char *what,
                          const size_t *sizes, GError **err);

/**
 * tool_read_blocks - tool_read_sized(), or the payload of a secret
 *
 * A file of none of the @sizes may have whole cipher blocks.
 */
ToolBlob *tool_read_blocks(const char *path, const char *what,
                           const size_t *sizes, GError **err);

/**
 * tool_base64 - decode base64 strictly
 * @name: file or option that holds @text, for the error
 * @what: what it should be, for the error
 * @text, @text_len: base64 of RFC 4648 with padding; white space allowed
 * @max: bytes that the result may have
 *
 * Returns: the bytes, or NULL with @err set
 */
ToolBlob *tool_base64(const char *name, const char *what, const char *text,
                      size_t text_len, size_t max, GError **err);

/**
 * tool_text_sized - decode base64 or hexadecimal of exactly @len bytes
 *
 * What this tool prints in one form is taken in that form.
 */
ToolBlob *tool_text_sized(const char *name, const char *what,
                          const char *text, size_t len, GError **err);

/**
 * tool_read_firmware - read a firmware image, as large as QEMU takes it
 */
ToolBlob *tool_read_firmware(const char *path, GError **err);

/**
 * tool_measure_blob - the blob that query-sev-launch-measure gives
 * @arg: the name of a file with the 48 bytes or their text, or that text
 */
ToolBlob *tool_measure_blob(const char *arg, GError **err);

/**
 * tool_hash_file - SHA-256 of a file without keeping it in memory
 * @hash: takes the bytes
 */
bool tool_hash_file(const char *path, const char *what, AspHash *hash,
                    GError **err);

#endif
