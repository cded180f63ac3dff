/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The table of kernel hashes lies where the firmware's table says.
 */
#include "lib/guest.h"

const char guest_name[] = "kernel-hashes";

#define GUID_SIZE       16
#define HASH_SIZE       32

struct __attribute__((packed)) hash_entry {
    uint8_t guid[GUID_SIZE];
    uint16_t length;
    uint8_t hash[HASH_SIZE];
};

struct __attribute__((packed)) hash_table {
    uint8_t guid[GUID_SIZE];
    uint16_t length;
    struct hash_entry cmdline, initrd, kernel;
    uint8_t padding[8];
};

static const uint8_t table_guid[GUID_SIZE] = {
    0x06, 0xd6, 0x38, 0x94, 0x22, 0x4f, 0xc9, 0x4c,
    0xb4, 0x79, 0xa7, 0x93, 0xd4, 0x11, 0xfd, 0x21,
};
static const uint8_t cmdline_guid[GUID_SIZE] = {
    0xd8, 0x2d, 0xd0, 0x97, 0x20, 0xbd, 0x94, 0x4c,
    0xaa, 0x78, 0xe7, 0x71, 0x4d, 0x36, 0xab, 0x2a,
};
static const uint8_t initrd_guid[GUID_SIZE] = {
    0x31, 0xf7, 0xba, 0x44, 0x2f, 0x3a, 0xd7, 0x4b,
    0x9a, 0xf1, 0x41, 0xe2, 0x91, 0x69, 0x78, 0x1d,
};
static const uint8_t kernel_guid[GUID_SIZE] = {
    0x37, 0x94, 0xe7, 0x4d, 0xd2, 0xab, 0x7f, 0x42,
    0xb8, 0x35, 0xd5, 0xb1, 0x72, 0xd2, 0x04, 0x5b,
};

static bool same_guid(const uint8_t *a, const uint8_t *b)
{
    for (int i = 0; i < GUID_SIZE; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

static void report_hash(const char *key, const struct hash_entry *entry,
                        const uint8_t *guid)
{
    report_true("an entry has the GUID of its place",
                same_guid(entry->guid, guid));
    report_equal("an entry has the length of one hash",
                 entry->length, sizeof(*entry));
    report_data(key, entry->hash, HASH_SIZE);
}

void guest_main(void)
{
    const struct hash_table *table = (const struct hash_table *)HASHES_BASE;

    if (!same_guid(table->guid, table_guid)) {
        report_skip("the kernel hashes: none were asked for");
        return;
    }
    report_equal("the table has room for three hashes", table->length,
                 sizeof(*table) - sizeof(table->padding));
    report_hash("cmdline", &table->cmdline, cmdline_guid);
    report_hash("initrd", &table->initrd, initrd_guid);
    report_hash("kernel", &table->kernel, kernel_guid);
}
