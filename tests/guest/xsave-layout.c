/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Where XSAVEC and XSAVES put each component, what they leave out, and what
 * XRSTOR and XRSTORS make of it: compared with XSAVE and the standard form of
 * XRSTOR, for all combinations of components.
 */
#include "lib/guest.h"
#include "lib/xsave.h"

const char guest_name[] = "xsave-layout";

#define UNTOUCHED   0x5a
#define SEED_A      0x10
#define SEED_B      0x61

static uint64_t enabled;

/* The next subset of @set after @subset; 0 again after the last one */
static uint64_t next_subset(uint64_t subset, uint64_t set)
{
    return (subset - set) & set;
}

static void set_state(uint64_t which, uint8_t seed)
{
    xsave_make(xsave_area(0), which, seed);
    xrstor(xsave_area(0), enabled);
}

static void copy(struct xsave_area *to, unsigned to_offset,
                 const struct xsave_area *from, unsigned offset, unsigned size)
{
    for (unsigned i = 0; i < size; i++) {
        to->bytes[to_offset + i] = from->bytes[offset + i];
    }
}

/*
 * The compacted area for components @rfbm, of which only @saved are written,
 * from the standard area of the same state.
 */
static void make_compacted(struct xsave_area *to,
                           const struct xsave_area *standard,
                           uint64_t rfbm, uint64_t saved)
{
    xsave_fill(to, UNTOUCHED);
    if (saved & XSTATE_X87) {
        copy(to, 0, standard, 0, 24);
        copy(to, 32, standard, 32, 128);
    }
    if (saved & XSTATE_SSE) {
        copy(to, 24, standard, 24, 8);
        copy(to, 160, standard, 160, 256);
    }
    for (unsigned bit = 2; bit < 63; bit++) {
        if (saved >> bit & 1) {
            copy(to, xsave_compacted_offset(rfbm, bit), standard,
                 xsave_standard_offset(bit), xsave_component_size(bit));
        }
    }
    to->xstate_bv = saved;
    to->xcomp_bv = rfbm | XCOMP_COMPACTED;
}

/* Each set of components, all of them in use; returns how many are wrong. */
static unsigned wrong_layouts(xsave_fn save)
{
    struct xsave_area *standard = xsave_area(1), *want = xsave_area(2);
    struct xsave_area *got = xsave_area(3);
    uint64_t rfbm = 0;
    unsigned wrong = 0;

    set_state(enabled, SEED_A);
    xsave_fill(standard, UNTOUCHED);
    xsave(standard, enabled);
    do {
        make_compacted(want, standard, rfbm, rfbm);
        xsave_fill(got, UNTOUCHED);
        save(got, rfbm);
        wrong += !xsave_same(got, want, 0, XSAVE_ROOM);
        rfbm = next_subset(rfbm, enabled);
    } while (rfbm);
    return wrong;
}

/* Each set of components in use, all asked for */
static unsigned wrong_optimisations(xsave_fn save)
{
    struct xsave_area *standard = xsave_area(1), *want = xsave_area(2);
    struct xsave_area *got = xsave_area(3);
    uint64_t used = 0;
    unsigned wrong = 0;

    do {
        set_state(used, SEED_A);
        xsave_fill(standard, UNTOUCHED);
        xsave(standard, enabled);
        make_compacted(want, standard, enabled, used);
        xsave_fill(got, UNTOUCHED);
        save(got, enabled);
        wrong += !xsave_same(got, want, 0, XSAVE_ROOM);
        used = next_subset(used, enabled);
    } while (used);
    return wrong;
}

/* Nothing but MXCSR differs from the initial state. */
static bool mxcsr_alone_is_saved(xsave_fn save)
{
    struct xsave_area *area = xsave_area(3);

    xsave_make(xsave_area(0), 0, 0);
    xsave_area(0)->mxcsr = MXCSR_INIT | 1;
    xrstor(xsave_area(0), enabled);
    xsave_fill(area, UNTOUCHED);
    save(area, enabled);
    return area->xstate_bv == XSTATE_SSE && area->mxcsr == (MXCSR_INIT | 1)
           && area->bytes[160] == 0;
}

static void check_save(xsave_fn save)
{
    report_equal("each set of components lies where its layout says",
                 wrong_layouts(save), 0);
    report_equal("components in their initial state are left out",
                 wrong_optimisations(save), 0);
    report_true("MXCSR alone counts as SSE state",
                mxcsr_alone_is_saved(save));
    xsave_fill(xsave_area(3), UNTOUCHED);
    save(xsave_area(3), ~0ull);
    report_equal("components that are not enabled are no fault, nor saved",
                 xsave_area(3)->xcomp_bv, enabled | XCOMP_COMPACTED);
}

