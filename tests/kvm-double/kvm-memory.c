/*
 * A double of /dev/kvm and /dev/sev: memory slots and private memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Kernel's Documentation/virt/kvm/api.rst: KVM_SET_USER_MEMORY_REGION2,
 * KVM_CREATE_GUEST_MEMFD, KVM_SET_MEMORY_ATTRIBUTES.
 */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include "double.h"

#define MAX_SLOTS       32764           /* in an address space */
#define SPACE_SHIFT     16              /* in a slot number */

/* Guest memory; its descriptor is a memory file, mapped for the firmware */
typedef struct GuestMemory {
    uint64_t size;
    uint8_t *map;
} GuestMemory;

/* Private memory, of the guest's addresses */
typedef struct Range {
    uint64_t start, end;
} Range;

static GArray *memories;                /* of GuestMemory */
static GArray *slots;                   /* of kvm_userspace_memory_region2 */
static GArray *ranges;                  /* of Range; they do not overlap */

bool double_has_private_memory(void)
{
    return double_vm.type == KVM_X86_SNP_VM;
}

/* --- Guest memory */

static GuestMemory *memory_of(const struct kvm_userspace_memory_region2 *slot)
{
    unsigned index;

    if (double_fd_kind(slot->guest_memfd, &index) != DOUBLE_GUEST_MEMFD) {
        return NULL;
    }
    return &g_array_index(memories, GuestMemory, index);
}

