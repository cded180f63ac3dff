#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A guest owner against the software AMD Secure Processor.

The owner's side is Python with the "cryptography" package and shares no code
with the platform, which runs in asp-mailbox: certificate chains, a session, a
measurement, a secret and an attestation report, on the built-in identity and
on a new one.

usage: test-asp-owner.py ASP-MAILBOX
"""

import hashlib
import os
import struct
import tempfile
import unittest

from aspmailbox import Mailbox, main
import sevformats as sev
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

INIT, STATUS, PEK_CSR, PEK_IMPORT, PDH_EXPORT, DF_FLUSH = 1, 4, 6, 7, 8, 0x0a
SHUTDOWN, ACTIVATE, LAUNCH_START, UPDATE, MEASURE = 2, 0x21, 0x30, 0x31, 0x33
SECRET, FINISH, ATTESTATION, DBG_DECRYPT = 0x34, 0x35, 0x36, 0x60
BAD_MEASUREMENT = 0x0b

RAM = 0x80000000
GODH, SESSION, OUT, OUT2, TRANS, GUEST = (
    RAM + at for at in (0, 0x1000, 0x3000, 0x4000, 0x8000, 0x10000))
ASID = 100


class Platform(Mailbox):
    """The few commands of the tests."""

    def chain(self):
        """PDH, PEK, OCA and the CEK as AMD's server would give it."""
        self.command(PDH_EXPORT, struct.pack('<QIIQI', OUT, sev.CERT_SIZE, 0,
                                             OUT2, 3 * sev.CERT_SIZE))
        pdh, pek, oca, cek = (self.read(at, sev.CERT_SIZE) for at in (
            OUT, OUT2, OUT2 + sev.CERT_SIZE, OUT2 + 2 * sev.CERT_SIZE))
        signed = bytes.fromhex(self.ask('cek')[0])
        assert signed[:sev.BODY_SIZE] == cek[:sev.BODY_SIZE]
        return pdh, pek, oca, signed

    def launch_start(self, policy, godh, session):
        """With a session; returns status and handle."""
        self.write(GODH, godh)
        self.write(SESSION, session)
        status, buf = self.try_command(LAUNCH_START, struct.pack(
            '<IIQIIQI', 0, policy, GODH, len(godh), 0, SESSION, len(session)))
        return status, struct.unpack_from('<I', buf)[0]


class Owner:
    """A guest owner who knows a PDH."""

    def __init__(self, pdh, policy):
        self.policy = policy
        self.key = sev.new_key()
        self.godh = sev.cert(sev.PDH, self.key, (0, 0))
        self.tek, self.tik = os.urandom(16), os.urandom(16)
        z = self.key.exchange(ec.ECDH(), sev.public_numbers(pdh))
        nonce, wrap_iv = os.urandom(16), os.urandom(16)
        master = sev.kdf(z, b'sev-master-secret', nonce)
        wrapped = sev.ctr(sev.kdf(master, b'sev-kek'), wrap_iv,
                          self.tek + self.tik)
        self.session = (nonce + wrapped + wrap_iv +
                        sev.mac(sev.kdf(master, b'sev-kik'), wrapped) +
                        sev.mac(self.tik, struct.pack('<I', policy)))

    def packet(self, secret, measure):
        """Header and data for LAUNCH_SECRET."""
        iv = os.urandom(16)
        data = sev.ctr(self.tek, iv, secret)
        sizes = struct.pack('<II', len(data), len(data))
        return bytes(4) + iv + sev.mac(self.tik, b'\1', bytes(4), iv, sizes,
                                       data, measure), data


