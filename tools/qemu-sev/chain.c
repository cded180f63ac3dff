/*
 * qemu-sev: certificate chains in files
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "chain.h"
#include "qemu-sev.h"

/* In the order of a chain file */
static const char *const cert_names[CHAIN_CERTS] = {
    "pdh.cert", "pek.cert", "oca.cert", "cek.cert",
};

void chain_clear(ChainFile *file)
{
    g_clear_pointer(&file->certs, tool_blob_free);
    g_clear_pointer(&file->ca, tool_blob_free);
}

void chain_set_ca(ChainFile *file, const uint8_t *ca, size_t len)
{
    tool_blob_free(file->ca);
    file->ark_unsigned = len == CA_SIZE_NAPLES;
    file->ca = tool_blob_new(file->ark_unsigned ? CA_SIZE_2048 : len);
    memcpy(file->ca->data, ca, len);
}

static void set_certs(ChainFile *file, const uint8_t *certs)
{
    tool_blob_free(file->certs);
    file->certs = tool_blob_new(CHAIN_SIZE);
    memcpy(file->certs->data, certs, CHAIN_SIZE);
}

bool chain_read(ChainFile *file, const char *path, GError **err)
{
    static const size_t sizes[] = {
        CHAIN_SIZE, CHAIN_SIZE + CA_SIZE_2048, CHAIN_SIZE + CA_SIZE_4096, 0
    };
    g_autoptr(ToolBlob) blob = tool_read_sized(path, "a certificate chain",
                                               sizes, err);

    if (!blob) {
        return false;
    }
    set_certs(file, blob->data);
    if (blob->len > CHAIN_SIZE) {
        chain_set_ca(file, blob->data + CHAIN_SIZE, blob->len - CHAIN_SIZE);
    }
    return true;
}

bool chain_read_ca(ChainFile *file, const char *path, GError **err)
{
    static const size_t sizes[] = {
        CA_SIZE_2048, CA_SIZE_4096, CA_SIZE_NAPLES, 0
    };
    g_autoptr(ToolBlob) blob = tool_read_sized(path, "a CA (ASK and ARK)",
                                               sizes, err);

    if (blob) {
        chain_set_ca(file, blob->data, blob->len);
    }
    return blob;
}

static ToolBlob *read_in_folder(const char *folder, const char *name,
                                const size_t *sizes, GError **err)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return tool_read_sized(path, "a certificate", sizes, err);
}

static bool has_file(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static bool read_folder_ca(ChainFile *file, const char *folder, GError **err)
{
    static const size_t sizes[] = {
        CA_SIZE_2048 / 2, CA_SIZE_4096 / 2, CA_SIZE_NAPLES - 832, 0
    };
    g_autoptr(ToolBlob) ask = NULL, ark = NULL, ca = NULL;

    ask = read_in_folder(folder, "ask.cert", sizes, err);
    ark = ask ? read_in_folder(folder, "ark.cert", sizes, err) : NULL;
    if (!ark) {
        return false;
    }
    ca = tool_blob_new(ask->len + ark->len);
    if (ca->len != CA_SIZE_2048 && ca->len != CA_SIZE_4096 &&
        ca->len != CA_SIZE_NAPLES) {
        g_set_error(err, TOOL_ERROR, TOOL_FAILED,
                    "%s: ask.cert of %zu and ark.cert of %zu bytes are not "
                    "of one family", folder, ask->len, ark->len);
        return false;
    }
    memcpy(ca->data, ask->data, ask->len);
    memcpy(ca->data + ask->len, ark->data, ark->len);
    chain_set_ca(file, ca->data, ca->len);
    return true;
}

bool chain_read_folder(ChainFile *file, const char *folder, GError **err)
{
    static const size_t sizes[] = { SEV_CERT_SIZE, 0 };
    g_autoptr(ToolBlob) certs = tool_blob_new(CHAIN_SIZE);

    for (size_t i = 0; i < CHAIN_CERTS; i++) {
        g_autoptr(ToolBlob) cert = read_in_folder(folder, cert_names[i],
                                                  sizes, err);

        if (!cert) {
            return false;
        }
        memcpy(certs->data + i * SEV_CERT_SIZE, cert->data, SEV_CERT_SIZE);
    }
    file->certs = g_steal_pointer(&certs);
    if (!has_file(folder, "ask.cert") && !has_file(folder, "ark.cert")) {
        return true;
    }
    return read_folder_ca(file, folder, err);
}

void chain_from_platform(ChainFile *file, const Platform *platform)
{
    const SevCert *certs[CHAIN_CERTS] = {
        &platform->pdh, &platform->pek, &platform->oca, &platform->cek,
    };

    tool_blob_free(file->certs);
    file->certs = tool_blob_new(CHAIN_SIZE);
    for (size_t i = 0; i < CHAIN_CERTS; i++) {
        memcpy(file->certs->data + i * SEV_CERT_SIZE, certs[i],
               SEV_CERT_SIZE);
    }
    if (platform->ca) {
        chain_set_ca(file, platform->ca->data, platform->ca->len);
    }
}

SevChain chain_view(const ChainFile *file)
{
    const SevCert *certs = (const SevCert *)file->certs->data;

    return (SevChain) {
        .pdh = &certs[0],
        .pek = &certs[1],
        .oca = &certs[2],
        .cek = &certs[3],
        .ca = file->ca ? file->ca->data : NULL,
        .ca_len = file->ca ? file->ca->len : 0,
    };
}
