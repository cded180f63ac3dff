/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * All CPUs and a DMA device use the same pages through both settings of the
 * C-bit at random, and compare all they read with what must be there.
 *
 * Each CPU owns one cipher block of each page, so that it knows who wrote it.
 * What a block shows through the view in which it was written is known.
 * Through the other it is something, but always the same until the next write,
 * and writing that back brings the old content back.
 *
 * A CPU also owns whole pages and, at the places where they meet, accesses that
 * cross from one view to the other, even of one page.  It takes interrupts on a
 * stack whose table entry has lost its A and D bits, while all look at the
 * tables through the view that the walks do not use.
 */
#include "lib/apic.h"
#include "lib/fw-cfg.h"
#include "lib/guest.h"
#include "lib/smp.h"
#include "lib/views.h"

const char guest_name[] = "memory-stress";

#define PAGES           16
#define PAGES_BASE      (SHARED_BASE + 0x110000)
#define CONTROL         (SHARED_BASE + 0x130000)
#define STACKS_BASE     (SHARED_BASE + 0x140000)
#define GROUP           4               /* pages whose ends one CPU owns */
#define GROUPS          (PAGES / GROUP)
#define ROUNDS          10000
#define PATIENCE        60              /* seconds, with the device */

enum { SHARED, PRIVATE, VIEWS };

struct content {
    uint64_t word[2];
};

/* What a CPU knows of one of its blocks. */
struct block {
    struct content content[VIEWS];
    bool known[VIEWS];
    bool is_code;               /* in the private view */
    uint32_t code;
    int last_view;
};

struct cpu {
    struct block blocks[PAGES];
    uint64_t random;
    uint64_t done;
    uint64_t errors;
    uint64_t dma;
    uint64_t calls;
    uint64_t crossed;
    uint64_t interrupts;
    unsigned apic;
    mem64 *stack_entry;         /* that maps the page of @stack */
    uint64_t stack;
};

static struct cpu cpus[MAX_CPUS];
static uint64_t windows[VIEWS];
static uint64_t pairs;          /* see pair() */
static mem64 *shown_tables;     /* page tables, as ciphertext */
static uint64_t rounds, cr3;
static unsigned smp_count;
static mem32 go;

static uint64_t next_random(struct cpu *cpu)
{
    cpu->random ^= cpu->random << 13;
    cpu->random ^= cpu->random >> 7;
    cpu->random ^= cpu->random << 17;
    return cpu->random;
}

static unsigned number_of(const struct cpu *cpu)
{
    return cpu - cpus;
}

/* Spread over the page, but for its first and last block */
static uint64_t offset_of(const struct cpu *cpu)
{
    return 32 + 240 * number_of(cpu);
}

/* Memory of a block through a view; caches forget the other one. */
static mem64 *place(struct cpu *cpu, unsigned page, int view)
{
    struct block *block = &cpu->blocks[page];

    if (block->last_view != view) {
        settle();
        block->last_view = view;
    }
    return (mem64 *)(windows[view] + page * 4096 + offset_of(cpu));
}

static void set_known(struct block *block, int view, struct content content)
{
    block->known[view] = true;
    block->known[!view] = false;
    block->is_code = false;
    block->content[view] = content;
}

static void do_write(struct cpu *cpu, unsigned page, int view,
                     struct content content)
{
    mem64 *at = place(cpu, page, view);

    at[0] = content.word[0];
    at[1] = content.word[1];
    set_known(&cpu->blocks[page], view, content);
}

static void do_read(struct cpu *cpu, unsigned page, int view)
{
    struct block *block = &cpu->blocks[page];
    mem64 *at = place(cpu, page, view);
    struct content got = { { at[0], at[1] } };

    if (block->known[view]) {
        cpu->errors += got.word[0] != block->content[view].word[0] ||
                       got.word[1] != block->content[view].word[1];
    }
    block->content[view] = got;
    block->known[view] = true;
}

