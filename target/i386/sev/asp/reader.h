/*
 * Bounds-checked reading of bytes that somebody else made
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Everything variable that comes from outside goes through an AspReader.
 * Reading past the end gives zeros and NULL and is remembered, so a parser
 * reads all fields first and asks asp_reader_ok() once.
 */

#ifndef I386_SEV_ASP_READER_H
#define I386_SEV_ASP_READER_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct AspReader {
    const uint8_t *next;
    size_t left;
    bool failed;
} AspReader;

static inline AspReader asp_reader(const void *data, size_t len)
{
    return (AspReader) { .next = data, .left = len };
}

/* Whether everything that was asked for was there */
static inline bool asp_reader_ok(const AspReader *r)
{
    return !r->failed;
}

/* The next @len bytes, borrowed; NULL if there are fewer */
static inline const uint8_t *asp_read_ptr(AspReader *r, size_t len)
{
    const uint8_t *p = r->next;

    if (r->failed || len > r->left) {
        r->failed = true;
        r->left = 0;
        return NULL;
    }
    r->next += len;
    r->left -= len;
    return p;
}

static inline void asp_read_bytes(AspReader *r, void *out, size_t len)
{
    const uint8_t *p = asp_read_ptr(r, len);

    if (p) {
        memcpy(out, p, len);
    } else {
        memset(out, 0, len);
    }
}

/* Whether @len bytes are what reserved fields have to be */
static inline bool asp_is_zero(const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len && !*p) {
        p++;
        len--;
    }
    return !len;
}

static inline uint8_t asp_read_u8(AspReader *r)
{
    uint8_t value;

    asp_read_bytes(r, &value, sizeof(value));
    return value;
}

static inline uint32_t asp_read_u32(AspReader *r)
{
    uint32_t value;

    asp_read_bytes(r, &value, sizeof(value));
    return GUINT32_FROM_LE(value);
}

#endif
