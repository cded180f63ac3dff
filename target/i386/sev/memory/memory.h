/*
 * SEV: encrypted memory, the model
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * DRAM of an SEV platform holds ciphertext of private pages.  A vCPU that uses
 * a page with its C-bit set sees it decrypted with the guest's key and a tweak
 * made of the physical address; all others see what DRAM holds.
 *
 * The model keeps the bytes of each page in host memory in one of these two
 * views, that of the vCPU that used the page last, and turns the page over in
 * place when a vCPU comes with the other one.  Devices, and a vCPU that cannot
 * wait, transform on copy: sev_memory_read(), sev_memory_write() and
 * sev_memory_cmpxchg() give either view of a page whatever it is kept in.
 *
 * A page must not be turned while its host address is in use.  What is known of
 * its users is, beside the view that it is kept in:
 *
 * - its mapping: in which place of which vCPU's TLB it is, named by a key that
 *   the caller chooses.  There is none, one, or there are several, and then the
 *   model does not know which.  All mappings end with the epoch, which ends
 *   when all vCPUs are stopped and will flush their TLBs before they run;
 * - its last use by a device that takes the address for one access, in a
 *   critical section of RCU.  Such a use is over after a grace period;
 * - how often devices have pinned it, which keep the address.
 *
 * What an event does to a page with such a mapping, where "=" is an event with
 * the view that the page is kept in and "/" one with the other view:
 *
 *   ========================= ============= ============= =============
 *   event                     none          one           several
 *   ========================= ============= ============= =============
 *   map =, the same key       one           one           several
 *   map =, another key        one           several       several
 *   map /                     turned, one   SEV_MAP_HELD  SEV_MAP_BUSY
 *   turn_held /, its key      -             turned, none  -
 *   turn_held, all others     -             -             -
 *   turn =                    -             -             -
 *   turn /                    turned        turned, none  turned, none
 *   new_epoch                 none          none          none
 *   write = or /, whole page  kept in it    copied        copied
 *   seal                      shared, none  shared, none  shared, none
 *   ========================= ============= ============= =============
 *
 * "-": nothing happens.  In place of all that turns a page, except for seal:
 *
 *   ========================= ===========================================
 *   the page                  map /, turn_held / and turn /
 *   ========================= ===========================================
 *   is pinned                 SEV_MAP_COPY, or nothing happens
 *   is to be private, and is
 *   the storage of a device   SEV_MAP_COPY, or nothing happens
 *   may be in use by a device SEV_MAP_WAIT, or nothing happens
 *   has no key                nothing happens
 *   ========================= ===========================================
 *
 * A device gets the host address (map_device) of a page that is kept shared,
 * whatever its mapping, and none of one that is kept private.
 *
 * Addresses here are physical ones that name each byte of memory once, however
 * often the guest's address space shows it.  All functions may be called by
 * any thread at any time except where they say otherwise.  The model knows
 * nothing of vCPUs, devices and the SEV object.
 */

#ifndef I386_SEV_MEMORY_H
#define I386_SEV_MEMORY_H

#include "ranges.h"

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
 * @SEV_MAP_COPY: use the functions that transform on copy: the page stays as
 *   it is kept as long as a device has it
 * @SEV_MAP_HELD: the page has one mapping: remove it and call
 *   sev_memory_turn_held(), or stop all vCPUs and call sev_memory_turn()
 * @SEV_MAP_BUSY: the page has several mappings: the latter
 * @SEV_MAP_WAIT: a device may use the page: wait for a grace period first
 * @SEV_MAP_UNKNOWN: call sev_memory_add() first
 */
typedef enum SevMapping {
    SEV_MAP_DIRECT,
    SEV_MAP_TURNED,
    SEV_MAP_COPY,
    SEV_MAP_HELD,
    SEV_MAP_BUSY,
    SEV_MAP_WAIT,
    SEV_MAP_UNKNOWN,
} SevMapping;

/**
 * struct SevMemoryStats - counters since the model was made
 * @first: pages turned that had no mapping
 * @held: pages turned by sev_memory_turn_held()
 * @turned: pages turned by sev_memory_turn()
 * @copies: accesses that transformed on copy
 */
