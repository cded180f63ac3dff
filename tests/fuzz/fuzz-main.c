/*
 * Run a fuzzer without a fuzzing engine
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 *   NAME [--seed=N] [--runs=N | --run=N] [FILE...]
 *
 * First each FILE is an input; then so many more inputs are made from them
 * and from chance.  Which ones depends on the seed and the number of the run
 * alone, so that a failure can be had again: its number is printed.
 */

#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "fuzz.h"

#define INPUT_MAX 8192

static int seed = 1, runs = 1000, only = -1;
static char where[4096];

/* Say which input it was, with what a signal handler may use */
static void report(void)
{
    ssize_t ignored = write(STDERR_FILENO, where, strlen(where));

    (void)ignored;
}

/* Once only (SA_RESETHAND), so raising it again ends the program. */
static void on_signal(int number)
{
    report();
    raise(number);
}

static void catch_failures(void)
{
    const struct sigaction action = {
        .sa_handler = on_signal, .sa_flags = SA_RESETHAND | SA_NODEFER,
    };

    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(report);
    } else {
        sigaction(SIGSEGV, &action, NULL);
        sigaction(SIGBUS, &action, NULL);
    }
    sigaction(SIGABRT, &action, NULL);
    sigaction(SIGTRAP, &action, NULL);      /* g_error() */
}

static void mutate(GRand *rand, uint8_t *data, size_t len)
{
    int changes = g_rand_int_range(rand, 0, 8);

    while (len && changes--) {
        size_t at = g_rand_int_range(rand, 0, len);

        switch (g_rand_int_range(rand, 0, 3)) {
        case 0:
            data[at] ^= 1 << g_rand_int_range(rand, 0, 8);
            break;
        case 1:
            data[at] = g_rand_int(rand);
            break;
        default:
            data[at] = g_rand_boolean(rand) ? 0 : 0xff;
            break;
        }
    }
}

/* An input from chance, or a known one that is changed, cut or prolonged */
static size_t make_input(GRand *rand, GPtrArray *known, uint8_t *data)
{
    size_t len = g_rand_int_range(rand, 0, 1 << g_rand_int_range(rand, 1, 13));
    size_t copied = 0, i;

    if (known->len && g_rand_int_range(rand, 0, 4)) {
        GBytes *bytes = known->pdata[g_rand_int_range(rand, 0, known->len)];
        const uint8_t *from = g_bytes_get_data(bytes, &copied);

        copied = MIN(copied, INPUT_MAX);
        memcpy(data, from, copied);
        if (g_rand_int_range(rand, 0, 4)) {
            len = copied;
        }
    }
    for (i = copied; i < len; i++) {
        data[i] = g_rand_int(rand);
    }
    mutate(rand, data, len);
    return len;
}

/* An allocation of its own, so that sanitizers see its end */
static void try_input(const uint8_t *data, size_t len)
{
    uint8_t *exact = g_malloc(len + !len);

    memcpy(exact, data, len);
    LLVMFuzzerTestOneInput(exact, len);
    g_free(exact);
}

static void run_number(GPtrArray *known, int number)
{
    GRand *rand = g_rand_new_with_seed_array(
        (const guint32[]) { seed, number }, 2);
    uint8_t data[INPUT_MAX];

    snprintf(where, sizeof(where), "fuzz: failed in --seed=%d --run=%d\n",
             seed, number);
    try_input(data, make_input(rand, known, data));
    g_rand_free(rand);
}

static GPtrArray *run_files(char **names, int count)
{
    GPtrArray *known = g_ptr_array_new_with_free_func(
        (GDestroyNotify)g_bytes_unref);
    GError *err = NULL;
    char *data;
    gsize len;

    for (; count--; names++) {
        if (!g_file_get_contents(*names, &data, &len, &err)) {
            g_error("%s", err->message);
        }
        g_ptr_array_add(known, g_bytes_new_take(data, len));
        snprintf(where, sizeof(where), "fuzz: failed with %s\n", *names);
        if (only < 0) {
            try_input((uint8_t *)data, len);
        }
    }
    return known;
}

int main(int argc, char **argv)
{
    const GOptionEntry options[] = {
        { "seed", 0, 0, G_OPTION_ARG_INT, &seed, "choose inputs", "N" },
        { "runs", 0, 0, G_OPTION_ARG_INT, &runs, "how many inputs", "N" },
        { "run", 0, 0, G_OPTION_ARG_INT, &only, "only this input", "N" },
        { NULL }
    };
    GOptionContext *context = g_option_context_new("[FILE...]");
    GError *err = NULL;
    GPtrArray *known;
    int i;

    g_option_context_add_main_entries(context, options, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &err)) {
        g_printerr("%s\n", err->message);
        return 1;
    }
    g_option_context_free(context);
    catch_failures();
    known = run_files(argv + 1, argc - 1);
    for (i = MAX(only, 0); i < (only < 0 ? runs : only + 1); i++) {
        run_number(known, i);
    }
    printf("%u files, %d runs\n", known->len, only < 0 ? runs : 1);
    g_ptr_array_unref(known);
    return 0;
}
