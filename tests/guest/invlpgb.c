/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * INVLPGB and TLBSYNC: what they refuse, what INVLPGB invalidates on the CPU
 * that executes it, and that after TLBSYNC no CPU uses an old translation.
 */
#include "lib/guest.h"
#include "lib/paging.h"
#include "lib/smp.h"
#include "lib/user.h"

const char guest_name[] = "invlpgb";

#define EBX_INVLPGB     (1u << 3)
#define EBX_NESTED      (1u << 21)

#define VALID_VA        (1u << 0)
#define VALID_PCID      (1u << 1)
#define VALID_ASID      (1u << 2)
#define GLOBAL          (1u << 3)
#define STRIDE_2M       (1u << 31)

#define FRAMES          (PRIVATE_BASE + 0x100000)
#define PAGES           8
#define ROUNDS          1000

static volatile uint64_t current;       /* what all CPUs must see by now */
static volatile bool over;              /* no more rounds */
static volatile uint32_t stale;         /* how often a CPU saw less */
static uint64_t *leaves[PAGES];

static struct trap invlpgb(uint64_t rax, uint32_t ecx, uint32_t edx)
{
    trap_expect();
    asm volatile(TRAP_NOTE ".byte 0x0f, 0x01, 0xfe\n1:"
                 : [resume] "+m" (trap_resume)
                 : "a" (rax), "c" (ecx), "d" (edx) : "memory");
    return trap_outcome();
}

static struct trap tlbsync(void)
{
    trap_expect();
    asm volatile(TRAP_NOTE ".byte 0x0f, 0x01, 0xff\n1:"
                 : [resume] "+m" (trap_resume) : : "memory");
    return trap_outcome();
}

static mem64 *page(unsigned number)
{
    return (mem64 *)(paging_window(PAGING_4_LEVEL) + number * 4096ul);
}

static mem64 *frame(unsigned number)
{
    return (mem64 *)(FRAMES + number * 4096ul);
}

/* Two frames for each page, in the tables that all CPUs have. */
static void map_pages(void)
{
    struct paging tables = {
        PAGING_4_LEVEL, sev_c_bit(), (uint64_t *)TABLES_BASE,
    };

    for (unsigned i = 0; i < PAGES; i++) {
        leaves[i] = paging_map(&tables, (unsigned long)page(i),
                               (unsigned long)frame(2 * i), PAGE_4K,
                               PTE_P | PTE_W | sev_c_bit());
        frame(2 * i)[0] = 2 * i;
        frame(2 * i + 1)[0] = 2 * i + 1;
    }
}

/* Let a page show its other frame; does not invalidate anything. */
static void remap(unsigned number)
{
    *(mem64 *)leaves[number] ^= 4096;
}

static void check_absent(void)
{
    report_equal("INVLPGB is undefined", invlpgb(0, 0, 0).vector, TRAP_UD);
    report_equal("TLBSYNC is undefined", tlbsync().vector, TRAP_UD);
    report_equal("CPUID says no page count",
                 cpuid_extended(CPUID_ADDRESS_SIZE).edx & 0xffff, 0);
}

static struct trap run_at_cpl_3(uint8_t prefix, uint8_t last)
{
    uint8_t code[] = { prefix, 0x0f, 0x01, last };

    return user_run(code, sizeof(code), (struct user_registers) {});
}

static void check_privilege(void)
{
    report_equal("INVLPGB is refused at CPL 3",
                 run_at_cpl_3(0x90, 0xfe).vector, TRAP_GP);
    report_equal("TLBSYNC is refused at CPL 3",
                 run_at_cpl_3(0x90, 0xff).vector, TRAP_GP);
    report_equal("INVLPGB has no LOCK", run_at_cpl_3(0xf0, 0xfe).vector,
                 TRAP_UD);
    report_equal("TLBSYNC has no LOCK", run_at_cpl_3(0xf0, 0xff).vector,
                 TRAP_UD);
}

static void refuses(const char *text, uint64_t rax, uint32_t ecx,
                    uint32_t edx)
{
    struct trap trap = invlpgb(rax, ecx, edx);

    report_equal(text, trap.vector, TRAP_GP);
    report_equal("its error code is 0", trap.error, 0);
}

static void check_reserved(void)
{
    unsigned accepted = 0;

    for (unsigned bit = 6; bit < 12; bit++) {
        accepted += invlpgb(1u << bit, 0, 0).vector != TRAP_GP;
    }
    for (unsigned bit = 16; bit < 31; bit++) {
        accepted += invlpgb(0, 1u << bit, 0).vector != TRAP_GP;
    }
    for (unsigned bit = 28; bit < 32; bit++) {
        accepted += invlpgb(0, 0, 1u << bit).vector != TRAP_GP;
    }
    report_equal("reserved bits are refused", accepted, 0);
}

