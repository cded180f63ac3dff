/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Register areas across two pages, saved and restored again and again by all
 * CPUs but the last one, which looks at the second page of each through the
 * other C-bit meanwhile.
 */
#include "lib/cmos.h"
#include "lib/fw-cfg.h"
#include "lib/guest.h"
#include "lib/smp.h"
#include "lib/vector.h"
#include "lib/views.h"

const char guest_name[] = "across-race";

#define PAGE            page_size(PAGE_4K)
#define BASE            (SHARED_BASE + 0x140000)
#define IN_FIRST        576             /* bytes; the AVX part is in the second */
#define ROUNDS          1000
#define PATIENCE        60              /* seconds */

static struct cpu {
    uint8_t plain[1024] __attribute__((aligned(64)));
    uint64_t rounds, errors;
    mem32 looks, done;
} cpus[MAX_CPUS];

static uint64_t rounds, cr3;
static unsigned count;
static mem32 go;

/* Two pages for each CPU */
static uint64_t first_page(unsigned number)
{
    return BASE + 2 * number * PAGE;
}

static bool same(const uint8_t *a, const uint8_t *b, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        if (a[i] != b[i]) {
            return false;
        }
    }
    return true;
}

/* The upper half of a vector register lies in the second page */
static void load(uint64_t value)
{
    asm volatile("vmovq %0, %%xmm0\n\t"
                 "vpunpcklqdq %%xmm0, %%xmm0, %%xmm0\n\t"
                 "vinsertf128 $1, %%xmm0, %%ymm0, %%ymm0" : : "r" (value));
}

static uint64_t upper_half(void)
{
    uint64_t value;

    asm volatile("vextractf128 $1, %%ymm0, %%xmm0\n\t"
                 "vmovq %%xmm0, %0" : "=r" (value));
    return value;
}

static void save(uint8_t *to)
{
    asm volatile("xsave64 (%0)"
                 : : "r" (to), "a" (XSTATE_ALL), "d" (0) : "memory");
}

static void restore(const uint8_t *from)
{
    asm volatile("xrstor64 (%0)"
                 : : "r" (from), "a" (XSTATE_ALL), "d" (0) : "memory");
}

static void save_and_restore(struct cpu *cpu, uint8_t *at, uint64_t value)
{
    load(value);
    save(at);
    save(cpu->plain);
    load(~value);
    restore(at);
    cpu->errors += upper_half() != value;
    cpu->errors += !same(at, cpu->plain, XSTATE_SIZE);
}

static void work(unsigned number)
{
    struct cpu *cpu = &cpus[number];
    uint8_t *second = (uint8_t *)private_view(first_page(number) + PAGE);

    memset(second - IN_FIRST, 0, XSTATE_SIZE);
    while (!cpus[count - 1].looks) {
        cpu_relax();
    }
    for (; cpu->rounds < rounds; cpu->rounds++) {
        save_and_restore(cpu, second - IN_FIRST,
                         0x0101010101010101ull * number + cpu->rounds);
    }
    cpu->done = 1;
}

static bool all_done(void)
{
    unsigned done = 0;

    for (unsigned i = 0; i < count - 1; i++) {
        done += cpus[i].done;
    }
    return done == count - 1;
}

static void look(unsigned number)
{
    struct timer timer = timer_start(PATIENCE);

    while (!all_done() && !timer_expired(&timer)) {
        for (unsigned i = 0; i < count - 1; i++) {
            (void)*shared_view(first_page(i) + PAGE);
        }
        cpus[number].looks++;
    }
    cpus[number].done = 1;
}

void smp_main(unsigned number)
{
    write_cr3(cr3);
    vector_enable();
    while (!go) {
        cpu_relax();
    }
    if (number == count - 1) {
        look(number);
    } else {
        work(number);
    }
}

void guest_main(void)
{
    count = smp_cpus();
    rounds = fw_cfg_number("opt/sev/rounds", ROUNDS);
    report_info("cpus", count);
    if (count < 2 || count > MAX_CPUS || !vector_has_avx()) {
        report_skip("two CPUs at least, with AVX");
        return;
    }
    views_map(PAGE_4K);
    cr3 = read_cr3();
    vector_enable();
    report_equal("all other CPUs start", smp_start(), count - 1);
    go = 1;
    work(0);
    report_equal("all other CPUs finish", smp_wait(count - 1), count - 1);
    for (unsigned i = 0; i < count - 1; i++) {
        report_equal("this CPU did its rounds", cpus[i].rounds, rounds);
        report_equal("this CPU found what it had saved", cpus[i].errors, 0);
    }
    report_true("the last CPU looked", cpus[count - 1].looks);
}
