/*
 * Software AMD Secure Processor: the command interface
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * An Asp is one platform: an identity (certificates and their private keys),
 * the platform state of section 2 of the SEV API and the guests that were
 * launched on it.  A front end hands it mailbox commands; an AspMemory lets it
 * reach the memory that the commands name.  The library uses glib and
 * libgcrypt and no QEMU header, so the in-process backend of sev-guest, an
 * emulated PSP device and the qemu-sev tool share it.
 *
 * An Asp is not thread-safe: the front end serialises commands, as the
 * mailbox of the hardware does.
 *
 * The order of a launch: INIT, LAUNCH_START, DF_FLUSH, ACTIVATE,
 * LAUNCH_UPDATE_DATA ..., LAUNCH_MEASURE, LAUNCH_SECRET ..., LAUNCH_FINISH.
 * Commands that touch guest memory answer INACTIVE before ACTIVATE.  At the
 * end: DEACTIVATE, DECOMMISSION.
 *
 * A launch with SEV-SNP: SNP_INIT, SNP_GCTX_CREATE, SNP_LAUNCH_START,
 * SNP_DF_FLUSH, SNP_ACTIVATE, SNP_LAUNCH_UPDATE ..., SNP_LAUNCH_FINISH; at the
 * end SNP_DECOMMISSION.
 */

#ifndef I386_SEV_ASP_H
#define I386_SEV_ASP_H

#include "abi.h"
#include "identity.h"
#include "session.h"
#include "snp-abi.h"
#include "snp-cpuid-bits.h"

typedef struct Asp Asp;

/**
 * struct AspRmpEntry - what the reverse map table has about a page of memory
 * @assigned: it belongs to a guest or the firmware; false: to the hypervisor,
 *   and all else is 0
 * @immutable: only the firmware may change the entry
 * @large: the entry is for 2 MiB, otherwise for 4 KiB
 * @asid: of the guest; 0: the firmware's
 * @gpa: where the guest has the page
 * @vmpl_perms: what each VMPL may do with it
 */
typedef struct AspRmpEntry {
    bool assigned, validated, immutable, vmsa, large;
    uint32_t asid;
    uint64_t gpa;
    uint8_t vmpl_perms[4];
} AspRmpEntry;

/* What stands for the handle of a guest with SEV-SNP, see AspMemory */
#define ASP_SNP_HANDLE(asid)    (0x80000000u | (asid))

/**
 * struct AspMemory - how an Asp reaches memory
 * @read: copy @len bytes at system physical address @addr to @buf, as they
 *   are in DRAM
 * @write: the opposite
 * @guest_read: copy @len bytes at @addr to @buf as guest @handle sees them
 *   through a mapping with the C-bit set
 * @guest_write: the opposite
 *
 * All return false if the range is not usable memory; the command then fails
 * with INVALID_ADDRESS and must not have changed anything.
 *
 * @guest_read and @guest_write stand for the encryption engine of the memory
 * controller.  When both are NULL the Asp does the engine's work itself, with
 * @read, @write and the guest's key (memcrypt.h): then memory holds
 * ciphertext.  @vek is the guest's 16-byte memory encryption key; it is valid
 * during the call only.  Guests with SEV-SNP have no handle: ASP_SNP_HANDLE()
 * of their ASID takes its place.
 *
 * @rmp_read and @rmp_write get and set the RMP entry of the 4 KiB page at
 * @addr; within 2 MiB with a large entry all pages have the same one but for
 * @gpa.  Both NULL: a platform without SEV-SNP.
 */

typedef struct AspMemory {
    bool (*read)(void *opaque, uint64_t addr, void *buf, size_t len);
    bool (*write)(void *opaque, uint64_t addr, const void *buf, size_t len);
    bool (*guest_read)(void *opaque, uint32_t handle, const uint8_t *vek,
                       uint64_t addr, void *buf, size_t len);
    bool (*guest_write)(void *opaque, uint32_t handle, const uint8_t *vek,
                        uint64_t addr, const void *buf, size_t len);
    bool (*rmp_read)(void *opaque, uint64_t addr, AspRmpEntry *entry);
    bool (*rmp_write)(void *opaque, uint64_t addr, const AspRmpEntry *entry);
} AspMemory;

