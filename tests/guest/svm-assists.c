/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What a #VMEXIT tells of the instruction that exits: its code, where the next
 * one is, its operands and its bytes; and how an injected instruction goes on.
 */
#include "lib/guest.h"
#include "lib/paging.h"
#include "lib/svm.h"

const char guest_name[] = "svm-assists";

#define EDX_NEXT_RIP    (1u << 3)
#define EDX_DECODE      (1u << 7)

#define VMCB_CR         0x000
#define VMCB_DR         0x004
#define VMCB_INT_CTL    0x060
#define VMCB_EVENT      0x0a8
#define VMCB_NEXT_RIP   0x0c8
#define VMCB_BYTES      0x0d0
#define VMCB_GDTR       0x460
#define VMCB_IDTR       0x480

#define MOV_CR          (1ull << 63)
#define EXIT_VINTR      0x64
#define EXIT_IO         0x7b
#define INFO_ADDRESS    0x380           /* of a string in memory */

#define MAPS            PRIVATE_BASE            /* all intercepted */
#define UNMAPPED        0x40000000ul            /* by nested tables */
#define NOT_PRESENT     (1ul << 46)             /* by the guest's */

#define INJECT_NMI      (1u << 31 | 2 << 8 | 2)
#define INJECT_INT3     (1u << 31 | 3 << 8 | 3)
#define INJECT_INT(n)   (1u << 31 | 4 << 8 | (n))

/* An instruction, which intercept it has, and what is said of it */
struct row {
    const char *text;
    const uint8_t *code;
    unsigned field, bit;
    uint32_t exit_code;
    unsigned length;
    uint64_t info;
};

SVM_CODE(cpuid, "cpuid")
SVM_CODE(rdtsc, "rdtsc")
SVM_CODE(pushf, "pushfq")
SVM_CODE(hlt, "hlt")
SVM_CODE(invlpg, "invlpg 0x412345")
SVM_CODE(rdmsr, "rdmsr")
SVM_CODE(out, "outb %al, $0x80")
SVM_CODE(from_cr0, "mov %cr0, %rbx")
SVM_CODE(to_cr3, "mov %r9, %cr3")
SVM_CODE(to_cr8, "mov %r10, %cr8")
SVM_CODE(clts, "clts")
SVM_CODE(lmsw, "lmsw %ax")
SVM_CODE(from_dr7, "mov %dr7, %rcx")
SVM_CODE(to_dr0, "mov %r12, %dr0")
SVM_CODE(int_n, "int $0x81")
SVM_CODE(int_3, ".byte 0xcd, 3")
SVM_CODE(int3, "int3")
SVM_CODE(vmmcall, "vmmcall")
SVM_CODE(wbinvd, "wbinvd")
SVM_CODE(sgdt, "sgdt (%rsp)")
SVM_CODE(sidt_far, "sidt 0x12345(%rip)")

