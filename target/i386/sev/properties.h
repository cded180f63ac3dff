/*
 * SEV objects: properties as a table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef I386_SEV_PROPERTIES_H
#define I386_SEV_PROPERTIES_H

#include "qom/object.h"

typedef enum SevPropertyType {
    SEV_PROPERTY_STR,                   /* char *, owned by the object */
    SEV_PROPERTY_UINT32,                /* uint32_t */
    SEV_PROPERTY_UINT64,                /* uint64_t */
    SEV_PROPERTY_BOOL,                  /* bool */
    SEV_PROPERTY_ON_OFF_AUTO,           /* OnOffAuto */
    SEV_PROPERTY_DIAGNOSE,              /* SevDiagnose */
} SevPropertyType;

/**
 * struct SevProperty - one property of a SEV object
 * @offset: of the field that holds it, in the instance
 * @description: for "-object TYPE,help"
 *
 * The initial value is what instance_init puts into the field.
 */
typedef struct SevProperty {
    const char *name;
    SevPropertyType type;
    size_t offset;
    const char *description;
} SevProperty;

/**
 * sev_class_add_properties - give a class derived from sev-common properties
 * @props: constant; ends with a NULL name
 *
 * They can be set until the guest is launched with them.
 */
void sev_class_add_properties(ObjectClass *oc, const SevProperty *props);

/**
 * sev_object_free_strings - free the string fields of @props, at finalize
 */
void sev_object_free_strings(Object *obj, const SevProperty *props);

#endif
