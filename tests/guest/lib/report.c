/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The serial report.  Bytes go out by single port writes: string I/O would
 * make the host read the guest's memory, which it cannot under SEV.
 */
#include "cpu.h"
#include "report.h"

#define COM1            0x3f8
#define COM1_IER        (COM1 + 1)
#define COM1_FCR        (COM1 + 2)
#define COM1_LCR        (COM1 + 3)
#define COM1_MCR        (COM1 + 4)
#define COM1_LSR        (COM1 + 5)
#define LCR_8N1         0x03
#define LCR_DIVISOR     0x80
#define LSR_THR_EMPTY   0x20

/* isa-debug-exit turns a value V into exit status 2 V + 1. */
#define EXIT_PORT       0xf4
#define EXIT_PASSED     0x10
#define EXIT_FAILED     0x11

static uint32_t looked_at;
static uint32_t failed;

static void put_char(char c)
{
    while (!(inb(COM1_LSR) & LSR_THR_EMPTY)) {
        cpu_relax();
    }
    outb(COM1, c);
}

static void put(const char *s)
{
    while (*s) {
        put_char(*s++);
    }
}

static void put_digits(uint64_t value, int digits)
{
    while (digits--) {
        put_char("0123456789abcdef"[(value >> (digits * 4)) & 15]);
    }
}

static void put_hex(uint64_t value)
{
    int digits = 1;

    while (digits < 16 && value >> (digits * 4)) {
        digits++;
    }
    put("0x");
    put_digits(value, digits);
}

static void put_number(uint32_t value)
{
    if (value >= 10) {
        put_number(value / 10);
    }
    put_char('0' + value % 10);
}

void report_start(const char *name)
{
    outb(COM1_IER, 0);
    outb(COM1_LCR, LCR_DIVISOR);
    outb(COM1, 1);                      /* 115200 baud */
    outb(COM1_IER, 0);
    outb(COM1_LCR, LCR_8N1);
    outb(COM1_FCR, 1);
    outb(COM1_MCR, 3);
    put("guest ");
    put(name);
    put("\n");
}

void report_info(const char *key, uint64_t value)
{
    put("info ");
    put(key);
    put(" ");
    put_hex(value);
    put("\n");
}

void report_data(const char *key, const void *data, size_t size)
{
    const uint8_t *bytes = data;

    put("data ");
    put(key);
    put(" ");
    for (size_t i = 0; i < size; i++) {
        put_digits(bytes[i], 2);
    }
    put("\n");
}

void report_skip(const char *text)
{
    put("skip ");
    put(text);
    put("\n");
}

void report_equal(const char *text, uint64_t got, uint64_t want)
{
    put(got == want ? "ok " : "FAIL ");
    put_number(++looked_at);
    put(" ");
    put(text);
    if (got != want) {
        failed++;
        put(": got ");
        put_hex(got);
        put(", want ");
        put_hex(want);
    }
    put("\n");
}

void report_true(const char *text, bool holds)
{
    report_equal(text, holds, true);
}

static void leave(uint32_t code) __attribute__((noreturn));

static void leave(uint32_t code)
{
    outl(EXIT_PORT, code);
    for (;;) {
        asm volatile("cli; hlt");
    }
}

void report_done(void)
{
    put("done ");
    put_number(looked_at);
    put("\n");
    leave(failed ? EXIT_FAILED : EXIT_PASSED);
}

void report_abort(const char *text, uint64_t value)
{
    put("FAIL ");
    put_number(++looked_at);
    put(" ");
    put(text);
    put(": ");
    put_hex(value);
    put("\ngave-up ");
    put_number(looked_at);
    put("\n");
    leave(EXIT_FAILED);
}
