/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The configuration device, which keeps 16 bytes for a guest's crash notes: a
 * copy is a write to them and a read of what was written.
 */
#include "lib/dma.h"
#include "lib/fw-cfg.h"
#include "lib/guest.h"

const char guest_name[] = "dma-fw-cfg";

#define SIZE            16

static struct fw_cfg_control control;
static uint16_t notes;

static bool start(mem8 *registers, struct dma_memory memory)
{
    uint32_t size = 0;

    (void)registers;
    control.at = (mem32 *)memory.at;
    control.physical = memory.physical;
    notes = fw_cfg_find("etc/vmcoreinfo", &size);
    return notes && size == SIZE;
}

static bool copy(uint64_t to, uint64_t from, unsigned seconds)
{
    return fw_cfg_dma_write(control, notes, from, SIZE, seconds) &&
           fw_cfg_dma_read(control, notes, to, SIZE, seconds);
}

const struct dma_device dma_device = {
    .size = SIZE, .start = start, .copy = copy, .takes_anything = true,
};
