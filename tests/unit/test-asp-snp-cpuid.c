/*
 * SEV-SNP: what a CPUID page may hold
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "asp-snp-harness.h"

/* Entries as a hypervisor makes them; XSAVE is for x87 and SSE only */
static const SnpCpuidEntry good[] = {
    { .eax_in = GUINT32_TO_LE(0), .eax = GUINT32_TO_LE(0xd) },
    { .eax_in = GUINT32_TO_LE(1), .ecx = GUINT32_TO_LE(0xfedf3203) },
    { .eax_in = GUINT32_TO_LE(7), .ebx = GUINT32_TO_LE(0x219c01a9) },
    { .eax_in = GUINT32_TO_LE(0xd), .xcr0_in = GUINT64_TO_LE(1),
      .eax = GUINT32_TO_LE(7), .ebx = GUINT32_TO_LE(0x240) },
    { .eax_in = GUINT32_TO_LE(0xd), .ecx_in = GUINT32_TO_LE(1),
      .xcr0_in = GUINT64_TO_LE(1), .ebx = GUINT32_TO_LE(0x240) },
    { .eax_in = GUINT32_TO_LE(0xd), .ecx_in = GUINT32_TO_LE(2),
      .eax = GUINT32_TO_LE(0x100), .ebx = GUINT32_TO_LE(0x240) },
    { .eax_in = GUINT32_TO_LE(0xd), .ecx_in = GUINT32_TO_LE(9),
      .eax = GUINT32_TO_LE(8), .ebx = GUINT32_TO_LE(0xa80) },
    { .eax_in = GUINT32_TO_LE(0xd), .ecx_in = GUINT32_TO_LE(11),
      .eax = GUINT32_TO_LE(0x10), .ecx = GUINT32_TO_LE(3) },
    { .eax_in = GUINT32_TO_LE(0x80000008), .ebx = GUINT32_TO_LE(0x200) },
};

enum { FEATURES = 1, EXTENDED, XSAVE, XSAVE_COMPACT, EXTENDED_AMD = 8 };

static SnpCpuidPage *good_page(void)
{
    SnpCpuidPage *page = g_new0(SnpCpuidPage, 1);

    page->count = GUINT32_TO_LE(G_N_ELEMENTS(good));
    memcpy(page->entries, good, sizeof(good));
    return page;
}

/* @page is refused, and becomes good */
static void assert_corrected(SnpCpuidPage *page, const GArray *refused)
{
    SnpCpuidPage *expected = good_page();

    ASSERT_STATUS(snp_cpuid_check(page, refused), ASP_INVALID_PARAM);
    g_assert_cmpmem(page, sizeof(*page), expected, sizeof(*expected));
    ASSERT_OK(snp_cpuid_check(page, refused));
    g_free(expected);
    g_free(page);
}

static void test_good(void)
{
    SnpCpuidPage *page = good_page(), *same = good_page();

    ASSERT_OK(snp_cpuid_check(page, NULL));
    g_assert_cmpmem(page, sizeof(*page), same, sizeof(*same));
    memset(page, 0, sizeof(*page));
    ASSERT_OK(snp_cpuid_check(page, NULL));
    page->count = GUINT32_TO_LE(SNP_CPUID_MAX);
    ASSERT_OK(snp_cpuid_check(page, NULL));
    g_free(page);
    g_free(same);
}

static void test_header(void)
{
    SnpCpuidPage *page = good_page();

    page->reserved = 1;
    assert_corrected(page, NULL);
    page = good_page();
    page->reserved2 = GUINT64_TO_LE(1ull << 63);
    assert_corrected(page, NULL);
    page = good_page();
    page->entries[3].reserved = 1;
    assert_corrected(page, NULL);

    page = good_page();
    page->count = GUINT32_TO_LE(65);
    ASSERT_STATUS(snp_cpuid_check(page, NULL), ASP_INVALID_PARAM);
    g_assert_cmpuint(GUINT32_FROM_LE(page->count), ==, 64);
    page->count = 0xffffffff;
    ASSERT_STATUS(snp_cpuid_check(page, NULL), ASP_INVALID_PARAM);
    g_free(page);
}

/* Features that no guest with SEV-SNP has, several at a time */
static void test_never(void)
{
    SnpCpuidPage *page = good_page();

    page->entries[FEATURES].ecx |= GUINT32_TO_LE(1u << 24);
    page->entries[EXTENDED].ebx |= GUINT32_TO_LE(1u << 1);
    page->entries[EXTENDED].edx |= GUINT32_TO_LE(0xfc000000);
    page->entries[EXTENDED_AMD].ebx |= GUINT32_TO_LE(1u << 25);
    assert_corrected(page, NULL);

    /* In another subleaf these bits mean something else. */
    page = good_page();
    page->entries[EXTENDED].ecx_in = GUINT32_TO_LE(1);
    page->entries[EXTENDED].edx |= GUINT32_TO_LE(0xfc000000);
    ASSERT_OK(snp_cpuid_check(page, NULL));
    g_free(page);
}

