/*
 * SEV guests under TCG: every bare-metal guest on many CPU models
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qobject/qdict.h"
#include "sev/boot.h"

#define ACCEL           "-accel tcg"
#define SEV_OBJECT      "-object sev-guest,id=sev0"
#define DEFAULT_C_BIT   51
#define SEV_STATUS_SEV  1
#define CPUID_EAX_SEV   (1 << 1)

typedef struct Guest {
    const char *name;
    unsigned most;              /* properties on CPU model max */
    unsigned least;             /* on any 64-bit model */
} Guest;

static const Guest guests[] = {
    { "cpuid", 5, 5 },
    { "fetch", 4, 4 },
    { "kernel-hashes", 0, 0 },
    { "memory-code", 5, 5 },
    { "memory-pages", 26, 12 },
    { "memory-stress", 8, 8 },
    { "memory-views", 22, 22 },
    { "msr", 11, 11 },
    { "nested-paging", 37, 0 },
    { "nested-shadow", 15, 0 },
    { "page-walks", 1, 1 },
    { "paging-32bit", 4, 4 },
    { "paging-4level", 109, 73 },
    { "paging-5level", 110, 0 },
    { "paging-pae", 38, 38 },
    { "reserved-bits", 16, 16 },
    { "reset", 1, 1 },
    { "secret", 0, 0 },
    { "shared", 2, 2 },
    { "smm", 3, 3 },
    { "smp", 6, 6 },
    { "views-change", 2, 2 },
};

/* Vendors, generations and widths of an address: 39 to 52 bits. */
static const char *const cpu_models[] = {
    "qemu64", "phenom", "core2duo", "kvm64", "Conroe", "Opteron_G1",
    "Opteron_G5", "Nehalem", "Haswell", "Skylake-Server", "Icelake-Server",
    "SapphireRapids", "EPYC", "EPYC-Milan", "EPYC-Genoa",
};

static SevBoot *boot_with_sev(const char *guest, const char *machine,
                              const char *object, const char *more)
{
    g_autofree char *options =
        g_strdup_printf(ACCEL " -machine %s,memory-encryption=sev0 "
                        SEV_OBJECT "%s %s", machine, object, more);

    return sev_boot(guest, options);
}

static void check_sev_on(const SevBoot *boot, unsigned c_bit)
{
    g_assert_cmphex(sev_boot_info(boot, "sev-status"), ==, SEV_STATUS_SEV);
    g_assert_cmphex(sev_boot_info(boot, "c-bit"), ==, 1ull << c_bit);
}

/* Each guest on each machine. */
static void test_machine(const void *opaque)
{
    const char *machine = opaque;

    for (unsigned i = 0; i < G_N_ELEMENTS(guests); i++) {
        SevBoot *boot = boot_with_sev(guests[i].name, machine, "",
                                      "-cpu max");

        check_sev_on(boot, DEFAULT_C_BIT);
        g_assert_cmpuint(boot->passed, ==, guests[i].most);
        sev_boot_free(boot);
    }
}

/* A model without further options is enough, whatever its phys-bits. */
static void test_cpu_model(const void *opaque)
{
    g_autofree char *option = g_strdup_printf("-cpu %s", (char *)opaque);

    for (unsigned i = 0; i < G_N_ELEMENTS(guests); i++) {
        SevBoot *boot;

        if (!guests[i].most) {
            continue;           /* needs other options to show something */
        }
        boot = boot_with_sev(guests[i].name, "q35", "", option);
        check_sev_on(boot, DEFAULT_C_BIT);
        g_assert_cmpuint(boot->passed, >=, guests[i].least);
        sev_boot_free(boot);
    }
}

/* The C-bit goes where the object says. */
static void test_c_bit(const void *opaque)
{
    unsigned c_bit = GPOINTER_TO_UINT(opaque);
    g_autofree char *object =
        g_strdup_printf(",cbitpos=%u,reduced-phys-bits=5", c_bit);

    for (unsigned i = 0; i < G_N_ELEMENTS(guests); i++) {
        SevBoot *boot = boot_with_sev(guests[i].name, "q35", object,
                                      "-cpu max");

        check_sev_on(boot, c_bit);
        g_assert_cmpuint(boot->passed, ==, guests[i].most);
        sev_boot_free(boot);
    }
}

