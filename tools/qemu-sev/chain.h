/*
 * qemu-sev: certificate chains in files
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The formats of the field: PDH, PEK, OCA and CEK one after the other
 * (sevctl), a folder with a file for each (sev-tool), ASK and ARK one after
 * the other (AMD's key server).
 */

#ifndef QEMU_SEV_CHAIN_H
#define QEMU_SEV_CHAIN_H

#include "input.h"
#include "platform.h"
#include "target/i386/sev/asp/cert.h"

#define CHAIN_CERTS     4                       /* PDH, PEK, OCA, CEK */
#define CHAIN_SIZE      (CHAIN_CERTS * SEV_CERT_SIZE)
#define CA_SIZE_2048    (2 * 832)
#define CA_SIZE_4096    (2 * 1600)
/* The root of the first family was published without its signature */
#define CA_SIZE_NAPLES  (832 + 576)

/* What a verification works on */
typedef struct ChainFile {
    ToolBlob *certs;            /* CHAIN_SIZE bytes */
    ToolBlob *ca;               /* ASK and ARK; NULL if not known */
    bool ark_unsigned;          /* @ca was of CA_SIZE_NAPLES */
} ChainFile;

/**
 * chain_clear - free what @file holds
 */
void chain_clear(ChainFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ChainFile, chain_clear)

/**
 * chain_read - read PDH, PEK, OCA, CEK and perhaps ASK and ARK from one file
 *
 * As 'export' writes it, with or without --full; base64 is taken too.
 */
bool chain_read(ChainFile *file, const char *path, GError **err);

/**
 * chain_read_folder - read pdh.cert, pek.cert, oca.cert, cek.cert and, where
 * they are there, ask.cert and ark.cert
 */
bool chain_read_folder(ChainFile *file, const char *folder, GError **err);

/**
 * chain_read_ca - read ASK and ARK, in place of those that @file has
 */
bool chain_read_ca(ChainFile *file, const char *path, GError **err);

/**
 * chain_from_platform - take the certificates of @platform
 */
void chain_from_platform(ChainFile *file, const Platform *platform);

/**
 * chain_set_ca - take a CA from memory
 * @len: CA_SIZE_2048, CA_SIZE_4096 or CA_SIZE_NAPLES
 */
void chain_set_ca(ChainFile *file, const uint8_t *ca, size_t len);

/**
 * chain_view - the certificates as the library wants them; borrowed
 */
SevChain chain_view(const ChainFile *file);

/**
 * amd_root_family - which of AMD's roots a CA ends in
 * @ark: as sev_ca_parse() gives it
 *
 * By the digest of the root's key and ids, not by its ids alone: those can be
 * copied.
 *
 * Returns: "Milan" and the like, NULL if it is none of AMD's
 */
const char *amd_root_family(const SevAmdCert *ark);

#endif