int double_create_guest_memfd(const struct kvm_create_guest_memfd *args)
{
    GuestMemory memory = { .size = args->size };
    int fd;

    double_log("KVM_CREATE_GUEST_MEMFD size 0x%llx flags 0x%llx", args->size,
               args->flags);
    if (!double_has_private_memory()) {
        return double_refuse("the VM has no private memory");
    }
    if (args->flags || !args->size || args->size % DOUBLE_PAGE ||
        !double_is_zero(args->reserved, sizeof(args->reserved))) {
        return double_refuse("struct kvm_create_guest_memfd");
    }
    if (!memories) {
        memories = g_array_new(false, false, sizeof(GuestMemory));
    }
    fd = double_fd_new(DOUBLE_GUEST_MEMFD, memories->len, memory.size);
    if (fd < 0) {
        return -EMFILE;
    }
    memory.map = mmap(NULL, memory.size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (memory.map == MAP_FAILED) {
        return -ENOMEM;
    }
    g_array_append_val(memories, memory);
    return fd;
}

int double_discard(unsigned index, uint64_t offset, uint64_t size)
{
    const AspRmpEntry hypervisor = { 0 };
    GuestMemory *memory = &g_array_index(memories, GuestMemory, index);
    int err = double_fault_errno("discard");

    if (err) {
        return err;
    }
    double_log("discard guest_memfd %u + 0x%" G_GINT64_MODIFIER "x size 0x%"
               G_GINT64_MODIFIER "x", index, (guint64)offset, (guint64)size);
    if ((offset | size) % DOUBLE_PAGE) {
        return double_refuse("a hole must be whole pages");
    }
    for (uint64_t at = offset; at < offset + size && at < memory->size;
         at += DOUBLE_PAGE) {
        double_rmp_update(memory->map + at, &hypervisor);
    }
    return 0;
}

/* --- Slots */

static int find_slot(uint32_t id)
{
    for (unsigned i = 0; slots && i < slots->len; i++) {
        if (g_array_index(slots, struct kvm_userspace_memory_region2,
                          i).slot == id) {
            return i;
        }
    }
    return -1;
}

static bool overlaps(const struct kvm_userspace_memory_region2 *a,
                     const struct kvm_userspace_memory_region2 *b)
{
    return a->slot != b->slot &&
           a->slot >> SPACE_SHIFT == b->slot >> SPACE_SHIFT &&
           a->guest_phys_addr < b->guest_phys_addr + b->memory_size &&
           b->guest_phys_addr < a->guest_phys_addr + a->memory_size;
}

static bool is_taken(const struct kvm_userspace_memory_region2 *r)
{
    for (unsigned i = 0; i < slots->len; i++) {
        if (overlaps(r, &g_array_index(slots,
                                       struct kvm_userspace_memory_region2,
                                       i))) {
            return true;
        }
    }
    return false;
}

/* Dirty logging and read-only are for memory that the host can see */
static bool flags_valid(uint32_t flags)
{
    if (flags & KVM_MEM_GUEST_MEMFD) {
        return double_has_private_memory() && flags == KVM_MEM_GUEST_MEMFD;
    }
    return !(flags & ~(KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY));
}

static const char *check_slot(const struct kvm_userspace_memory_region2 *r)
{
    uint64_t align = r->memory_size | r->guest_phys_addr | r->userspace_addr;

    if ((uint16_t)r->slot >= MAX_SLOTS ||
        r->slot >> SPACE_SHIFT >= (double_has_private_memory() ? 1 : 2)) {
        return "slot number";
    }
    if (!flags_valid(r->flags)) {
        return "flags of a slot";
    }
    if (align % DOUBLE_PAGE) {
        return "alignment of a slot";
    }
    if (r->guest_phys_addr + r->memory_size < r->guest_phys_addr) {
        return "a slot past the last address";
    }
    return NULL;
}

/* Whether another slot has a part of the same guest memory */
static bool is_bound(const struct kvm_userspace_memory_region2 *r)
{
    for (unsigned i = 0; i < slots->len; i++) {
        const struct kvm_userspace_memory_region2 *s =
            &g_array_index(slots, struct kvm_userspace_memory_region2, i);

        if (s->flags & KVM_MEM_GUEST_MEMFD &&
            memory_of(s) == memory_of(r) &&
            s->guest_memfd_offset < r->guest_memfd_offset + r->memory_size &&
            r->guest_memfd_offset < s->guest_memfd_offset + s->memory_size) {
            return true;
        }
    }
    return false;
}

/* What a slot may have of guest memory */
static const char *check_memory(const struct kvm_userspace_memory_region2 *r)
{
    GuestMemory *memory = memory_of(r);

    if (!memory) {
        return "guest_memfd is not of this VM";
    }
    if (r->guest_memfd_offset % DOUBLE_PAGE ||
        r->guest_memfd_offset > memory->size ||
        r->memory_size > memory->size - r->guest_memfd_offset) {
        return "range of guest_memfd";
    }
    return is_bound(r) ? "another slot has this memory" : NULL;
}

/* What of an existing slot can change: dirty logging and where it is */
static const char *check_change(const struct kvm_userspace_memory_region2 *r,
                                const struct kvm_userspace_memory_region2 *old)
{
    if ((r->flags | old->flags) & KVM_MEM_GUEST_MEMFD) {
        return "a slot with guest_memfd cannot change";
    }
    if (r->memory_size != old->memory_size ||
        r->userspace_addr != old->userspace_addr ||
        (r->flags ^ old->flags) & KVM_MEM_READONLY) {
        return "size, address or READONLY of an existing slot";
    }
    return NULL;
}

static int put_slot(const struct kvm_userspace_memory_region2 *r, int index)
{
    const char *why = NULL;

    if (index >= 0) {
        why = check_change(r, &g_array_index(
            slots, struct kvm_userspace_memory_region2, index));
    } else if (r->flags & KVM_MEM_GUEST_MEMFD) {
        why = check_memory(r);
    }
    if (why) {
        return double_refuse(why);
    }
    if (is_taken(r)) {
        double_log("REFUSED: slots overlap");
        return -EEXIST;
    }
    if (index >= 0) {
        g_array_remove_index(slots, index);
    }
    g_array_append_val(slots, *r);
    return 0;
}

static int change_slot(const struct kvm_userspace_memory_region2 *r)
{
    int index = find_slot(r->slot);
    const char *why = check_slot(r);

    if (!slots) {
        slots = g_array_new(false, false, sizeof(*r));
    }
    if (why) {
        return double_refuse(why);
    }
    if (r->memory_size) {
        return put_slot(r, index);
    }
    if (index < 0) {
        return double_refuse("there is no such slot");
    }
    g_array_remove_index(slots, index);
    return 0;
}

int double_set_slot(const struct kvm_userspace_memory_region *region)
{
    struct kvm_userspace_memory_region2 r = {
        .slot = region->slot,
        .flags = region->flags,
        .guest_phys_addr = region->guest_phys_addr,
        .memory_size = region->memory_size,
        .userspace_addr = region->userspace_addr,
    };

    if (r.flags & KVM_MEM_GUEST_MEMFD) {
        return double_refuse("flags of KVM_SET_USER_MEMORY_REGION");
    }
    return change_slot(&r);
}

/* Write down a call that is about private memory */
static void log_slot(const struct kvm_userspace_memory_region2 *r)
{
    int index = find_slot(r->slot);
    const struct kvm_userspace_memory_region2 *old = index < 0 ? NULL :
        &g_array_index(slots, struct kvm_userspace_memory_region2, index);
    unsigned memory = 0;

    if (!r->memory_size && old && old->flags & KVM_MEM_GUEST_MEMFD) {
        double_log("KVM_SET_USER_MEMORY_REGION2 gpa 0x%llx deleted",
                   old->guest_phys_addr);
    }
    if (r->memory_size && r->flags & KVM_MEM_GUEST_MEMFD) {
        double_fd_kind(r->guest_memfd, &memory);
        double_log("KVM_SET_USER_MEMORY_REGION2 gpa 0x%llx size 0x%llx "
                   "guest_memfd %u + 0x%llx", r->guest_phys_addr,
                   r->memory_size, memory, r->guest_memfd_offset);
    }
}

int double_set_slot2(const struct kvm_userspace_memory_region2 *r)
{
    log_slot(r);
    if (r->pad1 || !double_is_zero(r->pad2, sizeof(r->pad2))) {
        return double_refuse("padding of struct kvm_userspace_memory_region2");
    }
    return change_slot(r);
}

void *double_private_memory(uint64_t gpa, uint64_t *size)
{
    for (unsigned i = 0; slots && i < slots->len; i++) {
        struct kvm_userspace_memory_region2 *r =
            &g_array_index(slots, struct kvm_userspace_memory_region2, i);
        uint64_t offset = gpa - r->guest_phys_addr;

        if (gpa < r->guest_phys_addr || offset >= r->memory_size) {
            continue;
        }
        if (!(r->flags & KVM_MEM_GUEST_MEMFD)) {
            return NULL;
        }
        *size = r->memory_size - offset;
        return memory_of(r)->map + r->guest_memfd_offset + offset;
    }
    return NULL;
}

/* --- Attributes */

/* Leave out of all ranges what is between @start and @end */
static void cut_out(uint64_t start, uint64_t end)
{
    GArray *left = g_array_new(false, false, sizeof(Range));

    for (unsigned i = 0; i < ranges->len; i++) {
        Range *r = &g_array_index(ranges, Range, i);
        Range before = { r->start, MIN(r->end, start) };
        Range after = { MAX(r->start, end), r->end };

        if (before.start < before.end) {
            g_array_append_val(left, before);
        }
        if (after.start < after.end) {
            g_array_append_val(left, after);
        }
    }
    g_array_free(ranges, true);
    ranges = left;
}

int double_set_attributes(const struct kvm_memory_attributes *args)
{
    Range range = { args->address, args->address + args->size };

    double_log("KVM_SET_MEMORY_ATTRIBUTES gpa 0x%llx size 0x%llx %s",
               args->address, args->size,
               args->attributes & KVM_MEMORY_ATTRIBUTE_PRIVATE ? "private"
                                                               : "shared");
    if (!double_has_private_memory()) {
        return double_refuse("the VM has no private memory");
    }
    if (args->flags || args->attributes & ~KVM_MEMORY_ATTRIBUTE_PRIVATE) {
        return double_refuse("unknown bits in struct kvm_memory_attributes");
    }
    if (range.end <= range.start ||
        (range.start | range.end) % DOUBLE_PAGE) {
        return double_refuse("range of struct kvm_memory_attributes");
    }
    if (!ranges) {
        ranges = g_array_new(false, false, sizeof(Range));
    }
    cut_out(range.start, range.end);
    if (args->attributes) {
        g_array_append_val(ranges, range);
    }
    return 0;
}

static const Range *range_at(uint64_t gpa)
{
    for (unsigned i = 0; ranges && i < ranges->len; i++) {
        const Range *r = &g_array_index(ranges, Range, i);

        if (gpa >= r->start && gpa < r->end) {
            return r;
        }
    }
    return NULL;
}

bool double_is_private(uint64_t gpa, uint64_t size)
{
    uint64_t end = gpa + size;

    while (gpa < end) {
        const Range *r = range_at(gpa);

        if (!r) {
            return false;
        }
        gpa = r->end;
    }
    return true;
}