/* What was seen through one view, put back through it: the other stays. */
static void do_put_back(struct cpu *cpu, unsigned page, int view)
{
    struct block *block = &cpu->blocks[page];
    mem64 *at;

    if (!block->known[view]) {
        return;
    }
    at = place(cpu, page, view);
    at[0] = ~block->content[view].word[0];
    at[1] = ~block->content[view].word[1];
    at[0] = block->content[view].word[0];
    at[1] = block->content[view].word[1];
}

static void do_add(struct cpu *cpu, unsigned page, int view)
{
    struct block *block = &cpu->blocks[page];
    struct content content = block->content[view];

    if (!block->known[view]) {
        return;
    }
    content.word[1]++;
    cpu->errors += __atomic_add_fetch(&place(cpu, page, view)[1], 1,
                                      __ATOMIC_SEQ_CST) != content.word[1];
    set_known(block, view, content);
}

/* mov $value, %eax; ret */
static void do_write_code(struct cpu *cpu, unsigned page)
{
    uint32_t value = next_random(cpu);
    struct content code = {
        { 0xb8 | (uint64_t)value << 8 | (uint64_t)0xc3 << 40, 0 }
    };

    do_write(cpu, page, PRIVATE, code);
    cpu->blocks[page].is_code = true;
    cpu->blocks[page].code = value;
}

/* Through either view: fetches are private. */
static void do_call(struct cpu *cpu, unsigned page, int view)
{
    struct block *block = &cpu->blocks[page];

    if (block->is_code) {
        place(cpu, page, PRIVATE);
        cpu->errors += ((code_fn)(windows[view] + page * 4096 +
                                  offset_of(cpu)))() != block->code;
        cpu->calls++;
    }
}

/* The device writes what DRAM will have; only the first CPU drives it. */
static void do_dma(struct cpu *cpu, unsigned page)
{
    struct content signature = { { FW_CFG_SIGNATURE_WORD, 0 } };
    struct fw_cfg_control control = {
        (mem32 *)(windows[SHARED] + CONTROL - PAGES_BASE), CONTROL,
    };

    if (number_of(cpu)) {
        return;
    }
    place(cpu, page, SHARED);
    cpu->errors += !fw_cfg_dma_read(control, FW_CFG_SIGNATURE,
                                    PAGES_BASE + page * 4096 +
                                    offset_of(cpu), 16, PATIENCE);
    set_known(&cpu->blocks[page], SHARED, signature);
    cpu->dma++;
}

/*
 * Two pages in a row: the end of @page through @view, and then what follows
 * through @next_view: the next page, or the same one again.
 */
static uint64_t pair(unsigned page, int view, bool same, int next_view)
{
    unsigned n = ((page * VIEWS + view) * VIEWS + same) * VIEWS + next_view;

    return pairs + n * 2 * 4096;
}

/* The last block of a page or the first one, in a view of its own. */
static mem64 *edge(unsigned page, int view, bool first)
{
    return (mem64 *)(windows[view] + page * 4096 + (first ? 0 : 4080));
}

static void set_edge(mem64 *at, struct content content)
{
    at[0] = content.word[0];
    at[1] = content.word[1];
}

/* The middle 8 of the 32 bytes of two blocks */
static uint64_t middle(struct content last, struct content first)
{
    return last.word[1] >> 32 | first.word[0] << 32;
}

/* Returns: what was there, by an instruction that crosses the pages */
static uint64_t cross(uint64_t at, unsigned how, uint64_t value)
{
    uint64_t was = value;

    switch (how) {
    case 0:
        was = *(mem64 *)at;
        *(mem64 *)at = value;
        break;
    case 1:
        asm volatile("lock xaddq %0, (%1)" : "+r" (was) : "r" (at)
                     : "memory", "cc");
        *(mem64 *)at = value;
        break;
    default:
        asm volatile("xchgq %0, (%1)" : "+r" (was) : "r" (at) : "memory");
        break;
    }
    return was;
}

