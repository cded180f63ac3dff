/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Task switches: the states of either task, and the table of segments, lie in
 * two pages.
 */
#include "lib/across.h"
#include "lib/guest.h"
#include "lib/segments.h"

const char guest_name[] = "across-tasks";

/* First what leads to a task, last what a task loads when it begins */
#define OLD_TASK        0x18
#define NEW_TASK        0x20
#define SMALL_TASK      0x28
#define LOW_CODE        0x30            /* for the small task's 16 bits */
#define OTHER_LDT       0x38
#define OTHER_CODE      0x40
#define OTHER_DATA      0x48
#define GDT_SIZE        0x50

#define LOW_BASE        BODY_BASE
#define SMALL_STACK     0x7000
#define BREAKPOINT      3

/* Task states of 32 and 16 bits (AMD64 manual, volume 2, 12.2) */
struct __attribute__((packed)) task {
    uint16_t link, reserved;
    uint32_t stacks[6];
    uint32_t cr3, eip, flags;
    uint32_t eax, ecx, edx, ebx, esp, ebp, esi, edi;
    uint32_t es, cs, ss, ds, fs, gs, ldt;
    uint16_t trap, map;
};

struct __attribute__((packed)) small_task {
    uint16_t link;
    uint16_t stacks[6];
    uint16_t ip, flags;
    uint16_t ax, cx, dx, bx, sp, bp, si, di;
    uint16_t es, cs, ss, ds, ldt;
};

static uint64_t gdt[GDT_SIZE / 8] __attribute__((aligned(8)));
static uint64_t ldt[2] __attribute__((aligned(8)));
static struct task old_task, new_task;
static struct small_task small_task;
static uint32_t stack[64];

/* What a task sees when it begins, in the order of PUSHA */
static uint32_t seen[8] __attribute__((used));
static uint32_t seen_segments __attribute__((used));

/*
 * A task notes its registers and goes back, by the way it came: NT is set when
 * it was called.  Then it does the same again.
 */
extern const uint8_t task_entry[], small_entry[];
asm("task_entry:\n\t"
    "movl %eax, seen\n\t"
    "movl %ecx, seen + 4\n\t"
    "movl %edx, seen + 8\n\t"
    "movl %ebx, seen + 12\n\t"
    "movl %esp, seen + 16\n\t"
    "movl %ebp, seen + 20\n\t"
    "movl %esi, seen + 24\n\t"
    "movl %edi, seen + 28\n\t"
    "movw %fs, seen_segments\n\t"
    "movw %gs, seen_segments + 2\n\t"
    "pushfl\n\t"
    "popl %eax\n\t"
    "testl $0x4000, %eax\n\t"
    "jz 1f\n\t"
    "iretl\n\t"
    "jmp task_entry\n"
    "1: ljmp $0x18, $0\n\t"
    "jmp task_entry\n"
    "small_entry:\n\t"
    "movw %ax, seen\n\t"
    "movw %di, seen + 28\n\t"
    "ljmp $0x18, $0\n\t"
    "jmp small_entry");

static void make_gdt(void)
{
    struct segment_table usual;

    asm volatile("sgdt %0" : "=m" (usual));
    if (usual.base != (uint32_t)gdt) {
        memcpy(gdt, (void *)usual.base, OLD_TASK);
    }
    gdt[OLD_TASK / 8] = segment((uint32_t)&old_task, sizeof(old_task) - 1,
                                SEGMENT_TSS, 0);
    gdt[NEW_TASK / 8] = segment((uint32_t)&new_task, sizeof(new_task) - 1,
                                SEGMENT_TSS, 0);
    gdt[SMALL_TASK / 8] = segment((uint32_t)&small_task,
                                  sizeof(small_task) - 1, SEGMENT_TSS_16, 0);
    gdt[LOW_CODE / 8] = segment(LOW_BASE, 0xffff, SEGMENT_CODE, SEGMENT_32);
    gdt[OTHER_LDT / 8] = segment((uint32_t)ldt, sizeof(ldt) - 1, 0x82, 0);
    gdt[OTHER_CODE / 8] = segment(0, 0xfffff, SEGMENT_CODE & ~1,
                                  SEGMENT_FLAT);
    gdt[OTHER_DATA / 8] = segment(0, 0xfffff, SEGMENT_DATA & ~1,
                                  SEGMENT_FLAT);
    ldt[0] = gdt[OTHER_DATA / 8];
    ldt[1] = gdt[OTHER_DATA / 8];
}

