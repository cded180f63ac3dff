# SPDX-License-Identifier: GPL-2.0-or-later
"""
What the KVM backend makes the firmware measure: against an independent
computation, the emulated backend and libvirt's virt-qemu-sev-validate.
"""

import base64
import hashlib
import importlib.util
import shutil
import subprocess
import sys
import unittest

import double
import vmsa
from double import API, BUILD, SECRET_BASE, DoubleTest, QmpError, formats

NONCE = bytes(range(16))
TOOL = shutil.which('virt-qemu-sev-validate')
MODULES = ('lxml', 'libvirt', 'cryptography')

# Where APs start, as the firmware image says
AP_START = int.from_bytes(formats.RESET_BLOCK[1], 'little')


class EvidenceTest(DoubleTest):
    """A test that looks at the proofs of a launch."""

    @staticmethod
    def blob(qemu):
        """MEASURE and its nonce."""
        return base64.b64decode(qemu.qmp('query-sev-launch-measure')['data'])

    @staticmethod
    def digest(qemu):
        """The launch digest, from the attestation report."""
        report = base64.b64decode(qemu.qmp(
            'query-sev-attestation-report',
            mnonce=base64.b64encode(NONCE).decode())['data'])
        assert report[:16] == NONCE, 'the nonce is not ours'
        return report[16:48]

    def check(self, policy, options, parts, *args, **kwargs):
        """Launch; compare digest and measurement; returns them."""
        owner, session = self.owner(policy)
        qemu = self.start(session + options, *args, **kwargs)
        digest, blob = self.digest(qemu), self.blob(qemu)
        self.assertEqual(digest, hashlib.sha256(b''.join(parts)).digest())
        self.assertEqual(blob, formats.measurement(
            owner.tik, API, BUILD, policy, digest, blob[32:]))
        return owner, qemu


class IndependentTest(EvidenceTest):
    """Digests and measurements computed here."""

    def test_sev(self):
        """The firmware image."""
        self.check(1, '', [self.firmware])

    def test_sev_vm_type(self):
        """The newer interface measures the same."""
        self.check(1, ',legacy-vm-type=off', [self.firmware])

    def test_sev_hashes(self):
        """And the table of hashes."""
        (kernel, initrd, cmdline), args = self.kernel()
        self.check(1, ',kernel-hashes=on',
                   [self.firmware, formats.kernel_hashes(
                       kernel, initrd, cmdline.encode())], *args)

    def test_es(self):
        """And the boot processor."""
        self.check(5, '', [self.firmware, vmsa.build()])

    def test_es_4(self):
        """And three more."""
        self.check(5, '', [self.firmware, vmsa.build()]
                   + 3 * [vmsa.build(AP_START)], '-smp', '4')

    def test_es_4_vm_type(self):
        """With their FPUs."""
        self.check(5, ',legacy-vm-type=off',
                   [self.firmware, vmsa.build(with_fpu=True)]
                   + 3 * [vmsa.build(AP_START, with_fpu=True)], '-smp', '4')

    def test_es_hashes(self):
        """Everything."""
        (kernel, initrd, cmdline), args = self.kernel()
        self.check(5, ',kernel-hashes=on', [
            self.firmware,
            formats.kernel_hashes(kernel, initrd, cmdline.encode()),
            vmsa.build(), vmsa.build(AP_START)], '-smp', '2', *args)

    def test_es_old_reset_block(self):
        """Old firmware has the block without a table."""
        block = (AP_START.to_bytes(4, 'little') + (22).to_bytes(2, 'little')
                 + double.formats.uuid.UUID(formats.RESET_BLOCK[0]).bytes_le)
        image = bytes(65536 - 32 - len(block)) + block + bytes(32)
        (self.dir / 'old').write_bytes(image)
        self.check(5, '', [image, vmsa.build(), vmsa.build(AP_START)],
                   '-smp', '2', '-bios', 'old')

    def test_pflash(self):
        """Firmware in flash memory."""
        (self.dir / 'flash').write_bytes(self.firmware)
        qemu = self.start(
            '', '-drive', 'if=pflash,format=raw,readonly=on,file=flash',
            '-bios', '')
        self.assertEqual(self.digest(qemu),
                         hashlib.sha256(self.firmware).digest())

    def test_known_pages(self):
        """The pages against those that are known (see the SEV tools)."""
        for page, known in (
                (vmsa.build(), '30a76bd1aa5adf81f02832d38c21e31b'
                               '073cf0663dd2337455db2a3c210666af'),
                (vmsa.build(with_fpu=True), '8295cef559b57130391d59605890ef93'
                                            '297720b48bef9a8c3c985b9c3fb0788c'),
                (vmsa.build(0x80b004), '3d1cd8f98c320cb09405dae226a8bd6e'
                                       '18d8bfc0b4babda508c10963a6f3df19')):
            self.assertEqual(hashlib.sha256(page).hexdigest(), known)