static void check_operands(void)
{
    struct cpuid size = cpuid_extended(CPUID_ADDRESS_SIZE);
    uint32_t most = size.edx & 0xffff;

    report_info("most-pages", most);
    check_reserved();
    report_equal("as many pages as CPUID says are taken",
                 invlpgb(VALID_VA, most, 0).vector, TRAP_NONE);
    refuses("one page more is refused", VALID_VA, most + 1, 0);
    refuses("a PCID is refused while CR4.PCIDE is off", VALID_PCID, 0, 0);
    if (!(size.ebx & EBX_NESTED)) {
        refuses("nested translations are refused without CPUID's bit",
                1u << 5, 0, 0);
    }
    refuses("an ASID that no CPU has is refused", VALID_ASID, 0, 0xffff);
    report_equal("ASID 0 is taken", invlpgb(VALID_ASID, 0, 0).vector,
                 TRAP_NONE);
    report_equal("an address that is not canonical is taken",
                 invlpgb(1ull << 60 | VALID_VA, 0, 0).vector, TRAP_NONE);
}

/* How many of the first @count pages still show their old frame? */
static unsigned old_frames(unsigned count, uint64_t rax, uint32_t ecx)
{
    uint64_t before[PAGES];
    unsigned old = 0;

    for (unsigned i = 0; i < count; i++) {
        before[i] = page(i)[0];
        remap(i);
    }
    invlpgb(rax, ecx, 0);
    tlbsync();
    for (unsigned i = 0; i < count; i++) {
        old += page(i)[0] == before[i];
    }
    return old;
}

static void check_own_tlb(void)
{
    uint64_t va = (unsigned long)page(0);

    report_equal("one page by its address", old_frames(1, va | VALID_VA, 0),
                 0);
    report_equal("one page, global or not",
                 old_frames(1, va | VALID_VA | VALID_ASID | GLOBAL, 0), 0);
    report_equal("a run of pages",
                 old_frames(PAGES, va | VALID_VA, PAGES - 1), 0);
    report_equal("one page, in steps of 2 MiB",
                 old_frames(1, va | VALID_VA, STRIDE_2M), 0);
    report_equal("all of an ASID", old_frames(PAGES, VALID_ASID, 0), 0);
    report_equal("all of everything", old_frames(PAGES, GLOBAL, 0), 0);
}

/*
 * What page 0 shows is no less than what was announced before.  Between the
 * two loads lies nothing, but before them a while in which a CPU may be told to
 * flush without looking whether it was.
 */
static bool page_is_old(void)
{
    uint64_t least = 1, seen;

    asm volatile(".rept 200\n\t"
                 "imul %[least], %[least]\n\t"
                 ".endr\n\t"
                 "mov %[current], %[least]\n\t"
                 "mov %[page], %[seen]"
                 : [least] "+r" (least), [seen] "=&r" (seen)
                 : [current] "m" (current), [page] "m" (*page(0)));
    return seen < least;
}

/* The other CPUs use the first page all the time. */
void smp_main(unsigned number)
{
    (void)number;
    while (!over) {
        if (page_is_old()) {
            __atomic_fetch_add(&stale, 1, __ATOMIC_SEQ_CST);
        }
    }
}

static void rounds(uint64_t rax)
{
    unsigned shown = *leaves[0] >> 12 & 1;

    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t next = current + 1;

        frame(shown ^= 1)[0] = next;
        remap(0);
        invlpgb(rax, 0, 0);
        tlbsync();
        current = next;
    }
}

static void check_other_tlbs(void)
{
    uint64_t va = (unsigned long)page(0);
    unsigned others;

    if (smp_cpus() == 1) {
        report_skip("other CPUs: there are none");
        return;
    }
    current = 1000;
    frame(0)[0] = frame(1)[0] = current;
    others = smp_start();
    report_equal("all CPUs start", others, smp_cpus() - 1);
    rounds(va | VALID_VA | GLOBAL);
    report_equal("one page is new everywhere after TLBSYNC", stale, 0);
    rounds(VALID_ASID | GLOBAL);
    report_equal("all pages are new everywhere after TLBSYNC", stale, 0);
    over = true;
    report_equal("all CPUs come to their end", smp_wait(others), others);
    report_equal("none of them has seen an old page until then", stale, 0);
    report_equal("a CPU that sleeps is not waited for",
                 old_frames(PAGES, VALID_ASID | GLOBAL, 0), 0);
}

void guest_main(void)
{
    if (!(cpuid_extended(CPUID_ADDRESS_SIZE).ebx & EBX_INVLPGB)) {
        check_absent();
        return;
    }
    map_pages();
    check_privilege();
    check_operands();
    check_own_tlb();
    check_other_tlbs();
}
