/*
 * A double of /dev/kvm and /dev/sev
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A library to be preloaded into QEMU.  It answers what QEMU asks of KVM and
 * of the host's SEV firmware: enough of KVM to get a VM that never executes
 * anything, and all of the launch with SEV, SEV-ES and SEV-SNP, carried out by
 * the software AMD Secure Processor.  It refuses what a kernel refuses, and
 * writes down every call that has to do with SEV.
 *
 * Environment:
 *   KVM_DOUBLE_LOG       file that the calls are appended to
 *   KVM_DOUBLE_FAULT     file that is read before each SEV call; while it has
 *                        a line "NAME NTH KIND VALUE", the NTH call (from 1;
 *                        0: every call) of that name fails: KIND is errno,
 *                        firmware (a status), or length (of a length query).
 *                        NAME is that of an ioctl, "open", or how memory is
 *                        given back: "discard" (a guest_memfd), "fallocate",
 *                        "madvise"
 *   KVM_DOUBLE_CALLS     file that the NAME of every call is appended to, a
 *                        line each
 *   KVM_DOUBLE_EXITS     file of exits of the first vCPU to userspace, a line
 *                        each, which may be appended to at any time: see
 *                        kvm-exit.c
 *   KVM_DOUBLE_VM_TYPES  bitmap that KVM_CAP_VM_TYPES gives (default 0x1d:
 *                        default, SEV, SEV-ES, SEV-SNP; 0: a kernel before
 *                        Linux 6.10)
 *   KVM_DOUBLE_SEV       "off": a host without SEV; "no-es": without SEV-ES
 *                        and SEV-SNP; "no-snp": without SEV-SNP
 *   KVM_DOUBLE_INIT      "late": the platform is not initialised before there
 *                        is a guest
 *   KVM_DOUBLE_CBITPOS   default 51
 *   KVM_DOUBLE_MEMORY    "scattered": no two pages of the guest's are
 *                        neighbours in the host's memory
 *   KVM_DOUBLE_VMSA_FEATURES  bitmap that KVM_SEV_INIT2 takes; default 0
 *   KVM_DOUBLE_UPDATE_PAGES   KVM_SEV_SNP_LAUNCH_UPDATE takes so many pages
 *                        at a time; default: all
 *   KVM_DOUBLE_NO_CPUID  CPUID features that the firmware does not let a SNP
 *                        guest have: "LEAF SUBLEAF REG MASK", as in
 *                        "7 0 ebx 0x100"; more of them after commas
 *   KVM_DOUBLE_STATE     identity of the platform, a file as made by
 *                        "qemu-sev platform init"; default: the built-in one
 */

#ifndef KVM_DOUBLE_H
#define KVM_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <glib.h>
#include <linux/kvm.h>
#include "asp.h"

#define DOUBLE_MAX_VCPUS 64
#define DOUBLE_PAGE      4096
#define DOUBLE_MAX_BLOB  (16 * 1024)

/* What a file descriptor of ours stands for */
typedef enum DoubleKind {
    DOUBLE_NONE,
    DOUBLE_KVM,
    DOUBLE_VM,
    DOUBLE_VCPU,
    DOUBLE_SEV,
    DOUBLE_GUEST_MEMFD,
} DoubleKind;

/* Registers of a vCPU, as QEMU set them */
typedef struct DoubleVcpu {
    int fd;
    unsigned index;
    struct kvm_run *run;
    struct kvm_regs regs;
    struct kvm_sregs2 sregs;
    struct kvm_xsave xsave;
    struct kvm_xcrs xcrs;
    struct kvm_debugregs debugregs;
    struct kvm_mp_state mp_state;
    struct kvm_cpuid2 *cpuid;   /* with its entries */
    uint64_t pat;
    uint32_t debug;             /* control of KVM_SET_GUEST_DEBUG */
    uint8_t *vmsa;              /* SEV-SNP: the page, once it was launched */
} DoubleVcpu;

