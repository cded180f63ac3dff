/*
 * AMD SEV: what the machine, the CPU and the accelerators call
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * The functions that other parts of QEMU need from a SEV guest.  They answer
 * for the one guest that runs in this process, and are valid as soon as the
 * accelerator is initialised, before any vCPU exists.  Without CONFIG_SEV
 * they say that there is none.
 */

#ifndef I386_SEV_H
#define I386_SEV_H

#ifndef CONFIG_USER_ONLY
#include CONFIG_DEVICES /* CONFIG_SEV */
#include "exec/hwaddr.h"
#endif

#if !defined(CONFIG_SEV) || defined(CONFIG_USER_ONLY)
#define sev_enabled() 0
#define sev_es_enabled() 0
#define sev_snp_enabled() 0
#else
/**
 * sev_enabled - whether the guest runs under SEV in any of its forms
 */
bool sev_enabled(void);

/**
 * sev_es_enabled - whether the guest's register state is encrypted as well
 *
 * So with SEV-ES and SEV-SNP.
 */
bool sev_es_enabled(void);

/**
 * sev_snp_enabled - whether the guest runs under SEV-SNP
 */
bool sev_snp_enabled(void);
#endif

/**
 * sev_get_cbit_position - the bit of a page table entry that says "private"
 *
 * What CPUID 0x8000001F EBX[5:0] shows.  Only for a SEV guest.
 */
uint32_t sev_get_cbit_position(void);

/**
 * sev_get_reduced_phys_bits - physical address bits that encryption takes
 *
 * What CPUID 0x8000001F EBX[11:6] shows.  Only for a SEV guest.
 */
uint32_t sev_get_reduced_phys_bits(void);

#ifndef CONFIG_USER_ONLY

#define TYPE_SEV_COMMON "sev-common"
#define TYPE_SEV_GUEST "sev-guest"
#define TYPE_SEV_EMULATED "sev-emulated"
#define TYPE_SEV_SNP_GUEST "sev-snp-guest"

/**
 * struct SevKernelLoaderContext - what -kernel, -initrd and -append gave
 *
 * The kernel file is the setup part followed by the rest; sizes are in bytes,
 * @cmdline_size counts the trailing NUL.  NULL and 0 for what is not given.
 */
typedef struct SevKernelLoaderContext {
    char *setup_data;
    size_t setup_size;
    char *kernel_data;
    size_t kernel_size;
    char *initrd_data;
    size_t initrd_size;
    char *cmdline_data;
    size_t cmdline_size;
} SevKernelLoaderContext;

/**
 * sev_add_kernel_loader_hashes - measure what the firmware will load
 * @ctx: the files
 * @errp: set when the firmware has no room for the hashes
 *
 * Writes the table of hashes into the area that the firmware keeps for it and
 * adds it to the launch measurement.
 *
 * Returns: true if hashes were added; false without an error when the guest
 * has kernel-hashes=off
 */
bool sev_add_kernel_loader_hashes(SevKernelLoaderContext *ctx, Error **errp);

/**
 * sev_encrypt_flash - make the firmware part of the launch
 * @gpa: where the guest sees it
 * @ptr: the image in host memory
 * @len: bytes, a multiple of 16
 *
 * Returns: 0, or -1 with @errp set
 */
int sev_encrypt_flash(hwaddr gpa, uint8_t *ptr, uint64_t len, Error **errp);

/**
 * sev_inject_launch_secret - give the guest owner's secret to the guest
 * @hdr: packet header, base64
 * @secret: encrypted secret, base64
 * @gpa: where the guest will look for it, a multiple of 16
 *
 * The platform verifies the packet before it writes anything.
 *
 * Returns: 0, or -1 with @errp set and the guest unchanged
 */
int sev_inject_launch_secret(const char *hdr, const char *secret,
                             uint64_t gpa, Error **errp);

/**
 * sev_es_save_reset_vector - learn from the firmware where APs start
 *
 * Returns: 0 if it is known or not needed
 */
int sev_es_save_reset_vector(void *flash_ptr, uint64_t flash_size);

/**
 * sev_es_set_reset_vector - start an AP where the firmware said
 */
void sev_es_set_reset_vector(CPUState *cpu);

/**
 * sev_es_refuse_cpu_hotplug - why a SEV-ES guest gets no more CPUs
 * @errp: always set
 */
void sev_es_refuse_cpu_hotplug(Error **errp);

/**
 * sev_kvm_cpu_init_spaces - what debuggers see through a vCPU of KVM's
 * @cs: the vCPU; its num_ases is set, and none of its address spaces is there
 *
 * Adds address spaces to those that the vCPU has anyway, and lets its debug
 * walks know the C-bit.  Does nothing for a plain guest.
 */
void sev_kvm_cpu_init_spaces(CPUState *cs);

/**
 * pc_system_parse_sev_metadata - find the SNP sections of the firmware
 */
void pc_system_parse_sev_metadata(uint8_t *flash_ptr, size_t flash_size);

#endif /* !CONFIG_USER_ONLY */

#endif