static const struct row rows[] = {
    { "CPUID", code_cpuid, VMCB_INTERCEPT_1, 18, 0x72, 2, 0 },
    { "RDTSC", code_rdtsc, VMCB_INTERCEPT_1, 14, 0x6e, 2, 0 },
    { "PUSHF", code_pushf, VMCB_INTERCEPT_1, 16, 0x70, 1, 0 },
    { "HLT", code_hlt, VMCB_INTERCEPT_1, 24, 0x78, 1, 0 },
    { "INVLPG: its address", code_invlpg, VMCB_INTERCEPT_1, 25, 0x79, 8,
      0x412345 },
    { "RDMSR", code_rdmsr, VMCB_INTERCEPT_1, 28, 0x7c, 2, 0 },
    { "OUT", code_out, VMCB_INTERCEPT_1, 27, 0x7b, 2, 0x800010 },
    { "MOV from CR0: RBX", code_from_cr0, VMCB_CR, 0, 0x00, 3, MOV_CR | 3 },
    { "MOV to CR3: R9", code_to_cr3, VMCB_CR, 19, 0x13, 4, MOV_CR | 9 },
    { "MOV to CR8: R10", code_to_cr8, VMCB_CR, 24, 0x18, 4, MOV_CR | 10 },
    { "CLTS is no MOV", code_clts, VMCB_CR, 16, 0x10, 2, 0 },
    { "LMSW is no MOV", code_lmsw, VMCB_CR, 16, 0x10, 3, 0 },
    { "LMSW: the selective intercept takes it whatever it writes", code_lmsw,
      VMCB_INTERCEPT_1, 5, 0x65, 3, 0 },
    { "MOV from DR7: RCX", code_from_dr7, VMCB_DR, 7, 0x27, 3, 1 },
    { "MOV to DR0: R12", code_to_dr0, VMCB_DR, 16, 0x30, 4, 12 },
    { "INTn: its vector", code_int_n, VMCB_INTERCEPT_1, 21, 0x75, 2, 0x81 },
    { "INTn 3 is none of INT3", code_int_3, VMCB_INTERCEPT_1, 21, 0x75, 2,
      3 },
    { "INT3 is an exception", code_int3, VMCB_EXCEPTIONS, 3, 0x43, 1, 0 },
    { "VMMCALL", code_vmmcall, VMCB_INTERCEPT_2, 1, 0x81, 3, 0 },
    { "WBINVD", code_wbinvd, VMCB_INTERCEPT_2, 9, 0x89, 2, 0 },
    { "SGDT", code_sgdt, VMCB_INTERCEPT_1, 7, 0x67, 4, 0 },
    { "SIDT with a displacement", code_sidt_far, VMCB_INTERCEPT_1, 6, 0x66,
      7, 0 },
};

static uint32_t features;

static mem32 *field32(unsigned offset)
{
    return (mem32 *)((uint8_t *)svm_field(0) + offset);
}

/* The stack of svm_call(), and code that is not a function */
static uint64_t run(const void *code)
{
    static uint64_t stack[64];

    *svm_field(VMCB_RSP) = (uint64_t)&stack[32];
    return svm_run((uint64_t)code, 0, 0);
}

static void prepare(uint64_t nested)
{
    svm_prepare(read_cr3(), nested);
    *svm_field(VMCB_IOPM) = MAPS | sev_c_bit();
    *svm_field(VMCB_MSRPM) = MAPS | sev_c_bit();
}

/* How wide an address would be says nothing of OUT. */
static uint64_t exit_info(uint64_t exit_code)
{
    uint64_t info = *svm_field(VMCB_EXIT_INFO_1);

    return exit_code == EXIT_IO ? info & ~INFO_ADDRESS : info;
}

static void check_row(const struct row *row)
{
    prepare(0);
    *field32(row->field) |= 1u << row->bit;
    *svm_field(VMCB_NEXT_RIP) = 1;
    report_equal(row->text, run(row->code), row->exit_code);
    report_equal("RIP is that of the instruction", *svm_field(VMCB_RIP),
                 (uint64_t)row->code);
    if (features & EDX_NEXT_RIP) {
        report_equal("the next RIP is behind it", *svm_field(VMCB_NEXT_RIP),
                     (uint64_t)row->code + row->length);
    }
    if (features & EDX_DECODE) {
        report_equal("EXITINFO1 tells its operand",
                     exit_info(row->exit_code), row->info);
    }
}

SVM_CODE(load, "mov (%rbx), %rax; .skip 16, 0x90")
SVM_CODE(jump, "jmp *%rbx")

static void check_bytes(const uint8_t *code, unsigned count)
{
    uint8_t *bytes = (uint8_t *)svm_field(VMCB_BYTES);
    bool same = true;

    report_equal("so many bytes of code are there", bytes[0] & 15, count);
    for (unsigned i = 0; i < count; i++) {
        same &= bytes[1 + i] == code[i];
    }
    report_true("they are those of the instruction", same);
    report_equal("there is no next RIP", *svm_field(VMCB_NEXT_RIP), 0);
}

/* All below 16 MiB one to one */
static struct paging map_low(uint64_t c_bit)
{
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);

    for (uint64_t at = 0; at < 0x1000000; at += LARGE_PAGE) {
        paging_map(&paging, at, at, PAGE_2M, PTE_P | PTE_W | PTE_U | c_bit);
    }
    return paging;
}

