/*
 * SEV-SNP: ID block, ID authentication
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * SNP firmware ABI, SNP_LAUNCH_FINISH.
 */

#include "cert-wire.h"
#include "reader.h"
#include "snp.h"

static bool load_key(const SnpPublicKey *key, AspEcPoint *point)
{
    return GUINT32_FROM_LE(key->curve) == SNP_CURVE_P384 &&
           asp_is_zero(key->reserved, sizeof(key->reserved)) &&
           sev_number_load(key->qx, point->x) &&
           sev_number_load(key->qy, point->y) && asp_ec_valid(point);
}

/* Verify @sig by @key over @data, and say what @key is in @digest */
static AspStatus check_signature(const SnpPublicKey *key, uint32_t algo,
                                 const SnpSignature *sig, const void *data,
                                 size_t len, uint8_t *digest)
{
    AspEcPoint point;
    AspEcSig value;

    if (GUINT32_FROM_LE(algo) != SNP_ALGO_ECDSA_P384_SHA384 ||
        !load_key(key, &point)) {
        return ASP_INVALID_PARAM;
    }
    if (!asp_is_zero(sig->reserved, sizeof(sig->reserved)) ||
        !sev_number_load(sig->r, value.r) ||
        !sev_number_load(sig->s, value.s) ||
        !asp_ecdsa_verify(&point, ASP_SIG_SHA384, data, len, &value)) {
        return ASP_BAD_SIGNATURE;
    }
    asp_sha384(key, sizeof(*key), digest);
    return ASP_SUCCESS;
}

AspStatus snp_id_check(const SnpIdBlock *block, const SnpIdAuth *auth,
                       bool author, uint8_t *id_key_digest,
                       uint8_t *author_key_digest)
{
    AspStatus status;

    if (GUINT32_FROM_LE(block->version) != SNP_ID_BLOCK_VERSION) {
        return ASP_BAD_VERSION;
    }
    if (!asp_is_zero(auth->reserved, sizeof(auth->reserved)) ||
        !asp_is_zero(auth->reserved2, sizeof(auth->reserved2)) ||
        !asp_is_zero(auth->reserved3, sizeof(auth->reserved3))) {
        return ASP_INVALID_PARAM;
    }
    status = check_signature(&auth->id_key, auth->id_key_algo,
                             &auth->id_block_sig, block, sizeof(*block),
                             id_key_digest);
    memset(author_key_digest, 0, SNP_DIGEST_SIZE);
    if (!status && author) {
        status = check_signature(&auth->author_key, auth->auth_key_algo,
                                 &auth->id_key_sig, &auth->id_key,
                                 sizeof(auth->id_key), author_key_digest);
    }
    return status;
}
