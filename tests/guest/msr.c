/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SEV_STATUS is a read-only register.
 */
#include "lib/guest.h"

const char guest_name[] = "msr";

static void check_write(uint64_t status, uint64_t value, const char *text)
{
    struct trap trap = trap_wrmsr(MSR_SEV_STATUS, value);

    report_equal(text, trap.vector, TRAP_GP);
    report_equal("its error code is 0", trap.error, 0);
    report_equal("the value stays", rdmsr(MSR_SEV_STATUS), status);
}

void guest_main(void)
{
    uint64_t status;
    struct trap trap;

    if (!sev_status()) {
        report_skip("SEV_STATUS: SEV is off");
        return;
    }
    trap = trap_rdmsr(MSR_SEV_STATUS, &status);
    report_equal("reading SEV_STATUS is allowed", trap.vector, TRAP_NONE);
    report_equal("only the bits of SEV and SEV-ES are set",
                 status & ~3ull, 0);
    check_write(status, 0, "clearing SEV_STATUS raises #GP");
    check_write(status, status, "writing its own value raises #GP");
    check_write(status, ~0ull, "setting all its bits raises #GP");
}