class MemoryTest(EvidenceTest):
    """What of the guest's memory the host can see."""

    def memory(self, qemu, gpa, size):
        """As the host reads it."""
        path = self.dir / 'memory'
        qemu.qmp('pmemsave', val=gpa, size=size, filename=str(path))
        return path.read_bytes()

    def test_firmware(self):
        """The image is ciphertext after it was measured."""
        qemu = self.start()
        size = double.FIRMWARE_SIZE
        seen = self.memory(qemu, (1 << 32) - size, size)
        self.assertEqual(sum(a == b for a, b in zip(
            (seen[i:i + 16] for i in range(0, size, 16)),
            (self.firmware[i:i + 16] for i in range(0, size, 16)))), 0)

    def test_secret(self):
        """A secret reaches memory, as ciphertext; a wrong one does not."""
        owner, qemu = self.check(1, '', [self.firmware])
        secret = bytes(range(64))
        header, payload = owner.packet(self.blob(qemu)[:32], secret)
        before = self.memory(qemu, SECRET_BASE, 64)
        with self.assertRaises(QmpError):
            qemu.qmp('sev-inject-launch-secret', **{
                'packet-header': header,
                'secret': base64.b64encode(secret).decode()})
        self.assertEqual(self.memory(qemu, SECRET_BASE, 64), before)
        qemu.qmp('sev-inject-launch-secret', **{
            'packet-header': header, 'secret': payload})
        after = self.memory(qemu, SECRET_BASE, 64)
        self.assertNotEqual(after, before)
        self.assertNotIn(after, (secret, base64.b64decode(payload)))
        self.assertEqual(self.memory(qemu, SECRET_BASE + 64, 64), before)


class EmulatedTest(EvidenceTest):
    """Both backends measure the same."""

    def same(self, options, *args):
        """One session, two launches."""
        owner, session = self.owner(1)
        digests = []
        for accel in ('kvm', 'tcg'):
            qemu = self.start(session + options, *args, accel=accel)
            digest, blob = self.digest(qemu), self.blob(qemu)
            self.assertEqual(blob, formats.measurement(
                owner.tik, API, BUILD, 1, digest, blob[32:]))
            ranges = [(r['gpa'], r['size'], r['kind'], r['launch-digest'])
                      for r in qemu.qmp('query-sev-measured-ranges')]
            digests.append((digest, ranges))
            qemu.quit()
        self.assertEqual(*digests)

    def test_firmware(self):
        """The firmware image."""
        self.same('')

    def test_hashes(self):
        """And the hashes."""
        _, args = self.kernel()
        self.same(',kernel-hashes=on', *args)


@unittest.skipUnless(TOOL, 'virt-qemu-sev-validate is not installed '
                     '(package libvirt-clients-qemu)')
@unittest.skipUnless(all(map(importlib.util.find_spec, MODULES)),
                     f'needs the Python modules {", ".join(MODULES)}')
class ValidateTest(EvidenceTest):
    """libvirt's tool, as it comes from Debian."""

    def validate(self, policy, options, *args, tool=(), expected=0):
        """Launch, and let the tool verify it."""
        owner, session = self.owner(policy)
        qemu = self.start(session + options, *args)
        for name in ('tik', 'tek'):
            (self.dir / name).write_bytes(getattr(owner, name))
        done = subprocess.run(
            [sys.executable, TOOL, '--measurement',
             base64.b64encode(self.blob(qemu)).decode(),
             '--api-major', str(API[0]), '--api-minor', str(API[1]),
             '--build-id', str(BUILD), '--policy', str(policy),
             '--firmware', 'firmware', '--tik', 'tik', '--tek', 'tek', *tool],
            cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            check=False, timeout=60, text=True)
        self.assertEqual(done.returncode, expected, done.stdout)

    CPU = ('--cpu-family', '23', '--cpu-model', '1', '--cpu-stepping', '2')

    def test_sev(self):
        """A SEV guest."""
        self.validate(1, '')

    def test_hashes(self):
        """With kernel hashes."""
        (_, _, cmdline), args = self.kernel()
        self.validate(1, ',kernel-hashes=on', *args, tool=(
            '--kernel', 'kernel', '--initrd', 'initrd', '--cmdline', cmdline))

    def test_es(self):
        """A SEV-ES guest; the tool builds the processors' pages itself."""
        self.validate(5, '', tool=('--num-cpus', '1', *self.CPU))

    def test_es_4(self):
        """Four of them."""
        self.validate(5, '', '-smp', '4',
                      tool=('--num-cpus', '4', *self.CPU))

    def test_es_wrong_number(self):
        """One processor too many is seen."""
        self.validate(5, '', '-smp', '2', expected=1,
                      tool=('--num-cpus', '1', *self.CPU))


if __name__ == '__main__':
    double.main()
