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
#include "qmp.h"
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
 * platform_from_qmp - what a QEMU says of its platform
 * @state: the state file that the platform may have, or NULL
 *
 * Returns: the platform, or NULL with @err set
 */
Platform *platform_from_qmp(Qmp *qmp, const char *state, GError **err);

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

/*
 * What PLATFORM_STATUS tells, or query-sev: the latter knows the version of
 * the platform and else only QEMU's own guest.
 */
typedef struct PlatformInfo {
    uint8_t api_major, api_minor, build;
    bool is_platform;           /* else a guest */
    const char *state;          /* of the platform, or of the guest */

    bool external, es;          /* of the platform */
    uint32_t guests;            /* that it has */

    const char *type;           /* of the guest: "sev", "sev-snp" */
    bool snp;                   /* @policy is one of SEV-SNP */
    uint32_t handle;            /* not with SEV-SNP */
    uint64_t policy;
} PlatformInfo;

/**
 * platform_info - the state of the platform, or what QEMU tells instead
 *
 * Returns: false with @err set if it cannot be asked
 */
bool platform_info(const PlatformArgs *args, PlatformInfo *info, GError **err);

/**
 * platform_info_from_qmp - platform_info() of a QEMU
 */
bool platform_info_from_qmp(Qmp *qmp, PlatformInfo *info, GError **err);

#endif