static void test_cpuid(void)
{
    SevBoot *on = boot_with_sev("cpuid", "q35",
                                ",cbitpos=47,reduced-phys-bits=5",
                                "-cpu EPYC");
    SevBoot *off = sev_boot("cpuid", ACCEL " -machine q35 -cpu EPYC");

    g_assert_cmphex(sev_boot_info(on, "cpuid-sev-eax"), ==, CPUID_EAX_SEV);
    g_assert_cmphex(sev_boot_info(on, "cpuid-sev-ebx"), ==, 47 | 5 << 6);
    g_assert_cmphex(sev_boot_info(on, "cpuid-sev-ecx"), ==, 0);
    g_assert_cmphex(sev_boot_info(on, "cpuid-sev-edx"), ==, 0);
    g_assert_cmphex(sev_boot_info(on, "physical-bits"), ==,
                    sev_boot_info(off, "physical-bits"));
    g_assert_cmphex(sev_boot_info(on, "linear-bits"), ==,
                    sev_boot_info(off, "linear-bits"));
    sev_boot_free(on);
    sev_boot_free(off);
}

/* The same images without SEV: no C-bit, SEV_STATUS 0, nothing else lost. */
static void test_off(const void *opaque)
{
    const char *machine = opaque;
    g_autofree char *options =
        g_strdup_printf(ACCEL " -machine %s -cpu max", machine);

    for (unsigned i = 0; i < G_N_ELEMENTS(guests); i++) {
        SevBoot *boot = sev_boot(guests[i].name, options);

        g_assert_cmphex(sev_boot_info(boot, "sev-status"), ==, 0);
        g_assert_cmphex(sev_boot_info(boot, "c-bit"), ==, 0);
        sev_boot_free(boot);
    }
}

/* Two properties for all, three for each CPU, one for the counter. */
static void test_smp(const void *opaque)
{
    g_autofree char *options =
        g_strdup_printf("-accel tcg,thread=%s -cpu max -smp 4 " SEV_OBJECT
                        " -machine q35,memory-encryption=sev0",
                        (char *)opaque);
    SevBoot *boot = sev_boot("smp", options);
    uint64_t cpus = sev_boot_info(boot, "cpus");

    check_sev_on(boot, DEFAULT_C_BIT);
    g_assert_cmpuint(cpus, ==, 4);
    g_assert_cmpuint(boot->passed, ==, 3 + 3 * cpus);
    sev_boot_free(boot);
}

static void test_pflash(void)
{
    g_autofree char *image = sev_boot_image("paging-4level");
    g_autofree char *options =
        g_strdup_printf(ACCEL " -machine q35,memory-encryption=sev0 "
                        SEV_OBJECT " -cpu max -drive if=pflash,format=raw,"
                        "unit=0,readonly=on,file=%s", image);
    SevBoot *boot = sev_boot_firmware("paging-4level", options);

    check_sev_on(boot, DEFAULT_C_BIT);
    sev_boot_free(boot);
}

/* The newer name of the machine property means the same. */
static void test_confidential_guest_support(void)
{
    SevBoot *boot =
        sev_boot("cpuid", ACCEL " -machine q35,confidential-guest-support=sev0 "
                 SEV_OBJECT " -cpu max");

    check_sev_on(boot, DEFAULT_C_BIT);
    sev_boot_free(boot);
}

/* As the guest's fill() of shared.c */
static void check_filled(const char *file, uint64_t seed)
{
    g_autofree char *content = NULL;
    size_t size;

    g_assert_true(g_file_get_contents(file, &content, &size, NULL));
    g_assert_cmpuint(size, ==, 4096);
    for (unsigned i = 0; i < 512; i++) {
        g_assert_cmphex(ldq_le_p(content + 8 * i), ==,
                        seed + i * 0x0101010101010101ull);
    }
}

/*
 * What the guest shares the host can read: by its physical address, and by
 * its virtual one, for which the monitor walks tables that hold the C-bit.
 */
static void test_shared(void)
{
    SevBoot *boot = boot_with_sev("shared", "q35", "", "-cpu max");
    uint64_t physical = sev_boot_info(boot, "shared-physical");
    uint64_t virtual = sev_boot_info(boot, "shared-virtual");
    g_autofree char *file = g_strdup_printf("%s.page", boot->serial);

    qtest_qmp_assert_success(boot->qts,
                             "{ 'execute': 'pmemsave', 'arguments': "
                             "{ 'val': %" PRIu64 ", 'size': 4096, "
                             "'filename': %s } }", physical, file);
    check_filled(file, 0x5ea5ed0000000000ull);
    unlink(file);
    qtest_qmp_assert_success(boot->qts,
                             "{ 'execute': 'memsave', 'arguments': "
                             "{ 'val': %" PRIu64 ", 'size': 4096, "
                             "'filename': %s } }", virtual, file);
    check_filled(file, 0x5ea5ed0000000000ull);
    unlink(file);
    sev_boot_free(boot);
}