/**
 * asp_new - make a platform in state UNINIT
 * @identity: who the platform is and where that is kept; borrowed, must
 *   outlive the Asp (see asp_identity_builtin() and asp_identity_open())
 * @memory: how to reach memory; copied
 * @opaque: handed to the functions of @memory
 *
 * Returns: the platform; free it with asp_free()
 */
Asp *asp_new(AspIdentity *identity, const AspMemory *memory, void *opaque);

/**
 * asp_free - drop the platform and all its guests, wiping every key
 */
void asp_free(Asp *asp);

/**
 * asp_command - carry out one mailbox command (SEV API, chapter 4.3)
 * @id: command id, ASP_CMD_*
 * @buf: the command buffer, in the layout of abi.h; in/out and out fields are
 *   written back.  May be NULL if and only if @len is 0
 * @len: bytes that @buf holds; the command fails with INVALID_LENGTH when it
 *   is less than the command's own length
 *
 * A failing command changes no state but the in/out length fields that the
 * specification says it writes.
 *
 * Returns: ASP_SUCCESS or the specified status
 */
AspStatus asp_command(Asp *asp, AspCommand id, void *buf, size_t len);

/**
 * asp_mailbox - carry out a mailbox command whose buffer is in memory
 * @id: as for asp_command()
 * @paddr: where the command buffer is; ignored for commands without one
 *
 * What a processor does that is a device: it reads the buffer once, and writes
 * it back if the command has output fields.  With SEV-SNP in state INIT, such
 * a buffer has to lie in pages of the firmware (SNP firmware ABI, "page
 * states").
 *
 * Returns: as asp_command(); INVALID_ADDRESS or INVALID_PAGE_STATE if the
 * buffer is not where the command may have it
 */
AspStatus asp_mailbox(Asp *asp, AspCommand id, uint64_t paddr);

/**
 * asp_set_transport_keys - fix the keys of launches without a session
 * @keys: what each LAUNCH_START without a DH certificate takes as TEK and TIK
 *   in place of fresh random keys; copied.  NULL: random keys again
 *
 * Nothing that hardware can do: sev-emulated has it for tests that know their
 * keys beforehand.
 */
void asp_set_transport_keys(Asp *asp, const SevTransportKeys *keys);

/**
 * asp_guest_digest - the launch digest LD of a guest, as it is now
 * @handle: as LAUNCH_START returned it
 * @digest: out: SHA-256 over what was measured so far, 32 bytes
 *
 * Nothing that hardware tells before ATTESTATION; it is what lets a front end
 * explain a measurement range by range.
 *
 * Returns: false if there is no such guest
 */
bool asp_guest_digest(const Asp *asp, uint32_t handle, uint8_t *digest);

/**
 * asp_snp_digest - the launch digest LD of a guest with SEV-SNP, as it is now
 * @gctx_paddr: its context page
 * @digest: out: SNP_DIGEST_SIZE bytes
 *
 * Returns: false if there is no such guest
 */
bool asp_snp_digest(const Asp *asp, uint64_t gctx_paddr, uint8_t *digest);

/**
 * asp_snp_vcek - the public key that verifies attestation reports
 * @x, @y: out: big-endian, ASP_EC_SIZE bytes each
 *
 * There is no certificate for it.
 */
void asp_snp_vcek(const Asp *asp, uint8_t *x, uint8_t *y);

/**
 * asp_snp_cpuid_refuse - say that the platform lacks CPUID features
 * @bits: which; copied
 *
 * SNP_LAUNCH_UPDATE then refuses a CPUID page with one of them, besides those
 * that no firmware allows.
 */
void asp_snp_cpuid_refuse(Asp *asp, const AspCpuidBits *bits);

#endif
