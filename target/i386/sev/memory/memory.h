/*
 * SEV: encrypted memory, the model
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * DRAM of an SEV platform holds ciphertext of private pages.  A vCPU that uses
 * a page with its C-bit set sees it decrypted with the guest's key and a tweak
 * made of the physical address; everybody else sees what DRAM holds.
 *
 * The model keeps the bytes of each page in host memory in one of these two
 * views, that of the vCPU that used it last, and turns the page over in place
 * when a vCPU comes with the other one.  Everybody who is not a vCPU, and a
 * vCPU that cannot wait, transforms on copy: sev_memory_read() and
 * sev_memory_write() give either view of a page whatever it is kept in.
 *
 * What must not happen is a page that is turned while somebody has its host
 * address.  Three kinds of users take host addresses:
 *
 * - a vCPU, into its TLB, after sev_memory_map() allowed it.  Until the next
 *   sev_memory_flushed() only sev_memory_turn() turns such a page, and its
 *   caller has stopped all vCPUs and flushed their TLBs.
 * - a device, for one access, after sev_memory_map_device() allowed it.  Again
 *   only sev_memory_turn() turns the page; its caller waits for accesses that
 *   are under way, for which sev_memory_in_use() tells him to.
 *
 * - a device, until it is done, between sev_memory_pin() and
 *   sev_memory_unpin().  Nobody turns such a page.
 *
 * A page without such users is turned by sev_memory_map() itself: that is the
 * case of a page that is touched for the first time, and the common one.
 *
 * Addresses here are physical ones that name each byte of memory once, however
 * often the guest's address space shows it.  All functions may be called by
 * any thread at any time except where they say otherwise.  The model knows
 * nothing of vCPUs, devices and the SEV object.
 */

#ifndef I386_SEV_MEMORY_H
#define I386_SEV_MEMORY_H

#define SEV_MEMORY_PAGE         4096u
#define SEV_MEMORY_BLOCK        16u     /* of the cipher */

typedef struct SevMemory SevMemory;

/**
 * enum SevView - how memory is seen
 * @SEV_VIEW_SHARED: as DRAM has it: C-bit clear, devices, the host
 * @SEV_VIEW_PRIVATE: decrypted with the guest's key: C-bit set
 */
typedef enum SevView {
    SEV_VIEW_SHARED,
    SEV_VIEW_PRIVATE,
} SevView;

/**
 * enum SevMapping - what a vCPU may do with a page
 * @SEV_MAP_DIRECT: use the page's host memory
 * @SEV_MAP_TURNED: the same; it has just been turned
 * @SEV_MAP_COPY: use sev_memory_read() and sev_memory_write(); somebody was
 *   told already to turn the page, or a device needs it as it is
 * @SEV_MAP_TURN: as SEV_MAP_COPY, and call sev_memory_turn() soon
 * @SEV_MAP_UNKNOWN: call sev_memory_add() first
 */
typedef enum SevMapping {
    SEV_MAP_DIRECT,
    SEV_MAP_TURNED,
    SEV_MAP_COPY,
    SEV_MAP_TURN,
    SEV_MAP_UNKNOWN,
} SevMapping;

/**
 * struct SevMemoryStats - counters since the model was made
 * @first: pages turned when no one used them
 * @turned: pages turned by sev_memory_turn()
 * @copies: accesses that transformed on copy
 */
typedef struct SevMemoryStats {
    uint64_t first;
    uint64_t turned;
    uint64_t copies;
} SevMemoryStats;

/**
 * sev_memory_new - a model without memory and without a key
 *
 * Returns: the model; free it with sev_memory_free()
 */
SevMemory *sev_memory_new(void);

/**
 * sev_memory_free - drop the model and wipe its keys; NULL is allowed
 *
 * The memory keeps its bytes, in whatever view they are.
 */
void sev_memory_free(SevMemory *mem);

/**
 * sev_memory_set_key - the guest's memory encryption key
 * @vek: 16 bytes; copied
 *
 * Must come before any private use, and no page may be kept private.
 */
void sev_memory_set_key(SevMemory *mem, const uint8_t *vek);

/**
 * sev_memory_has_key - whether sev_memory_set_key() was called since the
 *   model was made or sealed
 */
bool sev_memory_has_key(const SevMemory *mem);

/**
 * sev_memory_add - put memory under the model
 * @addr: physical address, a multiple of the page size; new to the model
 * @host: where it is in this process; NULL: the memory is not encrypted,
 *   whatever the view
 * @size: bytes, a multiple of the page size
 * @stored: it is the storage of a device, as flash memory is, which writes what
 *   it gets and may save it: no vCPU turns a page to the private view
 *
 * The memory's bytes are what DRAM holds.  Calls of this and of
 * sev_memory_remove() are serialised by the caller.
 */