static void test_refused(void)
{
    const AspCpuidBits bits[] = {
        { 0, 0, ASP_CPUID_EAX, 0x100 },
        { 7, 0, ASP_CPUID_EBX, 0x40000000 },
        { 7, 0, ASP_CPUID_ECX, 0x3 },
        { 0x80000008, 0, ASP_CPUID_EDX, 0x80 },
    };
    GArray *refused = g_array_new(false, false, sizeof(bits[0]));
    SnpCpuidPage *page = good_page();

    g_array_append_vals(refused, bits, G_N_ELEMENTS(bits));
    ASSERT_OK(snp_cpuid_check(page, refused));
    page->entries[0].eax |= GUINT32_TO_LE(0x100);
    page->entries[EXTENDED].ebx |= GUINT32_TO_LE(0x40000000);
    page->entries[EXTENDED].ecx |= GUINT32_TO_LE(2);
    page->entries[EXTENDED_AMD].edx |= GUINT32_TO_LE(0x80);
    assert_corrected(page, refused);
    g_array_free(refused, true);
}

/* Sizes worked out by hand from the components above */
static void test_xsave(void)
{
    static const struct {
        unsigned entry;
        uint64_t xcr0, xss;
        uint32_t ebx;
    } cases[] = {
        { XSAVE, 1, 0, 0x240 },
        { XSAVE, 3, 0, 0x240 },
        { XSAVE, 7, 0, 0x340 },
        { XSAVE, 0x207, 0, 0xa88 },
        { XSAVE, 0x27, 0, 0x340 },                  /* 5 has no subleaf */
        { XSAVE_COMPACT, 1, 0, 0x240 },
        { XSAVE_COMPACT, 7, 0, 0x340 },
        { XSAVE_COMPACT, 0x207, 0, 0x348 },
        { XSAVE_COMPACT, 0x207, 0x800, 0x390 },     /* aligned to 64 */
        { XSAVE_COMPACT, 1, 0x800, 0x250 },
    };
    size_t i;

    for (i = 0; i < G_N_ELEMENTS(cases); i++) {
        SnpCpuidPage *page = good_page();
        SnpCpuidEntry *e = &page->entries[cases[i].entry];

        e->xcr0_in = GUINT64_TO_LE(cases[i].xcr0);
        e->xss_in = GUINT64_TO_LE(cases[i].xss);
        e->ebx = GUINT32_TO_LE(cases[i].ebx);
        ASSERT_OK(snp_cpuid_check(page, NULL));
        e->ebx = GUINT32_TO_LE(cases[i].ebx + 8);
        ASSERT_STATUS(snp_cpuid_check(page, NULL), ASP_INVALID_PARAM);
        g_assert_cmpuint(GUINT32_FROM_LE(e->ebx), ==, cases[i].ebx);
        g_free(page);
    }
}

/* The command: the page stays the hypervisor's to read, and can come again */
static void test_command(void)
{
    const AspCpuidBits bits = { 7, 0, ASP_CPUID_EBX, 1u << 5 };
    Machine *m = machine_new(asp_identity_builtin());
    SnpCpuidPage *page = good_page();
    const uint8_t zero[SNP_DIGEST_SIZE] = {};
    uint8_t digest[SNP_DIGEST_SIZE];

    snp_guest(m, AT_GCTX, SNP_ASID);
    set_page(m, AT_PAGE, PRE_GUEST);
    asp_snp_cpuid_refuse(m->asp, &bits);
    memcpy(ram_at(m, AT_PAGE), page, sizeof(*page));
    ASSERT_STATUS(run_snp_update(m, AT_GCTX, AT_PAGE, SNP_PAGE_CPUID),
                  ASP_INVALID_PARAM);
    page->entries[EXTENDED].ebx &= GUINT32_TO_LE(~bits.mask);
    g_assert_cmpmem(ram_at(m, AT_PAGE), sizeof(*page), page, sizeof(*page));
    assert_page(m, AT_PAGE, PRE_GUEST);
    g_assert_true(asp_snp_digest(m->asp, AT_GCTX, digest));
    g_assert_cmpmem(digest, sizeof(digest), zero, sizeof(zero));
    ASSERT_OK(run_snp_update(m, AT_GCTX, AT_PAGE, SNP_PAGE_CPUID));
    g_free(page);
    machine_free(m);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/asp/snp-cpuid/good", test_good);
    g_test_add_func("/asp/snp-cpuid/header", test_header);
    g_test_add_func("/asp/snp-cpuid/never", test_never);
    g_test_add_func("/asp/snp-cpuid/refused", test_refused);
    g_test_add_func("/asp/snp-cpuid/xsave", test_xsave);
    g_test_add_func("/asp/snp-cpuid/command", test_command);
    return g_test_run();
}
