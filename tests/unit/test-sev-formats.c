/*
 * Formats that a launch and its owner share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "target/i386/sev/formats/firmware-table.h"
#include "target/i386/sev/formats/guids.h"
#include "target/i386/sev/formats/kernel-hashes.h"
#include "target/i386/sev/formats/text.h"

#define IMAGE_SIZE  256
#define TABLE_END   (IMAGE_SIZE - 0x20)

/* A firmware image that is filled from its end down */
typedef struct Image {
    uint8_t bytes[IMAGE_SIZE];
    size_t next;                /* offset of what was put last */
} Image;

static void put_entry(Image *image, const char *guid, const void *data,
                      size_t len, uint16_t total)
{
    QemuUUID uuid = sev_guid(guid);

    image->next -= sizeof(uuid);
    memcpy(image->bytes + image->next, &uuid, sizeof(uuid));
    image->next -= 2;
    stw_le_p(image->bytes + image->next, total);
    image->next -= len;
    memcpy(image->bytes + image->next, data, len);
}

/* An image with a footer that says that the table has @total bytes */
static Image new_image(uint16_t total)
{
    Image image = { .next = TABLE_END };

    memset(image.bytes, 0x5a, sizeof(image.bytes));
    put_entry(&image, SEV_GUID_TABLE_FOOTER, NULL, 0, total);
    return image;
}

static bool find(const Image *image, SevFirmwareTable *table)
{
    /* an allocation of its own, so that sanitizers see both of its ends */
    static uint8_t *copy;

    g_free(copy);
    copy = g_memdup2(image->bytes, IMAGE_SIZE);
    return sev_firmware_table_find(copy, IMAGE_SIZE, table);
}

static void assert_none(const Image *image)
{
    SevFirmwareTable table;
    size_t len;

    g_assert_false(find(image, &table));
    g_assert_null(sev_firmware_table_get(&table, SEV_GUID_HASH_AREA, &len));
}

