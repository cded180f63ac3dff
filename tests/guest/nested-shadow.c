/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A hypervisor in a SEV guest that has no nested paging: its guest runs on
 * tables that the hypervisor made, with the C-bit in them and in CR3.
 */
#include "lib/guest.h"
#include "lib/svm.h"
#include "lib/views.h"

const char guest_name[] = "nested-shadow";

#define WORDS           512
#define DATA_PAGE       (SHARED_BASE + 0x100000)

static mem64 *at;
static uint64_t seen[WORDS];

static void guest_copies(void)
{
    for (unsigned i = 0; i < WORDS; i++) {
        seen[i] = at[i];
        at[i] = ~seen[i];
    }
}

static void check(uint64_t cr3, mem64 *same, mem64 *other)
{
    unsigned inverted = 0;

    fill(same, 0x1100000000000000ull, WORDS);
    at = same;
    memset(seen, 0, sizeof(seen));
    settle();
    svm_prepare(cr3, 0);
    report_equal("the guest runs", svm_call(guest_copies), SVM_EXIT_VMMCALL);
    report_equal("the guest reads by the leaf's C-bit",
                 matches(seen, 0x1100000000000000ull, WORDS), WORDS);
    for (unsigned i = 0; i < WORDS; i++) {
        inverted += same[i] == ~seeded_word(0x1100000000000000ull, i);
    }
    report_equal("the guest writes by the leaf's C-bit", inverted, WORDS);
    report_equal("through the other C-bit it is something else",
                 equal_words(same, other, WORDS), sev_c_bit() ? 0 : WORDS);
}

/* Movl (%rbx), %eax; movl %eax, (%rcx); vmmcall: the same in 32-bit code */
extern const uint8_t copy_word[];
asm("copy_word: .byte 0x8b, 0x03, 0x89, 0x01\n\t vmmcall");

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    struct paging paging;

    if (!svm_here()) {
        report_skip("this CPU has no SVM");
        return;
    }
    paging = views_map(PAGE_4K);
    svm_enable();
    check((unsigned long)paging.root | c_bit, private_view(DATA_PAGE),
          shared_view(DATA_PAGE));
    check((unsigned long)paging.root | c_bit, shared_view(DATA_PAGE),
          private_view(DATA_PAGE));
    check((unsigned long)paging.root, private_view(DATA_PAGE),
          shared_view(DATA_PAGE));

    fill(private_view(DATA_PAGE), 0x66000000deadbeefull, 2);
    svm_prepare_paging_off(0);
    report_equal("the guest runs without paging",
                 svm_run((unsigned long)copy_word, DATA_PAGE, DATA_PAGE + 12),
                 SVM_EXIT_VMMCALL);
    settle();
    report_equal("and all its memory is private", private_view(DATA_PAGE)[1],
                 0xdeadbeef00000000ull |
                 (uint32_t)seeded_word(0x66000000deadbeefull, 1));
}