static struct task fresh_task(void)
{
    return (struct task) {
        .cr3 = read_cr3(), .eip = (uint32_t)task_entry, .flags = 2,
        .eax = 0x11111111, .ecx = 0x22222222, .edx = 0x33333333,
        .ebx = 0x44444444, .esp = (uint32_t)&stack[64], .ebp = 0x55555555,
        .esi = 0x66666666, .edi = 0x77777777,
        .es = OTHER_DATA, .cs = OTHER_CODE, .ss = OTHER_DATA,
        .ds = OTHER_DATA, .fs = 0x4, .gs = 0xc, .ldt = OTHER_LDT,
        .map = sizeof(struct task),
    };
}

static struct small_task fresh_small_task(void)
{
    return (struct small_task) {
        .ip = (uint32_t)small_entry - LOW_BASE, .flags = 2,
        .ax = 0x1111, .cx = 0x2222, .dx = 0x3333, .bx = 0x4444,
        .sp = SMALL_STACK, .bp = 0x5555, .si = 0x6666, .di = 0x7777,
        .es = DATA, .cs = LOW_CODE, .ss = DATA, .ds = DATA,
    };
}

/* Everything in our own memory, until a test moves a part of it */
static void make_all(void)
{
    uint64_t *idt = interrupt_gates();

    make_gdt();
    memset(&old_task, 0, sizeof(old_task));
    old_task.cr3 = read_cr3();
    new_task = fresh_task();
    small_task = fresh_small_task();
    memset(seen, 0, sizeof(seen));
    seen_segments = 0;
    idt[BREAKPOINT] = gate(NEW_TASK, 0, GATE_TASK, 0);
}

static void enter_old_task(void)
{
    load_segments_from(gdt, GDT_SIZE);
    asm volatile("ltr %w0" : : "r" (OLD_TASK) : "memory");
}

/* What the tasks saw and left; old_task has our own stack pointer in it */
static void put(uint8_t *out)
{
    memcpy(out, seen, sizeof(seen));
    memcpy(out + 32, &seen_segments, 4);
    memcpy(out + 64, &new_task, sizeof(new_task));
    memcpy(out + 256, &small_task, sizeof(small_task));
    memcpy(out + 384, gdt, sizeof(gdt));
}

/* With the same flags always, as they are saved in the old task's state */
#define SWITCH(code)                                                    \
    asm volatile("pushal\n\t"                                           \
                 "pushl $0x2\n\t"                                       \
                 "popfl\n\t"                                            \
                 code "\n\t"                                            \
                 "popal" : : : "memory", "cc")

static void jump(void)
{
    SWITCH("ljmp $0x20, $0");
}

static void call(void)
{
    SWITCH("lcall $0x20, $0");
}

static void interrupt(void)
{
    SWITCH("int3");
}

static void jump_small(void)
{
    SWITCH("ljmp $0x28, $0");
}

/* The state of the task that begins is in the pages */
static void prepare_new(uint8_t *at)
{
    struct task task = fresh_task();

    memcpy(at, &task, sizeof(task));
}

static void use_new(uint8_t *at, uint8_t *out, void (*how)(void))
{
    make_all();
    gdt[NEW_TASK / 8] = segment((uint32_t)at, sizeof(struct task) - 1,
                                SEGMENT_TSS, 0);
    enter_old_task();
    how();
    put(out);
}

static void jump_to(uint8_t *at, uint8_t *out)
{
    use_new(at, out, jump);
}

static void call_to(uint8_t *at, uint8_t *out)
{
    use_new(at, out, call);
}

static void interrupt_to(uint8_t *at, uint8_t *out)
{
    use_new(at, out, interrupt);
}

static void prepare_small(uint8_t *at)
{
    struct small_task task = fresh_small_task();

    memcpy(at, &task, sizeof(task));
}

