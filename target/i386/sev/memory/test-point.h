/*
 * SEV: encrypted memory, where tests step in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A guard of a race is tested by doing what another thread would do, at the
 * worst moment.  Only a test that is compiled with SEV_TEST_POINTS can.
 */

#ifndef I386_SEV_MEMORY_TEST_POINT_H
#define I386_SEV_MEMORY_TEST_POINT_H

#ifdef SEV_TEST_POINTS
/* NULL: nothing is done */
extern void (*sev_test_point)(const char *where);

static inline void sev_reach_test_point(const char *where)
{
    if (sev_test_point) {
        sev_test_point(where);
    }
}
#else
static inline void sev_reach_test_point(const char *where)
{
}
#endif

#endif
