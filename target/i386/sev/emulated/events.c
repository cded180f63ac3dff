/*
 * SEV hypervisor: requests by the GHCB page
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Non-automatic exits, GHCB specification, chapter 4.  What the guest says is
 * in a copy of its page; the registers of the vCPU are not looked at.
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "tcg/helper-tcg.h"
#include "tcg/sev/exit.h"
#include "sev/trace.h"
#include "hypervisor.h"

/* Events that are no exit codes of the processor */
#define EVENT_MMIO_READ         0x80000001
#define EVENT_MMIO_WRITE        0x80000002
#define EVENT_NMI_COMPLETE      0x80000003
#define EVENT_RESET_HOLD        0x80000004
#define EVENT_JUMP_TABLE        0x80000005
#define EVENT_FEATURES          0x8000fffd
#define EVENT_TERMINATE         0x8000fffe
#define EVENT_UNSUPPORTED       0x8000ffff

/* Fields of SW_EXITINFO1 of an access to a port */
#define IO_IN                   (1 << 0)
#define IO_STRING               (1 << 2)
#define IO_SIZE(info)           (((info) >> 4) & 7)
#define IO_PORT(info)           (((info) >> 16) & 0xffff)

#define MMIO_MAX                8

/* The address of the table that tells APs where to start */
static uint64_t jump_table;

static void do_nothing(X86CPU *cpu, SevGhcb *ghcb)
{
}

static void read_dr7(X86CPU *cpu, SevGhcb *ghcb)
{
    sev_ghcb_put(ghcb, SEV_GHCB_RAX, cpu->env.dr[7]);
}

static void write_dr7(X86CPU *cpu, SevGhcb *ghcb)
{
    cpu_x86_update_dr7(&cpu->env, sev_ghcb_get(ghcb, SEV_GHCB_RAX));
}

static void rdtsc(X86CPU *cpu, SevGhcb *ghcb)
{
    uint64_t tsc = cpu_get_tsc(&cpu->env) + cpu->env.tsc_offset;

    sev_ghcb_put(ghcb, SEV_GHCB_RAX, (uint32_t)tsc);
    sev_ghcb_put(ghcb, SEV_GHCB_RDX, tsc >> 32);
}

static void rdtscp(X86CPU *cpu, SevGhcb *ghcb)
{
    rdtsc(cpu, ghcb);
    sev_ghcb_put(ghcb, SEV_GHCB_RCX, (uint32_t)cpu->env.tsc_aux);
}

/* There are no counters */
static void rdpmc(X86CPU *cpu, SevGhcb *ghcb)
{
    sev_ghcb_raise(ghcb, EXCP0D_GPF);
}

static void cpuid(X86CPU *cpu, SevGhcb *ghcb)
{
    uint32_t leaf = sev_ghcb_get(ghcb, SEV_GHCB_RAX), regs[4];

    if (leaf == 0xd && !sev_ghcb_has(ghcb, SEV_GHCB_XCR0)) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_MISSING_INPUT);
        return;
    }
    cpu_x86_cpuid(&cpu->env, leaf, sev_ghcb_get(ghcb, SEV_GHCB_RCX), &regs[0],
                  &regs[1], &regs[2], &regs[3]);
    sev_ghcb_put(ghcb, SEV_GHCB_RAX, regs[0]);
    sev_ghcb_put(ghcb, SEV_GHCB_RBX, regs[1]);
    sev_ghcb_put(ghcb, SEV_GHCB_RCX, regs[2]);
    sev_ghcb_put(ghcb, SEV_GHCB_RDX, regs[3]);
}

/* A register that the guest accesses itself is none of the hypervisor's */
static void msr(X86CPU *cpu, SevGhcb *ghcb)
{
    uint32_t number = sev_ghcb_get(ghcb, SEV_GHCB_RCX);
    bool write = ghcb->info1;
    uint64_t value = 0;

    if (ghcb->info1 > 1) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_INVALID_INPUT);
        return;
    }
    if (write) {
        if (!sev_ghcb_has(ghcb, SEV_GHCB_RAX) ||
            !sev_ghcb_has(ghcb, SEV_GHCB_RDX)) {
            sev_ghcb_refuse(ghcb, SEV_GHCB_MISSING_INPUT);
            return;
        }
        value = (uint32_t)sev_ghcb_get(ghcb, SEV_GHCB_RAX) |
                sev_ghcb_get(ghcb, SEV_GHCB_RDX) << 32;
    }
    if (sev_hv_passes_msr(number) || !sev_tcg_msr(cpu, write, number, &value)) {
        sev_ghcb_raise(ghcb, EXCP0D_GPF);
        return;
    }
    if (!write) {
        sev_ghcb_put(ghcb, SEV_GHCB_RAX, (uint32_t)value);
        sev_ghcb_put(ghcb, SEV_GHCB_RDX, value >> 32);
    }
}

