/*
 * SEV formats: the bits of guest policies
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "policy-bits.h"
#include "target/i386/sev/asp/abi.h"
#include "target/i386/sev/asp/snp-abi.h"

const SevPolicyBit sev_policy_bits[] = {
    { SEV_POLICY_NODBG, "no-debug", "no debugging" },
    { SEV_POLICY_NOKS, "no-key-sharing", "no key sharing" },
    { SEV_POLICY_ES, "es", "SEV-ES required" },
    { SEV_POLICY_NOSEND, "no-send", "no migration" },
    { SEV_POLICY_DOMAIN, "domain", "same domain only" },
    { SEV_POLICY_SEV, "sev", "SEV platforms only" },
    { }
};

const SevPolicyBit sev_snp_policy_bits[] = {
    { SNP_POLICY_SMT, "smt", "SMT allowed" },
    { SNP_POLICY_MIGRATE_MA, "migrate-ma", "migration agent allowed" },
    { SNP_POLICY_DEBUG, "debug", "debugging allowed" },
    { SNP_POLICY_SINGLE_SOCKET, "single-socket", "single socket only" },
    { SNP_POLICY_CXL_ALLOW, "cxl-allow", "CXL allowed" },
    { SNP_POLICY_MEM_AES_256_XTS, "mem-aes-256-xts",
      "AES-256-XTS required" },
    { SNP_POLICY_RAPL_DIS, "rapl-dis", "RAPL must be off" },
    { SNP_POLICY_CIPHERTEXT_HIDING, "ciphertext-hiding",
      "ciphertext hiding required" },
    { SNP_POLICY_PAGE_SWAP_DISABLE, "page-swap-disable",
      "no page swapping" },
    { SNP_POLICY_RESERVED_ZERO, "reserved", "unknown bits" },
    { }
};
