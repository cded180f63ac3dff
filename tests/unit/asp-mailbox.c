/*
 * The mailbox of the software AMD Secure Processor on standard input
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 *   usage: asp-mailbox [STATE-FILE]
 *
 * A platform with memory for tests in other languages, without a state file
 * the built-in one; a state file is made if there is none.  Each line is a
 * request and is answered with a line; numbers and bytes are hexadecimal:
 *
 *   cmd ID BUFFER       a mailbox command: "STATUS BUFFER"
 *   write ADDR BYTES    put bytes into memory: "ok"
 *   read ADDR LEN       get them: "BYTES"
 *   ca                  the root, ASK and ARK: "BYTES"
 *   cek                 the CEK as signed by the ASK: "BYTES"
 *   vcek                the key that signs SNP's reports: "X Y", as one number
 *   page ADDR STATE     RMPUPDATE to a state of page_states[]: "ok"
 *   guest-read GCTX ADDR LEN   memory as a guest with SEV-SNP sees it: "BYTES"
 */

#include <stdio.h>
#include "asp-snp-harness.h"
#include "snp-internal.h"

#define LINE_MAX_LEN (4 * RAM_SIZE)

static void print_bytes(const void *data, size_t len)
{
    const uint8_t *p = data;

    while (len--) {
        printf("%02x", *p++);
    }
    putchar('\n');
}

/* The next word as a number */
static uint64_t get_number(char **words)
{
    g_assert_nonnull(*words);
    return g_ascii_strtoull(*words, NULL, 16);
}

/* The next word as bytes, of which there may be none */
static GByteArray *get_bytes(char **words)
{
    GByteArray *bytes = g_byte_array_new();

    if (*words) {
        g_byte_array_set_size(bytes, strlen(*words) / 2);
        unhex(*words, bytes->data, bytes->len);
    }
    return bytes;
}

static void do_cmd(Machine *m, char **words)
{
    uint32_t id = get_number(words);
    GByteArray *buf = get_bytes(words + 1);

    printf("%x ", asp_command(m->asp, id, buf->len ? buf->data : NULL,
                              buf->len));
    print_bytes(buf->data, buf->len);
    g_byte_array_unref(buf);
}

static void do_write(Machine *m, char **words)
{
    GByteArray *bytes = get_bytes(words + 1);

    g_assert_true(ram_write(m, get_number(words), bytes->data, bytes->len));
    g_byte_array_unref(bytes);
    puts("ok");
}

static void do_read(Machine *m, char **words)
{
    uint64_t addr = get_number(words), len = get_number(words + 1);

    g_assert_true(ram_has(addr, len));
    print_bytes(ram_at(m, addr), len);
}

static void do_ca(Machine *m, char **words)
{
    GByteArray *ca = asp_identity_ca(m->identity);

    print_bytes(ca->data, ca->len);
    g_byte_array_unref(ca);
}

static void do_cek(Machine *m, char **words)
{
    SevCert cek;

    asp_identity_signed_cek(m->identity, &cek);
    print_bytes(&cek, sizeof(cek));
}

static void do_vcek(Machine *m, char **words)
{
    uint8_t point[2 * ASP_EC_SIZE];

    asp_snp_vcek(m->asp, point, point + ASP_EC_SIZE);
    print_bytes(point, sizeof(point));
}

static void do_page(Machine *m, char **words)
{
    uint64_t addr = get_number(words), state = get_number(words + 1);

    g_assert_cmpuint(state, <, PAGE_STATES);
    set_page(m, addr, state);
    puts("ok");
}

static void do_guest_read(Machine *m, char **words)
{
    SnpGuest *guest = snp_guest_find(m->asp, get_number(words));
    uint64_t addr = get_number(words + 1), len = get_number(words + 2);
    uint8_t *data = g_malloc(len);

    g_assert_nonnull(guest);
    ASSERT_OK(asp_guest_read(m->asp, &guest->key, addr, data, len));
    print_bytes(data, len);
    g_free(data);
}

static const struct {
    const char *name;
    void (*run)(Machine *m, char **words);
} requests[] = {
    { "cmd", do_cmd }, { "write", do_write }, { "read", do_read },
    { "ca", do_ca }, { "cek", do_cek },
    { "vcek", do_vcek }, { "page", do_page },
    { "guest-read", do_guest_read },
};

static void answer(Machine *m, const char *line)
{
    char **words = g_strsplit(line, " ", 0);
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (!g_strcmp0(words[0], requests[i].name)) {
            requests[i].run(m, words + 1);
            break;
        }
    }
    if (i == G_N_ELEMENTS(requests)) {
        g_error("unknown request '%s'", line);
    }
    g_strfreev(words);
    fflush(stdout);
}

static AspIdentity *get_identity(const char *path)
{
    GError *err = NULL;
    AspIdentity *identity;

    if (!path) {
        return asp_identity_builtin();
    }
    identity = g_file_test(path, G_FILE_TEST_EXISTS)
             ? asp_identity_open(path, &err)
             : asp_identity_create(path, &err);
    if (!identity) {
        g_error("%s", err->message);
    }
    return identity;
}

int main(int argc, char **argv)
{
    Machine *m = machine_new(get_identity(argc > 1 ? argv[1] : NULL));
    char *line = g_malloc(LINE_MAX_LEN);

    while (fgets(line, LINE_MAX_LEN, stdin)) {
        answer(m, g_strchomp(line));
    }
    g_free(line);
    machine_free(m);
    return 0;
}
