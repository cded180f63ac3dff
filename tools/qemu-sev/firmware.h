/*
 * qemu-sev: a software AMD Secure Processor in this process
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef QEMU_SEV_FIRMWARE_H
#define QEMU_SEV_FIRMWARE_H

#include "target/i386/sev/asp/asp.h"

typedef struct Firmware Firmware;

/* Bytes of memory that commands can name, from address 0x1000 on */
#define FIRMWARE_BASE   0x1000
#define FIRMWARE_MEMORY (16 * 1024)

/**
 * firmware_open - a platform in state UNINIT
 * @state: its state file; NULL for the built-in test identity
 *
 * Returns: the platform, or NULL with @err set; free it with firmware_free()
 */
Firmware *firmware_open(const char *state, GError **err);

/**
 * firmware_free - NULL is allowed
 */
void firmware_free(Firmware *fw);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Firmware, firmware_free)

/**
 * firmware_command - asp_command() with an error that names what failed
 */
bool firmware_command(Firmware *fw, AspCommand id, void *buf, size_t len,
                      GError **err);

/**
 * firmware_init - INIT without options
 */
bool firmware_init(Firmware *fw, GError **err);

/**
 * firmware_memory - what commands find at FIRMWARE_BASE
 */
uint8_t *firmware_memory(Firmware *fw);

/**
 * firmware_identity - who the platform is; borrowed
 */
const AspIdentity *firmware_identity(const Firmware *fw);

#endif
