/*
 * Software AMD Secure Processor: what can be wrong with a state file
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_ASP_IDENTITY_ERROR_H
#define I386_SEV_ASP_IDENTITY_ERROR_H

#include <glib.h>

#define ASP_IDENTITY_ERROR asp_identity_error_quark()
GQuark asp_identity_error_quark(void);

typedef enum AspIdentityError {
    ASP_IDENTITY_ERROR_FORMAT,          /* not a state file, or damaged */
    ASP_IDENTITY_ERROR_IO,              /* the system said no */
    ASP_IDENTITY_ERROR_CONFLICT,        /* another process was faster */
} AspIdentityError;

#endif