typedef struct SevMemoryStats {
    uint64_t first;
    uint64_t held;
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
 * @key: names the vCPU and the place in its TLB
 * @holder: out, with SEV_MAP_HELD: the key of the page's mapping
 *
 * In an RCU critical section.  Never between sev_memory_stop() and
 * sev_memory_go(): a vCPU that is here runs.  No two threads use keys of one
 * vCPU at a time.
 */
SevMapping sev_memory_map(SevMemory *mem, uint64_t addr, SevView view,
                          uint64_t key, uint64_t *holder);

/**
 * sev_memory_turn_held - turn a page that the calling vCPU alone has mapped
 * @view: that it shall be kept in
 * @holder: the key that sev_memory_map() told, of a place in this vCPU's own
 *   TLB, which this vCPU has flushed since
 *
 * As the vCPU may have the page's host address besides, it must leave the
 * instruction that it is in, whatever this returns, and come again.
 *
 * Returns: whether the page was turned; it is not if another vCPU or a device
 * took it meanwhile
 */
bool sev_memory_turn_held(SevMemory *mem, uint64_t addr, SevView view,
                          uint64_t holder);

/**
 * sev_memory_epoch - the number of the epoch, which is not 0
 *
 * A vCPU that begins to run flushes its TLB if it did not in this epoch.
 */
uint64_t sev_memory_epoch(SevMemory *mem);

/**
 * sev_memory_stop - all vCPUs are stopped; sev_memory_go() is the opposite
 *
 * The vCPUs do not have to be stopped by this caller alone, so calls nest.
 */
void sev_memory_stop(SevMemory *mem);
void sev_memory_go(SevMemory *mem);

/**
 * sev_memory_new_epoch - no page is mapped any more
 *
 * Between sev_memory_stop() and sev_memory_go().
 */
void sev_memory_new_epoch(SevMemory *mem);

/**
 * sev_memory_turn - keep a page in @view from now on
 *
 * Between sev_memory_stop() and sev_memory_go().  Begins a new epoch if the
 * page has mappings, so pages that are turned in a row cost one flush of TLBs.
 *
 * Returns: whether the page was turned
 */
bool sev_memory_turn(SevMemory *mem, uint64_t addr, SevView view);

/**
 * sev_memory_map_device - a device is about to use a page's host address
 *
 * In an RCU critical section that lasts as long as the device does so.
 *
 * Returns: true if host memory is in the shared view.  Otherwise the device
 * must use sev_memory_read() and sev_memory_write().
 */
bool sev_memory_map_device(SevMemory *mem, uint64_t addr);

/**
 * sev_memory_begin_wait - uses of pages by devices are going to be waited for
 *
 * Returns: for sev_memory_end_wait()
 */
uint64_t sev_memory_begin_wait(SevMemory *mem);

/**
 * sev_memory_end_wait - a grace period has passed since
 * @number: from sev_memory_begin_wait()
 *
 * No device uses a page any more that it took before that.
 */
void sev_memory_end_wait(SevMemory *mem, uint64_t number);

/**
 * sev_memory_pin - a device keeps the host address of memory
 * @addr: the first byte
 * @len: bytes
 *
 * After sev_memory_map_device() allowed it for all of these pages, in the same
 * RCU critical section.  May be called more than once for a page.
 */
void sev_memory_pin(SevMemory *mem, uint64_t addr, uint64_t len);

/**
 * sev_memory_unpin - it is done; the opposite of one sev_memory_pin()
 */
void sev_memory_unpin(SevMemory *mem, uint64_t addr, uint64_t len);

/**
 * sev_memory_kept - the view that a page is kept in now
 */
SevView sev_memory_kept(SevMemory *mem, uint64_t addr);

/**
 * sev_memory_changes_view - whether a vCPU used a page with the other view than
 *   @view, and none with @view since
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
 * sev_memory_cmpxchg - replace a word of memory if it has not changed
 * @addr: where sev_memory_encrypts() is true; a multiple of 4
 * @old: what @view is expected to show, as the host reads it
 * @new: what @view shall show
 *
 * One atomic step for all that use the page with @view.  Accesses with the
 * other view to the same block of the cipher are as undefined as they are on
 * hardware.
 *
 * Returns: whether it was replaced
 */
bool sev_memory_cmpxchg(SevMemory *mem, uint64_t addr, uint32_t old,
                        uint32_t new, SevView view);

/**
 * SevMemoryChanged - what is called when host memory is not what it was
 * @addr: physical address
 * @len: bytes, within one page
 */
typedef void SevMemoryChanged(uint64_t addr, uint64_t len);

/**
 * sev_memory_seal - turn all pages to the shared view and wipe the key
 * @changed: called for each page that was turned
 *
 * Between sev_memory_stop() and sev_memory_go(); begins a new epoch.  What is
 * left is what DRAM holds after the guest is gone.  No device is at work on
 * memory.
 */
void sev_memory_seal(SevMemory *mem, SevMemoryChanged *changed);

/**
 * sev_memory_stats - counters, at about this moment
 */
void sev_memory_stats(SevMemory *mem, SevMemoryStats *stats);

#endif