static void jump_to_small(uint8_t *at, uint8_t *out)
{
    make_all();
    gdt[SMALL_TASK / 8] = segment((uint32_t)at, sizeof(struct small_task) - 1,
                                  SEGMENT_TSS_16, 0);
    enter_old_task();
    jump_small();
    put(out);
}

/* The state of the task that ends is */
static void prepare_old(uint8_t *at)
{
    memset(at, 0, sizeof(struct task));
    ((struct task *)at)->cr3 = read_cr3();
}

static void use_old(uint8_t *at, uint8_t *out, void (*how)(void))
{
    struct segment_table usual;

    make_all();
    gdt[OLD_TASK / 8] = segment((uint32_t)at, sizeof(struct task) - 1,
                                SEGMENT_TSS, 0);
    asm volatile("sgdt %0" : "=m" (usual));
    enter_old_task();
    how();
    put(out);
}

static void jump_from(uint8_t *at, uint8_t *out)
{
    use_old(at, out, jump);
}

static void call_from(uint8_t *at, uint8_t *out)
{
    use_old(at, out, call);
}

static void interrupt_from(uint8_t *at, uint8_t *out)
{
    use_old(at, out, interrupt);
}

/* The table of segments is: some of it is read when the switch is half done */
static void prepare_table(uint8_t *at)
{
    make_all();
    memcpy(at, gdt, GDT_SIZE);
}

static void use_table(uint8_t *at, uint8_t *out, void (*how)(void))
{
    load_segments_from(at, GDT_SIZE);
    asm volatile("ltr %w0" : : "r" (OLD_TASK) : "memory");
    how();
    put(out);
    load_segments_from(gdt, GDT_SIZE);
}

static void jump_by_table(uint8_t *at, uint8_t *out)
{
    use_table(at, out, jump);
}

static void call_by_table(uint8_t *at, uint8_t *out)
{
    use_table(at, out, call);
}

static void interrupt_by_table(uint8_t *at, uint8_t *out)
{
    use_table(at, out, interrupt);
}

/* And the new task's own table of segments */
static void prepare_ldt(uint8_t *at)
{
    make_all();
    memcpy(at, ldt, sizeof(ldt));
}

static void jump_with_ldt(uint8_t *at, uint8_t *out)
{
    make_all();
    gdt[OTHER_LDT / 8] = segment((uint32_t)at, sizeof(ldt) - 1, 0x82, 0);
    enter_old_task();
    jump();
    put(out);
}

#define TASK            sizeof(struct task)
#define SMALL           sizeof(struct small_task)

static const struct across_op ops[] = {
    ACROSS("the new task's state, JMP", jump_to, TASK, 1,
           .prepare = prepare_new),
    ACROSS("the new task's state, CALL and IRET", call_to, TASK, 1,
           .prepare = prepare_new),
    ACROSS("the new task's state, INT and IRET", interrupt_to, TASK, 1,
           .prepare = prepare_new),
    ACROSS("the new task's state of 16 bits", jump_to_small, SMALL, 1,
           .prepare = prepare_small),
    ACROSS("the old task's state, JMP", jump_from, TASK, 1,
           .prepare = prepare_old),
    ACROSS("the old task's state, CALL and IRET", call_from, TASK, 1,
           .prepare = prepare_old),
    ACROSS("the old task's state, INT and IRET", interrupt_from, TASK, 1,
           .prepare = prepare_old),
    ACROSS("the table of segments, JMP", jump_by_table, GDT_SIZE, 4,
           .prepare = prepare_table),
    ACROSS("the table of segments, CALL and IRET", call_by_table, GDT_SIZE, 4,
           .prepare = prepare_table),
    ACROSS("the table of segments, INT and IRET", interrupt_by_table,
           GDT_SIZE, 4, .prepare = prepare_table),
    ACROSS("the new task's local descriptor table", jump_with_ldt,
           sizeof(ldt), 4, .prepare = prepare_ldt),
};

void guest_main(void)
{
    across_start();
    across_check_all(ops, sizeof(ops) / sizeof(ops[0]));
}
