/*
 * SEV: GUIDs that firmware images and QEMU find each other's tables by
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * OVMF made them up (OvmfPkg/ResetVector and OvmfPkg/AmdSev).
 */

#ifndef I386_SEV_FORMATS_GUIDS_H
#define I386_SEV_FORMATS_GUIDS_H

#include "qemu/uuid.h"

/* The GUIDed table at the end of a firmware image, and its entries */
#define SEV_GUID_TABLE_FOOTER   "96b582de-1fb2-45f7-baea-a366c55a082d"
#define SEV_GUID_RESET_BLOCK    "00f771de-1a7e-4fcb-890e-68c77e2fb44e"
#define SEV_GUID_SECRET_AREA    "4c2eb361-7d9b-4cc3-8081-127c90d3d294"
#define SEV_GUID_HASH_AREA      "7255371f-3a3b-4b04-927b-1da6efa8d454"
#define SEV_GUID_SNP_METADATA   "dc886566-984a-4798-a75e-5585a7bf67cc"

/* The table of kernel hashes, and its entries */
#define SEV_GUID_HASH_TABLE     "9438d606-4f22-4cc9-b479-a793d411fd21"
#define SEV_GUID_HASH_CMDLINE   "97d02dd8-bd20-4c94-aa78-e7714d36ab2a"
#define SEV_GUID_HASH_INITRD    "44baf731-3a2f-4bd7-9af1-41e29169781d"
#define SEV_GUID_HASH_KERNEL    "4de79437-abd2-427f-b835-d5b172d2045b"

/**
 * sev_guid - a GUID as tables hold it
 * @text: one of the above
 */
static inline QemuUUID sev_guid(const char *text)
{
    QemuUUID guid = { };

    qemu_uuid_parse(text, &guid);
    return qemu_uuid_bswap(guid);
}

#endif
