/*
 * State files of the software AMD Secure Processor
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "asp-harness.h"
#include "state-file.h"

/* docs/specs/sev-asp-state.rst */
#define SIZE            11828
#define OFF_VERSION     8
#define OFF_SIZE        12
#define OFF_FUSES       16
#define OFF_CHIP_ID     48
#define OFF_CA          112
#define OFF_CEK         3312
#define OFF_FLAGS       5396
#define OFF_OCA         5400
#define OFF_OCA_KEY     7484
#define OFF_PEK         7532
#define OFF_PEK_KEY     9616
#define OFF_PDH         9664
#define OFF_PDH_KEY     11748
#define OFF_CHECKSUM    11796

typedef struct Fixture {
    char *dir, *path;
    uint8_t *bytes;             /* of a good file */
} Fixture;

/* Making a root takes seconds; the built-in one does for most tests. */
static uint8_t good_file[SIZE];

static void make_good_file(void)
{
    AspIdentity *identity = asp_identity_builtin();
    AspState state;

    g_assert_cmpuint(sizeof(state), ==, SIZE);
    asp_state_encode(&identity->chip, &identity->store, &state);
    memcpy(good_file, &state, SIZE);
    asp_identity_free(identity);
}

static void put_file(Fixture *f, const uint8_t *bytes, size_t len)
{
    g_file_set_contents(f->path, (const char *)bytes, len, NULL);
}

static void setup(Fixture *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp("sev-asp-state-XXXXXX", NULL);
    f->path = g_build_filename(f->dir, "platform.state", NULL);
    put_file(f, good_file, SIZE);
    f->bytes = g_memdup2(good_file, SIZE);
}

static void teardown(Fixture *f, gconstpointer data)
{
    g_unlink(f->path);
    g_assert_cmpint(g_rmdir(f->dir), ==, 0);    /* no temporary file left */
    g_free(f->bytes);
    g_free(f->path);
    g_free(f->dir);
}

/* Make the checksum fit what a test did to the rest */
static void seal(uint8_t *bytes)
{
    GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize len = 32;

    g_checksum_update(sum, bytes, OFF_CHECKSUM);
    g_checksum_get_digest(sum, bytes + OFF_CHECKSUM, &len);
    g_checksum_free(sum);
}

static AspIdentity *open_good(Fixture *f)
{
    GError *err = NULL;
    AspIdentity *identity = asp_identity_open(f->path, &err);

    if (!identity) {
        g_error("%s", err->message);
    }
    return identity;
}

static void refuse(Fixture *f, int code, const char *why)
{
    GError *err = NULL;

    g_assert_null(asp_identity_open(f->path, &err));
    if (code >= 0) {
        g_assert_error(err, ASP_IDENTITY_ERROR, code);
    }
    if (!strstr(err->message, why)) {
        g_error("'%s' does not say '%s'", err->message, why);
    }
    g_assert_nonnull(strstr(err->message, f->path));
    g_error_free(err);
}

static void refuse_bytes(Fixture *f, int code, const char *why)
{
    put_file(f, f->bytes, SIZE);
    refuse(f, code, why);
}

