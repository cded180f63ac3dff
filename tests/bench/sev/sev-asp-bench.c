/*
 * What the software AMD Secure Processor adds to the cryptography it needs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * LAUNCH_UPDATE_DATA over 4 MiB against what it cannot do without: SHA-256 by
 * libgcrypt, and XTS-AES-128 where the library encrypts memory by itself.
 * Both take turns; the ratio of their median CPU times is printed.
 */

#include <glib.h>
#include <gcrypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "asp.h"
#include "memcrypt.h"

#define SIZE    (4 * 1024 * 1024)
#define PAIRS   21
#define ASID    ASP_ASID_MIN_SEV

static uint8_t ram[SIZE], raw[SIZE];

static bool ram_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    memcpy(buf, ram + addr, len);
    return true;
}

static bool ram_write(void *opaque, uint64_t addr, const void *buf, size_t len)
{
    memcpy(ram + addr, buf, len);
    return true;
}

static bool engine_read(void *opaque, uint32_t handle, const uint8_t *vek,
                        uint64_t addr, void *buf, size_t len)
{
    return ram_read(opaque, addr, buf, len);
}

static bool engine_write(void *opaque, uint32_t handle, const uint8_t *vek,
                         uint64_t addr, const void *buf, size_t len)
{
    return ram_write(opaque, addr, buf, len);
}

static const AspMemory with_engine = {
    ram_read, ram_write, engine_read, engine_write,
};
static const AspMemory without_engine = { .read = ram_read,
                                          .write = ram_write };

static void run(Asp *asp, AspCommand id, void *buf, size_t len)
{
    AspStatus status = asp_command(asp, id, buf, len);

    if (status != ASP_SUCCESS) {
        g_error("%s: %s", asp_command_name(id), asp_status_name(status));
    }
}

static void update(Asp *asp, uint32_t handle)
{
    AspCmdLaunchUpdate c = { .handle = handle, .len = GUINT32_TO_LE(SIZE) };

    run(asp, ASP_CMD_LAUNCH_UPDATE_DATA, &c, sizeof(c));
}

/* What nobody can save */
static void bare(bool encrypt)
{
    uint8_t digest[32], key[32] = { 1 }, tweak[16] = {};
    gcry_cipher_hd_t xts;
    size_t at;

    gcry_md_hash_buffer(GCRY_MD_SHA256, digest, raw, SIZE);
    if (!encrypt) {
        return;
    }
    gcry_cipher_open(&xts, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_XTS, 0);
    gcry_cipher_setkey(xts, key, sizeof(key));
    for (at = 0; at < SIZE; at += 4096) {
        gcry_cipher_setiv(xts, tweak, sizeof(tweak));
        gcry_cipher_encrypt(xts, raw + at, 4096, NULL, 0);
    }
    gcry_cipher_close(xts);
}

static double cpu_time(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *figures)
{
    qsort(figures, PAIRS, sizeof(*figures), compare);
    return figures[PAIRS / 2];
}

/* A guest that can be measured, as all commands before have it */
static uint32_t start_guest(Asp *asp)
{
    AspCmdInit init = {};
    AspCmdLaunchStart start = {};
    AspCmdActivate activate = { .asid = GUINT32_TO_LE(ASID) };

    run(asp, ASP_CMD_INIT, &init, sizeof(init));
    run(asp, ASP_CMD_LAUNCH_START, &start, sizeof(start));
    run(asp, ASP_CMD_DF_FLUSH, NULL, 0);
    activate.handle = start.handle;
    run(asp, ASP_CMD_ACTIVATE, &activate, sizeof(activate));
    return start.handle;
}

static void bench(const char *against, const AspMemory *memory, bool encrypt)
{
    AspIdentity *identity = asp_identity_builtin();
    Asp *asp = asp_new(identity, memory, NULL);
    uint32_t handle = start_guest(asp);
    double ours[PAIRS], theirs[PAIRS];
    int i;

    update(asp, handle);
    bare(encrypt);
    for (i = 0; i < PAIRS; i++) {
        double start = cpu_time(), middle;

        update(asp, handle);
        middle = cpu_time();
        bare(encrypt);
        ours[i] = middle - start;
        theirs[i] = cpu_time() - middle;
    }
    printf("asp: LAUNCH_UPDATE_DATA of 4 MiB against libgcrypt's %s: "
           "%.3f (%.1f ms, %.0f MiB/s)\n", against,
           median(ours) / median(theirs), 1000 * median(ours),
           SIZE / median(ours) / (1 << 20));
    asp_free(asp);
    asp_identity_free(identity);
}

/* What the model of encrypted memory cannot do without: one page */
static void bench_page(void)
{
    const uint8_t key[16] = { 1 };
    AspMemCrypt *engine = asp_memcrypt_new(key);
    double times[PAIRS];

    for (int i = 0; i < PAIRS; i++) {
        double start = cpu_time();

        for (uint64_t at = 0; at < SIZE; at += 4096) {
            asp_memcrypt_encrypt(engine, at, raw + at, 4096);
        }
        times[i] = (cpu_time() - start) / (SIZE / 4096);
    }
    printf("page: AES of 4 KiB takes %.2f us\n", 1e6 * median(times));
    asp_memcrypt_free(engine);
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "page")) {
        bench_page();
        return 0;
    }
    memset(ram, 0x5a, sizeof(ram));
    memset(raw, 0x5a, sizeof(raw));
    bench("SHA-256", &with_engine, false);
    bench("SHA-256 and AES-XTS", &without_engine, true);
    return 0;
}
