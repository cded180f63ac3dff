/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The launch secret lies where the firmware's table says.
 */
#include "lib/guest.h"

const char guest_name[] = "secret";

#define GUID_SIZE       16

struct __attribute__((packed)) entry {
    uint8_t guid[GUID_SIZE];
    uint32_t length;            /* with this header */
    uint8_t data[];
};

static const uint8_t table_guid[GUID_SIZE] = {
    0x42, 0xf5, 0x74, 0x1e, 0xdd, 0x71, 0x66, 0x4d,
    0x96, 0x3e, 0xef, 0x42, 0x87, 0xff, 0x17, 0x3b,
};

static bool is_table(const struct entry *table)
{
    for (int i = 0; i < GUID_SIZE; i++) {
        if (table->guid[i] != table_guid[i]) {
            return false;
        }
    }
    return true;
}

static void report_entries(const struct entry *table)
{
    const uint8_t *at = table->data;
    const uint8_t *end = table->guid + table->length;

    while (at < end) {
        const struct entry *entry = (const struct entry *)at;
        bool fits = end - at >= (long)sizeof(*entry)
                    && entry->length >= sizeof(*entry)
                    && entry->length <= end - at;

        report_true("the entry fits into the table", fits);
        if (!fits) {
            return;
        }
        report_data("secret-guid", entry->guid, GUID_SIZE);
        report_data("secret", entry->data, entry->length - sizeof(*entry));
        at += entry->length;
    }
}

void guest_main(void)
{
    const struct entry *table = (const struct entry *)SECRET_BASE;

    if (!is_table(table)) {
        report_skip("the secret: none was injected");
        return;
    }
    report_true("the table fits into its area",
                table->length >= sizeof(*table)
                && table->length <= SECRET_SIZE);
    if (table->length <= SECRET_SIZE) {
        report_entries(table);
    }
}