/* The VM; there is one in a process */
typedef struct DoubleVm {
    unsigned long type;
    DoubleVcpu vcpus[DOUBLE_MAX_VCPUS];
    unsigned num_vcpus;
    bool active;                /* as a SEV guest */
    bool es;                    /* also with SEV-SNP */
    bool init2;                 /* by KVM_SEV_INIT2 */
    uint64_t vmsa_features;
    bool registers_encrypted;
    bool finished;              /* the launch */
    uint32_t handle;            /* the firmware's; 0: not launched */
    void *gctx;                 /* SEV-SNP: context page; NULL: not launched */
    uint64_t exit_hypercalls;   /* bitmap of those that userspace handles */
    GArray *regions;            /* of struct kvm_enc_region */
} DoubleVm;

extern DoubleVm double_vm;

typedef enum DoubleFaultKind {
    FAULT_NONE,
    FAULT_ERRNO,
    FAULT_FIRMWARE,
    FAULT_LENGTH,
} DoubleFaultKind;

typedef struct DoubleFault {
    DoubleFaultKind kind;
    uint32_t value;
} DoubleFault;

/* A command: returns 0 or a negative errno; @status: what the firmware said */
typedef int DoubleHandler(uint64_t data, const DoubleFault *fault,
                          uint32_t *status);

/* fault.c: count a call of @name, and say whether it is to fail */
DoubleFault double_fault(const char *name);

/* The same for calls that can only fail with an errno: 0 or a negative one */
int double_fault_errno(const char *name);

/* ioctls.c: a string that stays; NULL: the command in it has the name */
const char *double_ioctl_name(unsigned long request);

/* preload.c: what _FORTIFY_SOURCE makes of open(); glibc hides them */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

/*
 * preload.c: the descriptors.  @index: of the vCPU or the guest memory; of
 * /dev/sev, whether it was opened for writing
 */
int double_fd_new(DoubleKind kind, unsigned index, size_t size);
DoubleKind double_fd_kind(int fd, unsigned *index);

/* Each returns what ioctl() returns, with errno */
int double_kvm_ioctl(unsigned long request, void *arg);
int double_vm_ioctl(unsigned long request, void *arg);
int double_vcpu_ioctl(DoubleVcpu *vcpu, unsigned long request, void *arg);
int double_sev_ioctl(unsigned long request, void *arg, bool writable);

/* sev-owner.c: SEV_ISSUE_CMD that change the platform's keys, or help to */
DoubleHandler double_factory_reset, double_pek_gen, double_pdh_gen;
DoubleHandler double_pek_csr, double_pek_cert_import;

/* kvm-sev.c, kvm-regions.c: ioctls of a VM that are about encryption */
int double_encrypt_op(void *arg);
int double_region(bool add, const struct kvm_enc_region *region);

/* kvm-cpuid.c: CPUID of the host and of a vCPU */
int double_supported_cpuid(struct kvm_cpuid2 *cpuid);
int double_set_cpuid(DoubleVcpu *vcpu, const struct kvm_cpuid2 *cpuid);
int double_get_cpuid(const DoubleVcpu *vcpu, struct kvm_cpuid2 *cpuid);

/* kvm-launch.c, -dbg.c, -migration.c, -snp.c: KVM_MEMORY_ENCRYPT_OP */
DoubleHandler double_launch_start, double_launch_update_data;
DoubleHandler double_launch_update_vmsa, double_launch_measure;
DoubleHandler double_launch_secret, double_launch_finish;
DoubleHandler double_guest_status, double_attestation_report;
DoubleHandler double_dbg_decrypt, double_dbg_encrypt;
DoubleHandler double_send_start, double_send_update_data;
DoubleHandler double_send_finish, double_send_cancel;
DoubleHandler double_receive_start, double_receive_update_data;
DoubleHandler double_receive_finish;
DoubleHandler double_snp_launch_start, double_snp_launch_update;
DoubleHandler double_snp_launch_finish;

