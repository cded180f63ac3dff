/*
 * SEV objects: properties as a table
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/qapi-visit-common.h"
#include "qapi/qapi-visit-qom.h"
#include "qapi/visitor.h"
#include "qom/object_interfaces.h"
#include "properties.h"

static void *field_of(Object *obj, const SevProperty *prop)
{
    return (char *)obj + prop->offset;
}

static bool visit_string(Visitor *v, const char *name, char **field,
                         Error **errp)
{
    char *value = visit_is_input(v) ? NULL : *field ?: (char *)"";

    if (!visit_type_str(v, name, &value, errp)) {
        return false;
    }
    if (visit_is_input(v)) {
        g_free(*field);
        *field = value;
    }
    return true;
}

static void visit_field(Object *obj, Visitor *v, const char *name,
                        const SevProperty *prop, Error **errp)
{
    void *field = field_of(obj, prop);

    switch (prop->type) {
    case SEV_PROPERTY_STR:
        visit_string(v, name, field, errp);
        break;
    case SEV_PROPERTY_UINT32:
        visit_type_uint32(v, name, field, errp);
        break;
    case SEV_PROPERTY_UINT64:
        visit_type_uint64(v, name, field, errp);
        break;
    case SEV_PROPERTY_BOOL:
        visit_type_bool(v, name, field, errp);
        break;
    case SEV_PROPERTY_ON_OFF_AUTO:
        visit_type_OnOffAuto(v, name, field, errp);
        break;
    case SEV_PROPERTY_DIAGNOSE:
        visit_type_SevDiagnose(v, name, field, errp);
        break;
    }
}

static void property_get(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    visit_field(obj, v, name, opaque, errp);
}

static void property_set(Object *obj, Visitor *v, const char *name,
                         void *opaque, Error **errp)
{
    /* An object that a launched guest uses cannot be deleted, nor changed. */
    if (!user_creatable_can_be_deleted(USER_CREATABLE(obj))) {
        error_setg(errp, "property '%s' of '%s' is fixed: the guest was "
                   "launched with it", name,
                   object_get_canonical_path_component(obj));
        return;
    }
    visit_field(obj, v, name, opaque, errp);
}

void sev_class_add_properties(ObjectClass *oc, const SevProperty *props)
{
    static const char *const type_name[] = {
        [SEV_PROPERTY_STR] = "string",
        [SEV_PROPERTY_UINT32] = "uint32",
        [SEV_PROPERTY_UINT64] = "uint64",
        [SEV_PROPERTY_BOOL] = "bool",
        [SEV_PROPERTY_ON_OFF_AUTO] = "OnOffAuto",
        [SEV_PROPERTY_DIAGNOSE] = "SevDiagnose",
    };

    for (const SevProperty *prop = props; prop->name; prop++) {
        object_class_property_add(oc, prop->name, type_name[prop->type],
                                  property_get, property_set, NULL,
                                  (void *)prop);
        object_class_property_set_description(oc, prop->name,
                                              prop->description);
    }
}

void sev_object_free_strings(Object *obj, const SevProperty *props)
{
    for (const SevProperty *prop = props; prop->name; prop++) {
        if (prop->type == SEV_PROPERTY_STR) {
            g_free(*(char **)field_of(obj, prop));
        }
    }
}
