/*
 * SEV-SNP: what a firmware image wants to be launched with
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * OVMF's format, which other firmware shares: a list of sections of guest
 * memory beside the image itself, somewhere in the image.  An entry of the
 * GUIDed table says where, counted from the end of the image.
 */

#ifndef I386_SEV_SNP_METADATA_H
#define I386_SEV_SNP_METADATA_H

typedef enum SnpSectionType {
    SNP_SECTION_MEMORY          = 1,    /* RAM that the firmware starts with */
    SNP_SECTION_SECRETS         = 2,
    SNP_SECTION_CPUID           = 3,
    SNP_SECTION_SVSM_CAA        = 4,    /* calling area of an SVSM */
    SNP_SECTION_KERNEL_HASHES   = 0x10,
} SnpSectionType;

/* @len bytes of memory at @gpa, whole pages; @type may be none we know */
typedef struct SnpSection {
    uint32_t gpa;
    uint32_t len;
    uint32_t type;
} SnpSection;

/**
 * snp_metadata_parse - read the list of sections
 * @image: firmware image of @size bytes
 * @offset: of the metadata from the end of the image
 * @errp: set when it is not there or not well-formed
 *
 * Returns: an array of SnpSection in the order of the image; free it with
 * g_array_free().  NULL on failure
 */
GArray *snp_metadata_parse(const uint8_t *image, size_t size, uint32_t offset,
                           Error **errp);

#endif
