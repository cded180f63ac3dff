/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The machine's configuration device.
 */
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

static void outw(uint16_t port, uint16_t value)
{
    asm volatile("outw %0, %1" : : "a" (value), "Nd" (port));
}

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

uint64_t fw_cfg_number(const char *name, uint64_t fallback)
{
    uint16_t selector = 0;
    uint64_t number = 0;
    uint32_t size = 0;
    uint32_t entries;

    outw(PORT_SELECTOR, DIRECTORY);
    for (entries = read_big_endian(4); entries && !selector; entries--) {
        selector = read_entry(name, &size);
    }
    if (!selector) {
        return fallback;
    }
    outw(PORT_SELECTOR, selector);
    while (size--) {
        number = number * 10 + inb(PORT_DATA) - '0';
    }
    return number;
}

bool fw_cfg_dma_read(uint16_t selector, uint64_t physical, uint32_t length,
                     void *control, uint64_t control_physical)
{
    mem32 *word = control;

    word[0] = __builtin_bswap32(selector << 16 | DMA_SELECT | DMA_READ);
    word[1] = __builtin_bswap32(length);
    word[2] = __builtin_bswap32(physical >> 32);
    word[3] = __builtin_bswap32(physical);
    outl(PORT_DMA_HIGH, __builtin_bswap32(control_physical >> 32));
    outl(PORT_DMA_LOW, __builtin_bswap32(control_physical));
    while (__builtin_bswap32(word[0]) & ~DMA_ERROR) {
        cpu_relax();
    }
    return !word[0];
}
