/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A hypervisor in a SEV guest: the C-bit of its nested page tables says what
 * of its guest's memory is private, in every access but a fetch.  The tables
 * of the guest itself are memory of the guest.
 */
#include "lib/guest.h"
#include "lib/svm.h"
#include "lib/views.h"

const char guest_name[] = "nested-paging";

#define WORDS           512
#define MEMORY          0x1000000ull
#define PAGE            page_size(PAGE_4K)

/* Pages of the nested guest with a nested leaf of their own */
#define DATA_PAGE       (SHARED_BASE + 0x100000)
#define TABLE_PAGE      (SHARED_BASE + 0x101000)
#define CODE_PAGE       (SHARED_BASE + 0x102000)
#define MISSING         (SHARED_BASE + 0x103000)

/* Where the nested guest's own tables map DATA_PAGE by way of TABLE_PAGE */
#define GUEST_WINDOW    0x40000000ull

#define NPF_FINAL       (1ull << 32)
#define NPF_GUEST_TABLE (1ull << 33)

static struct paging nested, own;
static uint64_t c_bit;

/* What the nested guest is to do, and what it found */
static mem64 *from, *to;
static uint64_t seed;
static uint64_t seen[WORDS];
static uint32_t returned;
static mem32 *volatile touched;         /* volatile: set between two runs */

static void guest_reads(void)
{
    for (unsigned i = 0; i < WORDS; i++) {
        seen[i] = from[i];
    }
}

static void guest_writes(void)
{
    for (unsigned i = 0; i < WORDS; i++) {
        to[i] = seeded_word(seed, i);
    }
}

static void guest_calls(void)
{
    returned = ((code_fn)CODE_PAGE)();
}

static void guest_touches(void)
{
    (void)*touched;
}

/* The nested guest's physical memory is ours, one to one */
static void map_nested(uint64_t page, bool private)
{
    paging_map(&nested, page, page, PAGE_4K,
               PTE_P | PTE_W | PTE_U | (private ? c_bit : 0));
}

static void make_tables(void)
{
    nested = paging_new(PAGING_4_LEVEL, c_bit);
    own = paging_new(PAGING_4_LEVEL, 0);
    for (uint64_t at = 0; at < MEMORY; at += LARGE_PAGE) {
        if (at != SHARED_BASE) {
            paging_map(&nested, at, at, PAGE_2M,
                       PTE_P | PTE_W | PTE_U | c_bit);
        }
    }
    for (uint64_t at = 0; at < LARGE_PAGE; at += PAGE) {
        map_nested(SHARED_BASE + at, true);
    }
    paging_map(&nested, MISSING, 0, PAGE_4K, 0);
    paging_map_identity(&own, MEMORY, 0);
}

static void start(void)
{
    svm_prepare((unsigned long)own.root, (unsigned long)nested.root | c_bit);
}

static bool guest_does(void (*what)(void))
{
    start();
    return svm_call(what) == SVM_EXIT_VMMCALL;
}

static unsigned guest_sees(mem64 *at, uint64_t words_of)
{
    from = at;
    memset(seen, 0, sizeof(seen));
    settle();
    return guest_does(guest_reads) ? matches(seen, words_of, WORDS) : ~0u;
}

static mem64 *view(uint64_t page, bool private)
{
    return private ? private_view(page) : shared_view(page);
}

static void check_data(bool private)
{
    mem64 *same = view(DATA_PAGE, private);
    mem64 *other = view(DATA_PAGE, !private);

    map_nested(DATA_PAGE, private);
    fill(same, 0x1100000000000000ull, WORDS);
    report_equal(private ? "nested leaf C=1: the guest reads private memory"
                         : "nested leaf C=0: the guest reads shared memory",
                 guest_sees((mem64 *)DATA_PAGE, 0x1100000000000000ull), WORDS);
    to = (mem64 *)DATA_PAGE;
    seed = 0x2200000000000000ull;
    report_true("the guest writes to it", guest_does(guest_writes));
    report_equal("what the guest wrote is there",
                 matches(same, seed, WORDS), WORDS);
    report_equal("and something else through the other C-bit",
                 matches(other, seed, WORDS), c_bit ? 0 : WORDS);
    fill(other, 0x3300000000000000ull, WORDS);
    report_equal("what was written through the other C-bit is not seen",
                 guest_sees((mem64 *)DATA_PAGE, 0x3300000000000000ull),
                 c_bit ? 0 : WORDS);
}