class OwnerTest(unittest.TestCase):
    """The built-in platform."""

    args = ()

    def setUp(self):
        self.platform = Platform(*self.args)
        self.platform.command(INIT, bytes(0x14))

    def tearDown(self):
        self.platform.close()

    def check_chain(self):
        """Every signature up to a root that says what it is."""
        pdh, pek, oca, cek = self.platform.chain()
        ca = bytes.fromhex(self.platform.ask('ca')[0])
        ask, ark = ca[:1600], ca[1600:]
        self.assertEqual(ark[4:20], b'EMULATED NOT AMD')
        self.assertEqual(ask[20:36], ark[4:20])
        sev.amd_verify(ark, ark[:1088], ark[1088:])
        sev.amd_verify(ark, ask[:1088], ask[1088:])
        self.assertEqual(struct.unpack_from('<II', cek, sev.BODY_SIZE),
                         (sev.ASK, sev.RSA_SHA384))
        sev.amd_verify(ask, cek[:sev.BODY_SIZE], cek[sev.BODY_SIZE + 8:])
        for cert, signer in ((oca, oca), (pek, oca), (pek, cek), (pdh, pek)):
            self.assertTrue(sev.signed_by(cert, signer))
        return pdh, pek

    def test_chain(self):
        """The chain, and that the check could fail."""
        self.check_chain()
        ca = bytes.fromhex(self.platform.ask('ca')[0])
        with self.assertRaises(InvalidSignature):
            sev.amd_verify(ca[1600:], ca[:1087] + b'x', ca[1088:1600])

    def launch(self, owner, data):
        """Up to the measurement; returns handle, measure and nonce."""
        p = self.platform
        status, handle = p.launch_start(owner.policy, owner.godh,
                                        owner.session)
        self.assertEqual(status, 0)
        p.command(DF_FLUSH)
        p.command(ACTIVATE, struct.pack('<II', handle, ASID))
        p.write(GUEST, data)
        p.command(UPDATE, struct.pack('<IIQI', handle, 0, GUEST, len(data)))
        self.assertNotEqual(p.read(GUEST, len(data)), data)
        p.command(MEASURE, struct.pack('<IIQI', handle, 0, OUT, 48))
        return handle, p.read(OUT, 32), p.read(OUT + 32, 16)

    def check_report(self, handle, pek, policy, digest):
        """The PEK's signature over nonce, digest and policy."""
        mnonce = os.urandom(16)
        self.platform.command(ATTESTATION, struct.pack(
            '<IIQ16sI', handle, 0, OUT, mnonce, 208))
        report = self.platform.read(OUT, 208)
        self.assertEqual(report[:52], mnonce + digest +
                         struct.pack('<I', policy))
        self.assertEqual(report[52:64], struct.pack('<III', sev.PEK,
                                                    sev.ECDSA_SHA256, 0))
        r, s = sev.be(report[64:136]), sev.be(report[136:])
        sev.public_numbers(pek).verify(utils.encode_dss_signature(r, s),
                                       report[:52], ec.ECDSA(hashes.SHA256()))

    def test_launch(self):
        """A launch from chain to report."""
        p = self.platform
        pdh, pek = self.check_chain()
        owner = Owner(pdh, 0x01010008)
        data = os.urandom(0x12340)
        digest = hashlib.sha256(data).digest()
        handle, measure, mnonce = self.launch(owner, data)
        status = p.command(STATUS, bytes(12))
        self.assertEqual(sev.measurement(owner.tik, status[:2], status[7],
                                         owner.policy, digest, mnonce),
                         measure + mnonce)

        secret = b'a secret of 48 bytes for a guest that was checked'[:48]
        header, packet = owner.packet(secret, measure)
        p.write(TRANS, packet)
        command = struct.pack('<IIQIIQIIQI', handle, 0, OUT, 52, 0, GUEST, 48,
                              0, TRANS, 48)
        p.write(OUT, owner.packet(secret, bytes(32))[0])
        self.assertEqual(p.try_command(SECRET, command)[0], BAD_MEASUREMENT)
        p.write(OUT, header)
        p.command(SECRET, command)
        p.command(DBG_DECRYPT, struct.pack('<IIQQI', handle, 0, GUEST, OUT,
                                           64))
        self.assertEqual(p.read(OUT, 64), secret + data[48:64])
        p.command(FINISH, struct.pack('<I', handle))
        self.check_report(handle, pek, owner.policy, digest)

    def test_refused(self):
        """Sessions for another policy or made for another platform."""
        pdh = self.platform.chain()[0]
        owner = Owner(pdh, 1)
        self.assertEqual(self.platform.launch_start(
            0, owner.godh, owner.session)[0], BAD_MEASUREMENT)
        other = Owner(sev.cert(sev.PDH, sev.new_key()), 1)
        self.assertEqual(self.platform.launch_start(
            1, other.godh, other.session)[0], BAD_MEASUREMENT)
        self.assertEqual(self.platform.launch_start(
            1, owner.godh, owner.session)[0], 0)

    def test_import(self):
        """A platform owner signs the PEK."""
        p = self.platform
        p.command(PEK_CSR, struct.pack('<QI', OUT, sev.CERT_SIZE))
        key = sev.new_key()
        oca = sev.sign(sev.cert(sev.OCA, key, (0, 0)), 0, sev.OCA, key)
        pek = sev.sign(p.read(OUT, sev.CERT_SIZE), 0, sev.OCA, key)
        p.write(OUT, pek)
        p.write(OUT2, oca)
        p.command(PEK_IMPORT, struct.pack('<QIIQI', OUT, len(pek), 0, OUT2,
                                          len(oca)))
        self.check_chain()
        self.assertEqual(p.chain()[2], oca)
        self.assertEqual(p.command(STATUS, bytes(12))[3], 1)


class OwnIdentityTest(OwnerTest):
    """A platform with a root of its own, made for the tests."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix='asp-owner-')
        cls.args = (os.path.join(cls.folder.name, 'state'),)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_import(self):
        """As above, and it lasts."""
        super().test_import()
        oca = self.platform.chain()[2]
        self.tearDown()
        self.setUp()
        self.check_chain()
        self.assertEqual(self.platform.chain()[2], oca)
        self.platform.command(SHUTDOWN)
        self.platform.command(3)        # PLATFORM_RESET, for other tests


if __name__ == '__main__':
    main()
