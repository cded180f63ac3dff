/*
 * Software AMD Secure Processor: secrets in memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include "crypto.h"

void asp_wipe(void *secret, size_t len)
{
    if (len) {
        memset(secret, 0, len);
        /* The memory is "read" here, so the memset is no dead store. */
        __asm__ __volatile__("" : : "r"(secret) : "memory");
    }
}

bool asp_equal(const void *a, const void *b, size_t len)
{
    /* volatile, so that no compiler leaves the loop early */
    const volatile uint8_t *pa = a, *pb = b;
    uint8_t diff = 0;
    size_t i;

    for (i = 0; i < len; i++) {
        diff |= pa[i] ^ pb[i];
    }
    return diff == 0;
}