/* Blocks on both sides are written and read alone, the access meets both. */
static void do_cross(struct cpu *cpu, unsigned page, int view)
{
    uint64_t random = next_random(cpu);
    int next_view = random % VIEWS;
    bool same = random / 2 % 2 || page % GROUP == GROUP - 1;
    struct content last = { { random, ~random } };
    struct content first = { { random * 3, ~random * 5 } };
    mem64 *left = edge(page, view, false);
    mem64 *right = edge(page + !same, next_view, true);
    uint64_t value = next_random(cpu);

    if (page / GROUP % smp_count != number_of(cpu)) {
        return;
    }
    settle();
    set_edge(left, last);
    set_edge(right, first);
    settle();
    cpu->errors += cross(pair(page, view, same, next_view) + 4092,
                         random / 4 % 3, value) != middle(last, first);
    settle();
    cpu->errors += left[0] != last.word[0] || right[1] != first.word[1];
    cpu->errors += left[1] != ((uint32_t)last.word[1] | value << 32);
    cpu->errors += right[0] != (first.word[0] >> 32 << 32 | value >> 32);
    cpu->crossed++;
}

/* All look at the tables, in the view that turns them away from the walks. */
static void do_look(struct cpu *cpu)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < smp_count; i++) {
        sum += shown_tables[(i + cpu->random) % 512];
    }
    asm volatile("" : : "r" (sum));
}

/* An interrupt on the CPU's other stack, unless it has one already. */
static void do_interrupt(struct cpu *cpu)
{
    const uint64_t bits = PTE_A | PTE_D;
    uint64_t saved;

    apic_send(cpus[next_random(cpu) % smp_count].apic);
    __atomic_and_fetch(cpu->stack_entry, ~bits, __ATOMIC_SEQ_CST);
    invlpg(cpu->stack);
    apic_send(cpu->apic);
    asm volatile("mov %%rsp, %0\n\t"
                 "mov %1, %%rsp\n\t"
                 "sti\n\t"
                 "nop\n\t"
                 "nop\n\t"
                 "cli\n\t"
                 "mov %0, %%rsp"
                 : "=&r" (saved) : "r" (cpu->stack + 4096) : "memory");
    cpu->errors += (*cpu->stack_entry & bits) != bits;
    cpu->interrupts++;
}

/* A store sets A and D again, however its table is kept just now. */
static void do_dirty(struct cpu *cpu)
{
    const uint64_t bits = PTE_A | PTE_D;
    mem64 *at = (mem64 *)cpu->stack;
    uint64_t value = next_random(cpu);

    __atomic_and_fetch(cpu->stack_entry, ~bits, __ATOMIC_SEQ_CST);
    invlpg(cpu->stack);
    at[0] = value;
    cpu->errors += (*cpu->stack_entry & bits) != bits || at[0] != value;
}

static void another_round(struct cpu *cpu, uint64_t random)
{
    unsigned page = random / 64 % PAGES;
    int view = random / 4096 % VIEWS;

    switch (random / 16 % 4) {
    case 0:
        do_cross(cpu, page, view);
        break;
    case 1:
        do_look(cpu);
        break;
    case 2:
        do_interrupt(cpu);
        break;
    default:
        do_dirty(cpu);
        break;
    }
}

static void one_round(struct cpu *cpu)
{
    uint64_t random = next_random(cpu);
    unsigned page = random / 64 % PAGES;
    int view = random / 4096 % VIEWS;
    struct content content = { { random, ~random } };

    switch (random % 16) {
    case 0 ... 2:
        do_write(cpu, page, view, content);
        break;
    case 3 ... 8:
        do_read(cpu, page, view);
        break;
    case 9:
        do_put_back(cpu, page, view);
        break;
    case 10:
        do_add(cpu, page, view);
        break;
    case 11:
        do_write_code(cpu, page);
        break;
    case 12:
        do_call(cpu, page, view);
        break;
    case 13 ... 14:
        another_round(cpu, random);
        break;
    default:
        do_dma(cpu, page);
        break;
    }
}