/* The last table of a window; @private: in the view of its nested leaf */
static void check_tables(bool private)
{
    mem64 *table = view(TABLE_PAGE, private);
    uint64_t *pointer = paging_map(&own, GUEST_WINDOW, 0, PAGE_2M, 0);

    map_nested(TABLE_PAGE, private);
    map_nested(DATA_PAGE, true);
    memset((void *)table, 0, PAGE);
    table[0] = DATA_PAGE | PTE_P | PTE_W;
    *pointer = TABLE_PAGE | PTE_P | PTE_W | PTE_U;
    fill(private_view(DATA_PAGE), 0x4400000000000000ull, WORDS);
    report_equal(private ? "the guest's own tables may be private"
                         : "the guest's own tables may be shared",
                 guest_sees((mem64 *)GUEST_WINDOW, 0x4400000000000000ull),
                 WORDS);
    settle();
    report_equal("the walk sets A there", table[0],
                 DATA_PAGE | PTE_P | PTE_W | PTE_A);
    settle();
    to = (mem64 *)GUEST_WINDOW;
    seed = 0x5500000000000000ull;
    report_true("the guest writes by them", guest_does(guest_writes));
    settle();
    report_equal("the walk sets D there", table[0],
                 DATA_PAGE | PTE_P | PTE_W | PTE_A | PTE_D);
    report_equal("what the guest wrote is there",
                 matches(private_view(DATA_PAGE), seed, WORDS), WORDS);
}

static void check_fetch(bool private)
{
    map_nested(CODE_PAGE, private);
    settle();
    write_code((mem8 *)private_view(CODE_PAGE), 0x11111111 << private);
    settle();
    returned = 0;
    report_true("the guest runs code", guest_does(guest_calls));
    report_equal(private ? "nested leaf C=1: private code runs"
                         : "nested leaf C=0: private code runs",
                 returned, 0x11111111 << private);
}

/* Movl (%rbx), %eax; movl %eax, (%rcx); vmmcall: the same in 32-bit code */
extern const uint8_t copy_word[];
asm("copy_word: .byte 0x8b, 0x03, 0x89, 0x01\n\t vmmcall");

static void check_paging_off(bool private)
{
    mem64 *word = view(DATA_PAGE, private);

    map_nested(DATA_PAGE, private);
    fill(word, 0x66000000deadbeefull, 2);
    svm_prepare_paging_off((unsigned long)nested.root | c_bit);
    report_equal(private ? "nested leaf C=1: the guest runs without paging"
                         : "nested leaf C=0: the guest runs without paging",
                 svm_run((unsigned long)copy_word, DATA_PAGE, DATA_PAGE + 12),
                 SVM_EXIT_VMMCALL);
    settle();
    report_equal("and reads and writes by the nested leaf's C-bit",
                 word[1], 0xdeadbeef00000000ull |
                          (uint32_t)seeded_word(0x66000000deadbeefull, 1));
}

/* The address is the nested guest's and has no C-bit */
static void check_faults(void)
{
    touched = (mem32 *)(unsigned long)MISSING;
    start();
    report_equal("a missing page ends the guest", svm_call(guest_touches),
                 SVM_EXIT_NPF);
    report_equal("its address is told", *svm_field(VMCB_EXIT_INFO_2), MISSING);
    report_true("as that of the guest's data",
                *svm_field(VMCB_EXIT_INFO_1) & NPF_FINAL);
    *paging_map(&own, GUEST_WINDOW, 0, PAGE_2M, 0) =
        MISSING | PTE_P | PTE_W | PTE_U;
    touched = (mem32 *)(unsigned long)GUEST_WINDOW;
    start();
    report_equal("a missing table ends the guest", svm_call(guest_touches),
                 SVM_EXIT_NPF);
    report_equal("its address is told", *svm_field(VMCB_EXIT_INFO_2), MISSING);
    report_true("as that of the guest's table",
                *svm_field(VMCB_EXIT_INFO_1) & NPF_GUEST_TABLE);
}

/* What the CPU keeps in memory is private, however it was used before */
static void check_vmcb(struct paging *paging)
{
    uint64_t window = paging_window(PAGING_4_LEVEL) + 16 * LARGE_PAGE;

    paging_map(paging, window, 0, PAGE_2M, PTE_P | PTE_W);
    map_nested(DATA_PAGE, true);
    fill(private_view(DATA_PAGE), 0x7700000000000000ull, WORDS);
    from = (mem64 *)DATA_PAGE;
    memset(seen, 0, sizeof(seen));
    start();
    svm_look_by((mem64 *)window);
    report_equal("a VMCB that was looked at through C=0 is good",
                 svm_call(guest_reads), SVM_EXIT_VMMCALL);
    report_equal("and its guest reads what is there",
                 matches(seen, 0x7700000000000000ull, WORDS), WORDS);
}

void guest_main(void)
{
    struct paging paging;

    c_bit = sev_c_bit();
    if (!svm_nested_paging_here()) {
        report_skip("this CPU has no nested paging");
        return;
    }
    paging = views_map(PAGE_4K);
    make_tables();
    svm_enable();
    for (int private = 0; private < 2; private++) {
        check_data(private);
        check_tables(private);
        check_fetch(private);
        check_paging_off(private);
    }
    check_vmcb(&paging);
    check_faults();
}