void sev_memory_add(SevMemory *mem, uint64_t addr, void *host, uint64_t size,
                    bool stored);

/**
 * sev_memory_remove - forget the memory that was added at @addr
 *
 * Nobody may use it any more.  The host memory must be good until the end of
 * an RCU grace period, for readers that are on their way.
 */
void sev_memory_remove(SevMemory *mem, uint64_t addr);

/**
 * sev_memory_knows - whether sev_memory_add() was called for @addr
 */
bool sev_memory_knows(SevMemory *mem, uint64_t addr);

/**
 * sev_memory_encrypts - whether @addr is memory that has two views
 */
bool sev_memory_encrypts(SevMemory *mem, uint64_t addr);

/**
 * sev_memory_map - a vCPU is about to put a page into its TLB
 *
 * In an RCU critical section.  Must not be called while a sev_memory_turn() is
 * under way.
 */
SevMapping sev_memory_map(SevMemory *mem, uint64_t addr, SevView view);

/**
 * sev_memory_map_device - somebody is about to use a page's host address
 *
 * Returns: true if host memory is in the shared view.  Otherwise he must
 * use sev_memory_read() and sev_memory_write().
 */
bool sev_memory_map_device(SevMemory *mem, uint64_t addr);

/**
 * sev_memory_pin - a device keeps the host address of memory
 * @addr: the first byte
 * @len: bytes
 *
 * After sev_memory_map_device() allowed it for all of these pages, and before
 * it is waited for accesses that were under way.  May be called more than once
 * for a page.
 */
void sev_memory_pin(SevMemory *mem, uint64_t addr, uint64_t len);

/**
 * sev_memory_unpin - it is done; the opposite of one sev_memory_pin()
 */
void sev_memory_unpin(SevMemory *mem, uint64_t addr, uint64_t len);

/**
 * sev_memory_in_use - whether sev_memory_map_device() allowed it for this page
 *   since it was turned last
 */
bool sev_memory_in_use(SevMemory *mem, uint64_t addr);

/**
 * sev_memory_flushed - no vCPU has any page in its TLB
 *
 * All vCPUs are stopped.
 */
void sev_memory_flushed(SevMemory *mem);

/**
 * sev_memory_turn - keep a page in @view from now on, as SEV_MAP_TURN demands
 *
 * All vCPUs are stopped, sev_memory_flushed() was called since, and device
 * accesses that were under way when the vCPUs stopped have come to an end.
 *
 * Returns: whether the page was turned: it is not if it is kept in @view, if a
 * device has pinned it, or if the memory was sealed after the demand
 */
bool sev_memory_turn(SevMemory *mem, uint64_t addr, SevView view);

/**
 * sev_memory_kept - the view that a page is kept in now
 */
SevView sev_memory_kept(SevMemory *mem, uint64_t addr);

/**
 * sev_memory_changes_view - whether somebody used a page with the other view
 *   than @view, and nobody with @view since
 */
bool sev_memory_changes_view(SevMemory *mem, uint64_t addr, SevView view);

/**
 * sev_memory_read - copy memory as @view shows it
 * @addr: where sev_memory_encrypts() is true
 * @len: bytes, within one page
 */
void sev_memory_read(SevMemory *mem, uint64_t addr, void *buf, size_t len,
                     SevView view);

/**
 * sev_memory_write - the opposite
 *
 * Replaces whole blocks of SEV_MEMORY_BLOCK bytes when it has to transform.  A
 * whole page without users is not transformed, but kept in @view from then on:
 * so a launch costs no encryption.
 */
void sev_memory_write(SevMemory *mem, uint64_t addr, const void *buf,
                      size_t len, SevView view);

/**
 * SevMemoryChanged - somebody is told that host memory is not what it was
 * @addr: physical address
 * @len: bytes, within one page
 */
typedef void SevMemoryChanged(uint64_t addr, uint64_t len);

/**
 * sev_memory_seal - turn all pages to the shared view and wipe the key
 * @changed: called for each page that was turned
 *
 * What is left is what DRAM holds after the guest is gone.  No vCPU runs or has
 * any page in its TLB, and no device is at work on memory.  Pages that somebody
 * was told to turn need not be any more.
 */
void sev_memory_seal(SevMemory *mem, SevMemoryChanged *changed);

/**
 * sev_memory_stats - counters, at about this moment
 */
void sev_memory_stats(SevMemory *mem, SevMemoryStats *stats);

#endif
