/*
 * The launch secret as a Linux guest finds it
 *
 * The firmware installs an EFI configuration table that says where the host
 * had to put the secret.  Kernels with EFI_SECRET show it in a file system;
 * others leave /dev/mem, which gives access to memory that the firmware has
 * reserved, and with iomem=relaxed on the command line also to the firmware's
 * tables.  It has to be mapped: the kernel maps reserved memory of an SEV guest
 * with the C-bit, while read() of /dev/mem goes without it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <endian.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "secret-table.h"

#define GUID_SIZE       16
#define PAGE            4096ul
#define MAX_TABLES      128
#define MAX_SECRET      65536

/* EFI_CONFIGURATION_TABLE */
struct config_table {
    uint8_t guid[GUID_SIZE];
    uint64_t address;
};

/* What the coco secret area's table points to */
struct secret_location {
    uint64_t base;
    uint64_t size;
};

struct __attribute__((packed)) secret_entry {
    uint8_t guid[GUID_SIZE];
    uint32_t length;                    /* with this header */
    uint8_t data[];
};

/* adf956ad-e98c-484c-ae11-b51c7d336447 */
static const uint8_t location_guid[GUID_SIZE] = {
    0xad, 0x56, 0xf9, 0xad, 0x8c, 0xe9, 0x4c, 0x48,
    0xae, 0x11, 0xb5, 0x1c, 0x7d, 0x33, 0x64, 0x47,
};

/* 1e74f542-71dd-4d66-963e-ef4287ff173b */
static const uint8_t secret_guid[GUID_SIZE] = {
    0x42, 0xf5, 0x74, 0x1e, 0xdd, 0x71, 0x66, 0x4d,
    0x96, 0x3e, 0xef, 0x42, 0x87, 0xff, 0x17, 0x3b,
};

/* A copy of physical memory. */
static bool read_physical(uint64_t address, void *to, size_t size)
{
    uint64_t offset = address % PAGE;
    int fd = open("/dev/mem", O_RDONLY);
    void *map;

    if (fd < 0) {
        return false;
    }
    map = mmap(NULL, offset + size, PROT_READ, MAP_SHARED, fd,
               address - offset);
    close(fd);
    if (map == MAP_FAILED) {
        return false;
    }
    memcpy(to, (char *)map + offset, size);
    munmap(map, offset + size);
    return true;
}

static uint64_t config_tables_address(void)
{
    FILE *file = fopen("/sys/firmware/efi/config_table", "r");
    unsigned long long address = 0;

    if (file) {
        if (fscanf(file, "%llx", &address) != 1) {
            address = 0;
        }
        fclose(file);
    }
    return address;
}

/*
 * The kernel does not tell how many tables there are.  They lie in one piece
 * of memory of the firmware's, so looking a little too far does no harm.
 */
static uint64_t find_location(uint64_t tables)
{
    struct config_table table;

    for (int i = 0; i < MAX_TABLES; i++) {
        if (!read_physical(tables + i * sizeof(table), &table,
                           sizeof(table))) {
            return 0;
        }
        if (!memcmp(table.guid, location_guid, GUID_SIZE)) {
            return le64toh(table.address);
        }
    }
    return 0;
}

static void format_guid(const uint8_t *guid, char *text, size_t size)
{
    snprintf(text, size,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
             "%02x%02x%02x%02x%02x%02x",
             guid[3], guid[2], guid[1], guid[0], guid[5], guid[4], guid[7],
             guid[6], guid[8], guid[9], guid[10], guid[11], guid[12],
             guid[13], guid[14], guid[15]);
}

static const char *for_each_entry(const uint8_t *table, size_t size,
                                  secret_entry_fn *fn)
{
    size_t at = sizeof(struct secret_entry);

    while (at < size) {
        const struct secret_entry *entry = (const void *)(table + at);
        size_t left = size - at;
        uint32_t length;
        char guid[37];

        if (left < sizeof(*entry)) {
            return "an entry of the table is cut off";
        }
        length = le32toh(entry->length);
        if (length < sizeof(*entry) || length > left) {
            return "an entry of the table has a wrong length";
        }
        format_guid(entry->guid, guid, sizeof(guid));
        fn(guid, entry->data, length - sizeof(*entry));
        at += length;
    }
    return NULL;
}

static const char *check_table(const uint8_t *area, size_t size,
                               secret_entry_fn *fn)
{
    const struct secret_entry *header = (const void *)area;
    uint32_t length = le32toh(header->length);

    if (memcmp(header->guid, secret_guid, GUID_SIZE)) {
        return "none was injected";
    }
    if (length < sizeof(*header) || length > size) {
        return "the table has a wrong length";
    }
    return for_each_entry(area, length, fn);
}

const char *secret_table_for_each(secret_entry_fn *fn)
{
    static uint8_t area[MAX_SECRET];
    struct secret_location location;
    uint64_t tables = config_tables_address();
    uint64_t at;

    if (!tables) {
        return "the kernel shows no EFI configuration tables";
    }
    at = find_location(tables);
    if (!at) {
        return "the firmware has no table for the secret's location";
    }
    if (!read_physical(at, &location, sizeof(location))) {
        return "/dev/mem does not show its location: iomem=relaxed helps";
    }
    location.base = le64toh(location.base);
    location.size = le64toh(location.size);
    if (location.size < sizeof(struct secret_entry) ||
        location.size > sizeof(area)) {
        return "the firmware has no area for a secret";
    }
    if (!read_physical(location.base, area, location.size)) {
        return "the secret's area cannot be read";
    }
    return check_table(area, location.size, fn);
}
