/*
 * qemu-sev: SEV's formats in readable form
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_DESCRIBE_H
#define QEMU_SEV_DESCRIBE_H

#include "input.h"
#include "platform.h"
#include "report.h"

/* Sizes that are known, ended by 0: for tool_read_blocks() */
extern const size_t describe_sizes[];

/**
 * describe_data - report what @data holds, which its size tells
 * @data: not trusted; of a size that tool_read_blocks() takes
 *
 * Returns: false with @err set if a thing of this size does not look so
 */
bool describe_data(Report *report, const ToolBlob *data, GError **err);

/**
 * describe_guest - report what QEMU tells of its guest
 */
void describe_guest(Report *report, const PlatformInfo *info);

/**
 * describe_policy - report a guest policy with its flags
 */
void describe_policy(Report *report, uint32_t policy);

#endif
