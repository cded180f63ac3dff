/*
 * SEV: the host's firmware, as its device file shows it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * /dev/sev (linux/psp-sev.h) answers for the platform.  Commands to a guest
 * go through KVM, which takes the descriptor of this file along.
 */

#ifndef I386_SEV_DEVICE_H
#define I386_SEV_DEVICE_H

#include "sev/backend.h"

/**
 * sev_device_open - open the host's SEV device
 * @path: usually SEV_DEVICE_DEFAULT
 *
 * Returns: a descriptor, or -1 with @errp set
 */
int sev_device_open(const char *path, Error **errp);

/**
 * sev_device_status - PLATFORM_STATUS
 * @platform: out: the version of the firmware and whether it runs SEV-ES
 *   guests; nothing else is changed
 */
bool sev_device_status(int fd, SevPlatform *platform, Error **errp);

/**
 * sev_device_certs - PDH_CERT_EXPORT and GET_ID2
 */
bool sev_device_certs(int fd, SevCerts *certs, Error **errp);

#endif
