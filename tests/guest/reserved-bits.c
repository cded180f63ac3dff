/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The C-bit is no reserved bit, its neighbours still are.
 */
#include "lib/guest.h"
#include "lib/paging.h"

const char guest_name[] = "reserved-bits";

#define WINDOW          (paging_window(PAGING_4_LEVEL))
#define WINDOW_PTR      ((mem32 *)WINDOW)

static uint64_t c_bit;

static struct paging new_tables(void)
{
    struct paging paging = paging_new(PAGING_4_LEVEL, c_bit);

    paging_map_identity(&paging, 0x1000000, c_bit);
    return paging;
}

/*
 * An address bit that no physical address has.  Where the CPU is less wide
 * than its host, nested paging would not see it as reserved: on hardware run
 * this with the host's width.
 */
static uint64_t reserved_bit(void)
{
    for (int bit = 51; bit >= (int)sev_physical_bits(); bit--) {
        if (1ull << bit != c_bit) {
            return 1ull << bit;
        }
    }
    return 0;
}

/* What has a reserved bit is present. */
static void check_fault(const char *text, struct trap trap, uint32_t error)
{
    report_equal(text, trap.vector, TRAP_PF);
    report_equal("... with the RSVD error code",
                 trap.error, error | PF_PRESENT);
    report_equal("... and the address in CR2", trap.address, WINDOW);
}

/* A 4K leaf, then the table above it, with a bit too many. */
static void check_reserved(uint64_t bit)
{
    struct paging paging = new_tables();
    uint64_t *leaf = paging_map(&paging, WINDOW, PRIVATE_BASE, PAGE_4K,
                                PTE_P | PTE_W | c_bit | bit);
    uint64_t *node = &paging.root[(WINDOW >> 39) & 511];
    unsigned long before = read_cr3();
    uint32_t value;

    write_cr3((unsigned long)paging.root);
    check_fault("reading by a leaf with a reserved bit raises #PF",
                trap_load(WINDOW_PTR, &value), PF_RSVD);
    check_fault("writing by a leaf with a reserved bit raises #PF",
                trap_store(WINDOW_PTR, 0), PF_RSVD | PF_WRITE);
    *leaf &= ~bit;
    invlpg(WINDOW);
    report_equal("the leaf without it is valid",
                 trap_load(WINDOW_PTR, &value).vector, TRAP_NONE);
    *node |= bit;
    write_cr3((unsigned long)paging.root);
    check_fault("a table entry with a reserved bit raises #PF",
                trap_load(WINDOW_PTR, &value), PF_RSVD);
    write_cr3(before);
}

/* Bits 20:13 of a 2M leaf are reserved whatever the address width. */
static void check_large(void)
{
    struct paging paging = new_tables();
    unsigned long before = read_cr3();
    uint32_t value;

    paging_map(&paging, WINDOW, PRIVATE_BASE, PAGE_2M,
               PTE_P | PTE_W | c_bit | 1u << 13);
    write_cr3((unsigned long)paging.root);
    check_fault("a 2M leaf with address bit 13 raises #PF",
                trap_load(WINDOW_PTR, &value), PF_RSVD);
    write_cr3(before);
}

static void check_cr3(void)
{
    unsigned long before = read_cr3();

    report_equal("CR3 takes the C-bit",
                 trap_write_cr3(before | c_bit).vector, TRAP_NONE);
    report_equal("CR3 keeps the C-bit", read_cr3(), before | c_bit);
    report_equal("CR3 without it again",
                 trap_write_cr3(before & ~c_bit).vector, TRAP_NONE);
    write_cr3(before);
}

void guest_main(void)
{
    uint64_t reserved;

    c_bit = sev_c_bit();
    reserved = reserved_bit();
    if (reserved) {
        report_info("reserved", reserved);
        check_reserved(reserved);
    } else {
        report_skip("reserved address bits: this CPU has none");
    }
    check_large();
    check_cr3();
}
