/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Bounce buffers: each CPU copies into its buffers as private memory, makes
 * them shared, copies into them again as for a device, reads that back and makes
 * them private.  Without a C-bit the same copies remain.  For "make bench".
 */
#include "lib/fw-cfg.h"
#include "lib/guest.h"
#include "lib/paging.h"
#include "lib/smp.h"

const char guest_name[] = "bench-bounce";

#define BUFFERS         64              /* pages for each CPU */
#define MAX_BENCH_CPUS  4
#define ROUNDS          4

struct cpu {
    uint64_t window;            /* buffers, one after the other */
    mem64 *entries;             /* of the page table that maps them */
    uint64_t right;
};

static struct cpu cpus[MAX_BENCH_CPUS];
static uint64_t rounds, cr3, c_bit;
static mem32 go;

static void copy_page(uint64_t to, uint64_t from)
{
    uint64_t count = 512;

    asm volatile("rep movsq" : "+D" (to), "+S" (from), "+c" (count)
                 : : "memory");
}

static uint64_t sum_page(uint64_t from)
{
    const mem64 *at = (const mem64 *)from;
    uint64_t sum = 0;

    for (unsigned i = 0; i < 512; i++) {
        sum += at[i];
    }
    return sum;
}

/* As an operating system does it, unless there is no such bit */
static void set_private(struct cpu *cpu, unsigned buffer, bool private)
{
    if (c_bit) {
        cpu->entries[buffer] = (cpu->entries[buffer] & ~c_bit) |
                               (private ? c_bit : 0);
        invlpg(cpu->window + buffer * 4096);
    }
}

static bool bounce(struct cpu *cpu, unsigned buffer, uint64_t from,
                   uint64_t sum)
{
    uint64_t at = cpu->window + buffer * 4096;
    bool right;

    copy_page(at, from);
    right = sum_page(at) == sum;
    set_private(cpu, buffer, false);
    copy_page(at, from);
    right &= sum_page(at) == sum;
    set_private(cpu, buffer, true);
    return right;
}

static void run(unsigned number)
{
    struct cpu *cpu = &cpus[number];
    uint64_t from = BODY_BASE, sum;

    write_cr3(cr3);
    sum = sum_page(from);
    for (uint64_t round = 0; round < rounds; round++) {
        for (unsigned i = 0; i < BUFFERS; i++) {
            cpu->right += bounce(cpu, i, from, sum);
        }
    }
}

void smp_main(unsigned number)
{
    while (!go) {
        cpu_relax();
    }
    run(number);
}

static void make_buffers(unsigned count)
{
    struct paging paging;
    uint64_t at = paging_window(PAGING_4_LEVEL), memory = PRIVATE_BASE;

    c_bit = sev_c_bit();
    paging = paging_new(PAGING_4_LEVEL, c_bit);
    paging_map_identity(&paging, 0x1000000, c_bit);
    for (unsigned n = 0; n < count * BUFFERS; n++) {
        struct cpu *cpu = &cpus[n / BUFFERS];
        mem64 *entry = paging_map(&paging, at + n * 4096, memory + n * 4096,
                                  PAGE_4K, PTE_P | PTE_W | c_bit);

        if (n % BUFFERS == 0) {
            cpu->window = at + n * 4096;
            cpu->entries = entry;
        }
    }
    cr3 = (unsigned long)paging.root | c_bit;
}

void guest_main(void)
{
    unsigned count = smp_cpus();

    rounds = fw_cfg_number("opt/sev/rounds", ROUNDS);
    if (count > MAX_BENCH_CPUS) {
        report_abort("too many CPUs", count);
    }
    make_buffers(count);
    report_equal("all other CPUs start", smp_start(), count - 1);
    go = 1;
    run(0);
    report_equal("all other CPUs finish", smp_wait(count - 1), count - 1);
    for (unsigned i = 0; i < count; i++) {
        report_equal("this CPU read what it wrote", cpus[i].right,
                     rounds * BUFFERS);
    }
}
