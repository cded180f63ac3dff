/*
 * A double of /dev/kvm and /dev/sev
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * A library to be preloaded into QEMU.  It answers what QEMU asks of KVM and
 * of the host's SEV firmware: enough of KVM to get a VM that never executes
 * anything, and all of the SEV and SEV-ES launch, carried out by the software
 * AMD Secure Processor.  It refuses what a kernel refuses, and writes down
 * every call that has to do with SEV.
 *
 * Environment:
 *   KVM_DOUBLE_LOG       file that the calls are appended to
 *   KVM_DOUBLE_FAULT     file that is read before each SEV call; while it has
 *                        a line "NAME NTH KIND VALUE", the NTH call (from 1;
 *                        0: every call) of that name fails: KIND is errno,
 *                        firmware (a status), or length (of a length query)
 *   KVM_DOUBLE_VM_TYPES  bitmap that KVM_CAP_VM_TYPES gives (default 0xd:
 *                        default, SEV, SEV-ES; 0: a kernel before Linux 6.10)
 *   KVM_DOUBLE_SEV       "off": a host without SEV; "no-es": without SEV-ES
 *   KVM_DOUBLE_CBITPOS   default 51
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

/* What a file descriptor of ours stands for */
typedef enum DoubleKind {
    DOUBLE_NONE,
    DOUBLE_KVM,
    DOUBLE_VM,
    DOUBLE_VCPU,
    DOUBLE_SEV,
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
    uint64_t pat;
} DoubleVcpu;

/* The VM; there is one in a process */
typedef struct DoubleVm {
    unsigned long type;
    DoubleVcpu vcpus[DOUBLE_MAX_VCPUS];
    unsigned num_vcpus;
    bool active;                /* as a SEV guest */
    bool es;
    bool init2;                 /* by KVM_SEV_INIT2 */
    bool registers_encrypted;
    uint32_t handle;            /* the firmware's; 0: not launched */
    GArray *regions;            /* of struct kvm_enc_region */
} DoubleVm;

extern DoubleVm double_vm;

/* preload.c: what _FORTIFY_SOURCE makes of open(); glibc hides them */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);

/* preload.c: the descriptors.  @index: of the vCPU */
int double_fd_new(DoubleKind kind, unsigned index, size_t size);
DoubleKind double_fd_kind(int fd, unsigned *index);

/* Each returns what ioctl() returns, with errno */
int double_kvm_ioctl(unsigned long request, void *arg);
int double_vm_ioctl(unsigned long request, void *arg);
int double_vcpu_ioctl(DoubleVcpu *vcpu, unsigned long request, void *arg);
int double_sev_ioctl(unsigned long request, void *arg);

/* kvm-sev.c, kvm-regions.c: ioctls of a VM that are about encryption */
int double_encrypt_op(void *arg);
int double_region(bool add, const struct kvm_enc_region *region);

/* kvm-sev.c: write down why, and return -EINVAL */
int double_refuse(const char *why);

/*
 * kvm-regions.c: "region 0 + 0x1000", where a guest's memory is, the same in
 * every run; a new string
 */
char *double_place(uint64_t addr, uint64_t len);

/* Fail with @err, a negative errno: sets errno and returns -1 */
int double_fail(int err);

/*
 * firmware.c.  Commands name memory by the address that it has in this
 * process.
 */
AspStatus double_firmware(AspCommand id, void *buf, size_t len);
bool double_user_read(uint64_t addr, void *buf, size_t len);
bool double_user_write(uint64_t addr, const void *buf, size_t len);

/* vmsa.c: what the kernel makes of a vCPU's registers for the firmware */
void double_vmsa_build(const DoubleVcpu *vcpu, bool with_fpu, uint8_t *page);

/* config.c */
bool double_has_sev(void);
bool double_has_es(void);
unsigned double_cbitpos(void);
unsigned long double_vm_types(void);

/* log.c: printf of one line */
void double_log(const char *fmt, ...) G_GNUC_PRINTF(1, 2);

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

/* fault.c: count a call of @name, and say whether it is to fail */
DoubleFault double_fault(const char *name);

#endif
