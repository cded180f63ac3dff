/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What the tests of SEV launches share: firmware images made to measure,
 * files, QEMU with a SEV guest that waits before its first instruction, and a
 * guest owner.
 */
#ifndef QTEST_SEV_LAUNCH_H
#define QTEST_SEV_LAUNCH_H

#include "libqtest.h"
#include "target/i386/sev/asp/session.h"

/* The areas of most firmware images here, in the guest's RAM */
#define TEST_SECRET_BASE        0x810000
#define TEST_SECRET_SIZE        0xc00
#define TEST_HASH_BASE          0x810c00
#define TEST_HASH_SIZE          0x400

#define TEST_FIRMWARE_SIZE      (64 * 1024)
#define TEST_FIRMWARE_GPA       (0x100000000ULL - TEST_FIRMWARE_SIZE)

/* An entry of the firmware's table; no entry if present is false */
typedef struct TestArea {
    bool present;
    uint32_t base;
    uint32_t size;
    bool cut;                   /* the entry lacks its size field */
} TestArea;

/* A new file in the test's folder; the name is freed by the caller. */
char *test_file(const char *name, const void *data, size_t len);

/* The same with the base64 of @data. */
char *test_file_base64(const char *name, const void *data, size_t len);

/* A file of @len bytes that count up from @first. */
char *test_file_pattern(const char *name, uint8_t first, size_t len);

/* Remove the test's folder; for the end of main(). */
void test_files_remove(void);

/* A firmware image that halts, with these areas in its table. */
char *test_firmware(const char *name, TestArea secret, TestArea hashes);

/* The one with both areas as defined above. */
char *test_firmware_full(void);

/* A Linux kernel by its header, and nothing else. */
char *test_kernel(void);

/*
 * A stopped q35 under TCG with the SEV guest "sev0" of -object @object, the
 * full firmware and more @options.
 */
QTestState *test_launch(const char *object, const char *options);

/* The same with options that name the firmware themselves. */
QTestState *test_launch_bare(const char *object, const char *options);

/* QEMU must end with status 1 and a message that contains @expected. */
void test_refused(const char *expected, const char *fmt, ...)
    G_GNUC_PRINTF(2, 3);

/* A QMP command must fail with GenericError and a text with @expected. */
void test_qmp_refused(QTestState *qts, const char *expected,
                      const char *fmt, ...) G_GNUC_PRINTF(3, 4);

/* The guest's state, as query-sev says; freed by the caller. */
char *test_state(QTestState *qts);

/* A string member of the result of a command; freed by the caller. */
char *test_query_string(QTestState *qts, const char *command,
                        const char *member);

/* The same, decoded from base64; it must have @len bytes. */
uint8_t *test_query_blob(QTestState *qts, const char *command,
                         const char *member, size_t len);

/* SHA-256 in hexadecimal digits; freed by the caller. */
char *test_sha256(const void *data, size_t len);

/* The keys of the guest owner in these tests */
extern const SevTransportKeys test_keys;

/*
 * A guest owner makes a session for the platform that @probe runs on; the
 * options for -object name its files.  Freed by the caller.
 */
char *test_session_options(const char *probe, uint32_t policy);

/* Whether @blob, the result of a launch, is what the guest owner expects. */
bool test_measurement_matches(QTestState *qts, uint32_t policy,
                              const char *digest_hex);

#endif