static void check_nested_faults(void)
{
    struct paging nested = map_low(sev_c_bit()), tables = map_low(0);

    paging_map(&tables, UNMAPPED, UNMAPPED, PAGE_2M, PTE_P | PTE_W);
    svm_prepare((uint64_t)tables.root, (uint64_t)nested.root | sev_c_bit());
    report_equal("#NPF of a load", svm_run((uint64_t)code_load, UNMAPPED, 0),
                 SVM_EXIT_NPF);
    check_bytes(code_load, 15);
    report_equal("#NPF of a fetch", svm_run((uint64_t)code_jump, UNMAPPED, 0),
                 SVM_EXIT_NPF);
    check_bytes(code_jump, 0);
}

static void check_fault_bytes(void)
{
    prepare(0);
    *field32(VMCB_EXCEPTIONS) |= 1u << TRAP_PF;
    report_equal("#PF of a load", svm_run((uint64_t)code_load, NOT_PRESENT,
                                          0), 0x40 + TRAP_PF);
    check_bytes(code_load, 15);
    if (svm_nested_paging_here()) {
        check_nested_faults();
    }
}

/* The handler of every vector: RCX is the RIP that was pushed. */
SVM_CODE(handler, "mov (%rsp), %rcx; mov %rcx, pushed_rip")
uint64_t pushed_rip;

static void prepare_injection(void)
{
    static struct {
        uint16_t low, selector, flags, middle;
        uint32_t high, reserved;
    } gates[256];
    struct __attribute__((packed)) {
        uint16_t limit;
        uint64_t base;
    } gdtr;
    uint64_t handler = (uint64_t)code_handler;

    for (unsigned i = 0; i < 256; i++) {
        gates[i].low = handler;
        gates[i].middle = handler >> 16;
        gates[i].selector = CODE64;
        gates[i].flags = 0x8e00;
    }
    prepare(0);
    asm volatile("sgdt %0" : "=m" (gdtr));
    *field32(VMCB_GDTR + 4) = gdtr.limit;
    *svm_field(VMCB_GDTR + 8) = gdtr.base;
    *field32(VMCB_IDTR + 4) = sizeof(gates) - 1;
    *svm_field(VMCB_IDTR + 8) = (uint64_t)gates;
}

static void check_injection(const char *text, uint32_t event, uint64_t want)
{
    prepare_injection();
    *svm_field(VMCB_EVENT) = event;
    *svm_field(VMCB_NEXT_RIP) = (uint64_t)code_cpuid + 2;
    pushed_rip = 0;
    report_equal(text, run(code_cpuid), SVM_EXIT_VMMCALL);
    report_equal("its handler returns to there", pushed_rip, want);
}

static void check_injections(void)
{
    uint64_t rip = (uint64_t)code_cpuid;
    uint64_t next = features & EDX_NEXT_RIP ? rip + 2 : rip;

    check_injection("an NMI comes before the next instruction", INJECT_NMI,
                    rip);
    check_injection("INTn comes after its instruction", INJECT_INT(0x81),
                    next);
    check_injection("INT3 comes after its instruction", INJECT_INT3, next);
}

SVM_CODE(lower_tpr, "xor %r10d, %r10d; mov %r10, %cr8")

/* A virtual interrupt that the guest's TPR holds back until it lowers it */
static void check_cr8(void)
{
    prepare(0);
    *field32(VMCB_INTERCEPT_1) |= 1u << 4;
    *svm_field(VMCB_RFLAGS) |= 1u << 9;
    *svm_field(VMCB_INT_CTL) = 0x4full << 32 | 1u << 24 | 4u << 16 | 1u << 8
                               | 0xf;
    report_equal("MOV to CR8 lets a virtual interrupt come",
                 run(code_lower_tpr), EXIT_VINTR);
    report_equal("after the instruction", *svm_field(VMCB_RIP),
                 (uint64_t)code_lower_tpr + 7);
}

void guest_main(void)
{
    if (!svm_here()) {
        report_skip("SVM: this CPU has none");
        return;
    }
    svm_enable();
    memset((void *)MAPS, 0xff, 0x4000);
    features = cpuid_extended(0x8000000au).edx;
    report_info("svm-features", features);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_row(&rows[i]);
    }
    if (features & EDX_DECODE) {
        check_fault_bytes();
    }
    check_injections();
    check_cr8();
}
