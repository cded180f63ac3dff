/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What XSAVEC, XSAVES, XRSTORS and the compacted form of XRSTOR refuse.
 */
#include "lib/guest.h"
#include "lib/user.h"
#include "lib/xsave.h"

const char guest_name[] = "xsave-faults";

static uint64_t enabled;

/* A compacted area that is right: all components, in their initial states */
static struct xsave_area *good_area(void)
{
    struct xsave_area *area = xsave_area(0);

    xsave_fill(area, 0);
    area->mxcsr = MXCSR_INIT;
    area->xcomp_bv = enabled | XCOMP_COMPACTED;
    return area;
}

static void refuses(const char *text, xsave_fn instruction,
                    struct xsave_area *area)
{
    struct trap trap = instruction(area, enabled);

    report_equal(text, trap.vector, TRAP_GP);
    report_equal("its error code is 0", trap.error, 0);
}

/* Bits that neither XCR0 nor IA32_XSS enables */
static unsigned accepted_bits(xsave_fn restore, bool in_xstate_bv)
{
    unsigned accepted = 0;

    for (unsigned bit = 0; bit < 63; bit++) {
        struct xsave_area *area = good_area();

        if (enabled >> bit & 1) {
            continue;
        }
        *(in_xstate_bv ? &area->xstate_bv : &area->xcomp_bv) |= 1ull << bit;
        accepted += restore(area, enabled).vector != TRAP_GP;
    }
    return accepted;
}

static unsigned accepted_reserved_bytes(xsave_fn restore)
{
    unsigned accepted = 0;

    for (unsigned at = 16; at < 64; at++) {
        struct xsave_area *area = good_area();

        area->bytes[XSAVE_HEADER + at] = 1;
        accepted += restore(area, enabled).vector != TRAP_GP;
    }
    return accepted;
}

static unsigned accepted_absent_components(xsave_fn restore)
{
    unsigned accepted = 0;

    for (unsigned bit = 0; bit < 63; bit++) {
        struct xsave_area *area = good_area();

        if (enabled >> bit & 1) {
            area->xcomp_bv &= ~(1ull << bit);
            area->xstate_bv = 1ull << bit;
            accepted += restore(area, enabled).vector != TRAP_GP;
        }
    }
    return accepted;
}

static void check_mxcsr(xsave_fn restore)
{
    struct xsave_area *area = good_area(), *after = xsave_area(1);

    xsave_make(after, enabled, 0x21);
    xrstor(after, enabled);
    area->mxcsr = 1u << 16;
    report_equal("a reserved bit of MXCSR is no fault if it is not loaded",
                 restore(area, enabled).vector, TRAP_NONE);
    xsave_make(after, enabled, 0x21);
    xrstor(after, enabled);
    area->xstate_bv = XSTATE_SSE;
    refuses("a reserved bit of MXCSR is refused if it is loaded", restore,
            area);
    xsave_fill(xsave_area(2), 0);
    xsave(xsave_area(2), enabled);
    report_true("a refused area changes nothing",
                xsave_same(after, xsave_area(2), 160, 416)
                && after->mxcsr == xsave_area(2)->mxcsr);
}

static void check_header(xsave_fn restore)
{
    struct xsave_area *area = good_area();

    report_equal("a right header is taken", restore(area, enabled).vector,
                 TRAP_NONE);
    area->xstate_bv = XCOMP_COMPACTED;
    refuses("bit 63 of XSTATE_BV is refused", restore, area);
    report_equal("XCOMP_BV: components that are not enabled are refused",
                 accepted_bits(restore, false), 0);
    report_equal("XSTATE_BV: components that are not enabled are refused",
                 accepted_bits(restore, true), 0);
    report_equal("XSTATE_BV: components that are not in XCOMP_BV are refused",
                 accepted_absent_components(restore), 0);
    report_equal("reserved bytes of the header are refused",
                 accepted_reserved_bytes(restore), 0);
    check_mxcsr(restore);
}

/* The standard format's XCOMP_BV is 0, whether there is another or not. */
static void check_standard_header(void)
{
    struct xsave_area *area = good_area();

    area->xcomp_bv = enabled;
    refuses("XRSTOR refuses XCOMP_BV without bit 63", xrstor, area);
    area->xcomp_bv = 0;
    area->reserved[0] = 1;
    refuses("XRSTOR refuses reserved bytes of the standard form", xrstor,
            area);
}