/* There are no hypercalls, as in a plain guest */
static void vmmcall(X86CPU *cpu, SevGhcb *ghcb)
{
    sev_ghcb_raise(ghcb, EXCP06_ILLOP);
}

static void access_port(X86CPU *cpu, uint16_t port, void *buf, unsigned size,
                        bool in)
{
    address_space_rw(&address_space_io, port, cpu_get_mem_attrs(&cpu->env),
                     buf, size, !in);
}

/* Elements lie in a row in the scratch area, whatever the direction flag */
static void string_io(X86CPU *cpu, SevGhcb *ghcb, unsigned size)
{
    uint64_t info = ghcb->info1, count = ghcb->info2;
    uint8_t buf[SEV_GHCB_BUFFER_SIZE];
    bool in = info & IO_IN;

    if (count > sizeof(buf) / size) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_INVALID_INPUT);
        return;
    }
    if (!in && !sev_ghcb_scratch(ghcb, buf, count * size, false)) {
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        access_port(cpu, IO_PORT(info), buf + i * size, size, in);
    }
    if (in) {
        sev_ghcb_scratch(ghcb, buf, count * size, true);
    }
}

static void io(X86CPU *cpu, SevGhcb *ghcb)
{
    uint64_t info = ghcb->info1, rax = sev_ghcb_get(ghcb, SEV_GHCB_RAX);
    unsigned size = IO_SIZE(info);
    bool in = info & IO_IN;
    uint8_t buf[4] = {};

    if (size != 1 && size != 2 && size != 4) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_INVALID_INPUT);
        return;
    }
    if (info & IO_STRING) {
        string_io(cpu, ghcb, size);
        return;
    }
    if (!in && !sev_ghcb_has(ghcb, SEV_GHCB_RAX)) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_MISSING_INPUT);
        return;
    }
    stl_le_p(buf, rax);
    access_port(cpu, IO_PORT(info), buf, size, in);
    if (in) {
        sev_ghcb_put(ghcb, SEV_GHCB_RAX, deposit64(rax, 0, 8 * size,
                                                   ldn_le_p(buf, size)));
    }
}

/* What is not there reads as ones, as in a plain guest */
static void mmio(X86CPU *cpu, SevGhcb *ghcb, bool write)
{
    uint64_t gpa = ghcb->info1, len = ghcb->info2;
    uint8_t buf[MMIO_MAX];

    if (len > sizeof(buf) || gpa + len < gpa) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_INVALID_INPUT);
        return;
    }
    memset(buf, 0xff, sizeof(buf));
    if (write && !sev_ghcb_scratch(ghcb, buf, len, false)) {
        return;
    }
    address_space_rw(&address_space_memory, gpa, cpu_get_mem_attrs(&cpu->env),
                     buf, len, write);
    if (!write) {
        sev_ghcb_scratch(ghcb, buf, len, true);
    }
}

static void mmio_read(X86CPU *cpu, SevGhcb *ghcb)
{
    mmio(cpu, ghcb, false);
}

static void mmio_write(X86CPU *cpu, SevGhcb *ghcb)
{
    mmio(cpu, ghcb, true);
}

static void nmi_complete(X86CPU *cpu, SevGhcb *ghcb)
{
    cpu->env.hflags2 &= ~HF2_NMI_MASK;
}

static void reset_hold(X86CPU *cpu, SevGhcb *ghcb)
{
    sev_hv_hold(cpu, SEV_WAIT_GHCB);
}

static void ap_jump_table(X86CPU *cpu, SevGhcb *ghcb)
{
    switch (ghcb->info1) {
    case 0:
        qatomic_set(&jump_table, ghcb->info2);
        break;
    case 1:
        sev_ghcb_put(ghcb, SEV_GHCB_EXITINFO2, qatomic_read(&jump_table));
        break;
    default:
        sev_ghcb_refuse(ghcb, SEV_GHCB_INVALID_INPUT);
    }
}

static void features(X86CPU *cpu, SevGhcb *ghcb)
{
    sev_ghcb_put(ghcb, SEV_GHCB_EXITINFO2, sev_hv_features());
}

