/*
 * Software AMD Secure Processor: libgcrypt, ready for use
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "crypto-gcrypt.h"

static void crypto_init_once(void)
{
    if (!gcry_control(GCRYCTL_ANY_INITIALIZATION_P)) {
        gcry_check_version(NULL);
    }
    /*
     * Locked memory is limited for ordinary users.  Private keys that do not
     * fit are still wiped after use, so neither refuse nor warn.
     */
    gcry_control(GCRYCTL_DISABLE_SECMEM_WARN);
    if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
        gcry_control(GCRYCTL_INIT_SECMEM, 65536, 0);
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
    }
}

void asp_crypto_init(void)
{
    static gsize done;

    if (g_once_init_enter(&done)) {
        crypto_init_once();
        g_once_init_leave(&done, 1);
    }
}
