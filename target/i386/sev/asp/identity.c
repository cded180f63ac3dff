/*
 * Software AMD Secure Processor: who a platform is
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>
#include "identity-internal.h"
#include "state-file.h"

/* A chip with random fuses, and the root that vouches for it */
static void make_chip(AspChip *chip)
{
    asp_random(chip->fuse_secret, sizeof(chip->fuse_secret));
    asp_random(chip->id, sizeof(chip->id));
    asp_chip_derive_cek(chip, chip->cek_key.d);
    if (!asp_ec_from_private(&chip->cek_key)) {
        g_assert_not_reached();
    }
    sev_cert_init(&chip->cek, SEV_USAGE_CEK, &chip->cek_key.pub,
                  ASP_API_MAJOR, ASP_API_MINOR);
    sev_root_make(&chip->ca, &chip->cek);
}

/* Making keys takes seconds, so look before whether the file can be made. */
static bool check_path(const char *path, GError **err)
{
    char *dir = g_path_get_dirname(path);
    int code = g_access(dir, W_OK | X_OK) < 0 ? errno : 0;

    g_free(dir);
    if (code) {
        g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_IO,
                    "cannot create '%s': %s", path, g_strerror(code));
        return false;
    }
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_IO,
                    "'%s' exists already", path);
        return false;
    }
    return true;
}

/* What is in a file is a secret */
static void state_free(AspState *state)
{
    asp_wipe(state, sizeof(*state));
    g_free(state);
}

/*
 * The last step of making or opening an identity: it goes with the file at
 * @path, that has @state, and lives only if the step before was @ok.
 */
static AspIdentity *keep(AspIdentity *identity, const char *path,
                         AspState *state, bool ok)
{
    memcpy(identity->file_digest, asp_state_digest(state), SEV_DIGEST_SIZE);
    identity->path = g_strdup(path);
    state_free(state);
    if (!ok) {
        asp_identity_free(identity);
        return NULL;
    }
    return identity;
}

AspIdentity *asp_identity_create(const char *path, GError **err)
{
    AspIdentity *identity;
    AspState *state;

    if (!check_path(path, err)) {
        return NULL;
    }
    identity = g_new0(AspIdentity, 1);
    state = g_new0(AspState, 1);
    make_chip(&identity->chip);
    asp_store_make(&identity->store, &identity->chip);
    asp_state_encode(&identity->chip, &identity->store, state);
    return keep(identity, path, state, asp_state_create(path, state, err));
}

AspIdentity *asp_identity_open(const char *path, GError **err)
{
    AspIdentity *identity = g_new0(AspIdentity, 1);
    AspState *state = g_new0(AspState, 1);
    size_t len = 0;
    bool ok = asp_state_read(path, state, &len, err);

    if (ok) {
        ok = asp_state_decode(state->bytes, len, &identity->chip,
                              &identity->store, err);
        if (!ok) {
            g_prefix_error(err, "'%s' cannot be used: ", path);
        }
    }
    return keep(identity, path, state, ok);
}

/* Write what @identity would be with @store to its file */
static bool save(AspIdentity *identity, const AspStore *store, GError **err)
{
    AspState *state = g_new0(AspState, 1);
    bool ok;

    asp_state_encode(&identity->chip, store, state);
    ok = asp_state_replace(identity->path, identity->file_digest, state, err);
    if (ok) {
        memcpy(identity->file_digest, asp_state_digest(state),
               SEV_DIGEST_SIZE);
    }
    state_free(state);
    return ok;
}

bool asp_identity_update(AspIdentity *identity, const AspStore *store)
{
    GError *err = NULL;

    if (identity->path && !save(identity, store, &err)) {
        g_free(identity->error);
        identity->error = g_strdup(err->message);
        g_error_free(err);
        return false;
    }
    identity->store = *store;
    return true;
}

const char *asp_identity_error(const AspIdentity *identity)
{
    return identity->error;
}

const char *asp_identity_hint(const AspIdentity *identity, uint32_t status)
{
    if (status == ASP_HWERROR_PLATFORM && identity->error) {
        return identity->error;
    }
    return asp_status_hint(status);
}

GByteArray *asp_identity_ca(const AspIdentity *identity)
{
    GByteArray *ca = g_byte_array_new();

    return g_byte_array_append(ca, (const guint8 *)&identity->chip.ca,
                               sizeof(identity->chip.ca));
}

void asp_identity_signed_cek(const AspIdentity *identity, SevCert *cek)
{
    *cek = identity->chip.cek;
}

void asp_identity_chip_id(const AspIdentity *identity, uint8_t *id)
{
    memcpy(id, identity->chip.id, sizeof(identity->chip.id));
}

void asp_identity_free(AspIdentity *identity)
{
    if (!identity) {
        return;
    }
    g_free(identity->path);
    g_free(identity->error);
    asp_wipe(identity, sizeof(*identity));
    g_free(identity);
}