/* Where the monitor sees a page that private tables map. */
static void test_gva2gpa(void)
{
    SevBoot *boot = boot_with_sev("shared", "q35", "", "-cpu max");
    uint64_t virtual = sev_boot_info(boot, "shared-virtual");
    uint64_t physical = sev_boot_info(boot, "shared-physical");
    g_autofree char *answer = qtest_hmp(boot->qts, "gva2gpa 0x%" PRIx64,
                                        virtual);
    g_autofree char *want = g_strdup_printf("gpa: 0x%" PRIx64, physical);

    g_strstrip(answer);
    g_assert_cmpstr(answer, ==, want);
    sev_boot_free(boot);
}

static char *new_file(const void *content, size_t size)
{
    GError *err = NULL;
    char *name;
    int fd = g_file_open_tmp("sev-boot-XXXXXX", &name, &err);

    g_assert_no_error(err);
    g_assert_cmpint(write(fd, content, size), ==, size);
    close(fd);
    return name;
}

/* The least that QEMU takes for a Linux kernel; nothing executes it. */
static void make_kernel(uint8_t *kernel, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        kernel[i] = 7 * i + 3;
    }
    kernel[0x1f1] = 3;                          /* setup_sects */
    memcpy(kernel + 0x202, "HdrS", 4);
    stw_le_p(kernel + 0x206, 0x0202);           /* boot protocol */
    kernel[0x211] = 1;                          /* loaded high */
    stl_le_p(kernel + 0x22c, 0x37ffffff);       /* initrd_addr_max */
}

static void check_hash(const SevBoot *boot, const char *key,
                       const void *content, size_t size)
{
    g_autofree char *want = g_compute_checksum_for_data(G_CHECKSUM_SHA256,
                                                        content, size);
    g_autofree char *got = sev_boot_data(boot, key);

    g_assert_cmpstr(got, ==, want);
}

/* The guest finds the hashes of what -kernel and its friends named. */
static void test_kernel_hashes(void)
{
    static const char initrd[] = "no real initrd";
    static const char cmdline[] = "console=ttyS0";
    uint8_t kernel[16384];
    g_autofree char *initrd_file = new_file(initrd, sizeof(initrd));
    g_autofree char *kernel_file = NULL;
    g_autofree char *options = NULL;
    SevBoot *boot;

    make_kernel(kernel, sizeof(kernel));
    kernel_file = new_file(kernel, sizeof(kernel));
    options = g_strdup_printf("-kernel %s -initrd %s -append %s",
                              kernel_file, initrd_file, cmdline);
    boot = boot_with_sev("kernel-hashes", "q35", ",kernel-hashes=on",
                         options);
    g_assert_cmpuint(boot->passed, ==, 7);
    check_hash(boot, "kernel", kernel, sizeof(kernel));
    check_hash(boot, "initrd", initrd, sizeof(initrd));
    check_hash(boot, "cmdline", cmdline, sizeof(cmdline));
    sev_boot_free(boot);
    unlink(kernel_file);
    unlink(initrd_file);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    qtest_add_data_func("sev/boot/q35", "q35", test_machine);
    qtest_add_data_func("sev/boot/pc", "pc", test_machine);
    qtest_add_data_func("sev/boot/off/q35", "q35", test_off);
    qtest_add_data_func("sev/boot/off/pc", "pc", test_off);
    qtest_add_data_func("sev/boot/c-bit/47", GUINT_TO_POINTER(47),
                        test_c_bit);
    qtest_add_data_func("sev/boot/c-bit/43", GUINT_TO_POINTER(43),
                        test_c_bit);
    for (unsigned i = 0; i < G_N_ELEMENTS(cpu_models); i++) {
        g_autofree char *path = g_strdup_printf("sev/boot/cpu/%s",
                                                cpu_models[i]);

        qtest_add_data_func(path, cpu_models[i], test_cpu_model);
    }
    qtest_add_data_func("sev/boot/smp/multi", "multi", test_smp);
    qtest_add_data_func("sev/boot/smp/single", "single", test_smp);
    qtest_add_func("sev/boot/cpuid", test_cpuid);
    qtest_add_func("sev/boot/pflash", test_pflash);
    qtest_add_func("sev/boot/confidential-guest-support",
                   test_confidential_guest_support);
    qtest_add_func("sev/boot/shared", test_shared);
    qtest_add_func("sev/boot/gva2gpa", test_gva2gpa);
    qtest_add_func("sev/boot/kernel-hashes", test_kernel_hashes);
    return g_test_run();
}
