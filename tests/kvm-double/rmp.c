/*
 * A double of /dev/kvm and /dev/sev: the reverse map table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Who owns each page: what RMPUPDATE and the firmware say.  A page without an
 * entry is the hypervisor's.
 */

#include <stdlib.h>
#include <string.h>
#include "double.h"

static GHashTable *table(void)
{
    static GHashTable *entries;     /* page number -> AspRmpEntry */

    if (!entries) {
        entries = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    }
    return entries;
}

static void *key(uint64_t addr)
{
    return (void *)(uintptr_t)(addr / DOUBLE_PAGE);
}

bool double_rmp_read(void *opaque, uint64_t addr, AspRmpEntry *entry)
{
    const AspRmpEntry *found = g_hash_table_lookup(table(), key(addr));

    (void)opaque;
    *entry = found ? *found : (AspRmpEntry) { 0 };
    return true;
}

bool double_rmp_write(void *opaque, uint64_t addr, const AspRmpEntry *entry)
{
    (void)opaque;
    if (entry->assigned) {
        g_hash_table_replace(table(), key(addr),
                             g_memdup2(entry, sizeof(*entry)));
    } else {
        g_hash_table_remove(table(), key(addr));
    }
    return true;
}

void double_rmp_update(const void *page, const AspRmpEntry *entry)
{
    double_rmp_write(NULL, (uintptr_t)page, entry);
}

/* The pages of a range that are in one state go to another */
static void change(uint64_t addr, size_t len, const AspRmpEntry *from,
                   const AspRmpEntry *to)
{
    uint64_t page = addr - addr % DOUBLE_PAGE;
    AspRmpEntry entry;

    for (; page < addr + len; page += DOUBLE_PAGE) {
        double_rmp_read(NULL, page, &entry);
        if (entry.assigned == from->assigned &&
            entry.immutable == from->immutable && !entry.asid &&
            !entry.vmsa) {
            double_rmp_write(NULL, page, to);
        }
    }
}

static const AspRmpEntry hypervisor = { 0 };
static const AspRmpEntry firmware = { .assigned = true, .immutable = true };

void double_rmp_give(uint64_t addr, size_t len)
{
    change(addr, len, &hypervisor, &firmware);
}

void double_rmp_take(uint64_t addr, size_t len)
{
    change(addr, len, &firmware, &hypervisor);
}

void *double_firmware_page(void)
{
    void *page;

    if (posix_memalign(&page, DOUBLE_PAGE, DOUBLE_PAGE) != 0) {
        g_error("no memory for a page of the firmware's");
    }
    memset(page, 0, DOUBLE_PAGE);
    double_rmp_update(page, &firmware);
    return page;
}

void double_page_reclaim(const void *page)
{
    SnpCmdAddress cmd = { .paddr = GUINT64_TO_LE((uintptr_t)page) };

    if (double_firmware(ASP_CMD_SNP_PAGE_RECLAIM, &cmd, sizeof(cmd))) {
        g_error("the firmware does not give a page back");
    }
    double_rmp_update(page, &hypervisor);
}

void double_page_free(void *page)
{
    free(page);
}
