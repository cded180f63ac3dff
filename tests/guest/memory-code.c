/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Code that changes itself through the other view of its page: it puts old
 * ciphertext of its own next instructions back, and finds the old ones there.
 */
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "memory-code";

#define CODE            (SHARED_BASE + 0x100000)
#define CALLED          0x800           /* offsets within its page */
#define NEXT            0x110
#define BLOCK           16
#define ROUNDS          100

static mem8 *private_code, *shared_code;

/* The ciphertext of what returns the old value, at either place */
static uint8_t old_called[BLOCK], old_next[BLOCK];

static void save(uint8_t *to, unsigned at)
{
    settle();
    for (int i = 0; i < BLOCK; i++) {
        to[i] = shared_code[at + i];
    }
    settle();
}

/* rep movsb; wbinvd, which also makes the CPU forget what it fetched */
static unsigned write_replacer(unsigned at)
{
    static const uint8_t code[] = { 0xf3, 0xa4, 0x0f, 0x09 };

    for (unsigned i = 0; i < sizeof(code); i++) {
        private_code[at++] = code[i];
    }
    return at;
}

/* Replace a function, then call it. */
static void write_caller(void)
{
    unsigned at = write_replacer(0);
    uint32_t distance = CALLED - (at + 5);

    private_code[at++] = 0xe8;
    for (int i = 0; i < 4; i++) {
        private_code[at++] = distance >> (8 * i);
    }
    private_code[at] = 0xc3;
}

/* Replace what comes next, then run into it. */
static void write_runner(void)
{
    unsigned at = write_replacer(NEXT - BLOCK);

    while (at < NEXT) {
        private_code[at++] = 0x90;
    }
}

static uint32_t run(mem8 *code, mem8 *to, const uint8_t *from)
{
    unsigned long count = BLOCK;
    uint32_t value;

    asm volatile("call *%[code]"
                 : "=a" (value), "+D" (to), "+S" (from), "+c" (count)
                 : [code] "r" (code) : "memory", "cc");
    return value;
}

static void check(const char *text, unsigned start, unsigned place,
                  const uint8_t *old, uint32_t value)
{
    unsigned right = 0;

    for (uint32_t i = 0; i < ROUNDS; i++) {
        write_code(private_code + place, ~i);
        settle();
        right += run(private_code + start, shared_code + place, old) == value;
    }
    report_equal(text, right, ROUNDS);
}

void guest_main(void)
{
    views_map(PAGE_4K);
    private_code = (mem8 *)private_view(CODE);
    shared_code = (mem8 *)shared_view(CODE);
    write_caller();
    write_runner();
    write_code(private_code + CALLED, 0x11111111);
    save(old_called, CALLED);
    write_code(private_code + NEXT, 0x22222222);
    save(old_next, NEXT);

    check("code replaced a function that it then called", 0, CALLED,
          old_called, 0x11111111);
    check("code replaced the instructions after itself", NEXT - BLOCK, NEXT,
          old_next, 0x22222222);
}