/* Interrupts are for CPUs that are ready to take them. */
static void ready_all(void)
{
    static mem32 ready;

    __atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
    while (ready < smp_count) {
        cpu_relax();
    }
}

static void run(unsigned number)
{
    struct cpu *cpu = &cpus[number];

    write_cr3(cr3);
    apic_init();
    cpu->apic = apic_id();
    ready_all();
    cpu->random = 88172645463325252ull + number;
    for (; cpu->done < rounds; cpu->done++) {
        one_round(cpu);
    }
}

void smp_main(unsigned number)
{
    while (!go) {
        cpu_relax();
    }
    run(number);
}

static uint64_t leaf(uint64_t physical, int view)
{
    return physical | PTE_P | PTE_W | (view == PRIVATE ? sev_c_bit() : 0);
}

static void map_pair(struct paging *paging, unsigned page, unsigned how)
{
    int view = how & 1, next_view = how >> 1 & 1;
    bool same = how >> 2;
    uint64_t at = pair(page, view, same, next_view);
    uint64_t next = PAGES_BASE + (page + !same) * 4096;

    paging_map(paging, at, 0, PAGE_4K, leaf(PAGES_BASE + page * 4096, view));
    paging_map(paging, at + 4096, 0, PAGE_4K, leaf(next, next_view));
}

/* Stacks in a row, by entries of a table that is shown as well */
static void map_stacks(struct paging *paging)
{
    uint64_t at = pairs + LARGE_PAGE, table;

    for (unsigned i = 0; i < smp_count; i++) {
        cpus[i].stack = at + i * 4096;
        cpus[i].stack_entry = paging_map(paging, cpus[i].stack, 0, PAGE_4K,
                                         leaf(STACKS_BASE + i * 4096, PRIVATE));
    }
    table = (uint64_t)cpus[0].stack_entry & ~4095ull;
    shown_tables = (mem64 *)(at + LARGE_PAGE);
    paging_map(paging, (uint64_t)shown_tables, 0, PAGE_4K,
               leaf(table, SHARED));
}

static void make_windows(void)
{
    struct paging paging = views_map(PAGE_4K);

    pairs = paging_window(PAGING_4_LEVEL) + 8 * LARGE_PAGE;
    for (unsigned n = 0; n < PAGES * 8; n++) {
        map_pair(&paging, n / 8, n % 8);
    }
    map_stacks(&paging);
    windows[PRIVATE] = (unsigned long)private_view(PAGES_BASE);
    windows[SHARED] = (unsigned long)shared_view(PAGES_BASE);
    cr3 = read_cr3();
}

void guest_main(void)
{
    unsigned count = smp_cpus();

    rounds = fw_cfg_number("opt/sev/rounds", ROUNDS);
    report_info("cpus", count);
    report_info("rounds", rounds);
    if (count > MAX_CPUS) {
        report_abort("too many CPUs", count);
    }
    smp_count = count;
    make_windows();
    report_equal("all other CPUs start", smp_start(), count - 1);
    go = 1;
    run(0);
    report_equal("all other CPUs finish", smp_wait(count - 1), count - 1);
    for (unsigned i = 0; i < count; i++) {
        report_equal("this CPU did its rounds", cpus[i].done, rounds);
        report_equal("this CPU read what must be there", cpus[i].errors, 0);
        report_true("this CPU ran code that it wrote", cpus[i].calls);
        report_true("this CPU took interrupts",
                    apic_count(cpus[i].apic) >= cpus[i].interrupts &&
                    cpus[i].interrupts);
    }
    report_true("the device wrote to memory", cpus[0].dma);
    report_true("accesses crossed pages", cpus[0].crossed);
}
