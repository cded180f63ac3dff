/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What is in memory after a reset.  Shared memory is what it was; whether
 * private memory is depends on the platform: on one that makes a new guest it
 * is the ciphertext of a key that is gone.
 *
 * There are several ways to a reset; opt/sev/way has the number of one.
 */
#include "lib/fw-cfg.h"
#include "lib/guest.h"
#include "lib/views.h"

const char guest_name[] = "reset";

#define WORDS           512
#define RESET_PORT      0xcf9
#define RESET_HARD      0x06
#define KEYBOARD_PORT   0x64
#define KEYBOARD_RESET  0xfe
#define SEED            0x0dd5ec4e70000000ull
#define BOOTED          0x7365742072652d79ull

/* In the shared 2 MiB: a note for the second boot, and saved ciphertext */
#define NOTE            SHARED_BASE
#define SAVED           (SHARED_BASE + 0x1000)

static mem64 *note, *saved, *secret, *raw;

static void map_windows(void)
{
    uint64_t c_bit = sev_c_bit();
    uint64_t window = paging_window(PAGING_4_LEVEL);
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);

    paging_map_identity(&paging, 0x1000000, c_bit);
    paging_map(&paging, window, NOTE, PAGE_4K, PTE_P | PTE_W);
    paging_map(&paging, window + 0x1000, SAVED, PAGE_4K, PTE_P | PTE_W);
    paging_map(&paging, window + 0x2000, PRIVATE_BASE, PAGE_4K,
               PTE_P | PTE_W);
    write_cr3((unsigned long)paging.root | c_bit);
    note = (mem64 *)window;
    saved = (mem64 *)(window + 0x1000);
    raw = (mem64 *)(window + 0x2000);
    secret = (mem64 *)PRIVATE_BASE;
}

/* A fault without a handler, in whose course there are two more */
static void triple_fault(void)
{
    static const struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none;

    asm volatile("lidt %0; ud2" : : "m"(none));
}

static void reset(void)
{
    switch (fw_cfg_number("opt/sev/way", 0)) {
    case 0:
        outb(RESET_PORT, RESET_HARD);
        break;
    case 1:
        outb(KEYBOARD_PORT, KEYBOARD_RESET);
        break;
    case 2:
        triple_fault();
        break;
    }
    for (;;) {
        asm volatile("hlt");
    }
}

static void first_boot(void)
{
    fill(secret, SEED, WORDS);
    for (uint64_t i = 0; i < WORDS; i++) {
        saved[i] = raw[i];
    }
    note[0] = BOOTED;
    settle();
    reset();
}

void guest_main(void)
{
    map_windows();
    if (note[0] != BOOTED) {
        first_boot();
    }
    report_equal("memory seen from outside outlives a reset",
                 equal_words(raw, saved, WORDS), WORDS);
    report_info("old-secret-words", matches(secret, SEED, WORDS));
}
