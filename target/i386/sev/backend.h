/*
 * SEV backends: who carries out the firmware's commands
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A backend stands for one platform and the one guest that this process
 * launches on it.  Its methods are the firmware's operations (SEV API,
 * chapters 5 and 6), free of how they travel there: in process to the
 * software AMD Secure Processor, or by ioctl to a host's.
 *
 * Every method that can fail returns false and says why in @errp, with the
 * firmware's status by name and number where it was the firmware that refused
 * (error.h).  A method that failed has changed nothing.  Callers hold the BQL.
 */

#ifndef I386_SEV_BACKEND_H
#define I386_SEV_BACKEND_H

#include "exec/hwaddr.h"
#include "sev/asp/abi.h"
#include "sev/asp/snp-abi.h"

typedef struct SevBackend SevBackend;
typedef struct SevBackendOps SevBackendOps;

#define SEV_DEVICE_DEFAULT "/dev/sev"

/**
 * struct SevBackendConfig - which platform
 * @sev_device: device file of the host's firmware; SEV_DEVICE_DEFAULT when
 *   nobody asked for another
 * @state_file: identity of an emulated platform; NULL: the built-in one
 * @kvm_vm_type: type that KVM made the VM with
 */
typedef struct SevBackendConfig {
    const char *sev_device;
    const char *state_file;
    int kvm_vm_type;
} SevBackendConfig;

/**
 * struct SevPlatform - what a platform is and can do
 * @api_major, @api_minor, @build: version of the firmware
 * @cbitpos: the C-bit that a guest gets by default
 * @cbitpos_min, @cbitpos_max: positions that a guest may ask for
 * @reduced_phys_bits: address bits that encryption takes
 * @has_es: guests with encrypted registers can run, or it is not known yet
 */
typedef struct SevPlatform {
    uint8_t api_major;
    uint8_t api_minor;
    uint8_t build;
    uint32_t cbitpos;
    uint32_t cbitpos_min;
    uint32_t cbitpos_max;
    uint32_t reduced_phys_bits;
    bool has_es;
} SevPlatform;

/**
 * struct SevCerts - a platform's certificates and chip id
 * @chain: PEK, OCA and CEK
 */
typedef struct SevCerts {
    uint8_t pdh[SEV_CERT_SIZE];
    uint8_t chain[SEV_CERT_CHAIN_SIZE];
    uint8_t chip_id[SEV_CHIP_ID_SIZE];
} SevCerts;

/**
 * struct SevLaunchStart - parameters of LAUNCH_START
 * @policy: guest policy, host endian
 * @handle: guest whose key is to be shared, or 0
 * @godh: SEV_CERT_SIZE bytes, or NULL to launch without a guest owner
 * @session: SEV_SESSION_SIZE bytes, with @godh only
 */
typedef struct SevLaunchStart {
    uint32_t policy;
    uint32_t handle;
    const uint8_t *godh;
    const uint8_t *session;
} SevLaunchStart;

/**
 * struct SevLaunchSecret - parameters of LAUNCH_SECRET
 * @header: SEV_PACKET_HEADER_SIZE bytes
 * @data: the encrypted secret
 * @len: its size; the plaintext's too
 * @gpa: guest physical address that gets the plaintext
 * @hva: the same memory as the host sees it
 */
typedef struct SevLaunchSecret {
    const uint8_t *header;
    const uint8_t *data;
    uint32_t len;
    hwaddr gpa;
    void *hva;
} SevLaunchSecret;

/**
 * struct SevSnpLaunchStart - parameters of SNP_LAUNCH_START
 * @policy: guest policy, SNP_POLICY_*
 * @gosvw: guest OS visible workarounds
 */
typedef struct SevSnpLaunchStart {
    uint64_t policy;
    uint8_t gosvw[SNP_GOSVW_SIZE];
} SevSnpLaunchStart;

/**
 * struct SevSnpLaunchFinish - parameters of SNP_LAUNCH_FINISH
 * @id_block: who the guest is and which digest it must have; NULL: nobody
 *   says
 * @id_auth: keys and signatures of @id_block; NULL without it
 * @author_key_enabled: @id_auth has an author's key too
 * @vcek_disabled: reports may not be signed with the chip's own key
 * @host_data: appears in the guest's reports
 */
typedef struct SevSnpLaunchFinish {
    const SnpIdBlock *id_block;
    const SnpIdAuth *id_auth;
    bool author_key_enabled;
    bool vcek_disabled;
    uint8_t host_data[SNP_HOST_DATA_SIZE];
} SevSnpLaunchFinish;

/**
 * struct SevBackendOps - a kind of backend
 * @name: for people: "emulated"
 */
struct SevBackendOps {
    const char *name;

    bool (*platform)(SevBackend *be, SevPlatform *platform, Error **errp);
    bool (*certs)(SevBackend *be, SevCerts *certs, Error **errp);

