/*
 * The encryption engine of the memory controller
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What hardware keeps to itself, AES-128 with a tweak that depends on the
 * physical address, is XTS-AES-128 here: the data unit is a page of 4 KiB,
 * its number is the page's address divided by 4096.  Data key is the VEK,
 * tweak key is KDF(VEK, "sev-emulated-memory-tweak", empty, 128).
 */

#ifndef I386_SEV_ASP_MEMCRYPT_H
#define I386_SEV_ASP_MEMCRYPT_H

#include <stddef.h>
#include <stdint.h>

typedef struct AspMemCrypt AspMemCrypt;

/**
 * asp_memcrypt_new - an engine for one key
 * @vek: 16 bytes
 *
 * Returns: the engine; free it with asp_memcrypt_free()
 */
AspMemCrypt *asp_memcrypt_new(const uint8_t *vek);

/**
 * asp_memcrypt_free - wipe and free @engine; NULL is allowed
 */
void asp_memcrypt_free(AspMemCrypt *engine);

/**
 * asp_memcrypt_encrypt - plaintext to what DRAM holds, in place
 * @addr: physical address of the data, a multiple of 16
 * @len: bytes, a multiple of 16
 *
 * Not thread-safe: an engine carries the tweak.
 */
void asp_memcrypt_encrypt(AspMemCrypt *engine, uint64_t addr, void *data,
                          size_t len);

/**
 * asp_memcrypt_decrypt - the opposite
 */
void asp_memcrypt_decrypt(AspMemCrypt *engine, uint64_t addr, void *data,
                          size_t len);

#endif
