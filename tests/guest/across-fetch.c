/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Instructions that lie in two pages.  Fetches are private, whatever the
 * C-bits of the pages are and whatever the pages were used for before; the
 * data that the instruction uses are not.
 */
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "across-fetch";

#define PAGE            4096
#define WINDOW          (paging_window(PAGING_4_LEVEL) + 8 * LARGE_PAGE)
#define BOUNDARY        (WINDOW + PAGE)
#define FIRST           (SHARED_BASE + 0x180000)
#define APART           (SHARED_BASE + 0x183000)
#define DATA_OFFSET     0x800           /* of a word in the second page */

static struct paging paging;
static uint64_t c_bit;
static unsigned calls;

static void map(uint64_t address, uint64_t physical, bool private)
{
    paging_map(&paging, address, physical, PAGE_4K,
               PTE_P | PTE_W | (private ? c_bit : 0));
    invlpg(address);
}

static mem64 *view(uint64_t physical, bool private)
{
    return private ? private_view(physical) : shared_view(physical);
}

/* Write code so that @split bytes of it are in the first page */
static void write_split(const uint8_t *code, unsigned size, unsigned split,
                        uint64_t second)
{
    mem8 *end_of_first = (mem8 *)private_view(FIRST) + PAGE - split;

    settle();
    for (unsigned i = 0; i < size; i++) {
        if (i < split) {
            end_of_first[i] = code[i];
        } else {
            ((mem8 *)private_view(second))[i - split] = code[i];
        }
    }
    settle();
}

/* Never the same again */
static uint64_t new_value(void)
{
    calls++;
    return 0x0101010101010101ull * calls + calls;
}

static uint64_t call(unsigned split)
{
    cpuid(0, 0);
    return ((uint64_t (*)(void))(BOUNDARY - split))();
}

/* mov $value, %rax; ret: 11 bytes */
static unsigned run_immediate(uint64_t second, unsigned split,
                              const bool before[2])
{
    uint64_t value = new_value();
    uint8_t code[11] = { 0x48, 0xb8 };

    memcpy(code + 2, &value, 8);
    code[10] = 0xc3;
    write_split(code, sizeof(code), split, second);
    (void)*view(FIRST, before[0]);
    (void)*view(second, before[1]);
    settle();
    return call(split) == value;
}

/*
 * mov BOUNDARY + DATA_OFFSET, %rax; ret: 11 bytes.  The word lies in the page
 * where the instruction ends, and is private or not as that page's leaf says.
 */
static unsigned run_load(uint64_t second, unsigned split, bool private)
{
    uint64_t value = new_value();
    uint64_t address = BOUNDARY + DATA_OFFSET;
    uint8_t code[11] = { 0x48, 0xa1 };

    memcpy(code + 2, &address, 8);
    code[10] = 0xc3;
    write_split(code, sizeof(code), split, second);
    view(second, private)[DATA_OFFSET / 8] = value;
    settle();
    return call(split) == value;
}

/* mov %rax, BOUNDARY + DATA_OFFSET; ret */
static unsigned run_store(uint64_t second, unsigned split, bool private)
{
    uint64_t address = BOUNDARY + DATA_OFFSET, value = new_value(), rax = 0;
    uint8_t code[11] = { 0x48, 0xa3 };

    memcpy(code + 2, &address, 8);
    code[10] = 0xc3;
    write_split(code, sizeof(code), split, second);
    view(second, private)[DATA_OFFSET / 8] = 0;
    settle();
    asm volatile("cpuid\n\t"
                 "movq %%rsi, %%rax\n\t"
                 "call *%%rdi"
                 : "+a" (rax) : "D" (BOUNDARY - split), "S" (value)
                 : "rbx", "rcx", "rdx", "memory");
    settle();
    return view(second, private)[DATA_OFFSET / 8] == value;
}

static void check(const char *text, uint64_t second, bool first_private,
                  bool second_private)
{
    unsigned tried = 0, good = 0;

    map(WINDOW, FIRST, first_private);
    map(BOUNDARY, second, second_private);
    for (unsigned split = 1; split < 11; split++) {
        for (unsigned i = 0; i < 4; i++) {
            const bool before[] = { i & 1, i & 2 };

            good += run_immediate(second, split, before);
            tried++;
        }
        good += run_load(second, split, second_private);
        good += run_store(second, split, second_private);
        tried += 2;
    }
    report_equal(text, good, tried);
}

void guest_main(void)
{
    c_bit = sev_c_bit();
    paging = views_map(PAGE_4K);
    for (unsigned far = 0; far < 2; far++) {
        uint64_t second = far ? APART : FIRST + PAGE;

        check("code runs where both leaves have C=1", second, true, true);
        check("code runs where the first leaf has C=0", second, false, true);
        check("code runs where the second leaf has C=0", second, true, false);
        check("code runs where both leaves have C=0", second, false, false);
    }
}
