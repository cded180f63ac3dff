/*
 * qemu-sev: the transport keys of a session
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_KEYS_H
#define QEMU_SEV_KEYS_H

#include "qemu-sev.h"
#include "target/i386/sev/asp/session.h"

/* Files with keys; all NULL: none was named */
typedef struct KeyArgs {
    char *tik, *tek;            /* 16 bytes each */
    char *tk;                   /* TEK and TIK in one file, as sev-tool has it */
} KeyArgs;

/**
 * key_options - add --tik, --tk and, with @tek, --tek to a subcommand
 */
void key_options(ToolRun *run, KeyArgs *args, bool tek);

/**
 * key_args_clear - free what GOption put there
 */
void key_args_clear(KeyArgs *args);

/**
 * key_read_tik - the transport integrity key
 * @tik: out: SEV_KEY_SIZE bytes, wipe them after use
 *
 * Returns: false with @err set if no file was named or it cannot be read
 */
bool key_read_tik(const KeyArgs *args, uint8_t *tik, GError **err);

/**
 * key_read_both - both transport keys
 * @keys: out: wipe it after use
 */
bool key_read_both(const KeyArgs *args, SevTransportKeys *keys, GError **err);

#endif
