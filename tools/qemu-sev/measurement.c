/*
 * qemu-sev measurement build, measurement verify
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "input.h"
#include "keys.h"
#include "launch-digest.h"
#include "output.h"
#include "qemu-sev.h"
#include "report.h"
#include "target/i386/sev/asp/launch.h"

typedef struct MeasureArgs {
    char *api_major, *api_minor, *build_id, *policy;
    char *nonce, *blob, *outfile;
    KeyArgs keys;
    LaunchArgs launch;
} MeasureArgs;

static void measure_args_clear(MeasureArgs *args)
{
    g_free(args->api_major);
    g_free(args->api_minor);
    g_free(args->build_id);
    g_free(args->policy);
    g_free(args->nonce);
    g_free(args->blob);
    g_free(args->outfile);
    key_args_clear(&args->keys);
    launch_args_clear(&args->launch);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MeasureArgs, measure_args_clear)

static void measure_options(ToolRun *run, MeasureArgs *args)
{
    const GOptionEntry options[] = {
        { "api-major", 0, 0, G_OPTION_ARG_STRING, &args->api_major,
          "API major version of the platform", "N" },
        { "api-minor", 0, 0, G_OPTION_ARG_STRING, &args->api_minor,
          "API minor version of the platform", "N" },
        { "build-id", 0, 0, G_OPTION_ARG_STRING, &args->build_id,
          "Firmware build of the platform", "N" },
        { "policy", 0, 0, G_OPTION_ARG_STRING, &args->policy,
          "Policy of the guest", "N" },
        { "launch-measure-blob", 'm', 0, G_OPTION_ARG_FILENAME, &args->blob,
          "What query-sev-launch-measure gave: base64, or a file with it",
          "B64|FILE" },
        { NULL }
    };

    tool_options(run, options);
    key_options(run, &args->keys, false);
    launch_options(run, &args->launch);
}

/* Everything that a measurement is made of */
typedef struct Expected {
    SevMeasureInput input;
    SevMeasurement value;
    uint8_t reported[SEV_DIGEST_SIZE];      /* from the blob, if any */
} Expected;

static bool need(const char *option, const char *value, GError **err)
{
    if (!value) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE, "--%s is needed", option);
    }
    return value;
}

static bool byte_option(const char *option, const char *text, uint8_t *value,
                        GError **err)
{
    g_autofree char *name = g_strconcat("--", option, NULL);
    uint64_t number;

    if (!need(option, text, err) ||
        !tool_number(name, text, UINT8_MAX, &number, err)) {
        return false;
    }
    *value = number;
    return true;
}

/* The nonce alone, or the nonce and the measure that the platform reported */
static bool take_nonce(const MeasureArgs *args, Expected *expected,
                       GError **err)
{
    g_autoptr(ToolBlob) blob = NULL;

    if (!args->nonce == !args->blob) {
        g_set_error(err, TOOL_ERROR, TOOL_USAGE, args->nonce
                    ? "--nonce and --launch-measure-blob both hold a nonce"
                    : "--launch-measure-blob is needed, for its nonce");
        return false;
    }
    if (args->nonce) {
        blob = tool_text_sized("--nonce", "a nonce", args->nonce,
                               SEV_NONCE_SIZE, err);
    } else {
        blob = tool_measure_blob(args->blob, err);
    }
    if (!blob) {
        return false;
    }
    if (args->blob) {
        memcpy(expected->reported, blob->data, SEV_DIGEST_SIZE);
    }
    memcpy(expected->value.mnonce, blob->data + blob->len - SEV_NONCE_SIZE,
           SEV_NONCE_SIZE);
    return true;
}

static bool take_input(const ToolRun *run, const MeasureArgs *args,
                       SevMeasureInput *in, GError **err)
{
    return byte_option("api-major", args->api_major, &in->api_major, err) &&
           byte_option("api-minor", args->api_minor, &in->api_minor, err) &&
           byte_option("build-id", args->build_id, &in->build, err) &&
           need("policy", args->policy, err) &&
           tool_policy(args->policy, &in->policy, err) &&
           launch_digest(run, &args->launch, in->policy, in->digest, err);
}

