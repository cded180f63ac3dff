/*
 * SEV: regions that show a view of all memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_MEMORY_VIEWS_H
#define I386_SEV_MEMORY_VIEWS_H

/**
 * sev_memory_views_start - make the regions
 */
void sev_memory_views_start(void);

#endif
