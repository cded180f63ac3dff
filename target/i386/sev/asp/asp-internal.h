/*
 * Software AMD Secure Processor: the platform and its guests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Private to the library.
 */

#ifndef I386_SEV_ASP_INTERNAL_H
#define I386_SEV_ASP_INTERNAL_H

#include "asp.h"
#include "identity-internal.h"
#include "memcrypt.h"

/* Contexts of guests that the platform has room for */
#define ASP_GUEST_MAX   ASP_ASID_MAX

/* Whose memory it is, and the key that it is encrypted with */
typedef struct AspMemKey {
    uint32_t handle;
    uint8_t vek[SEV_KEY_SIZE];
    AspMemCrypt *engine;                /* of @vek, made at first use */
} AspMemKey;

/* A guest context, SEV API chapter 2.2 */
typedef struct AspGuest {
    AspMemKey key;
    AspGuestState state;
    uint32_t policy;
    uint32_t asid;                      /* 0: not active */
    SevTransportKeys keys;
    AspHash *running_digest;            /* NULL once it is final */
    uint8_t digest[SEV_DIGEST_SIZE];    /* final LD, for ATTESTATION */
    uint8_t measure[SEV_DIGEST_SIZE];   /* binds secrets to the launch */
} AspGuest;

typedef struct AspAsid {
    bool in_use;
    bool dirty;                         /* needs a DF_FLUSH before use */
} AspAsid;

struct Asp {
    AspIdentity *identity;
    AspMemory memory;
    void *opaque;

    AspPlatformState state;
    bool config_es;
    GHashTable *guests;                 /* handle -> AspGuest */
    uint32_t last_handle;
    AspAsid asids[ASP_ASID_MAX + 1];    /* of SEV and of SEV-SNP */

    SnpPlatformState snp_state;
    bool snp_rmp_init;
    GHashTable *snp_guests;             /* address of context -> SnpGuest */
    GArray *snp_cpuid_refused;          /* of AspCpuidBits */

    bool fixed_keys;                    /* asp_set_transport_keys() */
    SevTransportKeys transport_keys;
};

/* A command: @guest is NULL for those of the platform, @cmd is the buffer */
typedef AspStatus AspHandler(Asp *asp, AspGuest *guest, void *cmd);

/* platform.c */
AspHandler asp_cmd_init, asp_cmd_init_ex, asp_cmd_shutdown;
AspHandler asp_cmd_platform_reset, asp_cmd_platform_status;
AspHandler asp_cmd_df_flush, asp_cmd_nop, asp_cmd_get_id;

/* owner.c */
AspHandler asp_cmd_pek_gen, asp_cmd_pek_csr, asp_cmd_pek_cert_import;
AspHandler asp_cmd_pdh_gen, asp_cmd_pdh_cert_export;

/* guest.c */
AspHandler asp_cmd_activate, asp_cmd_deactivate, asp_cmd_decommission;
AspHandler asp_cmd_guest_status;

/* launch-start.c, launch-update.c, launch-measure.c, dbg.c */
AspHandler asp_cmd_launch_start;
AspHandler asp_cmd_launch_update_data, asp_cmd_launch_update_vmsa;
AspHandler asp_cmd_launch_measure, asp_cmd_launch_secret;
AspHandler asp_cmd_launch_finish, asp_cmd_attestation;
AspHandler asp_cmd_dbg_decrypt, asp_cmd_dbg_encrypt;

/**
 * asp_guest_find - the guest with @handle, or NULL
 */
AspGuest *asp_guest_find(const Asp *asp, uint32_t handle);

/**
 * asp_guest_new - a guest context with a handle of its own, in state LUPDATE
 *
 * Returns: the guest, owned by @asp; NULL if there is no room
 */
AspGuest *asp_guest_new(Asp *asp);

/**
 * asp_guest_free - wipe and free a guest context (a GDestroyNotify)
 */
void asp_guest_free(void *guest);