/*
 * What must come of state A when components @rfbm are loaded from a compacted
 * area of state B that says @xstate_bv: the same by the standard form.
 */
static void expect_state(uint64_t rfbm, uint64_t xstate_bv,
                         struct xsave_area *state)
{
    struct xsave_area *area = xsave_area(4);
    const struct xsave_area *b = xsave_area(1);

    xsave_make(area, enabled, SEED_A);
    area->xstate_bv = (enabled & ~rfbm) | (rfbm & xstate_bv);
    if (rfbm & XSTATE_X87) {
        copy(area, 0, b, 0, 24);
        copy(area, 32, b, 32, 128);
    }
    if (rfbm & XSTATE_SSE) {
        copy(area, 160, b, 160, 256);
        area->mxcsr = xstate_bv & XSTATE_SSE ? b->mxcsr : MXCSR_INIT;
    }
    for (unsigned bit = 2; bit < 63; bit++) {
        if (rfbm >> bit & 1) {
            unsigned at = xsave_standard_offset(bit);

            copy(area, at, b, at, xsave_component_size(bit));
        }
    }
    xrstor(area, enabled);
    xsave_fill(state, 0);
    xsave(state, enabled);
}

static bool restores(xsave_fn restore, struct xsave_area *compacted,
                     uint64_t rfbm)
{
    struct xsave_area *want = xsave_area(5), *got = xsave_area(6);

    expect_state(rfbm, compacted->xstate_bv, want);
    set_state(enabled, SEED_A);
    if (restore(compacted, rfbm).vector != TRAP_NONE) {
        return false;
    }
    xsave_fill(got, 0);
    xsave(got, enabled);
    return xsave_same(got, want, 0, XSAVE_HEADER)
           && xsave_same(got, want, XSAVE_EXTENDED, XSAVE_ROOM);
}

/* Some sets to ask for: all, none, each alone */
static unsigned wrong_restores_of(xsave_fn restore, struct xsave_area *area)
{
    unsigned wrong = !restores(restore, area, enabled)
                     + !restores(restore, area, 0);

    for (unsigned bit = 0; bit < 63; bit++) {
        if (enabled >> bit & 1) {
            wrong += !restores(restore, area, 1ull << bit);
        }
    }
    return wrong;
}

/* Each layout with each set of components that are not initial in it */
static unsigned wrong_restores(xsave_fn restore)
{
    struct xsave_area *b = xsave_area(1), *area = xsave_area(3);
    uint64_t layout = 0, present = 0;
    unsigned wrong = 0;

    xsave_make(b, enabled, SEED_B);
    do {
        do {
            make_compacted(area, b, layout, layout);
            memset(area->reserved, 0, sizeof(area->reserved));
            area->xstate_bv = present;
            wrong += wrong_restores_of(restore, area);
            present = next_subset(present, layout);
        } while (present);
        layout = next_subset(layout, enabled);
    } while (layout);
    return wrong;
}

static void check_sizes(void)
{
    uint64_t xcr0 = 0;
    unsigned wrong = 0, looked_at = 0;

    do {
        if (xsetbv(0, xcr0).vector == TRAP_NONE) {
            looked_at++;
            wrong += cpuid(CPUID_XSAVE, 1).ebx != xsave_compacted_size(xcr0);
        }
        xcr0 = next_subset(xcr0, enabled);
    } while (xcr0);
    xsetbv(0, enabled);
    report_true("XCR0 takes more than one set of components", looked_at > 1);
    report_equal("CPUID says the compacted size of what XCR0 enables", wrong,
                 0);
}

static void check_in_use(void)
{
    uint64_t used = 0;
    unsigned wrong = 0;

    do {
        set_state(used, SEED_B);
        wrong += xgetbv(1) != used;
        used = next_subset(used, enabled);
    } while (used);
    report_equal("XGETBV tells which components are in use", wrong, 0);
}

void guest_main(void)
{
    uint32_t features;

    enabled = xsave_start();
    features = enabled ? xsave_features() : 0;
    report_info("xcr0", enabled);
    report_info("xsave-features", features);
    if (!(features & XSAVE_EAX_XSAVEC)) {
        report_skip("compacted format: the CPU has no XSAVEC");
        return;
    }
    check_sizes();
    check_save(xsavec);
    report_equal("XRSTOR loads each compacted area", wrong_restores(xrstor),
                 0);
    if (features & XSAVE_EAX_XSAVES) {
        check_save(xsaves);
        report_equal("XRSTORS loads each compacted area",
                     wrong_restores(xrstors), 0);
    }
    if (features & XSAVE_EAX_XGETBV1) {
        check_in_use();
    }
}
