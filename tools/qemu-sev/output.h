/*
 * qemu-sev: writing files, all of a command's or none
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A command names what it writes, and commits.  Every file is complete on disk
 * under another name before the first one takes its place; if something goes
 * wrong, on a full disk for example, the files that were there are there still
 * and nothing new is.  Pipes and devices are written to before that, as
 * nothing can be taken back from them.
 */

#ifndef QEMU_SEV_OUTPUT_H
#define QEMU_SEV_OUTPUT_H

#include <glib.h>

typedef struct ToolOutputs ToolOutputs;

/**
 * tool_outputs_new - the files that a command writes
 * @keep: a file that exists is not replaced: what the user can do then, for
 *   the error.  NULL: files are replaced
 *
 * Returns: no files yet; free it with tool_outputs_free()
 */
ToolOutputs *tool_outputs_new(const char *keep);

/**
 * tool_outputs_free - wipe and free; NULL is allowed
 *
 * What was not committed is not written.
 */
void tool_outputs_free(ToolOutputs *outputs);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ToolOutputs, tool_outputs_free)

/**
 * tool_outputs_folder - make a folder, and those that it lies in, if missing
 */
void tool_outputs_folder(ToolOutputs *outputs, const char *path);

/**
 * tool_outputs_add - write a file; a replaced one leaves it its permissions
 * @path: a link is followed
 * @data: copied
 */
void tool_outputs_add(ToolOutputs *outputs, const char *path,
                      const void *data, size_t len);

/**
 * tool_outputs_add_key - write a file that its owner alone can read
 */
void tool_outputs_add_key(ToolOutputs *outputs, const char *path,
                          const void *data, size_t len);

/**
 * tool_outputs_add_base64 - write @len bytes as one line of base64
 */
void tool_outputs_add_base64(ToolOutputs *outputs, const char *path,
                             const void *data, size_t len);

/**
 * tool_outputs_commit - write all files
 *
 * Two outputs that are one file are refused, as is a file that the command has
 * read: its content would be lost.
 *
 * Returns: false with @err set and nothing changed
 */
bool tool_outputs_commit(ToolOutputs *outputs, GError **err);

#endif
