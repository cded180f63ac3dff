# SPDX-License-Identifier: GPL-2.0-or-later
"""The flow of a guest owner, with a bare-metal guest that shows its secret."""

import base64
import os
import subprocess
import uuid
from pathlib import Path

import common
import sevformats as sev
from common import LaunchTest, bare_guest
from sev_client.owner import Packet
from sev_client.qmp import QmpError

LUKS = '736869e5-84f0-4973-92ec-06879ce3da0b'
OTHER = 'b3fd2b5c-0001-4a5b-9c3d-5ea5ed000001'


def secrets_in(console):
    """The (GUID, bytes) pairs that the guest reported."""
    words = [line.split() for line in console.splitlines()]
    guids = [bytes.fromhex(word[2]) for word in words
             if word[:2] == ['data', 'secret-guid']]
    data = [bytes.fromhex(word[2]) for word in words
            if word[:2] == ['data', 'secret']]
    return [(str(uuid.UUID(bytes_le=guid)), one)
            for guid, one in zip(guids, data)]


class OwnerTest(LaunchTest):
    """Session, measurement, secret."""

    def deliver(self, launch, guest, secrets):
        """Verify, inject, run; what the guest then reads."""
        evidence = launch.evidence()
        self.assertTrue(self.owner.trusts(evidence, guest))
        launch.inject(self.owner.make_packet(evidence, secrets))
        return self.run_guest(launch)

    def run_guest(self, launch):
        """Let the guest run to its end; the secrets that it reports."""
        launch.resume()
        console = launch.wait_console('\ndone ', common.PATIENCE)
        self.assertEqual(launch.wait_exit(common.PATIENCE), 33, console)
        return secrets_in(console)

    def test_secret(self):
        """The secret that went in encrypted is what the guest reads."""
        guest = bare_guest('secret')
        secrets = [(LUKS, b'my-disk-passphrase'), (OTHER, os.urandom(1000))]
        launch = self.launch(guest)
        self.assertEqual(self.deliver(launch, guest, secrets), secrets)

    def test_policy(self):
        """Other policies are in the session and in the measurement."""
        for policy in (0, 3, 0x2b, 0x00000001 | 1 << 16):
            with self.subTest(policy=policy):
                guest = bare_guest('secret', policy=policy)
                launch = self.launch(guest)
                secrets = [(LUKS, b'secret')]
                self.assertEqual(self.deliver(launch, guest, secrets),
                                 secrets)

    def test_pc_machine(self):
        """The older machine as well."""
        guest = bare_guest('secret', machine='pc', cpu_model='Haswell')
        launch = self.launch(guest)
        secrets = [(LUKS, b'secret')]
        self.assertEqual(self.deliver(launch, guest, secrets), secrets)

    def test_no_secret(self):
        """A guest may run without one."""
        self.assertEqual(self.run_guest(self.launch(bare_guest('secret'))),
                         [])

    def test_gpa(self):
        """A packet may go to a place that the owner names."""
        guest = bare_guest('secret')
        launch = self.launch(guest)
        evidence = launch.evidence()
        packet = self.owner.make_packet(evidence, [(LUKS, b'elsewhere')],
                                        gpa=0x800000)
        launch.inject(packet)
        self.assertEqual(self.run_guest(launch), [(LUKS, b'elsewhere')])

    def test_tampered_firmware(self):
        """One byte that nobody executes is enough."""
        guest = bare_guest('secret')
        image = bytearray(Path(guest.firmware).read_bytes())
        image[0x8000] ^= 1
        tampered = bare_guest('secret')
        tampered.firmware = self.path('tampered.fd')
        Path(tampered.firmware).write_bytes(image)
        evidence = self.launch(tampered).evidence()
        self.assertFalse(self.owner.trusts(evidence, guest))
        self.assertTrue(self.owner.trusts(evidence, tampered))

    def test_packet_of_another_launch(self):
        """A packet is good for one launch, even of the same guest."""
        guest = bare_guest('secret')
        platform = self.platform()
        files = self.owner.make_session(platform.pdh, guest.policy)
        first, second = (self.launch_with(guest, platform, files)
                         for _ in range(2))
        packet = self.owner.make_packet(first.evidence(), [(LUKS, b'first')])
        with self.assertRaisesRegex(QmpError, 'BAD_MEASUREMENT'):
            second.inject(packet)
        first.inject(packet)
        self.assertEqual(self.run_guest(first), [(LUKS, b'first')])
        self.assertEqual(self.run_guest(second), [])

    def test_altered_packet(self):
        """Any bit counts, and a refusal leaves room for the right packet."""
        guest = bare_guest('secret')
        launch = self.launch(guest)
        packet = self.owner.make_packet(launch.evidence(), [(LUKS, b'right')])
        header = base64.b64decode(packet.header)
        payload = base64.b64decode(packet.payload)
        for at in (4, 19, 20, 51):
            bad = bytearray(header)
            bad[at] ^= 0x80
            with self.assertRaisesRegex(QmpError, 'BAD_MEASUREMENT'):
                launch.inject(Packet(base64.b64encode(bad).decode(),
                                     packet.payload))
        bad = bytearray(payload)
        bad[-1] ^= 1
        with self.assertRaisesRegex(QmpError, 'BAD_MEASUREMENT'):
            launch.inject(Packet(packet.header,
                                 base64.b64encode(bad).decode()))
        launch.inject(packet)
        self.assertEqual(self.run_guest(launch), [(LUKS, b'right')])