/* A new identity: complete, its own, and for nobody else to read */
static void test_create(Fixture *f, gconstpointer data)
{
    SevCert cek;
    struct stat st;
    AspIdentity *created, *opened, *builtin = asp_identity_builtin();
    GByteArray *ca, *builtin_ca = asp_identity_ca(builtin);
    GError *err = NULL;

    g_assert_null(asp_identity_create(f->path, &err));
    g_assert_nonnull(strstr(err->message, "exists"));
    g_clear_error(&err);
    g_unlink(f->path);
    created = asp_identity_create(f->path, &err);
    g_assert_no_error(err);
    g_assert_cmpint(g_stat(f->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0600);
    opened = open_good(f);
    g_assert_cmpmem(&opened->chip, sizeof(opened->chip), &created->chip,
                    sizeof(created->chip));
    g_assert_cmpmem(&opened->store, sizeof(opened->store), &created->store,
                    sizeof(created->store));

    ca = asp_identity_ca(opened);
    g_assert_true(sev_ca_is_emulated(ca->data, ca->len));
    g_assert_true(memcmp(ca->data, builtin_ca->data, ca->len));
    asp_identity_signed_cek(opened, &cek);
    if (!sev_chain_verify(&opened->store.pdh, &opened->store.pek,
                          &opened->store.oca, &cek, ca->data, ca->len, &err)) {
        g_error("%s", err->message);
    }
    g_assert_true(memcmp(opened->chip.id, builtin->chip.id, 64));
    g_byte_array_unref(ca);
    g_byte_array_unref(builtin_ca);
    asp_identity_free(builtin);
    asp_identity_free(created);
    asp_identity_free(opened);
}

static void test_create_fails(Fixture *f, gconstpointer data)
{
    char *path = g_build_filename(f->dir, "no", "such", "folder", NULL);
    GError *err = NULL;

    g_assert_null(asp_identity_create(path, &err));
    g_assert_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_IO);
    g_assert_nonnull(strstr(err->message, path));
    g_error_free(err);
    g_free(path);
}

/* The layout that the documentation promises */
static void test_layout(Fixture *f, gconstpointer data)
{
    AspIdentity *i = open_good(f);
    const uint8_t *b = f->bytes;

    assert_hex(b, 16, "5345562d41535000" "01000000" "342e0000");
    g_assert_cmpmem(b + OFF_FUSES, 32, i->chip.fuse_secret, 32);
    g_assert_cmpmem(b + OFF_CHIP_ID, 64, i->chip.id, 64);
    g_assert_cmpmem(b + OFF_CA, 3200, &i->chip.ca, 3200);
    g_assert_cmpmem(b + OFF_CEK, 2084, &i->chip.cek, 2084);
    assert_hex(b + OFF_FLAGS, 4, "01000000");
    g_assert_cmpmem(b + OFF_OCA, 2084, &i->store.oca, 2084);
    g_assert_cmpmem(b + OFF_OCA_KEY, 48, i->store.oca_key.d, 48);
    g_assert_cmpmem(b + OFF_PEK, 2084, &i->store.pek, 2084);
    g_assert_cmpmem(b + OFF_PEK_KEY, 48, i->store.pek_key.d, 48);
    g_assert_cmpmem(b + OFF_PDH, 2084, &i->store.pdh, 2084);
    g_assert_cmpmem(b + OFF_PDH_KEY, 48, i->store.pdh_key.d, 48);
    seal(f->bytes);
    g_assert_cmpmem(b, SIZE, good_file, SIZE);
    asp_identity_free(i);
}

/* No damaged byte goes unseen */
static void test_corrupt(Fixture *f, gconstpointer data)
{
    size_t offset;

    for (offset = 0; offset < SIZE; offset += offset < 128 ? 1 : 61) {
        f->bytes[offset] ^= 0x01;
        put_file(f, f->bytes, SIZE);
        refuse(f, ASP_IDENTITY_ERROR_FORMAT, "cannot be used");
        f->bytes[offset] ^= 0x01;
    }
}

static void test_length(Fixture *f, gconstpointer data)
{
    uint8_t *more = g_malloc0(SIZE + 4096);
    size_t len;

    memcpy(more, f->bytes, SIZE);
    for (len = 0; len < SIZE; len += len < 128 ? 1 : 499) {
        put_file(f, f->bytes, len);
        refuse(f, ASP_IDENTITY_ERROR_FORMAT, "");
    }
    put_file(f, more, SIZE + 1);
    refuse(f, ASP_IDENTITY_ERROR_FORMAT, "but a state file has 11828");
    put_file(f, more, SIZE + 4096);
    refuse(f, ASP_IDENTITY_ERROR_FORMAT, "but a state file has 11828");
    g_free(more);
}