/**
 * asp_asids_soil - demand a DF_FLUSH for every ASID that nobody has
 */
void asp_asids_soil(Asp *asp);

/**
 * asp_asid_take - give an ASID to a guest
 * @asid: which; guests of its kind have those from @first to @last
 * @owner: the guest's ASID: 0 if it has none yet
 *
 * Returns: ASP_SUCCESS with @owner set; ACTIVE, INVALID_ASID, ASID_OWNED,
 * DFFLUSH_REQUIRED
 */
AspStatus asp_asid_take(Asp *asp, uint32_t asid, uint32_t first,
                        uint32_t last, uint32_t *owner);

/**
 * asp_asid_drop - take it back
 * @owner: the guest's ASID, maybe 0; set to 0
 */
void asp_asid_drop(Asp *asp, uint32_t *owner);

/**
 * asp_drop_guests - what SHUTDOWN does to all guests
 */
void asp_drop_guests(Asp *asp);

/**
 * asp_length_query - the rule of in/out length fields
 * @len: the field, maybe unaligned: set to @needed
 *
 * Returns: ASP_SUCCESS, or INVALID_LENGTH if it was too small
 */
static inline AspStatus asp_length_query(void *len, uint32_t needed)
{
    uint32_t has, le = GUINT32_TO_LE(needed);

    memcpy(&has, len, sizeof(has));
    memcpy(len, &le, sizeof(le));
    return GUINT32_FROM_LE(has) < needed ? ASP_INVALID_LENGTH : ASP_SUCCESS;
}

/**
 * asp_mem_check_out - whether the firmware may write to a range
 *
 * With SEV-SNP in state INIT it writes to nothing but pages that the
 * hypervisor gave to it, of 4 KiB or 2 MiB: those in state Firmware (SNP
 * firmware ABI, "page states").
 *
 * Returns: ASP_SUCCESS, INVALID_ADDRESS or INVALID_PAGE_STATE
 */
AspStatus asp_mem_check_out(Asp *asp, uint64_t addr, size_t len);

/*
 * Memory.  All return ASP_SUCCESS or INVALID_ADDRESS; @len 0 is allowed and
 * does nothing.  Those that write make the check above first: then also
 * INVALID_PAGE_STATE.
 */
AspStatus asp_mem_read(Asp *asp, uint64_t addr, void *buf, size_t len);
AspStatus asp_mem_write(Asp *asp, uint64_t addr, const void *buf, size_t len);

/**
 * asp_mem_probe - whether all of a range is memory, page by page
 *
 * For commands that change memory piece by piece and must not fail half-way.
 */
AspStatus asp_mem_probe(Asp *asp, uint64_t addr, size_t len);

/**
 * asp_mem_probe_out - likewise, and whether it may be written to
 */
AspStatus asp_mem_probe_out(Asp *asp, uint64_t addr, size_t len);

/*
 * Memory as the owner of @key sees it with the C-bit set; @addr and @len are
 * multiples of ASP_MEM_BLOCK.
 */
#define ASP_MEM_BLOCK   16
#define ASP_MEM_CHUNK   (64 * 1024)     /* how much to handle at a time */
AspStatus asp_guest_read(Asp *asp, AspMemKey *key, uint64_t addr,
                         void *buf, size_t len);
AspStatus asp_guest_write(Asp *asp, AspMemKey *key, uint64_t addr,
                          const void *buf, size_t len);

/*
 * asp_mem_write() and asp_guest_write() to whatever page: for commands of
 * SEV-SNP, which have looked at its RMP entry themselves.
 */
AspStatus asp_mem_store(Asp *asp, uint64_t addr, const void *buf, size_t len);
AspStatus asp_guest_store(Asp *asp, AspMemKey *key, uint64_t addr,
                          const void *buf, size_t len);

/**
 * asp_memkey_wipe - forget a key and its engine
 */
void asp_memkey_wipe(AspMemKey *key);

#endif
