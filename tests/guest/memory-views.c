/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * One page through both settings of the C-bit: what one side writes the other
 * sees enciphered or deciphered, never as it is.
 */
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "memory-views";

#define WORDS           512
#define BLOCK           2               /* words of a cipher block */

/* Pages that only this test touches */
#define PAGE_A          (SHARED_BASE + 0x100000)
#define PAGE_B          (SHARED_BASE + 0x101000)
#define FRESH           (SHARED_BASE + 0x102000)
#define CODE            (SHARED_BASE + 0x104000)

static uint64_t pattern(uint64_t i)
{
    return 0x5e1f1e5500000000ull + i / BLOCK % 2;
}

static void fill_blocks(mem64 *to)
{
    settle();
    for (uint64_t i = 0; i < WORDS; i++) {
        to[i] = pattern(i);
    }
    settle();
}

/* How many of the page's words are those of the pattern? */
static uint64_t right_words(const mem64 *from)
{
    uint64_t count = 0;

    for (uint64_t i = 0; i < WORDS; i++) {
        count += from[i] == pattern(i);
    }
    return count;
}

static void copy(mem64 *to, const mem64 *from)
{
    settle();
    for (uint64_t i = 0; i < WORDS; i++) {
        to[i] = from[i];
    }
    settle();
}

/* Does any block look like its neighbour but one, as in the plaintext? */
static bool repeats(const mem64 *from)
{
    for (uint64_t i = 0; i + 2 * BLOCK < WORDS; i++) {
        if (from[i] == from[i + 2 * BLOCK]) {
            return true;
        }
    }
    return false;
}

static void check_round_trips(uint64_t other)
{
    fill_blocks(private_view(PAGE_A));
    report_equal("a private page reads back as written",
                 right_words(private_view(PAGE_A)), WORDS);
    report_equal("through C=0 it is something else",
                 right_words(shared_view(PAGE_A)), other);
    report_equal("through C=1 it is still what was written",
                 right_words(private_view(PAGE_A)), WORDS);
    fill_blocks(shared_view(PAGE_A));
    report_equal("a shared page reads back as written",
                 right_words(shared_view(PAGE_A)), WORDS);
    report_equal("through C=1 it is something else",
                 right_words(private_view(PAGE_A)), other);
    report_equal("through C=0 it is still what was written",
                 right_words(shared_view(PAGE_A)), WORDS);
}

/* Ciphertext that is put back through C=0 is the old plaintext again. */
static void check_ciphertext(uint64_t other)
{
    static uint64_t first[WORDS], second[WORDS];

    fill_blocks(private_view(PAGE_A));
    copy(first, shared_view(PAGE_A));
    fill_blocks(private_view(PAGE_B));
    report_equal("equal plaintext at two addresses has two ciphertexts",
                 equal_words(first, shared_view(PAGE_B), WORDS), other);
    report_true("equal plaintext within a page has two ciphertexts as well",
                repeats(first) == (other != 0));
    for (uint64_t i = 0; i < WORDS; i++) {
        private_view(PAGE_A)[i] = ~pattern(i);
    }
    fill_blocks(private_view(PAGE_A));
    copy(second, shared_view(PAGE_A));
    report_equal("equal plaintext at one address has one ciphertext",
                 equal_words(first, second, WORDS), WORDS);
    private_view(PAGE_A)[0] = 0;
    report_equal("a changed block changes its own ciphertext only",
                 equal_words(first, shared_view(PAGE_A), WORDS),
                 other ? WORDS - 1 : WORDS - BLOCK);
    copy(shared_view(PAGE_A), first);
    report_equal("ciphertext that was put back is the plaintext again",
                 right_words(private_view(PAGE_A)), WORDS);
    copy(shared_view(PAGE_B), first);
    report_equal("ciphertext at another address is not",
                 right_words(private_view(PAGE_B)), other);
}

/* Both views of a page in one instruction, and byte by byte. */
static void check_mixed(void)
{
    mem8 *private_bytes = (mem8 *)private_view(PAGE_B);
    mem8 *shared_bytes = (mem8 *)shared_view(PAGE_B);
    const void *from = (void *)shared_bytes;
    void *to = (void *)private_bytes;
    unsigned long count = 4096;
    uint64_t kept = 0;

    fill_blocks(private_view(PAGE_B));
    for (unsigned i = 0; i < 4096; i += 64) {
        private_bytes[i] = i / 64;
        (void)shared_bytes[i + 17];
        kept += private_bytes[i] == i / 64;
    }
    report_equal("bytes survive reads through the other view", kept, 64);
    settle();
    asm volatile("rep movsb" : "+S" (from), "+D" (to), "+c" (count)
                 : : "memory");
    report_true("a copy of a page onto itself ends", count == 0);
}

/* A walk is private: tables that are written through C=0 map nothing sane. */
static void check_walk(struct paging *paging, uint64_t c_bit)
{
    uint64_t window = paging_window(PAGING_4_LEVEL) + 0x20000000;
    uint64_t table_window = window + 0x10000000;
    uint64_t *leaf = paging_map(paging, window, PAGE_A, PAGE_4K,
                                PTE_P | PTE_W | c_bit);
    uint64_t table = (unsigned long)leaf & ~0xfffull;
    mem64 *seen = (mem64 *)(table_window + ((unsigned long)leaf & 0xfff));

    paging_map(paging, table_window, table, PAGE_4K, PTE_P | PTE_W);
    fill_blocks(private_view(PAGE_A));
    report_equal("a page is found by tables that are private",
                 *(mem64 *)window, pattern(0));
    settle();
    report_true("an entry of a table through C=0 is something else",
                !c_bit || (*seen & ~(PTE_A | PTE_D)) !=
                          (PAGE_A | PTE_P | PTE_W | c_bit));
    invlpg(window);
    report_equal("the walk finds it again after the table was looked at",
                 *(mem64 *)window, pattern(0));
    report_true("the walk's accessed bit is set in the private view",
                *leaf & PTE_A);
}

/* Code changes with its ciphertext, too. */
static void check_code(void)
{
    static uint64_t old[WORDS];
    mem8 *code = (mem8 *)private_view(CODE);

    write_code(code, 0x11111111);
    report_equal("code in a private page runs",
                 ((code_fn)(unsigned long)code)(), 0x11111111);
    copy(old, shared_view(CODE));
    write_code(code, 0x22222222);
    report_equal("code that was changed runs",
                 ((code_fn)(unsigned long)code)(), 0x22222222);
    copy(shared_view(CODE), old);
    report_equal("code whose old ciphertext was put back is the old code",
                 ((code_fn)(unsigned long)code)(), 0x11111111);
}

static void check_fresh(uint64_t c_bit)
{
    uint64_t zeros = 0;

    for (unsigned i = 0; i < WORDS; i++) {
        zeros += private_view(FRESH)[i] == 0;
    }
    report_true("fresh memory is not zero through C=1", !c_bit || zeros < 4);
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t other = c_bit ? 0 : WORDS;
    struct paging paging = views_map(PAGE_4K);

    check_fresh(c_bit);
    check_round_trips(other);
    check_ciphertext(other);
    check_mixed();
    check_walk(&paging, c_bit);
    check_code();
}
