/*
 * Software AMD Secure Processor: SNP_LAUNCH_START and SNP_LAUNCH_FINISH
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "snp-internal.h"

/* What a policy may ask of hardware and this platform has not */
#define POLICY_ABSENT (SNP_POLICY_MEM_AES_256_XTS | SNP_POLICY_RAPL_DIS | \
                       SNP_POLICY_CIPHERTEXT_HIDING)

/* SNP firmware ABI, "guest policy"; the platform has one socket and SMT */
static AspStatus check_policy(uint64_t policy)
{
    uint8_t major = policy >> 8, minor = policy;

    if ((policy & SNP_POLICY_RESERVED_ZERO) ||
        !(policy & SNP_POLICY_RESERVED_ONE)) {
        return ASP_INVALID_PARAM;
    }
    if (major > ASP_API_MAJOR ||
        (major == ASP_API_MAJOR && minor > ASP_API_MINOR)) {
        return ASP_POLICY_FAILURE;
    }
    return (policy & POLICY_ABSENT) || !(policy & SNP_POLICY_SMT)
           ? ASP_POLICY_FAILURE : ASP_SUCCESS;
}

AspStatus snp_cmd_launch_start(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdLaunchStart *c = cmd;
    uint64_t policy = GUINT64_FROM_LE(c->policy);
    uint32_t flags = GUINT32_FROM_LE(c->flags);
    AspStatus status = check_policy(policy);

    if (status) {
        return status;
    }
    if (flags & ~(SNP_START_MA | SNP_START_IMI)) {
        return ASP_INVALID_PARAM;
    }
    if (flags & SNP_START_MA) {
        return ASP_UNSUPPORTED;         /* there are no migration agents */
    }
    guest->policy = policy;
    guest->imi = flags & SNP_START_IMI;
    guest->tsc_khz = GUINT32_FROM_LE(c->tsc_khz);
    memcpy(guest->gosvw, c->gosvw, sizeof(guest->gosvw));
    asp_random(guest->key.vek, sizeof(guest->key.vek));
    asp_random(guest->vmpck, sizeof(guest->vmpck));
    asp_random(guest->report_id, sizeof(guest->report_id));
    guest->state = SNP_GUEST_LAUNCH;
    return ASP_SUCCESS;
}

/* Whether the ID block is about this very guest */
static AspStatus match(const SnpGuest *guest, const SnpIdBlock *block)
{
    if (memcmp(block->launch_digest, guest->digest, sizeof(guest->digest))) {
        return ASP_BAD_MEASUREMENT;
    }
    return GUINT64_FROM_LE(block->policy) != guest->policy
           ? ASP_POLICY_FAILURE : ASP_SUCCESS;
}

/* Take the guest's identity from the block, if that is right */
static AspStatus identify(Asp *asp, SnpGuest *guest,
                          const SnpCmdLaunchFinish *c, bool author)
{
    SnpIdAuth *auth = g_new(SnpIdAuth, 1);
    uint8_t id_digest[SNP_DIGEST_SIZE], author_digest[SNP_DIGEST_SIZE];
    SnpIdBlock block;
    AspStatus status;

    status = asp_mem_read(asp, GUINT64_FROM_LE(c->id_block_paddr), &block,
                          sizeof(block));
    if (!status) {
        status = asp_mem_read(asp, GUINT64_FROM_LE(c->id_auth_paddr), auth,
                              sizeof(*auth));
    }
    if (!status) {
        status = snp_id_check(&block, auth, author, id_digest, author_digest);
    }
    if (!status) {
        status = match(guest, &block);
    }
    if (!status) {
        guest->has_id = true;
        guest->has_author = author;
        guest->id = block;
        memcpy(guest->id_key_digest, id_digest, sizeof(id_digest));
        memcpy(guest->author_key_digest, author_digest, sizeof(author_digest));
    }
    g_free(auth);
    return status;
}

AspStatus snp_cmd_launch_finish(Asp *asp, SnpGuest *guest, void *cmd)
{
    const SnpCmdLaunchFinish *c = cmd;
    uint64_t flags = GUINT64_FROM_LE(c->flags);
    bool author = flags & SNP_FINISH_AUTH_KEY;
    AspStatus status = ASP_SUCCESS;

    if (flags & ~(SNP_FINISH_ID_BLOCK | SNP_FINISH_AUTH_KEY |
                  SNP_FINISH_VCEK_DIS)) {
        return ASP_INVALID_PARAM;
    }
    if (flags & SNP_FINISH_ID_BLOCK) {
        status = identify(asp, guest, c, author);
    } else if (author) {
        status = ASP_INVALID_PARAM;     /* it would sign nothing */
    }
    if (status) {
        return status;
    }
    guest->vcek_disabled = flags & SNP_FINISH_VCEK_DIS;
    memcpy(guest->host_data, c->host_data, sizeof(guest->host_data));
    guest->state = SNP_GUEST_RUNNING;
    return ASP_SUCCESS;
}
