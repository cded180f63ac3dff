/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pages that become private while a device is still at work on them.  The host
 * holds the requests of the virtio disk up and says by a word in a shared page
 * when it lets them go on.
 */
#include "lib/cmos.h"
#include "lib/guest.h"
#include "lib/views.h"
#include "lib/virtio-blk.h"

const char guest_name[] = "dma-late";

#define READ_BUFFER     (SHARED_BASE + 0x100000)
#define WRITE_BUFFER    (SHARED_BASE + 0x108000)
#define CONTROL         (SHARED_BASE + 0x140000)
#define TOLD            (SHARED_BASE + 0x180000)
#define PAGES           3u              /* of each buffer */
#define PAGE_WORDS      512u
#define WORDS           (PAGES * PAGE_WORDS)
#define PATIENCE        60              /* seconds */

#define READ_PAGE       1               /* of the disk, the first one */
#define WRITE_PAGE      8

#define SECRET_SEED     0x9c1ce70000000000ull
#define PUBLIC_SEED     0x7e57000000000000ull

static void wait_for_host(uint64_t number)
{
    struct timer timer = timer_start(PATIENCE);

    report_info("waits", number);
    while (*shared_view(TOLD) != number) {
        if (timer_expired(&timer)) {
            report_abort("the host says nothing but", *shared_view(TOLD));
        }
    }
}

typedef mem64 *view_of(uint64_t address);

/* The disk's pages are all alike, and so are those of a buffer. */
static void fill_pages(view_of *view, uint64_t buffer, uint64_t seed)
{
    for (unsigned i = 0; i < PAGES; i++) {
        fill(view(buffer + i * VIRTIO_BLK_PAGE), seed, PAGE_WORDS);
    }
}

static unsigned count(view_of *view, uint64_t buffer, uint64_t seed)
{
    unsigned words = 0;

    for (unsigned i = 0; i < PAGES; i++) {
        words += matches(view(buffer + i * VIRTIO_BLK_PAGE), seed,
                         PAGE_WORDS);
    }
    return words;
}

/* The guest takes its buffer back too early and puts a secret there. */
static void take_back(uint64_t buffer)
{
    fill_pages(private_view, buffer, SECRET_SEED);
    report_equal("the pages are private while the device has them",
                 count(private_view, buffer, SECRET_SEED), WORDS);
}

static void check_read(uint64_t c_bit)
{
    fill_pages(shared_view, READ_BUFFER, PUBLIC_SEED);
    wait_for_host(1);
    virtio_blk_read(READ_PAGE, READ_BUFFER, PAGES);
    take_back(READ_BUFFER);
    wait_for_host(2);
    report_true("the disk was read", virtio_blk_wait(PATIENCE));
    report_equal("what came is there with C=0",
                 count(shared_view, READ_BUFFER, SHARED_SEED), WORDS);
    report_equal("with C=1 it is garbage",
                 count(private_view, READ_BUFFER, SHARED_SEED),
                 c_bit ? 0 : WORDS);
    report_equal("and the secret is lost",
                 count(private_view, READ_BUFFER, SECRET_SEED), 0);
}

static void check_write(void)
{
    fill_pages(shared_view, WRITE_BUFFER, PUBLIC_SEED);
    wait_for_host(3);
    virtio_blk_write(WRITE_PAGE, WRITE_BUFFER, PAGES);
    take_back(WRITE_BUFFER);
    wait_for_host(4);
    report_true("the disk was written", virtio_blk_wait(PATIENCE));
    report_equal("the pages are still private",
                 count(private_view, WRITE_BUFFER, SECRET_SEED),
                 WORDS);
}

void guest_main(void)
{
    uint64_t c_bit = sev_c_bit();

    views_map(PAGE_2M);
    *shared_view(TOLD) = 0;
    report_info("told", TOLD);
    report_info("secret-physical", WRITE_BUFFER);
    report_true("the disk gets ready",
                virtio_blk_start(device_registers(),
                                 control_area(CONTROL, shared_view(CONTROL))));
    check_read(c_bit);
    check_write();
}