class PlatformTest(LaunchTest):
    """Whose signature is on what."""

    def certificates(self, platform):
        """PDH, PEK, OCA, CEK."""
        size = sev.CERT_SIZE
        chain = platform.chain
        self.assertEqual(len(chain), 4 * size)
        return [chain[i * size:(i + 1) * size] for i in range(4)]

    def test_chain(self):
        """Every signature of what query-sev-capabilities shows holds."""
        pdh, pek, oca, cek = self.certificates(self.platform())
        self.assertTrue(sev.signed_by(pdh, pek))
        self.assertTrue(sev.signed_by(pek, oca))
        self.assertTrue(sev.signed_by(pek, cek))
        self.assertTrue(sev.signed_by(oca, oca))

    def test_identity_is_steady(self):
        """A session made yesterday opens today."""
        self.assertEqual(self.platform(), self.platform())

    def test_attestation_report(self):
        """The PEK signs the digest of what was launched."""
        guest = bare_guest('secret')
        platform = self.platform()
        _, pek, _, _ = self.certificates(platform)
        launch = self.launch(guest, platform)
        mnonce = os.urandom(16)
        report = base64.b64decode(launch.qmp.execute(
            'query-sev-attestation-report',
            mnonce=base64.b64encode(mnonce).decode())['data'])
        self.assertEqual(len(report), 208)
        self.assertEqual(report[:16], mnonce)
        self.assertEqual(report[16:48],
                         common.launch_digest(guest))
        self.assertEqual(sev.be(report[48:52]), guest.policy)
        r, s = sev.be(report[0x40:0x88]), sev.be(report[0x88:0xd0])
        sev.public_numbers(pek).verify(
            sev.utils.encode_dss_signature(r, s), report[:52],
            sev.ec.ECDSA(sev.hashes.SHA256()))

    def test_own_identity(self):
        """A platform with keys of its own does not open others' sessions."""
        state = self.path('platform.state')
        subprocess.run([common.QEMU_SEV, 'platform', 'init', '--quiet',
                        '--state', state], check=True,
                       stdout=subprocess.DEVNULL)
        chain = self.path('own.cert')
        subprocess.run([common.QEMU_SEV, 'export', '--quiet', '--state',
                        state, chain], check=True, stdout=subprocess.DEVNULL)
        builtin = self.platform()
        own = Path(chain).read_bytes()
        self.assertNotEqual(own, builtin.chain)
        for pdh, works in ((own[:sev.CERT_SIZE], True),
                           (builtin.pdh, False)):
            files = self.owner.make_session(pdh, 1)
            options = ['-accel', 'tcg', '-machine',
                       'q35,memory-encryption=sev0', '-S', '-bios',
                       bare_guest('secret').firmware, '-object',
                       f'sev-guest,id=sev0,state-file={state},'
                       f'dh-cert-file={files.dh_cert},'
                       f'session-file={files.session}']
            if works:
                self.vm(options)
            else:
                with self.assertRaisesRegex(common.VmError,
                                            'BAD_MEASUREMENT'):
                    self.vm(options)


if __name__ == '__main__':
    common.main()
