/*
 * Software AMD Secure Processor: reaching memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "snp-internal.h"

#define PAGE_SIZE 4096

static bool wraps(uint64_t addr, size_t len)
{
    return len && addr > UINT64_MAX - (len - 1);
}

static AspStatus result(bool ok)
{
    return ok ? ASP_SUCCESS : ASP_INVALID_ADDRESS;
}

AspStatus asp_mem_read(Asp *asp, uint64_t addr, void *buf, size_t len)
{
    return result(!len || (!wraps(addr, len) &&
                           asp->memory.read(asp->opaque, addr, buf, len)));
}

/* So that no command reaches a guest's pages, contexts or metadata */
AspStatus asp_mem_check_out(Asp *asp, uint64_t addr, size_t len)
{
    uint64_t page = addr - addr % SNP_PAGE_SIZE;
    AspStatus status = ASP_SUCCESS;
    AspRmpEntry entry;

    if (asp->snp_state != SNP_PLATFORM_INIT || !len) {
        return ASP_SUCCESS;
    }
    if (wraps(addr, len)) {
        return ASP_INVALID_ADDRESS;
    }
    for (len += addr - page; len && !status; page += SNP_PAGE_SIZE) {
        status = snp_rmp_read(asp, page, &entry);
        if (!status && snp_rmp_state(&entry) != SNP_STATE_FIRMWARE) {
            status = ASP_INVALID_PAGE_STATE;
        }
        len -= MIN(len, SNP_PAGE_SIZE);
    }
    return status;
}

AspStatus asp_mem_store(Asp *asp, uint64_t addr, const void *buf, size_t len)
{
    return result(!len || (!wraps(addr, len) &&
                           asp->memory.write(asp->opaque, addr, buf, len)));
}

AspStatus asp_mem_write(Asp *asp, uint64_t addr, const void *buf, size_t len)
{
    AspStatus status = asp_mem_check_out(asp, addr, len);

    return status ? status : asp_mem_store(asp, addr, buf, len);
}

AspStatus snp_write_out(Asp *asp, uint64_t addr, const void *data, size_t len)
{
    uint64_t page = addr - addr % SNP_PAGE_SIZE;
    AspStatus status = ASP_SUCCESS;
    AspRmpEntry entry;

    if (addr - page > SNP_PAGE_SIZE - len) {
        return ASP_INVALID_ADDRESS;
    }
    if (asp->snp_state != SNP_PLATFORM_INIT) {
        return asp_mem_write(asp, addr, data, len);
    }
    status = snp_rmp_expect(asp, page, SNP_STATE_FIRMWARE, &entry);
    if (!status) {
        status = asp_mem_write(asp, addr, data, len);
    }
    return status ? status : snp_rmp_set_state(asp, page, SNP_STATE_RECLAIM);
}

AspStatus asp_mem_probe(Asp *asp, uint64_t addr, size_t len)
{
    uint64_t last = addr + len - 1;
    uint8_t byte;

    if (!len) {
        return ASP_SUCCESS;
    }
    if (wraps(addr, len)) {
        return ASP_INVALID_ADDRESS;
    }
    for (;;) {
        uint64_t in_page = PAGE_SIZE - addr % PAGE_SIZE;

        if (asp_mem_read(asp, addr, &byte, 1)) {
            return ASP_INVALID_ADDRESS;
        }
        if (last - addr < in_page) {
            return asp_mem_read(asp, last, &byte, 1);
        }
        addr += in_page;
    }
}

AspStatus asp_mem_probe_out(Asp *asp, uint64_t addr, size_t len)
{
    AspStatus status = asp_mem_check_out(asp, addr, len);

    return status ? status : asp_mem_probe(asp, addr, len);
}

static AspMemCrypt *engine(AspMemKey *key)
{
    if (!key->engine) {
        key->engine = asp_memcrypt_new(key->vek);
    }
    return key->engine;
}

void asp_memkey_wipe(AspMemKey *key)
{
    asp_memcrypt_free(key->engine);
    asp_wipe(key, sizeof(*key));
}

AspStatus asp_guest_read(Asp *asp, AspMemKey *key, uint64_t addr,
                         void *buf, size_t len)
{
    AspStatus status;

    if (!len) {
        return ASP_SUCCESS;
    }
    if (asp->memory.guest_read) {
        return result(!wraps(addr, len) &&
                      asp->memory.guest_read(asp->opaque, key->handle,
                                             key->vek, addr, buf, len));
    }
    status = asp_mem_read(asp, addr, buf, len);
    if (status == ASP_SUCCESS) {
        asp_memcrypt_decrypt(engine(key), addr, buf, len);
    }
    return status;
}

AspStatus asp_guest_store(Asp *asp, AspMemKey *key, uint64_t addr,
                          const void *buf, size_t len)
{
    AspStatus status;
    void *cipher;

    if (!len) {
        return ASP_SUCCESS;
    }
    if (asp->memory.guest_write) {
        return result(!wraps(addr, len) &&
                      asp->memory.guest_write(asp->opaque, key->handle,
                                              key->vek, addr, buf, len));
    }
    cipher = g_memdup2(buf, len);
    asp_memcrypt_encrypt(engine(key), addr, cipher, len);
    status = asp_mem_store(asp, addr, cipher, len);
    g_free(cipher);
    return status;
}

AspStatus asp_guest_write(Asp *asp, AspMemKey *key, uint64_t addr,
                          const void *buf, size_t len)
{
    AspStatus status = asp_mem_check_out(asp, addr, len);

    return status ? status : asp_guest_store(asp, key, addr, buf, len);
}
