# SPDX-License-Identifier: GPL-2.0-or-later
"""
An unmodified OVMF and an unmodified Debian kernel as an SEV guest, for a guest
owner who shares no code with QEMU.
"""

from pathlib import Path

import common
from common import GUEST_DIR, KERNEL, OVMF, Guest, LaunchTest
from sev_client import initramfs

GUID = '736869e5-84f0-4973-92ec-06879ce3da0b'
SECRET = b'rosebud, but encrypted'
CMDLINE = 'console=ttyS0 quiet panic=-1 iomem=relaxed'
INIT = GUEST_DIR / 'sev-init'


@common.need(OVMF, KERNEL, INIT)
class LinuxTest(LaunchTest):
    """Firmware, kernel, initrd and command line are all measured."""

    def guest(self, **more):
        """The Linux guest; @more changes it."""
        initrd = self.path('initramfs')
        Path(initrd).write_bytes(initramfs.build(INIT.read_bytes()))
        fields = {'firmware': str(OVMF), 'kernel': str(KERNEL),
                  'initrd': initrd, 'cmdline': CMDLINE, **more}
        return Guest(**fields)

    def test_boot(self):
        """Four CPUs of a model without SEV's name in it, and a secret."""
        guest = self.guest(cpu_model='Skylake-Server', cpus=4,
                           more=',diagnose=first')
        # The counters are asked for when the guest has powered off
        launch = self.launch(guest, more=['-action', 'shutdown=pause'])
        evidence = launch.evidence()
        self.assertTrue(self.owner.trusts(evidence, guest))
        launch.inject(self.owner.make_packet(evidence, [(GUID, SECRET)]))
        launch.resume()
        console = launch.wait_console('sev-init: done', common.PATIENCE)
        self.assertIn('sev-init: kernel: Memory Encryption Features active: '
                      'AMD SEV', console)
        self.assertIn(f'sev-init: secret {GUID} text {SECRET.decode()}',
                      console)
        self.assertIn(CMDLINE, console)
        launch.qmp.wait_event('SHUTDOWN')
        counters = launch.qmp.execute('query-sev')['memory']
        launch.qmp.execute('quit')
        launch.wait_exit(common.PATIENCE)
        # It shares pages, as it should, but lets no device see another
        self.assertGreater(counters['view-changes'], 100)
        self.assertEqual((counters['device-reads'],
                          counters['device-writes']), (0, 0))
        self.assertNotIn('SEV guest', launch.log())

    def test_reboot(self):
        """Without a root the kernel reboots; the owner approves each time."""
        guest = self.guest(initrd=None, cmdline='console=ttyS0 panic=1')
        launch = self.launch(guest, more=['-action', 'reboot=reset'])
        measurements = set()
        for boot in range(1, 4):
            evidence = launch.evidence()
            self.assertTrue(self.owner.trusts(evidence, guest))
            measurements.add(evidence.blob)
            launch.resume()
            launch.qmp.wait_event('RESET')
            active = 'Memory Encryption Features active: AMD SEV'
            self.assertEqual(launch.console().count(active), boot)
        self.assertEqual(len(measurements), 3)

    def changed(self, **more):
        """Does the owner notice that the host runs something else?"""
        evidence = self.launch(self.guest(**more)).evidence()
        self.assertFalse(self.owner.trusts(evidence, self.guest()))

    def test_other_cmdline(self):
        """One more word for the kernel."""
        self.changed(cmdline=CMDLINE + ' debug')

    def test_other_initrd(self):
        """One byte more in the initramfs."""
        other = Path(self.path('other'))
        other.write_bytes(initramfs.build(INIT.read_bytes()) + b'\0')
        self.changed(initrd=str(other))

    def test_other_kernel(self):
        """One bit of the kernel, far from its header."""
        other = bytearray(KERNEL.read_bytes())
        other[len(other) // 2] ^= 1
        Path(self.path('other')).write_bytes(other)
        self.changed(kernel=self.path('other'))

    def test_no_hashes(self):
        """Without hashes the kernel would be anybody's."""
        self.changed(kernel=None, initrd=None, cmdline=None)


if __name__ == '__main__':
    common.main()
