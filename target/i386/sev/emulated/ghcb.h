/*
 * SEV hypervisor: the page through which a guest speaks to it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * GHCB specification (AMD 56421), chapter 3.  The page is memory that the guest
 * can change at any time: it is copied once, and only the copy is looked at.
 */

#ifndef I386_SEV_EMULATED_GHCB_H
#define I386_SEV_EMULATED_GHCB_H

#include "exec/hwaddr.h"

#define SEV_GHCB_SIZE           4096u
#define SEV_GHCB_BUFFER         0x800u
#define SEV_GHCB_BUFFER_SIZE    0x7f0u
#define SEV_GHCB_VERSION_MAX    2

/* Fields by their offset; each has a bit in the page's bitmap */
typedef enum SevGhcbField {
    SEV_GHCB_CPL        = 0x0c8,        /* its byte 3 */
    SEV_GHCB_XSS        = 0x140,
    SEV_GHCB_DR7        = 0x160,
    SEV_GHCB_RAX        = 0x1f8,
    SEV_GHCB_RCX        = 0x308,
    SEV_GHCB_RDX        = 0x310,
    SEV_GHCB_RBX        = 0x318,
    SEV_GHCB_EXITCODE   = 0x390,
    SEV_GHCB_EXITINFO1  = 0x398,
    SEV_GHCB_EXITINFO2  = 0x3a0,
    SEV_GHCB_SCRATCH    = 0x3a8,
    SEV_GHCB_XCR0       = 0x3e8,
} SevGhcbField;

/* SW_EXITINFO1 and, where that is SEV_GHCB_MALFORMED, SW_EXITINFO2 */
typedef enum SevGhcbResult {
    SEV_GHCB_DONE = 0,
    SEV_GHCB_EXCEPTION = 1,
    SEV_GHCB_MALFORMED = 2,
} SevGhcbResult;

typedef enum SevGhcbReason {
    SEV_GHCB_NOT_REGISTERED = 1,
    SEV_GHCB_INVALID_USAGE = 2,
    SEV_GHCB_INVALID_SCRATCH = 3,
    SEV_GHCB_MISSING_INPUT = 4,
    SEV_GHCB_INVALID_INPUT = 5,
    SEV_GHCB_INVALID_EVENT = 6,
} SevGhcbReason;

/**
 * struct SevGhcb - one request
 * @gpa: where the page is
 * @page: what it held
 * @valid: which fields the guest said are valid
 * @code, @info1, @info2: SW_EXITCODE, SW_EXITINFO1 and 2 of the request
 */
typedef struct SevGhcb {
    hwaddr gpa;
    uint64_t code;
    uint64_t info1;
    uint64_t info2;
    uint8_t page[SEV_GHCB_SIZE];
    uint8_t valid[16];
} SevGhcb;

/**
 * sev_ghcb_load - take a request
 *
 * Returns: false if there is no memory at @gpa
 */
bool sev_ghcb_load(SevGhcb *ghcb, hwaddr gpa);

/**
 * sev_ghcb_store - give the answer: all fields that were put
 */
void sev_ghcb_store(SevGhcb *ghcb);

/**
 * sev_ghcb_has - whether the guest gave a field
 */
bool sev_ghcb_has(const SevGhcb *ghcb, SevGhcbField field);

/**
 * sev_ghcb_usage - what the page is used for; 0: what is described here
 */
uint32_t sev_ghcb_usage(const SevGhcb *ghcb);

/**
 * sev_ghcb_get - a field, 0 if the guest did not give it
 */
uint64_t sev_ghcb_get(const SevGhcb *ghcb, SevGhcbField field);

/**
 * sev_ghcb_put - a field of the answer
 */
void sev_ghcb_put(SevGhcb *ghcb, SevGhcbField field, uint64_t value);

/**
 * sev_ghcb_answer - the result of the request, in SW_EXITINFO1 and 2
 */
void sev_ghcb_answer(SevGhcb *ghcb, SevGhcbResult result, uint64_t info);

/**
 * sev_ghcb_refuse - the request is malformed
 */
void sev_ghcb_refuse(SevGhcb *ghcb, SevGhcbReason reason);

/**
 * sev_ghcb_raise - ask the guest to raise an exception, with error code 0 if
 *   that exception has one
 */
void sev_ghcb_raise(SevGhcb *ghcb, unsigned vector);

/**
 * sev_ghcb_scratch - copy from or to the scratch area
 * @len: bytes
 *
 * It lies in the page; with version 1 of the protocol it may lie elsewhere.
 *
 * Returns: false, with the request refused, if there is no such area
 */
bool sev_ghcb_scratch(SevGhcb *ghcb, void *buf, size_t len, bool write);

#endif