/* Somebody who can make checksums gets no further. */
static void test_forged(Fixture *f, gconstpointer data)
{
    static const struct {
        size_t offset;
        const char *why;
    } forged[] = {
        { OFF_VERSION, "version" },
        { OFF_SIZE, "cut short" },
        { OFF_FUSES, "CEK certificate is that of another chip" },
        { OFF_CA + 4, "root is not that of an emulated platform" },
        { OFF_CA + 1600 + 4, "root is not that of an emulated platform" },
        { OFF_CA + 0x3d, "root is not that of an emulated platform" },
        { OFF_CEK, "CEK: version" },
        { OFF_CEK + 0x14, "CEK: the public key is not a point" },
        { OFF_FLAGS + 1, "unknown flags 0x" },
        { OFF_OCA + 8, "OCA: key usage" },
        { OFF_OCA_KEY, "private OCA key does not fit" },
        { OFF_PEK + 0x5c, "PEK: the public key is not a point" },
        { OFF_PEK_KEY + 47, "private PEK key does not fit" },
        { OFF_PDH + 0x0c, "PDH: key algorithm" },
        { OFF_PDH_KEY + 20, "private PDH key does not fit" },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(forged); i++) {
        memcpy(f->bytes, good_file, SIZE);
        f->bytes[forged[i].offset] ^= 0x10;
        seal(f->bytes);
        refuse_bytes(f, -1, forged[i].why);
    }
    memcpy(f->bytes, good_file, SIZE);
    memset(f->bytes + OFF_PDH_KEY, 0xff, 48);
    seal(f->bytes);
    refuse_bytes(f, -1, "private PDH key does not fit");
}

static void test_not_a_file(Fixture *f, gconstpointer data)
{
    g_unlink(f->path);
    refuse(f, ASP_IDENTITY_ERROR_IO, "No such file");
    g_mkdir(f->path, 0700);
    refuse(f, ASP_IDENTITY_ERROR_FORMAT, "not a regular file");
    g_rmdir(f->path);
    g_assert_cmpint(mkfifo(f->path, 0600), ==, 0);
    refuse(f, ASP_IDENTITY_ERROR_FORMAT, "not a regular file");
}

/* A platform on the state file of the test */
static Machine *boot(Fixture *f)
{
    Machine *m = machine_new(open_good(f));

    ASSERT_OK(run_init(m, 0));
    return m;
}

static SevCert pdh_of(const Machine *m)
{
    return m->identity->store.pdh;
}

