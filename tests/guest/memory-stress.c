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
 */
#include "lib/fw-cfg.h"
#include "lib/guest.h"
#include "lib/smp.h"
#include "lib/views.h"

const char guest_name[] = "memory-stress";

#define PAGES           16
#define PAGES_BASE      (SHARED_BASE + 0x110000)
#define CONTROL         (SHARED_BASE + 0x130000)
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
};

static struct cpu cpus[MAX_CPUS];
static uint64_t windows[VIEWS];
static uint64_t rounds, cr3;
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

/* Spread over the page */
static uint64_t offset_of(const struct cpu *cpu)
{
    return number_of(cpu) * 4096 / MAX_CPUS + 16 * number_of(cpu);
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
    case 12 ... 13:
        do_call(cpu, page, view);
        break;
    default:
        do_dma(cpu, page);
        break;
    }
}

static void run(unsigned number)
{
    struct cpu *cpu = &cpus[number];

    write_cr3(cr3);
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

static void make_windows(void)
{
    views_map(PAGE_4K);
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
    make_windows();
    report_equal("all other CPUs start", smp_start(), count - 1);
    go = 1;
    run(0);
    report_equal("all other CPUs finish", smp_wait(count - 1), count - 1);
    for (unsigned i = 0; i < count; i++) {
        report_equal("this CPU did its rounds", cpus[i].done, rounds);
        report_equal("this CPU read what must be there", cpus[i].errors, 0);
        report_true("this CPU ran code that it wrote", cpus[i].calls);
    }
    report_true("the device wrote to memory", cpus[0].dma);
}
