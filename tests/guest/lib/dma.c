/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The guest around a device driver: the device copies from and to pages that
 * are shared with it, or that somebody forgot to share.
 */
#include "fw-cfg.h"
#include "guest.h"
#include "views.h"

#define SOURCE          (SHARED_BASE + 0x100000)
#define TARGET          (SHARED_BASE + 0x101000)
#define SECRET          (SHARED_BASE + 0x102000)
#define CONTROL         (SHARED_BASE + 0x140000)
#define WRONG_CONTROL   (SHARED_BASE + 0x160000)

#define PATIENCE        30              /* seconds */
#define IMPATIENCE      2               /* where it is not meant to work */

#define WORDS           (dma_device.size / 8)
/* What the host may ask for instead of the checks */
#define FOR_EVER_PRIVATE 1
#define FOR_EVER_SHARED 2

#define SECRET_SEED     0x9c1ce70000000000ull

static bool start(uint64_t control, mem64 *at)
{
    return dma_device.start(device_registers(), control_area(control, at));
}

static void copy(uint64_t to, uint64_t from)
{
    report_true("the device copies", dma_device.copy(to, from, PATIENCE));
}

static void check_shared(void)
{
    fill(shared_view(SOURCE), SHARED_SEED, WORDS);
    fill(shared_view(TARGET), 0, WORDS);
    copy(TARGET, SOURCE);
    report_equal("what went from shared to shared memory is the same",
                 matches(shared_view(TARGET), SHARED_SEED, WORDS), WORDS);
}

/* @other: how many words may be the same in both views */
static void check_private_source(unsigned other)
{
    fill(private_view(SECRET), SECRET_SEED, WORDS);
    copy(TARGET, SECRET);
    report_equal("from private memory the device reads something else",
                 matches(shared_view(TARGET), SECRET_SEED, WORDS), other);
    report_equal("which is what C=0 shows",
                 equal_words(shared_view(TARGET), shared_view(SECRET), WORDS),
                 WORDS);
    report_equal("the private memory is still as it was",
                 matches(private_view(SECRET), SECRET_SEED, WORDS), WORDS);
}

static void check_private_target(unsigned other)
{
    fill(shared_view(SOURCE), SHARED_SEED, WORDS);
    fill(private_view(SECRET), SECRET_SEED, WORDS);
    copy(SECRET, SOURCE);
    report_equal("what the device wrote to private memory is garbage",
                 matches(private_view(SECRET), SHARED_SEED, WORDS), other);
    report_equal("that memory has changed",
                 matches(private_view(SECRET), SECRET_SEED, WORDS), 0);
    report_equal("C=0 shows what it wrote",
                 matches(shared_view(SECRET), SHARED_SEED, WORDS), WORDS);
}

/* Whoever has the ciphertext can put it back. */
static void check_ciphertext(void)
{
    fill(private_view(SECRET), SECRET_SEED, WORDS);
    copy(TARGET, SECRET);
    fill(private_view(SECRET), SHARED_SEED, WORDS);
    copy(SECRET, TARGET);
    report_equal("ciphertext that the device put back is plaintext again",
                 matches(private_view(SECRET), SECRET_SEED, WORDS), WORDS);
}

/* A driver that shares its buffers, but not what describes them. */
static void check_private_control(uint64_t c_bit)
{
    bool works;

    fill(shared_view(SOURCE), SHARED_SEED, WORDS);
    fill(shared_view(TARGET), 0, WORDS);
    works = start(WRONG_CONTROL, private_view(WRONG_CONTROL)) &&
            dma_device.copy(TARGET, SOURCE, IMPATIENCE) &&
            matches(shared_view(TARGET), SHARED_SEED, WORDS) == WORDS;
    report_true("with private descriptors nothing gets through",
                works == !c_bit);
    report_true("after a reset the device gets ready again",
                start(CONTROL, shared_view(CONTROL)));
    check_shared();
}

/*
 * For a host that wants to interrupt the device at its work.  It may take the
 * device away, so it is for the host to say whether an end is right.
 */
static void copy_for_ever(uint64_t address, mem64 *at)
{
    for (uint64_t n = 0; dma_device.copy(address, address, PATIENCE); n++) {
        fill(at, n, WORDS);
        if (n % 64 == 0) {
            report_info("busy", n / 64);
        }
    }
    report_info("device-gone", 1);
    for (;;) {
        asm volatile("hlt");
    }
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();
    unsigned other = c_bit ? 0 : WORDS;

    views_map(PAGE_2M);
    report_info("secret-physical", SECRET);
    if (!start(CONTROL, shared_view(CONTROL))) {
        report_abort("the device does not get ready", 0);
    }
    switch (fw_cfg_number("opt/sev/for-ever", 0)) {
    case FOR_EVER_PRIVATE:
        copy_for_ever(SECRET, private_view(SECRET));
        break;
    case FOR_EVER_SHARED:
        copy_for_ever(SOURCE, shared_view(SOURCE));
        break;
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
