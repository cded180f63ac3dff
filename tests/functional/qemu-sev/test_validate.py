#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
qemu-sev, the software platform and libvirt's virt-qemu-sev-validate together.

The platform measures and takes secrets by its firmware commands; the guest
owner's side is done by qemu-sev and by virt-qemu-sev-validate, which must
agree on everything.
"""

import base64
import os
import shutil
import subprocess

import sevformats as sev
from harness import UNVERIFIED, ToolTest, main

LUKS = '736869e5-84f0-4973-92ec-06879ce3da0b'
VALIDATE = shutil.which('virt-qemu-sev-validate')
PYTHON = '/usr/bin/python3'         # has the modules of its package
MISMATCH = 1                        # its exit status for a wrong measurement
LAUNCH = os.environ.get('LAUNCH_GUEST', 'launch-guest')


def validator_works():
    """Whether the validator and its modules are installed."""
    return VALIDATE and subprocess.run(
        [PYTHON, VALIDATE, '--help'], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, check=False).returncode == 0


class Guest:
    """A launch on the software platform."""

    def __init__(self, test, policy, parts):
        for name in ('godh', 'session'):
            data = base64.b64decode(test.read(f'vm_{name}.b64'))
            test.write(f'vm_{name}.bin', data)
        # pylint: disable=consider-using-with
        self.child = subprocess.Popen(
            [LAUNCH, str(policy), 'vm_godh.bin', 'vm_session.bin', *parts],
            cwd=test.dir, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)
        test.addCleanup(self.close)
        self.blob = self.child.stdout.readline().strip()

    def inject(self, header, payload):
        """LAUNCH_SECRET: its status and what the guest finds."""
        self.child.stdin.write(f'{header} {payload}\n')
        self.child.stdin.flush()
        status, data = self.child.stdout.readline().split()
        return status, bytes.fromhex(data)

    def close(self):
        """End of the guest."""
        self.child.stdin.close()
        self.child.wait()
        self.child.stdout.close()


class Flow(ToolTest):
    """From the session to the secret."""

    policy = 1

    def setUp(self):
        super().setUp()
        self.image = sev.firmware(64 * 1024, [sev.HASH_AREA])
        self.write('fw', self.image)
        self.write('kernel', os.urandom(50_000))
        self.write('initrd', os.urandom(60_000))
        self.write('secret', b'my-disk-passphrase')
        self.tool('export', '--pdh', 'pdh')
        self.tool('session', 'pdh', str(self.policy))
        self.files = ['--firmware', 'fw']

    def with_kernel(self):
        """Go on with kernel hashes; returns the table."""
        self.files += ['--kernel', 'kernel', '--initrd', 'initrd',
                       '--cmdline', 'root=/dev/vda quiet']
        return self.write('hashes', sev.kernel_hashes(
            self.read('kernel'), self.read('initrd'), b'root=/dev/vda quiet'))

    def options(self):
        """Version and policy, as both tools take them."""
        version = self.json('platform', 'status')
        return ['--api-major', str(version['api-major']),
                '--api-minor', str(version['api-minor']),
                '--build-id', str(version['build-id']),
                '--policy', str(self.policy), '--tik', 'vm_tik.bin']

    def verify(self, blob, *extra, status=0):
        """qemu-sev's judgement."""
        self.tool('measurement', 'verify', *self.options(), '-m', blob,
                  *self.files, *extra, status=status)

    def validate(self, blob, *extra):
        """virt-qemu-sev-validate's judgement."""
        return subprocess.run(
            [PYTHON, VALIDATE, '--measurement', blob, *self.options(),
             '--tek', 'vm_tek.bin', *self.files, *extra], cwd=self.dir,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False).returncode

    def our_secret(self, guest):
        """A packet of qemu-sev's, and what spoils it."""
        self.tool('secret', 'build', '--tik', 'vm_tik.bin', '--tek',
                  'vm_tek.bin', '-m', guest.blob, '--secret',
                  'luks-key:secret', 'h', 'p')
        header, payload = self.read('h'), self.read('p')
        for name, data in (('h', header), ('p', payload)):
            for at in range(0, len(data), 7):
                bad = data[:at] + bytes([data[at] ^ 4]) + data[at + 1:]
                self.write(name, bad)
                status, memory = guest.inject('h', 'p')
                self.assertNotEqual(status, 'SUCCESS')
                self.assertEqual(memory, bytes(len(memory)))
            self.write(name, data)
        self.check_secret(guest, 'h', 'p')

    def check_secret(self, guest, header, payload):
        """The guest must find the passphrase."""
        status, memory = guest.inject(header, payload)
        self.assertEqual(status, 'SUCCESS')
        self.assertEqual(sev.secrets_of(memory)[0],
                         {LUKS: b'my-disk-passphrase'})

    def test_platform(self):
        guest = Guest(self, self.policy, ['fw'])
        self.verify(guest.blob)
        self.our_secret(guest)

    def test_platform_with_kernel(self):
        guest = Guest(self, self.policy, ['fw', self.with_kernel()])
        self.verify(guest.blob)
        self.verify(guest.blob, '--cmdline', 'root=/dev/vda quiet single',
                    status=UNVERIFIED)
        self.our_secret(guest)

    def test_secret_of_other_launch(self):
        guest, other = (Guest(self, self.policy, ['fw']) for _ in range(2))
        self.tool('secret', 'build', '--tik', 'vm_tik.bin', '--tek',
                  'vm_tek.bin', '-m', other.blob, '--secret',
                  'luks-key:secret', 'h', 'p')
        self.assertEqual(guest.inject('h', 'p')[0], 'BAD_MEASUREMENT')
        self.check_secret(other, 'h', 'p')

    def check_validator(self, guest):
        """The validator accepts the launch, its secret fits, and it refuses
        what was tampered with."""
        self.assertEqual(self.validate(
            guest.blob, '--inject-secret', 'luks-key:secret',
            '--secret-header', 'vh', '--secret-payload', 'vp'), 0)
        for name in ('vh', 'vp'):
            self.write(name, base64.b64decode(self.read(name)))
        self.check_secret(guest, 'vh', 'vp')
        blob = bytearray(base64.b64decode(guest.blob))
        for at in (0, 31, 32, 47):
            blob[at] ^= 1
            bad = base64.b64encode(blob).decode()
            self.assertEqual(self.validate(bad), MISMATCH)
            self.verify(bad, status=UNVERIFIED)
            blob[at] ^= 1
        self.write('fw', self.image[:-1] + b'\1')
        self.assertEqual(self.validate(guest.blob), MISMATCH)
        self.verify(guest.blob, status=UNVERIFIED)

    def test_validator(self):
        if not validator_works():
            self.skipTest('virt-qemu-sev-validate is not installed')
        self.check_validator(Guest(self, self.policy, ['fw']))

    def test_validator_with_kernel(self):
        if not validator_works():
            self.skipTest('virt-qemu-sev-validate is not installed')
        guest = Guest(self, self.policy, ['fw', self.with_kernel()])
        self.assertEqual(self.validate(guest.blob, '--cmdline', 'single'),
                         MISMATCH)
        self.check_validator(guest)

    def test_validator_cpus(self):
        """CPU states of SEV-ES: the validator accepts our measurement."""
        if not validator_works():
            self.skipTest('virt-qemu-sev-validate is not installed')
        self.policy = 5
        self.write('fw', sev.firmware(4096, [sev.RESET_BLOCK]))
        self.files += ['--num-cpus', '3', '--cpu-family', '23',
                       '--cpu-model', '49', '--cpu-stepping', '0']
        nonce = base64.b64encode(os.urandom(16)).decode()
        out, _ = self.tool('measurement', 'build', *self.options(),
                           '--nonce', nonce, *self.files)
        self.assertEqual(self.validate(out.strip()), 0)


if __name__ == '__main__':
    main()
