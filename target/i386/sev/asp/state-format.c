/*
 * Software AMD Secure Processor: the format of state files
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "reader.h"
#include "state-format.h"

GQuark asp_identity_error_quark(void)
{
    return g_quark_from_static_string("asp-identity-error-quark");
}

#define FLAG_VALID          (1u << 0)
#define FLAG_EXTERNAL_OWNER (1u << 1)

/* Where the next field of a state goes; the layout fits by construction. */
typedef struct Writer {
    uint8_t *next;
} Writer;

static void put(Writer *w, const void *data, size_t len)
{
    memcpy(w->next, data, len);
    w->next += len;
}

static void put_u32(Writer *w, uint32_t value)
{
    value = GUINT32_TO_LE(value);
    put(w, &value, sizeof(value));
}

static void put_key(Writer *w, const SevCert *cert, const AspEcKey *key)
{
    put(w, cert, sizeof(*cert));
    put(w, key->d, sizeof(key->d));
}

void asp_state_encode(const AspChip *chip, const AspStore *store,
                      AspState *state)
{
    Writer w = { state->bytes };

    put(&w, ASP_STATE_MAGIC, sizeof(ASP_STATE_MAGIC));
    put_u32(&w, ASP_STATE_VERSION);
    put_u32(&w, sizeof(*state));
    put(&w, chip->fuse_secret, sizeof(chip->fuse_secret));
    put(&w, chip->id, sizeof(chip->id));
    put(&w, &chip->ca, sizeof(chip->ca));
    put(&w, &chip->cek, sizeof(chip->cek));
    put_u32(&w, (store->valid ? FLAG_VALID : 0) |
                (store->external_owner ? FLAG_EXTERNAL_OWNER : 0));
    put_key(&w, &store->oca, &store->oca_key);
    put_key(&w, &store->pek, &store->pek_key);
    put_key(&w, &store->pdh, &store->pdh_key);
    asp_sha256(state->bytes, w.next - state->bytes, w.next);
    g_assert(w.next + SEV_DIGEST_SIZE == state->bytes + sizeof(*state));
}

const uint8_t *asp_state_digest(const AspState *state)
{
    return state->bytes + sizeof(*state) - SEV_DIGEST_SIZE;
}

static bool bad(GError **err, const char *what)
{
    g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_FORMAT,
                "%s", what);
    return false;
}

static bool check_frame(AspReader *r, const uint8_t *data, size_t len,
                        GError **err)
{
    uint8_t magic[sizeof(ASP_STATE_MAGIC)], digest[SEV_DIGEST_SIZE];
    uint32_t version, size;

    asp_read_bytes(r, magic, sizeof(magic));
    version = asp_read_u32(r);
    size = asp_read_u32(r);
    if (memcmp(magic, ASP_STATE_MAGIC, sizeof(magic))) {
        return bad(err, "it is no state file of an emulated SEV platform");
    }
    if (version != ASP_STATE_VERSION) {
        g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_FORMAT,
                    "its version is %u, this program knows version %u",
                    version, ASP_STATE_VERSION);
        return false;
    }
    if (len != ASP_STATE_SIZE || size != ASP_STATE_SIZE) {
        return bad(err, "it is cut short or has bytes at its end");
    }
    asp_sha256(data, len - sizeof(digest), digest);
    if (memcmp(digest, data + len - sizeof(digest), sizeof(digest))) {
        return bad(err, "its checksum is wrong: it is damaged");
    }
    return true;
}

/* One key with its certificate, if there ought to be one */
static bool read_key(AspReader *r, SevCertUsage usage, bool present,
                     bool private, SevCert *cert, AspEcKey *key, GError **err)
{
    AspEcPoint pub;

    asp_read_bytes(r, cert, sizeof(*cert));
    asp_read_bytes(r, key->d, sizeof(key->d));
    if (!present) {
        return true;
    }
    if (!sev_cert_check(cert, usage, err) ||
        !sev_cert_public_key(cert, &pub, err)) {
        g_prefix_error(err, "%s: ", sev_usage_name(usage));
        return false;
    }
    key->pub = pub;
    if (private && (!asp_ec_from_private(key) ||
                    memcmp(&key->pub, &pub, sizeof(pub)))) {
        g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_FORMAT,
                    "its private %s key does not fit the certificate",
                    sev_usage_name(usage));
        return false;
    }
    return true;
}

static bool read_chip(AspReader *r, AspChip *chip, GError **err)
{
    AspEcPoint pub;

    asp_read_bytes(r, chip->fuse_secret, sizeof(chip->fuse_secret));
    asp_read_bytes(r, chip->id, sizeof(chip->id));
    asp_read_bytes(r, &chip->ca, sizeof(chip->ca));
    asp_read_bytes(r, &chip->cek, sizeof(chip->cek));
    if (!sev_ca_is_emulated((uint8_t *)&chip->ca, sizeof(chip->ca))) {
        return bad(err, "its root is not that of an emulated platform");
    }
    if (!sev_cert_check(&chip->cek, SEV_USAGE_CEK, err) ||
        !sev_cert_public_key(&chip->cek, &pub, err)) {
        g_prefix_error(err, "CEK: ");
        return false;
    }
    asp_chip_derive_cek(chip, chip->cek_key.d);
    if (!asp_ec_from_private(&chip->cek_key) ||
        memcmp(&chip->cek_key.pub, &pub, sizeof(pub))) {
        return bad(err, "its CEK certificate is that of another chip");
    }
    return true;
}

static bool read_store(AspReader *r, AspStore *store, GError **err)
{
    uint32_t flags = asp_read_u32(r);

    if (flags & ~(FLAG_VALID | FLAG_EXTERNAL_OWNER)) {
        g_set_error(err, ASP_IDENTITY_ERROR, ASP_IDENTITY_ERROR_FORMAT,
                    "it has unknown flags 0x%x", flags);
        return false;
    }
    store->valid = flags & FLAG_VALID;
    store->external_owner = flags & FLAG_EXTERNAL_OWNER;
    return read_key(r, SEV_USAGE_OCA, store->valid, !store->external_owner,
                    &store->oca, &store->oca_key, err) &&
           read_key(r, SEV_USAGE_PEK, store->valid, true,
                    &store->pek, &store->pek_key, err) &&
           read_key(r, SEV_USAGE_PDH, store->valid, true,
                    &store->pdh, &store->pdh_key, err);
}

bool asp_state_decode(const void *data, size_t len, AspChip *chip,
                      AspStore *store, GError **err)
{
    AspReader r = asp_reader(data, len);

    memset(chip, 0, sizeof(*chip));
    memset(store, 0, sizeof(*store));
    if (!check_frame(&r, data, len, err) || !read_chip(&r, chip, err) ||
        !read_store(&r, store, err)) {
        asp_wipe(chip, sizeof(*chip));
        asp_wipe(store, sizeof(*store));
        return false;
    }
    g_assert(asp_reader_ok(&r));        /* check_frame() saw the length */
    return true;
}
