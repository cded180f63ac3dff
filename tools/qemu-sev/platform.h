/*
 * qemu-sev: the platform that a command is about
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The platform is the built-in test identity, an own identity in a state
 * file, or what a running QEMU says of its host or of the platform that it
 * emulates.
 */

#ifndef QEMU_SEV_PLATFORM_H
#define QEMU_SEV_PLATFORM_H

#include "qemu-sev.h"
#include "target/i386/sev/asp/asp.h"

/* Which platform the user named; all NULL: the built-in identity */
typedef struct PlatformArgs {
    char *state;
    char *qmp;
} PlatformArgs;

/**
 * platform_options - add --state and --qmp to a subcommand
 */
void platform_options(ToolRun *run, PlatformArgs *args);

typedef struct Platform {
    char *origin;               /* "the built-in identity" */
    SevCert pdh, pek, oca, cek;
    bool cek_signed;            /* @cek carries the ASK's signature */
    GByteArray *ca;             /* ASK and ARK; NULL if not known */
    GByteArray *chip_id;
} Platform;

/**
 * platform_open - get the certificates of a platform
 *
 * Hardware exports its CEK unsigned.  Where the platform is known to be one
 * of ours, the signed certificate takes its place.
 *
 * Returns: the platform, or NULL with @err set
 */
Platform *platform_open(const PlatformArgs *args, GError **err);

/**
 * platform_free - NULL is allowed
 */
void platform_free(Platform *platform);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Platform, platform_free)

/**
 * platform_args_clear - free what GOption put there
 */
void platform_args_clear(PlatformArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PlatformArgs, platform_args_clear)

/* What PLATFORM_STATUS or query-sev tells */
typedef struct PlatformInfo {
    uint8_t api_major, api_minor, build;
    char *state;                /* "init", or a guest's state from query-sev */
    bool has_flags;             /* @external and @es are known */
    bool external, es;
    bool has_guest;             /* @handle and @policy are known */
    uint32_t handle, policy;
    uint32_t guests;
} PlatformInfo;

/**
 * platform_info - the state of the platform
 *
 * Returns: false with @err set if it cannot be asked
 */
bool platform_info(const PlatformArgs *args, PlatformInfo *info, GError **err);

#endif