/* In other bits than those of the MSR protocol */
static void terminate(X86CPU *cpu, SevGhcb *ghcb)
{
    uint64_t set = ghcb->info1 & 0xf, code = (ghcb->info1 >> 4) & 0xff;

    sev_hv_terminate(cpu, code << 16 | set << 12);
}

/* The guest has no handler for an exit of its own */
static void unsupported(X86CPU *cpu, SevGhcb *ghcb)
{
    sev_hv_terminate(cpu, 0);
}

typedef struct Event {
    uint64_t code;
    void (*run)(X86CPU *cpu, SevGhcb *ghcb);
    SevGhcbField needs[2];              /* besides those of all events */
} Event;

static const Event events[] = {
    { SVM_EXIT_READ_DR7, read_dr7 },
    { SVM_EXIT_WRITE_DR7, write_dr7, { SEV_GHCB_RAX } },
    { SVM_EXIT_RDTSC, rdtsc },
    { SVM_EXIT_RDPMC, rdpmc, { SEV_GHCB_RCX } },
    { SVM_EXIT_CPUID, cpuid, { SEV_GHCB_RAX, SEV_GHCB_RCX } },
    { SVM_EXIT_INVD, do_nothing },
    { SVM_EXIT_IOIO, io },
    { SVM_EXIT_MSR, msr, { SEV_GHCB_RCX } },
    { SVM_EXIT_VMMCALL, vmmcall, { SEV_GHCB_RAX, SEV_GHCB_CPL } },
    { SVM_EXIT_RDTSCP, rdtscp },
    { SVM_EXIT_WBINVD, do_nothing },
    { SVM_EXIT_MONITOR, do_nothing, { SEV_GHCB_RAX, SEV_GHCB_RCX } },
    { SVM_EXIT_MWAIT, do_nothing, { SEV_GHCB_RAX, SEV_GHCB_RCX } },
    { EVENT_MMIO_READ, mmio_read, { SEV_GHCB_SCRATCH } },
    { EVENT_MMIO_WRITE, mmio_write, { SEV_GHCB_SCRATCH } },
    { EVENT_NMI_COMPLETE, nmi_complete },
    { EVENT_RESET_HOLD, reset_hold },
    { EVENT_JUMP_TABLE, ap_jump_table },
    { EVENT_FEATURES, features },
    { EVENT_TERMINATE, terminate },
    { EVENT_UNSUPPORTED, unsupported },
};

static const Event *find_event(uint64_t code)
{
    for (unsigned i = 0; i < ARRAY_SIZE(events); i++) {
        if (events[i].code == code) {
            return &events[i];
        }
    }
    return NULL;
}

static bool has_inputs(const SevGhcb *ghcb, const Event *event)
{
    for (unsigned i = 0; i < ARRAY_SIZE(event->needs); i++) {
        if (event->needs[i] && !sev_ghcb_has(ghcb, event->needs[i])) {
            return false;
        }
    }
    return true;
}

static void run(X86CPU *cpu, SevGhcb *ghcb)
{
    const Event *event = find_event(ghcb->code);

    if (!sev_ghcb_has(ghcb, SEV_GHCB_EXITCODE) ||
        !sev_ghcb_has(ghcb, SEV_GHCB_EXITINFO1) ||
        !sev_ghcb_has(ghcb, SEV_GHCB_EXITINFO2)) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_MISSING_INPUT);
    } else if (sev_ghcb_usage(ghcb)) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_INVALID_USAGE);
    } else if (!event) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_INVALID_EVENT);
    } else if (!has_inputs(ghcb, event)) {
        sev_ghcb_refuse(ghcb, SEV_GHCB_MISSING_INPUT);
    } else {
        sev_ghcb_answer(ghcb, SEV_GHCB_DONE, 0);
        event->run(cpu, ghcb);
    }
}

void sev_hv_event(X86CPU *cpu, hwaddr gpa)
{
    g_autofree SevGhcb *ghcb = g_new(SevGhcb, 1);

    /* Nobody can be told */
    if (!gpa || !sev_ghcb_load(ghcb, gpa)) {
        trace_sev_hv_no_ghcb(CPU(cpu)->cpu_index, gpa);
        return;
    }
    run(cpu, ghcb);
    sev_ghcb_store(ghcb);
    trace_sev_hv_event(CPU(cpu)->cpu_index, ghcb->code, ghcb->info1,
                       ldq_le_p(ghcb->page + SEV_GHCB_EXITINFO1));
}
