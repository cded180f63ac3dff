/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The machine's configuration device.
 */
#include "cmos.h"
#include "cpu.h"
#include "fw-cfg.h"

#define PORT_SELECTOR   0x510
#define PORT_DATA       0x511
#define PORT_DMA_HIGH   0x514
#define PORT_DMA_LOW    0x518

#define DIRECTORY       0x0019
#define NAME_SIZE       56

#define DMA_ERROR       (1u << 0)
#define DMA_READ        (1u << 1)
#define DMA_SELECT      (1u << 3)
#define DMA_WRITE       (1u << 4)

static uint64_t read_big_endian(unsigned bytes)
{
    uint64_t value = 0;

    while (bytes--) {
        value = value << 8 | inb(PORT_DATA);
    }
    return value;
}

/* The next entry of the directory; 0 if it has another name. */
static uint16_t read_entry(const char *name, uint32_t *size)
{
    bool same = true;
    uint16_t selector;

    *size = read_big_endian(4);
    selector = read_big_endian(2);
    read_big_endian(2);
    for (int i = 0; i < NAME_SIZE; i++) {
        char c = inb(PORT_DATA);

        same = same && c == *name;
        name += same && c;
    }
    return same ? selector : 0;
}

uint16_t fw_cfg_find(const char *name, uint32_t *size)
{
    uint16_t selector = 0;
    uint32_t entries;

    outw(PORT_SELECTOR, DIRECTORY);
    for (entries = read_big_endian(4); entries && !selector; entries--) {
        selector = read_entry(name, size);
    }
    return selector;
}

uint64_t fw_cfg_number(const char *name, uint64_t fallback)
{
    uint32_t size;
    uint16_t selector = fw_cfg_find(name, &size);
    uint64_t number = 0;

    if (!selector) {
        return fallback;
    }
    outw(PORT_SELECTOR, selector);
    while (size--) {
        number = number * 10 + inb(PORT_DATA) - '0';
    }
    return number;
}

static bool run(struct fw_cfg_control control, uint32_t command,
                uint64_t physical, uint32_t length, unsigned seconds)
{
    struct timer timer = timer_start(seconds);

    control.at[0] = __builtin_bswap32(command);
    control.at[1] = __builtin_bswap32(length);
    control.at[2] = __builtin_bswap32(physical >> 32);
    control.at[3] = __builtin_bswap32(physical);
    outl(PORT_DMA_HIGH, __builtin_bswap32(control.physical >> 32));
    outl(PORT_DMA_LOW, __builtin_bswap32(control.physical));
    while (__builtin_bswap32(control.at[0]) & ~DMA_ERROR) {
        if (timer_expired(&timer)) {
            return false;
        }
    }
    return !control.at[0];
}

bool fw_cfg_dma_read(struct fw_cfg_control control, uint16_t selector,
                     uint64_t physical, uint32_t length, unsigned seconds)
{
    return run(control, selector << 16 | DMA_SELECT | DMA_READ, physical,
               length, seconds);
}

bool fw_cfg_dma_write(struct fw_cfg_control control, uint16_t selector,
                      uint64_t physical, uint32_t length, unsigned seconds)
{
    return run(control, selector << 16 | DMA_SELECT | DMA_WRITE, physical,
               length, seconds);
}
