/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Code that changes itself through the other view of its page: it puts old
 * ciphertext of its own next instructions back, and finds the old ones there.
 *
 * And code that has been translated, of which no byte is written, but only the
 * rest of its block of the cipher: it becomes other code with it.
 */
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "memory-code";

#define CODE            (SHARED_BASE + 0x100000)
#define CALLED          0x800           /* offsets within its page */
#define NEXT            0x110
#define ALONE           0x400
#define BLOCK           16
#define ROUNDS          100
#define OTHER           (SHARED_BASE + 0x102000)
#define RETURN          0xc3

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

static void store_block(mem8 *to, const uint8_t *from, int first)
{
    settle();
    for (int i = first; i < BLOCK; i++) {
        to[i] = from[i];
    }
    settle();
}

/* mov $value, %eax; ret, and @pad: ciphertext that begins with @first */
static bool find_block(uint8_t *found, uint8_t first, uint32_t value)
{
    uint8_t block[BLOCK] = { 0xb8, value, value >> 8, value >> 16, value >> 24,
                             RETURN };

    for (unsigned pad = 0; pad < 65536; pad++) {
        block[14] = pad;
        block[15] = pad >> 8;
        store_block(private_code + ALONE, block, 0);
        if (shared_code[ALONE] == first) {
            save(found, ALONE);
            return true;
        }
    }
    return false;
}

/* A page in two places of the TLB is turned with all CPUs stopped: so all that
 * is mapped is so no more. */
static void forget_mappings(void)
{
    mem64 *here = private_view(OTHER), *there = (mem64 *)OTHER;
    uint64_t sum = here[0] + there[0];

    settle();
    sum += shared_view(OTHER)[0];
    settle();
    asm volatile("" : : "r" (sum));
}

/* Here it is the page of the code that is turned so. */
static void map_twice(void)
{
    uint64_t first = *(mem64 *)CODE;

    asm volatile("" : : "r" (first));
}

static uint32_t call_with(uint32_t value, mem8 *code)
{
    asm volatile("call *%[code]" : "+a" (value) : [code] "r" (code)
                 : "memory", "cc");
    return value;
}

/* What is called is a single byte at first, and that byte is not written. */
static void check_neighbours(const char *text, void (*prepare)(void))
{
    static const uint8_t old[BLOCK] = { RETURN };
    uint8_t old_cipher[BLOCK], cipher[BLOCK];
    unsigned right = 0;

    store_block(private_code + ALONE, old, 0);
    save(old_cipher, ALONE);
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t value = 0x33333333 + i;

        if (!find_block(cipher, old_cipher[0], value)) {
            continue;
        }
        store_block(private_code + ALONE, old, 0);
        right += call_with(i, private_code + ALONE) == i;
        if (prepare) {
            prepare();
        }
        store_block(shared_code + ALONE, cipher, 1);
        right += call_with(i, private_code + ALONE) == value;
    }
    report_equal(text, right, 6);
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
    if (!sev_c_bit()) {
        report_skip("code changed with the rest of its block: no cipher");
        return;
    }
    check_neighbours("code changed with the rest of its block", NULL);
    check_neighbours("and in a page that no CPU had in its TLB",
                     forget_mappings);
    check_neighbours("and in a page that a CPU had there twice", map_twice);
}
