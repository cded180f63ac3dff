# SPDX-License-Identifier: GPL-2.0-or-later
"""
An unmodified OVMF and an unmodified Debian kernel as an SEV-ES guest, whose
owner verifies the registers of all processors too.
"""

from pathlib import Path

import common
from common import GUEST_DIR, KERNEL, OVMF, Guest, LaunchTest
from sev_client import initramfs

GUID = '736869e5-84f0-4973-92ec-06879ce3da0b'
SECRET = b'registers are nobody\'s business'
CMDLINE = 'console=ttyS0 quiet panic=-1 iomem=relaxed'
ACTIVE = 'Memory Encryption Features active: AMD SEV SEV-ES'
INIT = GUEST_DIR / 'sev-init'
POLICY = 5                              # ES, no debugging


@common.need(OVMF, KERNEL, INIT)
class EsTest(LaunchTest):
    """The kernel asks for all that is intercepted through the GHCB."""

    def guest(self, **more):
        """The Linux guest; @more changes it."""
        initrd = self.path('initramfs')
        Path(initrd).write_bytes(initramfs.build(INIT.read_bytes()))
        fields = {'firmware': str(OVMF), 'kernel': str(KERNEL),
                  'initrd': initrd, 'cmdline': CMDLINE, 'policy': POLICY,
                  **more}
        return Guest(**fields)

    def boot(self, guest):
        """Approve a launch, give the secret, and run to the guest's end."""
        launch = self.launch(guest)
        evidence = launch.evidence()
        self.assertTrue(self.owner.trusts(evidence, guest))
        launch.inject(self.owner.make_packet(evidence, [(GUID, SECRET)]))
        launch.resume()
        console = launch.wait_console('sev-init: done', common.PATIENCE)
        self.assertIn(f'sev-init: kernel: {ACTIVE}', console)
        self.assertIn(f'sev-init: secret {GUID} text {SECRET.decode()}',
                      console)
        launch.wait_exit(common.PATIENCE)
        self.assertNotIn('SEV guest', launch.log())
        return console

    def test_four_cpus(self):
        """Three processors start where the firmware says, twice each."""
        console = self.boot(self.guest(cpu_model='EPYC', cpus=4,
                                       cmdline='console=ttyS0 panic=-1 '
                                               'iomem=relaxed'))
        self.assertIn('smp: Brought up 1 node, 4 CPUs', console)

    def test_one_cpu(self):
        """A model that is newer."""
        self.boot(self.guest(cpu_model='EPYC-Milan', cpus=1))

    def test_registers_count(self):
        """Another model and another number have another measurement."""
        for real, claimed in (({'cpu_model': 'EPYC-Milan'},
                               {'cpu_model': 'EPYC'}),
                              ({'cpus': 2}, {'cpus': 3}),
                              ({'policy': POLICY}, {'policy': 1})):
            fields = {'cpu_model': 'EPYC', 'cpus': 2}
            guest = self.guest(**{**fields, **real})
            evidence = self.launch(guest).evidence()
            self.assertTrue(self.owner.trusts(evidence, guest))
            wrong = self.guest(**{**fields, **claimed})
            self.assertFalse(self.owner.trusts(evidence, wrong))

    def test_reboot(self):
        """Each reset is a new launch of the same registers."""
        guest = self.guest(cpu_model='EPYC', initrd=None,
                           cmdline='console=ttyS0 panic=1')
        launch = self.launch(guest, more=['-action', 'reboot=reset'])
        for boot in range(1, 3):
            evidence = launch.evidence()
            self.assertTrue(self.owner.trusts(evidence, guest))
            launch.resume()
            launch.qmp.wait_event('RESET')
            self.assertEqual(launch.console().count(ACTIVE), boot)


if __name__ == '__main__':
    common.main()
