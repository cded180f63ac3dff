/*
 * DBG_DECRYPT and DBG_ENCRYPT, and whose engine encrypts memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-harness.h"
#include "asp-internal.h"

static void test_dbg(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, 0);
    const AspCommand decrypt = ASP_CMD_DBG_DECRYPT;
    const AspCommand encrypt = ASP_CMD_DBG_ENCRYPT;
    const uint32_t size = 0x14560;
    uint8_t *plain = g_malloc(size);

    memset(plain, 0x5a, size);
    memcpy(ram_at(m, AT_GUEST), plain, size);
    ASSERT_OK(run_dbg(m, encrypt, handle, AT_GUEST, AT_GUEST + 0x18010, size));
    /* Neither plaintext nor the same everywhere */
    g_assert_true(memcmp(ram_at(m, AT_GUEST + 0x18010), plain, 16));
    g_assert_true(memcmp(ram_at(m, AT_GUEST + 0x18010),
                         ram_at(m, AT_GUEST + 0x18020), 16));
    g_assert_true(memcmp(ram_at(m, AT_GUEST + 0x18010),
                         ram_at(m, AT_GUEST + 0x19010), 16));
    memset(ram_at(m, AT_GUEST), 0, size);
    ASSERT_OK(run_dbg(m, decrypt, handle, AT_GUEST + 0x18010, AT_GUEST, size));
    g_assert_cmpmem(ram_at(m, AT_GUEST), size, plain, size);

    ASSERT_STATUS(run_dbg(m, decrypt, handle, AT_GUEST + 1, AT_OUT, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_dbg(m, decrypt, handle, AT_GUEST, AT_OUT + 8, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_dbg(m, decrypt, handle, AT_GUEST, AT_OUT, 0),
                  ASP_INVALID_LENGTH);
    ASSERT_STATUS(run_dbg(m, encrypt, handle, AT_GUEST, AT_OUT, 17),
                  ASP_INVALID_LENGTH);
    ASSERT_STATUS(run_dbg(m, encrypt, handle, AT_GUEST, NOWHERE, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_dbg(m, encrypt, handle, NOWHERE, AT_OUT, 16),
                  ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_dbg(m, decrypt, handle, AT_GUEST, AT_OUT, 0xfffffff0),
                  ASP_INVALID_ADDRESS);
    g_free(plain);
}

/* Nothing is copied when the destination is too short, even by one block. */
static void test_dbg_end(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, 0), len = 2 * ASP_MEM_CHUNK;
    uint64_t last = RAM_BASE + RAM_SIZE - len;
    uint8_t *before = g_memdup2(m->ram, sizeof(m->ram));

    ASSERT_STATUS(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, RAM_BASE, last + 16,
                          len), ASP_INVALID_ADDRESS);
    ASSERT_STATUS(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, last + 16, RAM_BASE,
                          len), ASP_INVALID_ADDRESS);
    g_assert_cmpmem(before, sizeof(m->ram), m->ram, sizeof(m->ram));
    ASSERT_OK(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, RAM_BASE, last, len));
    g_free(before);
}

/* Memory that fails half-way */
static void test_dbg_unsafe(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, 0);

    m->writes_left = 0;
    ASSERT_STATUS(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_GUEST,
                          AT_GUEST + 0x10000, 0x20000), ASP_INVALID_ADDRESS);
    m->writes_left = 1;
    ASSERT_STATUS(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_GUEST,
                          AT_GUEST + 0x10000, 0x20000), ASP_HWERROR_UNSAFE);
}

static void test_nodbg(Machine *m, gconstpointer data)
{
    uint32_t handle = start_guest(m, SEV_POLICY_NODBG);
    uint8_t *before = g_memdup2(m->ram, sizeof(m->ram));

    ASSERT_STATUS(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_GUEST, AT_OUT,
                          16), ASP_POLICY_FAILURE);
    ASSERT_STATUS(run_dbg(m, ASP_CMD_DBG_ENCRYPT, handle, AT_GUEST, AT_OUT,
                          16), ASP_POLICY_FAILURE);
    g_assert_cmpmem(before, sizeof(m->ram), m->ram, sizeof(m->ram));
    g_free(before);
}

/* A front end whose memory encrypts by itself: here, a plain buffer */
typedef struct Engine {
    Machine *m;
    uint8_t vek[SEV_KEY_SIZE];
    uint32_t handle;
    unsigned calls;
} Engine;

static bool engine_read_raw(void *opaque, uint64_t addr, void *buf, size_t len)
{
    return ram_read(((Engine *)opaque)->m, addr, buf, len);
}

static bool engine_write_raw(void *opaque, uint64_t addr, const void *buf,
                             size_t len)
{
    return ram_write(((Engine *)opaque)->m, addr, buf, len);
}

static bool engine_access(Engine *e, uint32_t handle, const uint8_t *vek)
{
    e->calls++;
    e->handle = handle;
    memcpy(e->vek, vek, sizeof(e->vek));
    return true;
}

static bool engine_read(void *opaque, uint32_t handle, const uint8_t *vek,
                        uint64_t addr, void *buf, size_t len)
{
    return engine_access(opaque, handle, vek) &&
           engine_read_raw(opaque, addr, buf, len);
}

static bool engine_write(void *opaque, uint32_t handle, const uint8_t *vek,
                         uint64_t addr, const void *buf, size_t len)
{
    return engine_access(opaque, handle, vek) &&
           engine_write_raw(opaque, addr, buf, len);
}

static void test_engine(Machine *m, gconstpointer data)
{
    static const AspMemory memory = {
        engine_read_raw, engine_write_raw, engine_read, engine_write,
    };
    static const uint8_t zero[SEV_KEY_SIZE];
    Engine e = { .m = m };
    uint32_t handle;

    asp_free(m->asp);
    m->asp = asp_new(m->identity, &memory, &e);
    handle = start_guest(m, 0);
    vector_firmware(ram_at(m, AT_GUEST));
    ASSERT_OK(run_update(m, ASP_CMD_LAUNCH_UPDATE_DATA, handle, AT_GUEST,
                         4096));
    g_assert_cmpuint(e.calls, ==, 1);
    g_assert_cmpuint(e.handle, ==, handle);
    g_assert_true(memcmp(e.vek, zero, sizeof(zero)));
    assert_digest(m, handle, "7486da8f1e13943fae21a0b043f1e996"
                             "40d7d8ebafb25266478b5cddae1272b5");
    ASSERT_OK(run_dbg(m, ASP_CMD_DBG_DECRYPT, handle, AT_GUEST, AT_OUT, 16));
    g_assert_cmpuint(e.calls, ==, 2);
    g_assert_cmpmem(ram_at(m, AT_OUT), 16, ram_at(m, AT_GUEST), 16);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, func) \
    g_test_add("/asp/dbg/" name, Machine, NULL, machine_setup, func, \
               machine_teardown)
    ADD("copy", test_dbg);
    ADD("end", test_dbg_end);
    ADD("unsafe", test_dbg_unsafe);
    ADD("nodbg", test_nodbg);
    ADD("engine", test_engine);
    return g_test_run();
}
