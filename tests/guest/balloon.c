/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Pages in a balloon.  The host may take their memory, but not that of an
 * encrypted guest: there a page is as it was when it comes back.
 */
#include "lib/guest.h"
#include "lib/views.h"
#include "lib/virtio.h"

const char guest_name[] = "balloon";

#define PRIVATE_PAGE    (SHARED_BASE + 0x100000)
#define SHARED_PAGE     (SHARED_BASE + 0x101000)
#define CONTROL         (SHARED_BASE + 0x140000)
#define LIST            0x3000          /* of pages, within the control area */
#define WORDS           512u
#define PATIENCE        30              /* seconds */
#define SEED            0x9c1ce70000000000ull

/* Both pages, which are neighbours */
static bool inflate(void)
{
    struct virtio_buffer buffer = { CONTROL + LIST, 8, false };
    mem32 *list = (mem32 *)shared_view(CONTROL + LIST);

    list[0] = PRIVATE_PAGE >> 12;
    list[1] = SHARED_PAGE >> 12;
    virtio_submit(&buffer, 1);
    return virtio_wait(PATIENCE) == 0;
}

void guest_main(void)
{
    mem64 *private = private_view(PRIVATE_PAGE);
    mem64 *shared = shared_view(SHARED_PAGE);

    views_map(PAGE_2M);
    report_true("the balloon gets ready",
                virtio_start(VIRTIO_BALLOON, device_registers(),
                             control_area(CONTROL, shared_view(CONTROL))));
    fill(private, SEED, WORDS);
    fill(shared, SEED, WORDS);
    report_true("it takes the pages", inflate());
    report_info("private-words", matches(private, SEED, WORDS));
    report_info("shared-words", matches(shared, SEED, WORDS));
    fill(private, SEED, WORDS);
    fill(shared, SEED, WORDS);
    report_equal("a private page can be used again",
                 matches(private, SEED, WORDS), WORDS);
    report_equal("a shared page too", matches(shared, SEED, WORDS), WORDS);
}
