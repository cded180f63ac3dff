# SPDX-License-Identifier: GPL-2.0-or-later
"""
A reference management client for SEV guests.

qmp        the monitor's protocol
vm         a QEMU process with a monitor and a console
launch     an attested launch: who does what, in which order
owner      a guest owner who works with the command qemu-sev
remote     a guest owner who is asked by a command or by HTTP
initramfs  the smallest initramfs that can show a secret

The host's part (vm, launch) and the guest owner's part (owner) exchange only
what they would exchange over a network.
"""