static bool compute(const ToolRun *run, const MeasureArgs *args,
                    Expected *expected, GError **err)
{
    uint8_t tik[SEV_KEY_SIZE];

    if (!take_nonce(args, expected, err) ||
        !take_input(run, args, &expected->input, err) ||
        !key_read_tik(&args->keys, tik, err)) {
        return false;
    }
    sev_measure(tik, &expected->input, expected->value.mnonce,
                expected->value.measure);
    asp_wipe(tik, sizeof(tik));
    return true;
}

static bool write_value(const char *path, const SevMeasurement *value,
                        GError **err)
{
    g_autoptr(ToolOutputs) outputs = tool_outputs_new(NULL);

    tool_outputs_add(outputs, path, value, sizeof(*value));
    return tool_outputs_commit(outputs, err);
}

static bool run_build(ToolRun *run, GError **err)
{
    g_auto(MeasureArgs) args = { 0 };
    g_autofree char *text = NULL;
    Expected expected;
    const GOptionEntry options[] = {
        { "nonce", 0, 0, G_OPTION_ARG_STRING, &args.nonce,
          "The nonce of the measurement, instead of the blob", "B64|HEX" },
        { "outfile", 'o', 0, G_OPTION_ARG_FILENAME, &args.outfile,
          "Write the 48 bytes as they are instead of printing them", "FILE" },
        { NULL }
    };

    measure_options(run, &args);
    tool_options(run, options);
    if (!tool_parse(run, 0, 0, err) ||
        !compute(run, &args, &expected, err)) {
        return false;
    }
    if (args.outfile && !write_value(args.outfile, &expected.value, err)) {
        return false;
    }
    if (run->json) {
        g_autoptr(Report) report = report_new(run);

        report_base64(report, "data", &expected.value,
                      sizeof(expected.value));
        report_hex(report, "launch-digest", expected.input.digest,
                   SEV_DIGEST_SIZE);
        report_hex(report, "measure", expected.value.measure,
                   SEV_DIGEST_SIZE);
        report_hex(report, "nonce", expected.value.mnonce, SEV_NONCE_SIZE);
    } else if (!args.outfile) {
        text = g_base64_encode((uint8_t *)&expected.value,
                               sizeof(expected.value));
        printf("%s\n", text);
    }
    return true;
}

static void report_verdict(ToolRun *run, const Expected *expected, bool good)
{
    g_autoptr(Report) report = report_new(run);

    report_mark(report, good, "measurement");
    report_hex(report, "launch-digest", expected->input.digest,
               SEV_DIGEST_SIZE);
    report_hex(report, "expected", expected->value.measure, SEV_DIGEST_SIZE);
    report_hex(report, "reported", expected->reported, SEV_DIGEST_SIZE);
    report_bool(report, "verified", good);
}

static bool run_verify(ToolRun *run, GError **err)
{
    g_auto(MeasureArgs) args = { 0 };
    Expected expected;
    bool good;

    measure_options(run, &args);
    if (!tool_parse(run, 0, 0, err) ||
        !compute(run, &args, &expected, err)) {
        return false;
    }
    good = asp_equal(expected.value.measure, expected.reported,
                     SEV_DIGEST_SIZE);
    report_verdict(run, &expected, good);
    if (!good) {
        g_set_error(err, TOOL_ERROR, TOOL_UNVERIFIED,
                    "the platform measured something else: another firmware, "
                    "kernel, initrd, command line or CPU, another policy or "
                    "API version, or another session.  Give this guest no "
                    "secret");
    }
    return good;
}

#define EXPLANATION \
    "API version and build are those of query-sev.  The policy says whether\n" \
    "CPU states count (SEV-ES, bit 2)."

const ToolCommand tool_measurement_build = {
    .name = "measurement build",
    .args = "",
    .summary = "Compute the measurement that a launch should have",
    .description = "Prints measure and nonce in base64, to be compared with "
        "what\nquery-sev-launch-measure gave.\n" EXPLANATION,
    .run = run_build,
};

const ToolCommand tool_measurement_verify = {
    .name = "measurement verify",
    .args = "",
    .summary = "Verify the measurement of a launch",
    .description = "Exits with 0 if the platform measured just this, with 3 "
        "if not.\n" EXPLANATION,
    .run = run_verify,
};