/* kvm-sev.c: write down why, and return -EINVAL */
int double_refuse(const char *why);

/* Whether all of @len bytes are 0 */
bool double_is_zero(const void *bytes, size_t len);

/*
 * kvm-regions.c: "region 0 + 0x1000", where a guest's memory is, the same in
 * every run; a new string
 */
char *double_place(uint64_t addr, uint64_t len);

/* Whether the VM has private memory, which needs a guest_memfd */
bool double_has_private_memory(void);

/*
 * kvm-memory.c: slots, guest memory and which of it is private.  Each ioctl
 * returns 0 or a negative errno.
 */
int double_set_slot(const struct kvm_userspace_memory_region *region);
int double_set_slot2(const struct kvm_userspace_memory_region2 *region);
int double_create_guest_memfd(const struct kvm_create_guest_memfd *args);
int double_set_attributes(const struct kvm_memory_attributes *args);
bool double_is_private(uint64_t gpa, uint64_t size);

/* kvm-sev.c: not empty, and not past the last address; and small besides */
bool double_is_range(uint64_t addr, uint64_t len);
bool double_is_blob(uint64_t addr, uint32_t len);

/*
 * Where private memory at @gpa is in this process, with how many bytes from
 * there on the slot has; NULL without such a slot
 */
void *double_private_memory(uint64_t gpa, uint64_t *size);

/* A hole is to be punched into guest memory @index: 0 or a negative errno */
int double_discard(unsigned index, uint64_t offset, uint64_t size);

/* rmp.c: the reverse map table, by addresses of this process */
bool double_rmp_read(void *opaque, uint64_t addr, AspRmpEntry *entry);
bool double_rmp_write(void *opaque, uint64_t addr, const AspRmpEntry *entry);

/* RMPUPDATE; a page that is not @assigned is the hypervisor's */
void double_rmp_update(const void *page, const AspRmpEntry *entry);

/* The hypervisor's pages of a range become the firmware's, and back */
void double_rmp_give(uint64_t addr, size_t len);
void double_rmp_take(uint64_t addr, size_t len);

/* A page of the hypervisor's in state Firmware; double_page_free() frees it */
void *double_firmware_page(void);
void double_page_free(void *page);

/* Have a page back from the firmware, in whichever state it is */
void double_page_reclaim(const void *page);

/*
 * firmware.c.  Commands name memory by the address that it has in this
 * process.
 */
AspStatus double_firmware(AspCommand id, void *buf, size_t len);

/* INIT, if the platform was reset since it was initialised */
AspStatus double_platform_init(void);
bool double_snp_digest(const void *gctx, uint8_t *digest);
bool double_user_read(uint64_t addr, void *buf, size_t len);
bool double_user_write(uint64_t addr, const void *buf, size_t len);

/* The firmware's word as an errno: EIO unless it did what it was told */
int double_command(AspCommand id, void *buf, size_t len, uint32_t *status);

/*
 * vmsa.c: what the kernel makes of a vCPU's registers for the firmware; it does
 * not of a vCPU that is debugged
 */
bool double_vmsa_possible(void);
void double_vmsa_build(const DoubleVcpu *vcpu, bool with_fpu, uint8_t *page);

/* kvm-exit.c: see there.  @ret: out: what KVM_RUN returns */
void double_exit_done(DoubleVcpu *vcpu);
bool double_exit_next(DoubleVcpu *vcpu, int *ret);

/* config.c */
bool double_has_sev(void);
bool double_has_es(void);
bool double_has_snp(void);
bool double_inits_late(void);
unsigned double_cbitpos(void);
bool double_is_scattered(void);
unsigned long double_vm_types(void);
uint64_t double_vmsa_features(void);
unsigned long double_update_pages(void);

/* Let @asp refuse what KVM_DOUBLE_NO_CPUID says */
void double_no_cpuid(Asp *asp);

/* log.c: printf of one line */
void double_log(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

/* Fail with @err, a negative errno: sets errno and returns -1 */
int double_fail(int err);

#endif
