/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest around a device driver: the device copies from and to pages that
 * are shared with it, or that somebody forgot to share.
 */
#include "dma.h"
#include "guest.h"
#include "views.h"

#define SOURCE          (SHARED_BASE + 0x100000)
#define TARGET          (SHARED_BASE + 0x101000)
#define SECRET          (SHARED_BASE + 0x102000)
#define CONTROL         (SHARED_BASE + 0x140000)
#define WRONG_CONTROL   (SHARED_BASE + 0x160000)

#define PATIENCE        30              /* seconds */
#define IMPATIENCE      2               /* where it is not meant to work */

#define SHARED_SEED     dma_pattern(0)
#define SECRET_SEED     0x9c1ce70000000000ull

static unsigned words(void)
{
    return dma_device.size / 8;
}

static void copy(uint64_t to, uint64_t from)
{
    report_true("the device copies", dma_device.copy(to, from, PATIENCE));
}

static bool start(mem64 *view, uint64_t control)
{
    return dma_device.start(device_registers(), control_area(view, control));
}

static void check_shared(void)
{
    fill(shared_view(SOURCE), SHARED_SEED, words());
    fill(shared_view(TARGET), 0, words());
    copy(TARGET, SOURCE);
    report_equal("what went from shared to shared memory is the same",
                 matches(shared_view(TARGET), SHARED_SEED, words()), words());
}

/* @other: how many words may be the same in both views */
static void check_private_source(unsigned other)
{
    fill(private_view(SECRET), SECRET_SEED, words());
    copy(TARGET, SECRET);
    report_equal("from private memory the device reads something else",
                 matches(shared_view(TARGET), SECRET_SEED, words()), other);
    report_equal("which is what C=0 shows",
                 equal_words(shared_view(TARGET), shared_view(SECRET),
                             words()),
                 words());
    report_equal("the private memory is still as it was",
                 matches(private_view(SECRET), SECRET_SEED, words()), words());
}

static void check_private_target(unsigned other)
{
    fill(shared_view(SOURCE), SHARED_SEED, words());
    fill(private_view(SECRET), SECRET_SEED, words());
    copy(SECRET, SOURCE);
    report_equal("what the device wrote to private memory is garbage",
                 matches(private_view(SECRET), SHARED_SEED, words()), other);
    report_equal("that memory has changed",
                 matches(private_view(SECRET), SECRET_SEED, words()), 0);
    report_equal("C=0 shows what it wrote",
                 matches(shared_view(SECRET), SHARED_SEED, words()), words());
}

/* Whoever has the ciphertext can put it back. */
static void check_ciphertext(void)
{
    fill(private_view(SECRET), SECRET_SEED, words());
    copy(TARGET, SECRET);
    fill(private_view(SECRET), SHARED_SEED, words());
    copy(SECRET, TARGET);
    report_equal("ciphertext that the device put back is plaintext again",
                 matches(private_view(SECRET), SECRET_SEED, words()), words());
}

/* A driver that shares its buffers, but not what describes them. */
static void check_private_control(uint64_t c_bit)
{
    bool works;

    fill(shared_view(SOURCE), SHARED_SEED, words());
    fill(shared_view(TARGET), 0, words());
    works = start(private_view(WRONG_CONTROL), WRONG_CONTROL) &&
            dma_device.copy(TARGET, SOURCE, IMPATIENCE) &&
            matches(shared_view(TARGET), SHARED_SEED, words()) == words();
    report_true("with private descriptors nothing gets through",
                works == !c_bit);
    report_true("after a reset the device gets ready again",
                start(shared_view(CONTROL), CONTROL));
    check_shared();
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    unsigned other = c_bit ? 0 : words();

    views_map(c_bit);
    report_info("secret-physical", SECRET);
    if (!start(shared_view(CONTROL), CONTROL)) {
        report_abort("the device does not get ready", 0);
    }
    check_shared();
    check_private_target(other);
    if (!dma_device.writes_only) {
        check_private_source(other);
        check_ciphertext();
    }
    if (!dma_device.takes_anything) {
        check_private_control(c_bit);
    }
}
