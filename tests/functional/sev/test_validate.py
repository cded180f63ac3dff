# SPDX-License-Identifier: GPL-2.0-or-later
"""
libvirt's virt-qemu-sev-validate as it comes from Debian, with the measurement
of a running QEMU: it verifies the launch and makes the secret's packet.
"""

import base64
import importlib.util
import os
import shutil
import subprocess
import sys
import unittest
import uuid
from pathlib import Path

import common
from common import KERNEL, OVMF, Guest, LaunchTest, bare_guest
from sev_client.owner import Expected, Owner, Packet
from sev_client.qmp import QmpError

TOOL = shutil.which('virt-qemu-sev-validate')
GUID = '736869e5-84f0-4973-92ec-06879ce3da0b'
SECRET = b'for the owner of this guest only'
CMDLINE = 'console=ttyS0 quiet'

# The tool's own exit status
VERIFIED, NOT_VERIFIED = 0, 1

MODULES = ('lxml', 'libvirt', 'cryptography')


@unittest.skipUnless(TOOL, 'virt-qemu-sev-validate is not installed '
                     '(package libvirt-clients-qemu)')
@unittest.skipUnless(all(map(importlib.util.find_spec, MODULES)),
                     f'needs the Python modules {", ".join(MODULES)}')
class ValidateTest(LaunchTest):
    """What the tool says about launches of ours."""

    def validate(self, evidence, guest, *more):
        """The tool's exit status and words about a launch."""
        for name, key in (('tik', self.owner.tik), ('tek', self.owner.tek)):
            Path(self.path(name)).write_bytes(key)
        command = [sys.executable, TOOL, '--measurement', evidence.blob,
                   '--api-major', str(evidence.api_major),
                   '--api-minor', str(evidence.api_minor),
                   '--build-id', str(evidence.build_id),
                   '--policy', str(evidence.policy),
                   '--firmware', guest.firmware,
                   '--tik', self.path('tik'), '--tek', self.path('tek')]
        for option, value in (('--kernel', guest.kernel),
                              ('--initrd', guest.initrd),
                              ('--cmdline', guest.cmdline)):
            if value is not None:
                command += [option, value]
        done = subprocess.run([*command, *more], check=False, text=True,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def packet(self, evidence, guest, secret=SECRET):
        """Let the tool encrypt a secret for a launch that it verifies."""
        Path(self.path('secret')).write_bytes(secret)
        status, words = self.validate(
            evidence, guest, '--inject-secret',
            f'{GUID}:{self.path("secret")}',
            '--secret-header', self.path('header'),
            '--secret-payload', self.path('payload'))
        self.assertEqual(status, VERIFIED, words)
        return Packet(Path(self.path('header')).read_text(encoding='ascii'),
                      Path(self.path('payload')).read_text(encoding='ascii'))

    def hashes_guest(self):
        """A Linux guest with kernel hashes, which is not run to its end."""
        Path(self.path('initrd')).write_bytes(os.urandom(5000))
        return Guest(firmware=str(OVMF), kernel=str(KERNEL),
                     initrd=self.path('initrd'), cmdline=CMDLINE)

    def test_verified(self):
        """The tool's packet brings the secret into the guest."""
        guest = bare_guest('secret')
        launch = self.launch(guest)
        evidence = launch.evidence()
        launch.inject(self.packet(evidence, guest))
        launch.resume()
        console = launch.wait_console('\ndone ', common.PATIENCE)
        self.assertIn(f'data secret-guid {uuid.UUID(GUID).bytes_le.hex()}\n',
                      console)
        self.assertIn(f'data secret {SECRET.hex()}\n', console)

    def sev_tool_owner(self):
        """An owner who works with qemu-sev, in the same folder."""
        return Owner(common.QEMU_SEV, self.dir)

    def check_packet(self, launch, packet):
        """The guest reads the secret."""
        launch.inject(packet)
        launch.resume()
        console = launch.wait_console('\ndone ', common.PATIENCE)
        self.assertIn(f'data secret {SECRET.hex()}\n', console)

    def test_session_of_qemu_sev(self):
        """A session of qemu-sev, the secret by virt-qemu-sev-validate."""
        guest = bare_guest('secret')
        platform = self.platform()
        files = self.sev_tool_owner().make_session(platform.pdh, 1)
        self.owner.tik, self.owner.tek = (
            Path(self.path(f'vm_{key}.bin')).read_bytes()
            for key in ('tik', 'tek'))
        launch = self.launch_with(guest, platform, files)
        self.check_packet(launch, self.packet(launch.evidence(), guest))

    def test_session_of_others(self):
        """Their session, with sevctl's names; qemu-sev does the rest."""
        guest = bare_guest('secret')
        launch = self.launch(guest)
        for key in 'tik', 'tek':
            Path(self.path(f'vm_{key}.bin')).write_bytes(
                getattr(self.owner, key))
        tool, evidence = self.sev_tool_owner(), launch.evidence()
        tool.verify_measurement(evidence, Expected(guest.firmware))
        self.check_packet(launch, tool.make_packet(evidence, GUID, SECRET))

    def test_aligned_secret(self):
        """The tool pads a table that needs no padding by 16 bytes."""
        guest = bare_guest('secret')
        launch = self.launch(guest)
        secret = os.urandom(24)
        launch.inject(self.packet(launch.evidence(), guest, secret))
        launch.resume()
        console = launch.wait_console('\ndone ', common.PATIENCE)
        self.assertIn(f'data secret {secret.hex()}\n', console)

    def test_tampered_firmware(self):
        """Another image than the expected one."""
        evidence = self.launch(bare_guest('cpuid')).evidence()
        status, words = self.validate(evidence, bare_guest('secret'))
        self.assertEqual(status, NOT_VERIFIED, words)

    def test_tampered_packet(self):
        """The tool's packet with one bit changed."""
        guest = bare_guest('secret')
        launch = self.launch(guest)
        packet = self.packet(launch.evidence(), guest)
        payload = bytearray(base64.b64decode(packet.payload))
        payload[0] ^= 1
        with self.assertRaisesRegex(QmpError, 'BAD_MEASUREMENT'):
            launch.inject(Packet(packet.header,
                                 base64.b64encode(payload).decode()))

    def test_wrong_policy(self):
        """The policy is part of the measurement."""
        guest = bare_guest('secret', policy=3)
        evidence = self.launch(guest).evidence()
        evidence.policy = 1
        status, words = self.validate(evidence, guest)
        self.assertEqual(status, NOT_VERIFIED, words)

    @common.need(OVMF, KERNEL)
    def test_kernel_hashes(self):
        """Firmware and hashes verified, packet accepted."""
        guest = self.hashes_guest()
        launch = self.launch(guest)
        evidence = launch.evidence()
        launch.inject(self.packet(evidence, guest))

    @common.need(OVMF, KERNEL)
    def test_tampered_cmdline(self):
        """The host adds to the command line."""
        guest = self.hashes_guest()
        evidence = self.launch(guest).evidence()
        guest.cmdline += ' init=/bin/sh'
        status, words = self.validate(evidence, guest)
        self.assertEqual(status, NOT_VERIFIED, words)

    @common.need(OVMF, KERNEL)
    def test_hashes_left_out(self):
        """The host measures the firmware alone."""
        guest = self.hashes_guest()
        evidence = self.launch(Guest(firmware=guest.firmware)).evidence()
        status, words = self.validate(evidence, guest)
        self.assertEqual(status, NOT_VERIFIED, words)


if __name__ == '__main__':
    common.main()