/* What ownership commands change survives the process. */
static void test_persistent(Fixture *f, gconstpointer data)
{
    Machine *m = boot(f);
    SevCert first = pdh_of(m), second;
    struct stat st;

    ASSERT_OK(RUN0(m, PDH_GEN));
    second = pdh_of(m);
    g_assert_true(memcmp(&first, &second, sizeof(first)));
    machine_free(m);
    g_assert_cmpint(g_stat(f->path, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 07777, ==, 0600);

    m = boot(f);
    first = pdh_of(m);
    g_assert_cmpmem(&first, sizeof(first), &second, sizeof(second));
    ASSERT_OK(RUN0(m, PEK_GEN));
    second = m->identity->store.pek;
    machine_free(m);
    m = boot(f);
    g_assert_cmpmem(&m->identity->store.pek, sizeof(second), &second,
                    sizeof(second));

    ASSERT_OK(RUN0(m, SHUTDOWN));
    ASSERT_OK(RUN0(m, PLATFORM_RESET));
    machine_free(m);
    m = machine_new(open_good(f));
    g_assert_false(m->identity->store.valid);
    ASSERT_OK(run_init(m, 0));
    second = pdh_of(m);
    machine_free(m);
    m = boot(f);
    first = pdh_of(m);
    g_assert_cmpmem(&first, sizeof(first), &second, sizeof(second));
    machine_free(m);
}

/* An owner's platform: without the owner's private key, of course */
static void test_external_owner(Fixture *f, gconstpointer data)
{
    AspEcKey key = VECTOR_KEY(OCA);
    AspCmdPekCsr csr = {
        .csr_paddr = GUINT64_TO_LE(AT_OUT),
        .csr_len = GUINT32_TO_LE(SEV_CERT_SIZE),
    };
    AspCmdPekCertImport import = {
        .pek_paddr = GUINT64_TO_LE(AT_OUT),
        .pek_len = GUINT32_TO_LE(SEV_CERT_SIZE),
        .oca_paddr = GUINT64_TO_LE(AT_OUT2),
        .oca_len = GUINT32_TO_LE(SEV_CERT_SIZE),
    };
    Machine *m = boot(f);
    SevCert *oca = (SevCert *)ram_at(m, AT_OUT2);

    ASSERT_OK(RUN(m, PEK_CSR, csr));
    sev_cert_sign((SevCert *)ram_at(m, AT_OUT), 0, SEV_USAGE_OCA, &key);
    sev_cert_init(oca, SEV_USAGE_OCA, &key.pub, 0, 0);
    sev_cert_sign(oca, 0, SEV_USAGE_OCA, &key);
    ASSERT_OK(RUN(m, PEK_CERT_IMPORT, import));
    machine_free(m);

    m = boot(f);
    g_assert_cmpint(platform_status(m).owner, ==, ASP_OWNER_EXTERNAL);
    ASSERT_STATUS(RUN(m, PEK_CERT_IMPORT, import), ASP_ALREADY_OWNED);
    machine_free(m);
}

/* Two processes: the second to write would undo what the first did. */
static void test_conflict(Fixture *f, gconstpointer data)
{
    Machine *a = boot(f), *b = boot(f);
    SevCert before = pdh_of(b), written;

    ASSERT_OK(RUN0(a, PDH_GEN));
    written = pdh_of(a);
    g_assert_null(asp_identity_error(b->identity));
    ASSERT_STATUS(RUN0(b, PDH_GEN), ASP_HWERROR_PLATFORM);
    g_assert_nonnull(strstr(asp_identity_error(b->identity),
                            "another process changed"));
    g_assert_cmpmem(&b->identity->store.pdh, sizeof(before), &before,
                    sizeof(before));
    ASSERT_OK(RUN0(a, PDH_GEN));
    written = pdh_of(a);
    machine_free(b);
    b = boot(f);
    g_assert_cmpmem(&b->identity->store.pdh, sizeof(written), &written,
                    sizeof(written));
    machine_free(a);
    machine_free(b);
}

/* Whether a thread of this process waits for a lock on @ino */
static bool is_waited_for(ino_t ino)
{
    g_autofree char *text = NULL, *node = g_strdup_printf(":%lu ", (long)ino);
    g_auto(GStrv) lines = NULL;
    size_t i;

    g_file_get_contents("/proc/locks", &text, NULL, NULL);
    lines = g_strsplit(text ? text : "", "\n", 0);
    for (i = 0; lines[i]; i++) {
        if (strstr(lines[i], "->") && strstr(lines[i], node)) {
            return true;
        }
    }
    return false;
}

static gpointer generate(gpointer m)
{
    return GINT_TO_POINTER(RUN0((Machine *)m, PDH_GEN));
}

/*
 * Another file takes the place of the state file between open and lock: what
 * is locked then is nobody's any more, and the new one must not be lost.
 */
static void test_replaced(Fixture *f, gconstpointer data)
{
    Machine *m = boot(f);
    char *other = g_build_filename(f->dir, "other.state", NULL);
    int fd = open(f->path, O_RDONLY), i;
    g_autofree char *now = NULL;
    struct stat st;
    GThread *thread;
    gsize len;

    g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
    g_assert_cmpint(fstat(fd, &st), ==, 0);
    f->bytes[OFF_PDH] ^= 1;
    seal(f->bytes);
    g_assert_true(g_file_set_contents(other, (char *)f->bytes, SIZE, NULL));

    thread = g_thread_new("generate", generate, m);
    for (i = 0; i < 10000 && !is_waited_for(st.st_ino); i++) {
        g_usleep(1000);
    }
    g_assert_cmpint(i, <, 10000);
    g_assert_cmpint(rename(other, f->path), ==, 0);
    close(fd);
    ASSERT_STATUS(GPOINTER_TO_INT(g_thread_join(thread)),
                  ASP_HWERROR_PLATFORM);
    g_assert_nonnull(strstr(asp_identity_error(m->identity),
                            "another process changed"));
    g_assert_true(g_file_get_contents(f->path, &now, &len, NULL));
    g_assert_cmpmem(now, len, f->bytes, SIZE);
    machine_free(m);
    g_free(other);
}

/* What cannot be written does not happen. */
static void test_unwritable(Fixture *f, gconstpointer data)
{
    Machine *m = boot(f);
    SevCert before = pdh_of(m);

    g_unlink(f->path);
    ASSERT_STATUS(RUN0(m, PDH_GEN), ASP_HWERROR_PLATFORM);
    ASSERT_STATUS(RUN0(m, PEK_GEN), ASP_HWERROR_PLATFORM);
    g_assert_nonnull(strstr(asp_identity_error(m->identity), "No such file"));
    g_assert_cmpmem(&m->identity->store.pdh, sizeof(before), &before,
                    sizeof(before));
    ASSERT_OK(RUN0(m, SHUTDOWN));
    ASSERT_STATUS(RUN0(m, PLATFORM_RESET), ASP_HWERROR_PLATFORM);
    ASSERT_OK(run_init(m, 0));

    /* INIT that would have to make keys */
    put_file(f, good_file, SIZE);
    ASSERT_OK(RUN0(m, SHUTDOWN));
    ASSERT_OK(RUN0(m, PLATFORM_RESET));
    g_unlink(f->path);
    ASSERT_STATUS(run_init(m, 0), ASP_HWERROR_PLATFORM);
    g_assert_cmpint(platform_status(m).state, ==, ASP_PLATFORM_UNINIT);
    machine_free(m);
}

/* A full disk: the old state stays, and no half of a new one. */
static void test_disk_full(Fixture *f, gconstpointer data)
{
    struct rlimit limit, full;
    const struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction action;
    char *path = g_build_filename(f->dir, "another.state", NULL);
    Machine *m = boot(f);
    AspState *state = g_memdup2(good_file, SIZE);
    GError *err = NULL;

    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    sigaction(SIGXFSZ, &ignore, &action);
    full = limit;
    full.rlim_cur = 1000;
    setrlimit(RLIMIT_FSIZE, &full);
    ASSERT_STATUS(RUN0(m, PDH_GEN), ASP_HWERROR_PLATFORM);
    g_assert_false(asp_state_create(path, state, &err));
    setrlimit(RLIMIT_FSIZE, &limit);
    sigaction(SIGXFSZ, &action, NULL);

    g_assert_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_IO);
    g_assert_nonnull(strstr(asp_identity_error(m->identity), "too large"));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_clear_error(&err);
    machine_free(m);
    m = boot(f);
    g_assert_cmpmem(&m->identity->store.pdh, SEV_CERT_SIZE,
                    good_file + OFF_PDH, SEV_CERT_SIZE);
    machine_free(m);
    g_free(state);
    g_free(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    make_good_file();
#define ADD(name, func) \
    g_test_add("/asp/state/" name, Fixture, NULL, setup, func, teardown)
    ADD("create", test_create);
    ADD("create-fails", test_create_fails);
    ADD("layout", test_layout);
    ADD("corrupt", test_corrupt);
    ADD("length", test_length);
    ADD("forged", test_forged);
    ADD("not-a-file", test_not_a_file);
    ADD("persistent", test_persistent);
    ADD("external-owner", test_external_owner);
    ADD("conflict", test_conflict);
    ADD("replaced", test_replaced);
    ADD("unwritable", test_unwritable);
    ADD("disk-full", test_disk_full);
    return g_test_run();
}