static void check_environment(const char *name, xsave_fn instruction)
{
    struct xsave_area *area = good_area();

    report_info(name, 0);
    refuses("an area that is not aligned is refused", instruction,
            (struct xsave_area *)&area->bytes[8]);
    write_cr0(read_cr0() | CR0_TS);
    report_equal("CR0.TS makes it unavailable",
                 instruction(area, enabled).vector, TRAP_NM);
    write_cr0(read_cr0() & ~CR0_TS);
    write_cr4(read_cr4() & ~CR4_OSXSAVE);
    report_equal("without CR4.OSXSAVE it is undefined",
                 instruction(area, enabled).vector, TRAP_UD);
    write_cr4(read_cr4() | CR4_OSXSAVE);
}

/* 0F C7 with this reg field, behind a prefix; 0: none */
static struct trap run_at_cpl_3(uint8_t prefix, unsigned reg)
{
    uint8_t code[] = { prefix ?: 0x90, 0x0f, 0xc7, 0x07 | reg << 3 };

    return user_run(code, sizeof(code), (struct user_registers) {
        .rax = enabled, .rdi = (unsigned long)good_area(),
    });
}

static void check_encodings(unsigned reg)
{
    static const uint8_t prefixes[] = { 0x66, 0xf0, 0xf2, 0xf3 };
    unsigned wrong = 0;

    for (unsigned i = 0; i < sizeof(prefixes); i++) {
        wrong += run_at_cpl_3(prefixes[i], reg).vector != TRAP_UD;
    }
    report_equal("prefixes make it undefined", wrong, 0);
}

static void check_xsavec(bool has)
{
    struct xsave_area *area = good_area();

    if (!has) {
        report_equal("XSAVEC is undefined", xsavec(area, enabled).vector,
                     TRAP_UD);
        refuses("XRSTOR refuses a compacted area", xrstor, area);
        return;
    }
    check_environment("xsavec", xsavec);
    check_environment("xrstor", xrstor);
    check_header(xrstor);
    check_encodings(4);
    report_equal("XSAVEC works at CPL 3", run_at_cpl_3(0, 4).vector,
                 TRAP_NONE);
}

static void check_xss(void)
{
    struct cpuid supported = cpuid(CPUID_XSAVE, 1);
    uint64_t bits = supported.ecx | (uint64_t)supported.edx << 32;
    uint64_t value = ~0ull;
    unsigned wrong = 0;

    report_equal("IA32_XSS can be read", trap_rdmsr(MSR_XSS, &value).vector,
                 TRAP_NONE);
    report_equal("it is 0 at first", value, 0);
    for (unsigned bit = 0; bit < 64; bit++) {
        int want = bits >> bit & 1 ? TRAP_NONE : TRAP_GP;

        wrong += trap_wrmsr(MSR_XSS, 1ull << bit).vector != want;
    }
    report_equal("it takes the bits of CPUID and refuses others", wrong, 0);
    report_equal("it takes 0", trap_wrmsr(MSR_XSS, 0).vector, TRAP_NONE);
}

static void check_xsaves(bool has)
{
    struct xsave_area *area = good_area();
    uint64_t value;

    if (!has) {
        report_equal("XSAVES is undefined", xsaves(area, enabled).vector,
                     TRAP_UD);
        report_equal("XRSTORS is undefined", xrstors(area, enabled).vector,
                     TRAP_UD);
        report_equal("IA32_XSS cannot be read",
                     trap_rdmsr(MSR_XSS, &value).vector, TRAP_GP);
        report_equal("IA32_XSS cannot be written",
                     trap_wrmsr(MSR_XSS, 0).vector, TRAP_GP);
        return;
    }
    check_environment("xsaves", xsaves);
    check_environment("xrstors", xrstors);
    check_header(xrstors);
    area = good_area();
    area->xcomp_bv = 0;
    refuses("XRSTORS refuses the standard format", xrstors, area);
    check_encodings(3);
    check_encodings(5);
    report_equal("XSAVES is refused at CPL 3", run_at_cpl_3(0, 5).vector,
                 TRAP_GP);
    report_equal("XRSTORS is refused at CPL 3", run_at_cpl_3(0, 3).vector,
                 TRAP_GP);
    check_xss();
}

void guest_main(void)
{
    uint32_t features;

    enabled = xsave_start();
    if (!enabled) {
        report_skip("XSAVE: the CPU has none");
        return;
    }
    features = xsave_features();
    report_info("xsave-features", features);
    check_standard_header();
    check_xsavec(features & XSAVE_EAX_XSAVEC);
    check_xsaves(features & XSAVE_EAX_XSAVES);
}
