/*
 * Who wants to know which guest memory devices have mapped
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SYSTEM_DMA_MAP_NOTIFY_H
#define SYSTEM_DMA_MAP_NOTIFY_H

#include "exec/hwaddr.h"

/**
 * DMAMapNotify - host memory of RAM was mapped, or will not be used any more
 * @host: as address_space_map() returns it
 * @len: bytes
 * @mapped: false: by address_space_unmap()
 *
 * Called by any thread.  The call for a mapping comes in the RCU critical
 * section in which its address was translated.
 */
typedef void DMAMapNotify(void *host, hwaddr len, bool mapped);

/* NULL if nobody does; set before there are devices */
extern DMAMapNotify *dma_map_notify;

#endif