    /*
     * Make the VM one of an encrypted guest, before launch_start(); @es: with
     * encrypted registers.  NULL if there is nothing to do
     */
    bool (*init)(SevBackend *be, bool es, Error **errp);
    /* @handle: out: the firmware's name of the guest */
    bool (*launch_start)(SevBackend *be, const SevLaunchStart *start,
                         uint32_t *handle, Error **errp);
    /* Measure and encrypt in place; @len is a multiple of 16 */
    bool (*launch_update_data)(SevBackend *be, hwaddr gpa, void *hva,
                               uint64_t len, Error **errp);
    /*
     * SEV-ES: measure and encrypt the registers of all vCPUs, in the order of
     * their creation.  NULL if the platform never has has_es
     */
    bool (*launch_update_vmsa)(SevBackend *be, Error **errp);
    /* @blob: out: SEV_MEASURE_BLOB_SIZE bytes, MEASURE and mnonce */
    bool (*launch_measure)(SevBackend *be, uint8_t *blob, Error **errp);
    bool (*launch_secret)(SevBackend *be, const SevLaunchSecret *secret,
                          Error **errp);
    bool (*launch_finish)(SevBackend *be, Error **errp);
    /*
     * The VM is reset: drop the guest and its key, so that launch_start() can
     * make a new one.  vCPUs are stopped; memory keeps what DRAM holds.  NULL
     * where a guest outlives a reset
     */
    bool (*reset)(SevBackend *be, Error **errp);
    /*
     * Whether the platform took the memory at @host, which a memory backend
     * has brought; if not, it must be freed.  NULL if it takes all
     */
    bool (*accepts_memory)(SevBackend *be, void *host, Error **errp);
    /* @mnonce: SEV_NONCE_SIZE bytes; @report: out: SEV_REPORT_SIZE bytes */
    bool (*attestation)(SevBackend *be, const uint8_t *mnonce,
                        uint8_t *report, Error **errp);
    /*
     * Copy guest memory for a debugger, decrypted, or the opposite; @gpa and
     * @len are multiples of 16.  The guest's policy decides.  NULL if the
     * platform cannot
     */
    bool (*dbg_decrypt)(SevBackend *be, hwaddr gpa, void *hva, void *buf,
                        uint64_t len, Error **errp);
    bool (*dbg_encrypt)(SevBackend *be, hwaddr gpa, void *hva,
                        const void *buf, uint64_t len, Error **errp);

    /*
     * SEV-SNP (SNP firmware ABI); all NULL if the platform never runs such
     * guests.  init() comes first here too.
     */
    bool (*snp_launch_start)(SevBackend *be, const SevSnpLaunchStart *start,
                             Error **errp);
    /* The CPUID leaves that the guest's processors have */
    bool (*snp_cpuid)(SevBackend *be, SnpCpuidPage *page, Error **errp);
    /*
     * Measure and encrypt whole pages; afterwards they are private.  @hva
     * holds what the guest is to find there, nothing for pages of type ZERO
     * and SECRETS.  When the firmware refuses a CPUID page, @hva holds the
     * values that it would accept.
     */
    bool (*snp_launch_update)(SevBackend *be, hwaddr gpa, void *hva,
                              uint64_t len, SnpPageType type, Error **errp);
    /* The registers of all vCPUs are measured and encrypted here */
    bool (*snp_launch_finish)(SevBackend *be, const SevSnpLaunchFinish *finish,
                              Error **errp);

    /*
     * Migration has its place here: SEND_START, SEND_UPDATE_DATA,
     * SEND_UPDATE_VMSA, SEND_FINISH and SEND_CANCEL at the source,
     * RECEIVE_START, RECEIVE_UPDATE_DATA, RECEIVE_UPDATE_VMSA and
     * RECEIVE_FINISH in place of the launch at the target, a method each.  A
     * chunk of memory is what struct SevLaunchSecret describes: packet
     * header, transport data, gpa and hva.
     */

    /* Drop the guest and the platform, wiping all keys */
    void (*free)(SevBackend *be);
};

/* Embedded at the start of each backend */
struct SevBackend {
    const SevBackendOps *ops;
};

/**
 * sev_backend_new - the backend that goes with the accelerator
 * @config: which platform
 * @errp: set when the accelerator has none, or @config names what it has not
 *
 * Returns: the backend, its platform initialised; free with
 * sev_backend_free().  NULL on failure
 */
SevBackend *sev_backend_new(const SevBackendConfig *config, Error **errp);

/**
 * sev_backend_emulated_new - a platform in this process
 */
SevBackend *sev_backend_emulated_new(const SevBackendConfig *config,
                                     Error **errp);

/**
 * sev_backend_kvm_new - the host's platform; only if kvm_enabled()
 */
SevBackend *sev_backend_kvm_new(const SevBackendConfig *config, Error **errp);

/**
 * sev_backend_free - drop guest and platform; NULL is allowed
 */
void sev_backend_free(SevBackend *be);

#endif
