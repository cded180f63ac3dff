/*
 * qemu-sev verify: check a certificate chain down to its root
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "chain.h"
#include "qemu-sev.h"
#include "report.h"

typedef struct VerifyArgs {
    PlatformArgs platform;
    char *sev, *folder, *ca;
    gboolean allow_emulated;
} VerifyArgs;

static void verify_args_clear(VerifyArgs *args)
{
    platform_args_clear(&args->platform);
    g_free(args->sev);
    g_free(args->folder);
    g_free(args->ca);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(VerifyArgs, verify_args_clear)

typedef enum RootKind {
    ROOT_AMD,
    ROOT_EMULATED,
    ROOT_UNKNOWN,
} RootKind;

static const char *const root_names[] = {
    [ROOT_AMD] = "amd",
    [ROOT_EMULATED] = "emulated",
    [ROOT_UNKNOWN] = "unknown",
};

static bool load_certs(ChainFile *chain, const VerifyArgs *args, GError **err)
{
    g_autoptr(Platform) platform = NULL;

    if (args->sev) {
        return chain_read(chain, args->sev, err);
    }
    if (args->folder) {
        return chain_read_folder(chain, args->folder, err);
    }
    platform = platform_open(&args->platform, err);
    if (platform) {
        chain_from_platform(chain, platform);
    }
    return platform;
}

/* The root of the built-in identity, for those who accept it knowingly */
static bool load_emulated_ca(ChainFile *chain, GError **err)
{
    const PlatformArgs builtin = { 0 };
    g_autoptr(Platform) platform = platform_open(&builtin, err);

    if (platform) {
        chain_set_ca(chain, platform->ca->data, platform->ca->len);
    }
    return platform;
}

static bool load_chain(ChainFile *chain, const VerifyArgs *args, GError **err)
{
    if (!load_certs(chain, args, err)) {
        return false;
    }
    if (args->ca) {
        return chain_read_ca(chain, args->ca, err);
    }
    if (!chain->ca && args->allow_emulated) {
        return load_emulated_ca(chain, err);
    }
    if (!chain->ca) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "the chain ends at the CEK; name the root, ASK and ARK "
                    "of the processor's family from AMD, with --ca FILE");
        return false;
    }
    return true;
}

static RootKind root_kind(const ChainFile *chain, const char **family)
{
    SevAmdCert ask, ark;

    *family = NULL;
    if (sev_ca_parse(chain->ca->data, chain->ca->len, &ask, &ark, NULL)) {
        *family = amd_root_family(&ark);
    }
    if (*family) {
        return ROOT_AMD;
    }
    return sev_ca_is_emulated(chain->ca->data, chain->ca->len)
        ? ROOT_EMULATED : ROOT_UNKNOWN;
}

/*
 * A root's own signature proves nothing; where AMD published none, the
 * root is known by its digest.
 */
static bool check_link(const ChainFile *chain, SevChainLink link,
                       GError **err)
{
    SevChain view = chain_view(chain);
    const char *family;

    if (link == SEV_LINK_ARK_BY_ARK && chain->ark_unsigned) {
        if (root_kind(chain, &family) == ROOT_AMD) {
            return true;
        }
        g_set_error(err, TOOL_ERROR, TOOL_UNVERIFIED,
                    "the ARK has no signature and is not AMD's");
        return false;
    }
    return sev_chain_check_link(&view, link, err);
}

static bool report_link(Report *report, const ChainFile *chain,
                        SevChainLink link)
{
    g_autoptr(GError) cause = NULL;
    bool ok = check_link(chain, link, &cause);

    if (report_is_json(report)) {
        report_open(report, NULL);
        report_str(report, "link", "%s", sev_link_name(link));
        report_bool(report, "ok", ok);
        if (!ok) {
            report_str(report, "error", "%s", cause->message);
        }
        report_close(report);
    } else {
        report_mark(report, ok, "%s%s%s", sev_link_name(link),
                    ok ? "" : ": ", ok ? "" : cause->message);
    }
    return ok;
}

