/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Work that has nothing to do with SEV: a hash of private memory, over and
 * over.  For "make bench".
 */
#include "lib/fw-cfg.h"
#include "lib/guest.h"

const char guest_name[] = "bench-work";

#define WORDS           (LARGE_PAGE / 8)
#define ROUNDS          10

void guest_main(void)
{
    uint64_t rounds = fw_cfg_number("opt/sev/rounds", ROUNDS);
    mem64 *memory = (mem64 *)PRIVATE_BASE;
    uint64_t hash = 0xcbf29ce484222325ull;

    for (unsigned i = 0; i < WORDS; i++) {
        memory[i] = i;
    }
    for (uint64_t round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < WORDS; i++) {
            hash = (hash ^ memory[i]) * 0x100000001b3ull;
            memory[i] += hash >> 32;
        }
    }
    report_info("hash", hash);
    report_true("the hash is no accident", hash != 0);
}
