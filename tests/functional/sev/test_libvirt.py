# SPDX-License-Identifier: GPL-2.0-or-later
"""
An unmodified libvirt launches our guests, and virt-qemu-sev-validate verifies
them and injects the secret by way of it.
"""

import base64
import os
import sys
import time
from pathlib import Path

import common
from common import GUEST_DIR, KERNEL, OVMF
from libvirt_daemon import URI, VALIDATE, DomainTest
from sev_client import initramfs

GUID = '736869e5-84f0-4973-92ec-06879ce3da0b'
INIT = GUEST_DIR / 'sev-init'

PFLASH = "<loader readonly='yes' type='pflash' stateless='yes'>{}</loader>"
CMDLINE = 'console=ttyS0 quiet panic=-1 iomem=relaxed'
LINUX = f'''<kernel>{{}}</kernel>
    <initrd>{{}}</initrd>
    <cmdline>{CMDLINE}</cmdline>'''


class FlowTest(DomainTest):
    """Launches and refusals."""

    expected = []               # what the guest's owner trusts

    def bare_domain(self, **more):
        """A guest of tests/guest that reports its secret."""
        image = os.path.realpath(GUEST_DIR / 'secret.fd')
        self.expected = ['--firmware', image]
        return self.domain('bare', PFLASH.format(image), **more)

    def linux_domain(self, boot, **more):
        """OVMF and a kernel."""
        initrd = Path(self.path('initramfs'))
        initrd.write_bytes(initramfs.build(INIT.read_bytes()))
        kernel = os.path.realpath(KERNEL)
        self.expected = ['--firmware', os.path.realpath(OVMF),
                         '--kernel', kernel, '--initrd', str(initrd),
                         '--cmdline', CMDLINE]
        return self.domain('linux', boot + LINUX.format(kernel, initrd),
                           **more)

    def validate(self, name, secret, *more):
        """virt-qemu-sev-validate through libvirt: status and words.  It would
        take the files from the domain only where the host knows itself by its
        full name."""
        for file, content in (('tik', self.owner.tik),
                              ('tek', self.owner.tek), ('secret', secret)):
            Path(self.path(file)).write_bytes(content)
        return self.run_as_user(
            sys.executable, VALIDATE,
            '--connect', URI, '--insecure', '--domain', name,
            '--tik', self.path('tik'), '--tek', self.path('tek'),
            '--inject-secret', f'{GUID}:{self.path("secret")}',
            *self.expected, *more)

    def wait_serial(self, text):
        """What the guest wrote, when it has written @text."""
        end = time.monotonic() + common.PATIENCE
        while True:
            words = Path(self.path('serial')).read_text(encoding='utf-8')
            if text in words:
                return words
            self.assertLess(time.monotonic(), end, words)
            time.sleep(0.1)

    def evidence(self, name):
        """The measurement, as virsh shows it."""
        words = self.virsh('domlaunchsecinfo', name)
        pairs = (line.split(':', 1) for line in words.splitlines()
                 if ':' in line)
        return {key.strip(): value.strip() for key, value in pairs}

    def test_flow(self):
        """Measured, verified, unlocked."""
        self.virsh(*self.bare_domain())
        blob = self.evidence('bare')['sev-measurement']
        self.assertEqual(len(base64.b64decode(blob)), 48)
        status, words = self.validate('bare', b'through libvirt')
        self.assertEqual(status, 0, words)
        words = self.wait_serial('\ndone ')
        self.assertIn(f'data secret {b"through libvirt".hex()}\n', words)

    def test_by_hand(self):
        """domsetlaunchsecstate takes the right packet and no other."""
        if self.try_virsh('help', 'domsetlaunchsecstate')[0]:
            self.skipTest('this virsh has no domsetlaunchsecstate')
        self.virsh(*self.bare_domain())
        told = self.evidence('bare')
        evidence = common.Evidence(
            *(int(told[f'sev-{key}'], 0) for key in
              ('api-major', 'api-minor', 'build-id', 'policy')),
            told['sev-measurement'])
        packet = self.owner.make_packet(evidence, [(GUID, b'by hand')])
        wrong = self.owner.make_packet(evidence, [(GUID, b'wrong')])
        status, words = self.set_secret(packet.header, wrong.payload)
        self.assertNotEqual(status, 0, words)
        self.assertIn('BAD_MEASUREMENT', words)
        status, words = self.set_secret(packet.header, packet.payload)
        self.assertEqual(status, 0, words)
        self.virsh('resume', 'bare')
        words = self.wait_serial('\ndone ')
        self.assertIn(f'data secret {b"by hand".hex()}\n', words)
        self.assertNotIn(b'wrong'.hex(), words)

    def set_secret(self, header, payload):
        """virsh domsetlaunchsecstate: status and words."""
        for name, text in (('header', header), ('payload', payload)):
            Path(self.path(name)).write_text(text, encoding='ascii')
        return self.try_virsh('domsetlaunchsecstate', 'bare', '--secrethdr',
                              self.path('header'), '--secret',
                              self.path('payload'))

    def test_other_firmware(self):
        """The owner expected another image: no secret."""
        self.virsh(*self.bare_domain())
        status, words = self.validate('bare', b'never', '--firmware',
                                      str(GUEST_DIR / 'cpuid.fd'))
        self.assertEqual(status, 1, words)

    def test_wrong_keys(self):
        """A measurement that was made with other keys."""
        self.virsh(*self.bare_domain())
        self.owner.tik = os.urandom(16)
        status, words = self.validate('bare', b'never')
        self.assertEqual(status, 1, words)

    def test_wrong_policy(self):
        """The session is for another policy than the domain has."""
        status, words = self.try_virsh(*self.bare_domain(policy=3))
        self.assertNotEqual(status, 0, words)
        self.assertIn('BAD_MEASUREMENT', words)

    @common.need(OVMF, KERNEL, INIT)
    def test_linux(self):
        """OVMF and a kernel, with hashes."""
        self.virsh(*self.linux_domain(
            PFLASH.format(os.path.realpath(OVMF))))
        self.unlock_linux()

    @common.need(OVMF, KERNEL, INIT)
    def test_firmware_efi(self):
        """libvirt finds the firmware by its descriptor."""
        self.virsh(*self.linux_domain("<loader stateless='yes'/>",
                                      firmware=" firmware='efi'>"))
        self.assertIn(os.path.realpath(OVMF), self.virsh('dumpxml', 'linux'))
        self.unlock_linux()

    @common.need(OVMF, KERNEL, INIT)
    def test_firmware_with_nvram(self):
        """And for a domain that does not say that it has no NVRAM."""
        self.virsh(*self.linux_domain('', firmware=" firmware='efi'>"))
        xml = self.virsh('dumpxml', 'linux')
        self.assertIn(os.path.realpath(OVMF), xml)
        self.assertIn(self.path('nvram'), xml)
        self.unlock_linux()

    def unlock_linux(self):
        """Verified, and the kernel runs under SEV with its secret."""
        status, words = self.validate('linux', b'through libvirt')
        self.assertEqual(status, 0, words)
        words = self.wait_serial('sev-init: done')
        self.assertIn('Memory Encryption Features active: AMD SEV', words)
        self.assertIn(f'secret {GUID} text through libvirt', words)


if __name__ == '__main__':
    common.main()
