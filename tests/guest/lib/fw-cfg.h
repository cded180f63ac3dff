/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The machine's configuration device: a DMA device that every machine has,
 * and a way to be told something.
 */
#ifndef GUEST_FW_CFG_H
#define GUEST_FW_CFG_H

#include "cpu.h"

#define FW_CFG_SIGNATURE        0x0000      /* "QEMU", then zeroes */
#define FW_CFG_SIGNATURE_WORD   0x554d4551u

/* The selector of the file with this name, and its size; 0: there is none. */
uint16_t fw_cfg_find(const char *name, uint32_t *size);

/* A decimal number given by -fw_cfg name=NAME,string=NUMBER, or @fallback. */
uint64_t fw_cfg_number(const char *name, uint64_t fallback);

/* Memory for one command, which must be shared with the device. */
struct fw_cfg_control {
    mem32 *at;
    uint64_t physical;
};

/*
 * Let the device write @length bytes of item @selector to memory at
 * @physical, or the other way round.  Returns false if it says that it failed
 * or does not come to an end in @seconds.
 */
bool fw_cfg_dma_read(struct fw_cfg_control control, uint16_t selector,
                     uint64_t physical, uint32_t length, unsigned seconds);
bool fw_cfg_dma_write(struct fw_cfg_control control, uint16_t selector,
                      uint64_t physical, uint32_t length, unsigned seconds);

#endif
