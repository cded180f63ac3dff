/*
 * Digests as a build without libgcrypt has them: the same answers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "test-asp-hash.c"
