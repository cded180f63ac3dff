/*
 * SEV-SNP: what a firmware image wants to be launched with
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "snp-metadata.h"

#define PAGE_SIZE       4096
#define VERSION         1

/* All little-endian */
typedef struct QEMU_PACKED MetadataHeader {
    uint8_t signature[4];
    uint32_t len;               /* with this header */
    uint32_t version;
    uint32_t num_sections;
} MetadataHeader;

QEMU_BUILD_BUG_ON(sizeof(MetadataHeader) != 16);
QEMU_BUILD_BUG_ON(sizeof(SnpSection) != 12);

/* @avail: bytes of the image from the header on */
static bool check_header(const MetadataHeader *header, uint32_t avail,
                         Error **errp)
{
    uint32_t len = le32_to_cpu(header->len);
    uint32_t version = le32_to_cpu(header->version);
    uint32_t num = le32_to_cpu(header->num_sections);

    if (memcmp(header->signature, "ASEV", sizeof(header->signature)) != 0) {
        error_setg(errp, "has no signature");
        return false;
    }
    if (version != VERSION) {
        error_setg(errp, "has version %" PRIu32 ", but only %d is known",
                   version, VERSION);
        return false;
    }
    if (len > avail || len < sizeof(*header) ||
        num > (len - sizeof(*header)) / sizeof(SnpSection)) {
        error_setg(errp, "has %" PRIu32 " sections in %" PRIu32 " bytes, of "
                   "which the image holds %" PRIu32, num, len, avail);
        return false;
    }
    return true;
}

static bool check_section(const SnpSection *section, unsigned i, Error **errp)
{
    if (section->gpa % PAGE_SIZE || section->len % PAGE_SIZE ||
        !section->len || section->len > UINT32_MAX - section->gpa) {
        error_setg(errp, "has a section %u (type 0x%" PRIx32 ") of 0x%" PRIx32
                   " bytes at 0x%" PRIx32 ", which must be whole pages", i,
                   section->type, section->len, section->gpa);
        return false;
    }
    return true;
}

static SnpSection read_section(const uint8_t *wire)
{
    return (SnpSection) {
        .gpa = ldl_le_p(wire),
        .len = ldl_le_p(wire + 4),
        .type = ldl_le_p(wire + 8),
    };
}

GArray *snp_metadata_parse(const uint8_t *image, size_t size, uint32_t offset,
                           Error **errp)
{
    ERRP_GUARD();
    g_autoptr(GArray) sections = g_array_new(false, false, sizeof(SnpSection));
    const uint8_t *at;
    MetadataHeader header;

    if (offset > size || offset < sizeof(header)) {
        error_setg(errp, "the SEV-SNP metadata of the firmware image is not "
                   "in it: it is 0x%" PRIx32 " bytes before its end", offset);
        return NULL;
    }
    at = image + (size - offset);
    memcpy(&header, at, sizeof(header));
    if (!check_header(&header, offset, errp)) {
        error_prepend(errp, "the SEV-SNP metadata of the firmware image ");
        return NULL;
    }
    at += sizeof(header);
    for (unsigned i = 0; i < le32_to_cpu(header.num_sections); i++) {
        SnpSection section = read_section(at + i * sizeof(section));

        if (!check_section(&section, i, errp)) {
            error_prepend(errp, "the SEV-SNP metadata of the firmware image ");
            return NULL;
        }
        g_array_append_val(sections, section);
    }
    return g_steal_pointer(&sections);
}
