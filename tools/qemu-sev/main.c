/*
 * qemu-sev: the platform's and the guest owner's side of AMD SEV
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <locale.h>
#include "qemu-version.h"
#include "qemu-sev.h"
#include "report.h"
#include "target/i386/sev/asp/crypto.h"

static const ToolCommand *const commands[] = {
    &tool_export,
    &tool_verify,
    &tool_show,
    &tool_session,
    &tool_measurement_build,
    &tool_measurement_verify,
    &tool_secret_build,
    &tool_vmsa_build,
    &tool_platform_init,
    &tool_platform_reset,
    &tool_platform_rotate,
    &tool_platform_status,
};

static void print_command(const ToolCommand *command)
{
    printf("  %-20s %s\n", command->name, command->summary);
}

static void print_help(const char *group)
{
    size_t len = strlen(group);

    printf("Usage: qemu-sev %s%sCOMMAND [OPTION]... [ARGUMENT]...\n\n",
           group, len ? " " : "");
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (!len || (g_str_has_prefix(commands[i]->name, group) &&
                     commands[i]->name[len] == ' ')) {
            print_command(commands[i]);
        }
    }
    printf("\nqemu-sev COMMAND --help tells the options of a command.\n"
           "Exit status: 0 done, 1 failed, 2 wrong command line, "
           "3 verification failed.\n");
}

/* Words of @name that @args starts with; 0 if it is another command */
static guint words_matched(const char *name, char **args)
{
    g_auto(GStrv) words = g_strsplit(name, " ", -1);
    guint i;

    for (i = 0; words[i]; i++) {
        if (!args[i] || strcmp(words[i], args[i])) {
            return 0;
        }
    }
    return i;
}

static const ToolCommand *find_command(char **args, guint *words)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        *words = words_matched(commands[i]->name, args);
        if (*words) {
            return commands[i];
        }
    }
    return NULL;
}

static bool is_group(const char *word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        size_t len = strlen(word);

        if (g_str_has_prefix(commands[i]->name, word) &&
            commands[i]->name[len] == ' ') {
            return true;
        }
    }
    return false;
}

static bool wants_help(const char *word)
{
    return !g_strcmp0(word, "--help") || !g_strcmp0(word, "-h") ||
           !g_strcmp0(word, "help");
}

static int report_error(GError *err)
{
    int status = err->domain == TOOL_ERROR ? err->code : TOOL_FAILED;

    tool_complain("%s", err->message);
    g_error_free(err);
    return status;
}

static int run_command(const ToolCommand *command, char **args, bool quiet)
{
    ToolRun run = { .quiet = quiet };
    GError *err = NULL;
    bool ok;

    tool_run_init(&run, command, args);
    g_set_prgname(run.args[0]);
    ok = command->run(&run, &err);
    tool_run_clear(&run);
    if (fflush(stdout) != 0 && ok) {
        tool_complain("cannot write the output: %s", g_strerror(errno));
        return TOOL_FAILED;
    }
    return ok ? TOOL_OK : report_error(err);
}

/* No command was named: help, or say what is wrong */
static int no_command(char **args)
{
    if (!args[0] || (is_group(args[0]) && !args[1])) {
        tool_complain("which command?  qemu-sev --help lists them");
        return TOOL_USAGE;
    }
    if (wants_help(args[0])) {
        print_help("");
        return TOOL_OK;
    }
    if (is_group(args[0]) && wants_help(args[1])) {
        print_help(args[0]);
        return TOOL_OK;
    }
    if (!strcmp(args[0], "--version") || !strcmp(args[0], "-V")) {
        printf("qemu-sev " QEMU_FULL_VERSION "\n");
        return TOOL_OK;
    }
    tool_complain("there is no command '%s%s%s'; qemu-sev --help lists them",
                  args[0], is_group(args[0]) ? " " : "",
                  is_group(args[0]) ? args[1] : "");
    return TOOL_USAGE;
}

int main(int argc, char **argv)
{
    const ToolCommand *command;
    char **args = argv + 1;
    bool quiet = false;
    guint words;

    setlocale(LC_ALL, "");
    g_set_prgname("qemu-sev");
    /* a file that must not grow is an error like any other */
    signal(SIGXFSZ, SIG_IGN);
    /* and so is a QEMU that hangs up */
    signal(SIGPIPE, SIG_IGN);
    asp_crypto_init();
    if (argc == 0) {
        return TOOL_USAGE;
    }
    while (*args && (!strcmp(*args, "-q") || !strcmp(*args, "--quiet"))) {
        quiet = true;
        args++;
    }
    command = find_command(args, &words);
    return command ? run_command(command, args + words, quiet)
                   : no_command(args);
}
