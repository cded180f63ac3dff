/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Limits of TCG's CPUs that CPUID tells of.
 */
#ifndef I386_TCG_LIMITS_H
#define I386_TCG_LIMITS_H

/*
 * Fn8000_0008 EDX[15:0]: how many pages INVLPGB takes beside the first one.
 * Far more than are worth being flushed one by one, so that software asks
 * once for all of them.
 */
#define TCG_INVLPGB_COUNT   0xfffu

/*
 * Fn8000_000A EBX: how many ASIDs VMRUN takes, 0 included.  TCG's TLB has none
 * of them, so it is free to say what EPYC processors say.
 */
#define TCG_SVM_ASIDS       0x8000u

#endif
