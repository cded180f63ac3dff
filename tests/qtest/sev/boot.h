/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Boot one of the bare-metal guests of tests/guest and read its report.
 */
#ifndef QTEST_SEV_BOOT_H
#define QTEST_SEV_BOOT_H

#include "libqtest.h"

typedef struct SevBoot {
    QTestState *qts;            /* the guest has ended, the VM is stopped */
    char *serial;               /* file name of the report */
    char *report;               /* what the guest said */
    unsigned starts;            /* "guest" lines: resets are further ones */
    unsigned passed;            /* "ok" lines of the last start */
    unsigned skipped;           /* "skip" lines */
} SevBoot;

/* File name of a guest's image; freed by the caller. */
char *sev_boot_image(const char *guest);

/*
 * Boot @guest by -bios with further QEMU options and wait for its last line.
 * Ends the test when the guest does not come to it, when the report has
 * lines that do not belong there, or one that says FAIL.
 */
SevBoot *sev_boot(const char *guest, const char *options);

/* The same with options that name the firmware themselves. */
SevBoot *sev_boot_firmware(const char *guest, const char *options);

/* The value of the "info" line with @key; ends the test without one. */
uint64_t sev_boot_info(const SevBoot *boot, const char *key);

/* The digits of the "data" line with @key, or NULL; freed by the caller. */
char *sev_boot_data(const SevBoot *boot, const char *key);

/* End QEMU and free everything. */
void sev_boot_free(SevBoot *boot);

#endif
