/*
 * How the firmware reaches memory: where a range begins and ends
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-harness.h"
#include "asp-internal.h"

#define RAM_END (RAM_BASE + RAM_SIZE)

static void test_probe(Machine *m, gconstpointer data)
{
    static const struct {
        uint64_t addr;
        size_t len;
        AspStatus status;
    } ranges[] = {
        { RAM_BASE, RAM_SIZE, ASP_SUCCESS },
        { RAM_BASE + 1, RAM_SIZE - 1, ASP_SUCCESS },
        { RAM_END - 1, 1, ASP_SUCCESS },
        { RAM_END, 0, ASP_SUCCESS },
        { NOWHERE, 0, ASP_SUCCESS },
        /* The last byte alone is not memory, or the first */
        { RAM_BASE, RAM_SIZE + 1, ASP_INVALID_ADDRESS },
        { RAM_END - 1, 2, ASP_INVALID_ADDRESS },
        { RAM_END, 1, ASP_INVALID_ADDRESS },
        { RAM_BASE - 1, 2, ASP_INVALID_ADDRESS },
        { RAM_BASE - 1, RAM_SIZE, ASP_INVALID_ADDRESS },
        /* Beyond the last address */
        { UINT64_MAX, 2, ASP_INVALID_ADDRESS },
        { RAM_BASE, SIZE_MAX, ASP_INVALID_ADDRESS },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ranges); i++) {
        g_test_message("0x%" G_GINT64_MODIFIER "x, %zu bytes",
                       ranges[i].addr, ranges[i].len);
        ASSERT_STATUS(asp_mem_probe(m->asp, ranges[i].addr, ranges[i].len),
                      ranges[i].status);
    }
}

/* Nobody promises that memory ends with a page. */
static bool cut_read(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return addr + len <= RAM_END - 1 && ram_read(opaque, addr, buf, len);
}

static void test_probe_cut(Machine *m, gconstpointer data)
{
    const AspMemory memory = { .read = cut_read, .write = ram_write };

    asp_free(m->asp);
    m->asp = asp_new(m->identity, &memory, m);
    ASSERT_OK(asp_mem_probe(m->asp, RAM_BASE, RAM_SIZE - 1));
    ASSERT_STATUS(asp_mem_probe(m->asp, RAM_BASE, RAM_SIZE),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(asp_mem_probe(m->asp, RAM_END - 2, 2), ASP_INVALID_ADDRESS);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) \
    g_test_add("/asp/memory/" name, Machine, NULL, machine_setup, func, \
               machine_teardown)
    ADD("probe", test_probe);
    ADD("probe-cut", test_probe_cut);
    return g_test_run();
}
