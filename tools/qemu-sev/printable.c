/*
 * qemu-sev: text that others wrote, on its way to people
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "printable.h"

/* Control and format characters are no g_unichar_isprint(); separators are */
static bool is_harmless(gunichar c)
{
    GUnicodeType type = g_unichar_type(c);

    return g_unichar_isprint(c) && type != G_UNICODE_LINE_SEPARATOR &&
           type != G_UNICODE_PARAGRAPH_SEPARATOR &&
           type != G_UNICODE_PRIVATE_USE;
}

/* Bytes of the character at @text; @harmless: whether it may be printed */
static size_t next_char(const char *text, bool utf8, bool *harmless)
{
    gunichar c;

    if (!(*text & 0x80)) {
        *harmless = g_ascii_isprint(*text);
        return 1;
    }
    c = utf8 ? g_utf8_get_char_validated(text, -1) : (gunichar)-1;
    if (c == (gunichar)-1 || c == (gunichar)-2) {
        *harmless = false;
        return 1;
    }
    *harmless = is_harmless(c);
    return g_unichar_to_utf8(c, NULL);
}

char *tool_printable(const char *text)
{
    GString *line = g_string_new(NULL);
    bool utf8 = g_get_charset(NULL), harmless;

    while (*text) {
        size_t len = next_char(text, utf8, &harmless);

        if (harmless) {
            g_string_append_len(line, text, len);
        } else {
            for (size_t i = 0; i < len; i++) {
                g_string_append_printf(line, "\\x%02x", (uint8_t)text[i]);
            }
        }
        text += len;
    }
    return g_string_free(line, FALSE);
}
