/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The machine's configuration device: a DMA device that every machine has,
 * and a way to be told something.
 */
#ifndef GUEST_FW_CFG_H
#define GUEST_FW_CFG_H

#include <stdbool.h>
#include <stdint.h>

#define FW_CFG_SIGNATURE        0x0000      /* "QEMU", then zeroes */
#define FW_CFG_SIGNATURE_WORD   0x554d4551u

/* A decimal number given by -fw_cfg name=NAME,string=NUMBER, or @fallback. */
uint64_t fw_cfg_number(const char *name, uint64_t fallback);

/*
 * Let the device write @length bytes of item @selector to memory at
 * @physical.  @control is a page that is mapped as shared memory, at
 * @control_physical.  Returns false if the device says that it failed.
 */
bool fw_cfg_dma_read(uint16_t selector, uint64_t physical, uint32_t length,
                     void *control, uint64_t control_physical);

#endif