static void test_table(void)
{
    static const uint8_t area[] = { 0, 0x0c, 0x81, 0, 0, 4, 0, 0 };
    static const uint8_t other[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    Image image = new_image(18 + 26 + 22 + 26);
    SevFirmwareTable table;
    SevArea found;
    size_t len;

    put_entry(&image, SEV_GUID_HASH_AREA, area, 8, 26);
    put_entry(&image, SEV_GUID_RESET_BLOCK, other, 4, 22);
    /* the one that is met first counts */
    put_entry(&image, SEV_GUID_HASH_AREA, other, 8, 26);
    g_assert_true(find(&image, &table));
    g_assert_true(sev_firmware_table_area(&table, SEV_GUID_HASH_AREA,
                                          &found));
    g_assert_cmphex(found.base, ==, 0x810c00);
    g_assert_cmphex(found.size, ==, 0x400);
    g_assert_cmpmem(sev_firmware_table_get(&table, SEV_GUID_RESET_BLOCK,
                                           &len), 4, other, 4);
    g_assert_cmpuint(len, ==, 4);
    g_assert_false(sev_firmware_table_area(&table, SEV_GUID_RESET_BLOCK,
                                           &found));
    g_assert_false(sev_firmware_table_area(&table, SEV_GUID_SECRET_AREA,
                                           &found));
    g_assert_cmphex(sev_firmware_reset_address(image.bytes, IMAGE_SIZE), ==,
                    0x04030201);
}

/* A table that begins before the image, or lengths that do not add up */
static void test_table_bounds(void)
{
    static const uint16_t totals[] = {
        0, 1, 17, TABLE_END + 1, TABLE_END + 2, 0x7fff, 0xffff,
    };
    static const uint16_t lengths[] = { 0, 1, 17, 27, 0xffff };
    uint8_t data[TABLE_END] = { };
    SevFirmwareTable table;
    Image image;

    for (size_t i = 0; i < G_N_ELEMENTS(totals); i++) {
        image = new_image(totals[i]);
        assert_none(&image);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        image = new_image(18 + 26);
        put_entry(&image, SEV_GUID_HASH_AREA, data, 8, lengths[i]);
        assert_none(&image);
    }
    /* 17 bytes are too few for an entry */
    image = new_image(18 + 26 + 17);
    put_entry(&image, SEV_GUID_HASH_AREA, data, 8, 26);
    assert_none(&image);

    /* No entries, and one entry that fills the image, are well-formed */
    image = new_image(18);
    g_assert_true(find(&image, &table));
    g_assert_cmpuint(table.len, ==, 0);
    image = new_image(TABLE_END);
    put_entry(&image, SEV_GUID_HASH_AREA, data, TABLE_END - 36,
              TABLE_END - 18);
    g_assert_true(find(&image, &table));
    g_assert_cmpuint(table.len, ==, TABLE_END - 18);
}

static void test_small_images(void)
{
    Image image = new_image(18);
    SevFirmwareTable table;

    for (size_t size = 0; size < 0x20 + 18; size++) {
        g_autofree uint8_t *end = g_memdup2(image.bytes + IMAGE_SIZE - size,
                                            size);

        g_assert_false(sev_firmware_table_find(end, size, &table));
        g_assert_cmphex(sev_firmware_reset_address(end, size), ==, 0);
    }
}

/* Old firmware has the reset block in the table's place */
static void test_legacy_reset(void)
{
    const uint32_t addr = cpu_to_le32(0x80b004);
    Image image = { .next = TABLE_END };

    put_entry(&image, SEV_GUID_RESET_BLOCK, &addr, 4, 22);
    g_assert_cmphex(sev_firmware_reset_address(image.bytes, IMAGE_SIZE), ==,
                    0x80b004);
    image.next = TABLE_END;
    put_entry(&image, SEV_GUID_RESET_BLOCK, &addr, 4, 23);
    g_assert_cmphex(sev_firmware_reset_address(image.bytes, IMAGE_SIZE), ==,
                    0);
}

static void test_hash_table(void)
{
    SevHashTable table;
    uint8_t *bytes = (uint8_t *)&table;

    sev_hash_table_init(&table);
    g_assert_cmpuint(lduw_le_p(bytes + 16), ==, 168);
    g_assert_cmpuint(lduw_le_p(bytes + 34), ==, 50);
    g_assert_true(sev_hash_table_check(&table));
    memset(table.kernel.sha256, 0xff, sizeof(table.kernel.sha256));
    g_assert_true(sev_hash_table_check(&table));
    for (size_t at = 0; at < 168; at++) {
        bool hash = (at >= 36 && at < 68) || (at >= 86 && at < 118) ||
                    at >= 136;

        bytes[at] ^= 1;
        g_assert_true(sev_hash_table_check(&table) == hash);
        bytes[at] ^= 1;
    }
}

/* RFC 4648, section 10; then what is none */
static void test_base64(void)
{
    static const struct {
        const char *text, *bytes;
    } good[] = {
        { "", "" }, { "Zg==", "f" }, { "Zm8=", "fo" }, { "Zm9v", "foo" },
        { "Zm9vYg==", "foob" }, { "Zm9vYmE=", "fooba" },
        { "Zm9vYmFy", "foobar" }, { " Zm9v\r\n\tYmFy\n", "foobar" },
    };
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "Zm8==", "=", "====", "Zg==Zg==", "Zm9v!",
        "Zm9v\x80", "Zm-_",
    };
    uint8_t out[8];

    for (size_t i = 0; i < G_N_ELEMENTS(good); i++) {
        size_t len = strlen(good[i].bytes);

        g_assert_cmpint(sev_base64_decode(good[i].text, strlen(good[i].text),
                                          out, sizeof(out)), ==, len);
        g_assert_cmpmem(out, len, good[i].bytes, len);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpint(sev_base64_decode(bad[i], strlen(bad[i]), out,
                                          sizeof(out)), ==, -1);
    }
    g_assert_cmpint(sev_base64_decode("Zm9v\0Zm9v", 9, out, 8), ==, -1);
}

static void test_hex(void)
{
    static const uint8_t bytes[] = { 0x00, 0x1f, 0xa5, 0xff };
    static const char *const bad[] = { "0", "0g", "0x00", "00 1", "-1" };
    g_autofree char *text = sev_hex(bytes, sizeof(bytes));
    uint8_t out[4];

    g_assert_cmpstr(text, ==, "001fa5ff");
    g_assert_cmpint(sev_hex_decode("00 1F\na5Ff", 10, out, 4), ==, 4);
    g_assert_cmpmem(out, 4, bytes, 4);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_cmpint(sev_hex_decode(bad[i], strlen(bad[i]), out, 4), ==,
                        -1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sev/formats/table", test_table);
    g_test_add_func("/sev/formats/table/bounds", test_table_bounds);
    g_test_add_func("/sev/formats/table/small-images", test_small_images);
    g_test_add_func("/sev/formats/table/legacy-reset", test_legacy_reset);
    g_test_add_func("/sev/formats/hash-table", test_hash_table);
    g_test_add_func("/sev/formats/base64", test_base64);
    g_test_add_func("/sev/formats/hex", test_hex);
    return g_test_run();
}
