/*
 * SEV: memory that others than this process would use
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Guest memory is in this process, in whatever view its page was used last.
 * What looks at it behind the model - the host's kernel or another process for
 * vhost, hardware for VFIO - sees noise and destroys what is there.
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/qdev-core.h"
#include "net/net.h"
#include "net/vhost_net.h"
#include "qobject/qdict.h"
#include "qom/object_interfaces.h"
#include "outside.h"

/* Drivers that never work within this process, by how their names begin */
static const char *const outside[] = {
    "vhost-",                   /* -user-*, -scsi, -vsock, -vdpa-device */
    "vfio-",
    "x-pci-proxy-dev",
};

static bool is_outside(const char *driver)
{
    for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
        if (g_str_has_prefix(driver, outside[i])) {
            return true;
        }
    }
    return false;
}

static void refuse(Error **errp, const char *what)
{
    ERRP_GUARD();

    error_setg(errp, "%s cannot use the memory of this SEV guest: only QEMU "
               "itself can, which encrypts it, and neither vhost nor VFIO",
               what);
    error_append_hint(errp, "Choose a device and a back end that QEMU "
                      "emulates: for example virtio-net-pci with a netdev of "
                      "type tap and vhost=off, or virtio-blk-pci.\n");
}

/* The network card's other end; only virtio-net makes use of vhost */
static bool check_peer(const char *driver, NetClientState *peer, Error **errp)
{
    g_autofree char *what = NULL;

    if (!g_str_has_prefix(driver, "virtio-net") || !get_vhost_net(peer)) {
        return true;
    }
    what = g_strdup_printf("%s with vhost by netdev '%s'", driver, peer->name);
    refuse(errp, what);
    return false;
}

static bool check_crypto(const char *driver, const char *id, Error **errp)
{
    Object *obj = id ? object_resolve_path_component(object_get_objects_root(),
                                                     id) : NULL;
    g_autofree char *what = NULL;

    if (!g_str_has_prefix(driver, "virtio-crypto") || !obj ||
        !object_dynamic_cast(obj, "cryptodev-vhost-user")) {
        return true;
    }
    what = g_strdup_printf("%s with cryptodev '%s'", driver, id);
    refuse(errp, what);
    return false;
}

/* Before a device of -device or device_add is made; hides none */
static bool check_device(DeviceListener *listener, const QDict *opts,
                         bool from_json, Error **errp)
{
    const char *driver = qdict_get_str(opts, "driver");
    const char *netdev = qdict_get_try_str(opts, "netdev");

    if (is_outside(driver)) {
        refuse(errp, driver);
    } else if (check_peer(driver, netdev ? qemu_find_netdev(netdev) : NULL,
                          errp)) {
        check_crypto(driver, qdict_get_try_str(opts, "cryptodev"), errp);
    }
    return false;
}

void sev_memory_outside_refuse(void)
{
    static DeviceListener listener = { .hide_device = check_device };

    device_listener_register(&listener);
}

static void check_card(NICState *nic, void *opaque)
{
    Error **err = opaque;
    NetClientState *nc = qemu_get_queue(nic);

    if (!*err) {
        check_peer(nc->model, nc->peer, err);
    }
}

bool sev_memory_outside_check(Error **errp)
{
    Error *err = NULL;

    qemu_foreach_nic(check_card, &err);
    error_propagate(errp, err);
    return !err;
}
