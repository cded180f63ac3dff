/*
 * What a fuzzer and the program that runs it have in common
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/**
 * LLVMFuzzerTestOneInput - try one input; libFuzzer gave it its name
 *
 * Returns: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only in programs that are built with a sanitizer */
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

#endif
