/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Boot one of the bare-metal guests of tests/guest and read its report.
 */
#ifndef QTEST_SEV_BOOT_H
#define QTEST_SEV_BOOT_H

#include "libqtest.h"

typedef struct SevBoot {
    QTestState *qts;            /* after sev_boot() the VM is stopped */
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

/* Boot @guest, but do not wait for its end; the report is still empty. */
SevBoot *sev_boot_begin(const char *guest, const char *options);

/* Wait for a line that starts like this, and read the report up to there. */
void sev_boot_wait_for(SevBoot *boot, const char *start);

/* Wait for the last line of a guest that was begun, as sev_boot() does. */
void sev_boot_end(SevBoot *boot, const char *guest);

/* The value of the "info" line with @key; ends the test without one. */
uint64_t sev_boot_info(const SevBoot *boot, const char *key);

/* The digits of the "data" line with @key, or NULL; freed by the caller. */
char *sev_boot_data(const SevBoot *boot, const char *key);

/*
 * Memory as "pmemsave" or "memsave" gives it; @address is of the kind that
 * @command takes, @data has room for @size bytes.
 */
void sev_boot_save(SevBoot *boot, const char *command, uint64_t address,
                   size_t size, uint8_t *data);

/* End QEMU and free everything. */
void sev_boot_free(SevBoot *boot);

#endif