/* Returns: the number of links that do not hold */
static unsigned report_links(Report *report, const ChainFile *chain)
{
    unsigned bad = 0;

    report_open_list(report, "links");
    for (SevChainLink link = 0; link < SEV_LINK__MAX; link++) {
        bad += !report_link(report, chain, link);
    }
    report_close_list(report);
    return bad;
}

static void report_root(Report *report, const ChainFile *chain, RootKind kind,
                        const char *family)
{
    SevAmdCert ask, ark;

    report_open(report, "root");
    report_str(report, "kind", "%s", root_names[kind]);
    if (family) {
        report_str(report, "family", "%s", family);
    }
    if (sev_ca_parse(chain->ca->data, chain->ca->len, &ask, &ark, NULL)) {
        report_hex(report, "key-id", ark.key_id, sizeof(ark.key_id));
        report_int(report, "rsa-bits", ark.bytes * 8);
    }
    report_close(report);
}

static bool verdict(unsigned bad, RootKind kind, const VerifyArgs *args,
                    GError **err)
{
    if (bad) {
        g_set_error(err, TOOL_ERROR, TOOL_UNVERIFIED,
                    "%u of %d signatures of the chain do not hold; give this "
                    "platform no secret", bad, SEV_LINK__MAX);
        return false;
    }
    if (kind == ROOT_AMD || args->ca ||
        (kind == ROOT_EMULATED && args->allow_emulated)) {
        return true;
    }
    g_set_error(err, TOOL_ERROR, TOOL_UNVERIFIED,
                kind == ROOT_EMULATED
                ? "the root is that of an emulated platform and not AMD's: "
                  "nothing is protected there.  For tests, accept it with "
                  "--allow-emulated or name it with --ca FILE"
                : "the root is not one of AMD's that are known here; if you "
                  "trust it, name it with --ca FILE");
    return false;
}

static bool verify_chain(Report *report, const ChainFile *chain,
                         const VerifyArgs *args, GError **err)
{
    const char *family;
    RootKind kind = root_kind(chain, &family);
    bool good;

    good = verdict(report_links(report, chain), kind, args, err);
    report_root(report, chain, kind, family);
    report_bool(report, "verified", good);
    return good;
}

static bool check_sources(const VerifyArgs *args, GError **err)
{
    int sources = !!args->sev + !!args->folder +
                  (args->platform.state || args->platform.qmp);

    if (sources > 1) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE,
                    "--sev, --folder and --state or --qmp each name the "
                    "chain; choose one");
    }
    return sources <= 1;
}

static bool run_verify(ToolRun *run, GError **err)
{
    g_auto(VerifyArgs) args = { 0 };
    g_auto(ChainFile) chain = { 0 };
    g_autoptr(Report) report = NULL;
    const GOptionEntry options[] = {
        { "sev", 0, 0, G_OPTION_ARG_FILENAME, &args.sev,
          "The chain: PDH, PEK, OCA, CEK, perhaps ASK, ARK", "FILE" },
        { "folder", 0, 0, G_OPTION_ARG_FILENAME, &args.folder,
          "The chain in files named as sev-tool names them", "DIR" },
        { "ca", 0, 0, G_OPTION_ARG_FILENAME, &args.ca,
          "The root to trust: ASK, ARK", "FILE" },
        { "allow-emulated", 0, 0, G_OPTION_ARG_NONE, &args.allow_emulated,
          "Accept the root of an emulated platform", NULL },
        { NULL }
    };

    tool_options(run, options);
    platform_options(run, &args.platform);
    if (!tool_parse(run, 0, 0, err) || !check_sources(&args, err) ||
        !load_chain(&chain, &args, err)) {
        return false;
    }
    report = report_new(run);
    return verify_chain(report, &chain, &args, err);
}

const ToolCommand tool_verify = {
    .name = "verify",
    .args = "",
    .summary = "Verify a certificate chain",
    .description =
        "Exits with 0 only if every signature holds and the root is AMD's\n"
        "or was named by --ca or --allow-emulated; with 3 if not.\n"
        "Without --sev or --folder the chain is that of the built-in test\n"
        "identity, or the one of --state or --qmp.",
    .run = run_verify,
};
