/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Several CPUs walk page tables with C-bits at the same time, on memory that
 * they share among themselves.
 */
#include "lib/guest.h"
#include "lib/paging.h"
#include "lib/smp.h"

const char guest_name[] = "smp";

#define ROUNDS          2000

/* Each CPU changes its own tables only, but all add to the same counter. */
struct cpu {
    struct paging paging;
    mem64 *leaf;
    uint32_t errors;
    uint32_t rounds;
    uint64_t status;
};

static struct cpu cpus[MAX_CPUS];
static mem32 go;

#define COUNTER         ((mem32 *)PRIVATE_BASE)

/*
 * CPU @number's window shows a page of its own at first, then in turn that of
 * the neighbour and its own again: a stale TLB entry would show.
 */
static uint64_t page_of(unsigned number)
{
    return PRIVATE_BASE + (number + 1) * 4096;
}

static uint64_t mark_of(unsigned number)
{
    return 0xc0ffee0000000000ull + number;
}

static void prepare(unsigned number, uint64_t c_bit)
{
    struct cpu *cpu = &cpus[number];

    cpu->paging = paging_new(PAGING_4_LEVEL, number & 1 ? c_bit : 0);
    paging_map_identity(&cpu->paging, 0x1000000, c_bit);
    cpu->leaf = paging_map(&cpu->paging, paging_window(PAGING_4_LEVEL),
                           page_of(number), PAGE_4K,
                           PTE_P | PTE_W | c_bit);
    *(mem64 *)page_of(number) = mark_of(number);
}

static void walk(unsigned number, unsigned count, uint64_t c_bit)
{
    mem64 *window =
        (uint64_t *)paging_window(PAGING_4_LEVEL);
    struct cpu *cpu = &cpus[number];

    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned shown = (number + round) % count;

        *cpu->leaf = page_of(shown) | PTE_P | PTE_W | c_bit;
        invlpg((unsigned long)window);
        cpu->errors += *window != mark_of(shown);
        __atomic_add_fetch(COUNTER, 1, __ATOMIC_SEQ_CST);
        cpu->rounds++;
    }
}

static void run(unsigned number, unsigned count)
{
    uint64_t c_bit = sev_c_bit();
    struct cpu *cpu = &cpus[number];

    cpu->status = sev_status();
    write_cr3((unsigned long)cpu->paging.root
              | (number & 2 ? c_bit : 0));
    walk(number, count, c_bit);
}

void smp_main(unsigned number)
{
    while (!go) {
        cpu_relax();
    }
    run(number, go);
}

static void check(unsigned number)
{
    report_info("cpu", number);
    report_equal("this CPU finished its rounds", cpus[number].rounds, ROUNDS);
    report_equal("this CPU saw the pages that it mapped",
                 cpus[number].errors, 0);
    report_equal("this CPU has the first one's SEV_STATUS",
                 cpus[number].status, sev_status());
}

void guest_main(void)
{
    unsigned count = smp_cpus();

    report_info("cpus", count);
    if (count > MAX_CPUS) {
        report_abort("too many CPUs", count);
    }
    for (unsigned i = 0; i < count; i++) {
        prepare(i, sev_c_bit());
    }
    *COUNTER = 0;
    report_equal("all other CPUs start", smp_start(), count - 1);
    go = count;
    run(0, count);
    report_equal("all other CPUs finish", smp_wait(count - 1), count - 1);
    for (unsigned i = 0; i < count; i++) {
        check(i);
    }
    report_equal("no addition to the common counter is lost",
                 *COUNTER, count * ROUNDS);
}
