/*
 * SEV formats: the table of hashes of -kernel, -initrd and -append
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "guids.h"
#include "kernel-hashes.h"

static void start_entry(SevHashEntry *entry, const char *guid)
{
    entry->guid = sev_guid(guid);
    entry->len = cpu_to_le16(sizeof(*entry));
}

void sev_hash_table_init(SevHashTable *table)
{
    *table = (SevHashTable) {
        .guid = sev_guid(SEV_GUID_HASH_TABLE),
        .len = cpu_to_le16(offsetof(SevHashTable, padding)),
    };
    start_entry(&table->cmdline, SEV_GUID_HASH_CMDLINE);
    start_entry(&table->initrd, SEV_GUID_HASH_INITRD);
    start_entry(&table->kernel, SEV_GUID_HASH_KERNEL);
}

static bool same_frame(const SevHashEntry *a, const SevHashEntry *b)
{
    return memcmp(a, b, offsetof(SevHashEntry, sha256)) == 0;
}

bool sev_hash_table_check(const SevHashTable *table)
{
    SevHashTable good;

    sev_hash_table_init(&good);
    return memcmp(table, &good, offsetof(SevHashTable, cmdline)) == 0 &&
           same_frame(&table->cmdline, &good.cmdline) &&
           same_frame(&table->initrd, &good.initrd) &&
           same_frame(&table->kernel, &good.kernel);
}
