/*
 * SEV formats: bytes as hexadecimal and base64 text
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "text.h"

char *sev_hex(const void *bytes, size_t len)
{
    const uint8_t *byte = bytes;
    GString *hex = g_string_sized_new(2 * len + 1);

    while (len--) {
        g_string_append_printf(hex, "%02x", *byte++);
    }
    return g_string_free(hex, false);
}

ssize_t sev_hex_decode(const char *text, size_t text_len, uint8_t *out,
                       size_t max)
{
    size_t digits = 0;

    for (size_t i = 0; i < text_len; i++) {
        int value = g_ascii_xdigit_value(text[i]);

        if (g_ascii_isspace(text[i])) {
            continue;
        }
        if (value < 0) {
            return -1;
        }
        if (digits / 2 < max) {
            out[digits / 2] = digits % 2 ? out[digits / 2] << 4 | value : value;
        }
        digits++;
    }
    return digits % 2 ? -1 : digits / 2;
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    } else if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    } else if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ssize_t sev_base64_decode(const char *text, size_t text_len, uint8_t *out,
                          size_t max)
{
    size_t len = 0, digits = 0, padding = 0;
    uint32_t bits = 0;

    for (size_t i = 0; i < text_len; i++) {
        int value = base64_value(text[i]);

        if (g_ascii_isspace(text[i])) {
            continue;
        }
        if (text[i] == '=') {
            padding++;
            continue;
        }
        if (value < 0 || padding) {
            return -1;
        }
        bits = bits << 6 | value;
        digits++;
        if (digits % 4 != 1) {
            if (len < max) {
                out[len] = bits >> (2 * (-digits & 3));
            }
            len++;
        }
    }
    return padding <= 2 && (digits + padding) % 4 == 0 ? len : -1;
}
