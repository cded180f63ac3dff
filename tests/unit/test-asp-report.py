#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
A guest with SEV-SNP asks the software AMD Secure Processor for a report.

The guest's side is Python with the "cryptography" package and shares no code
with the platform, which runs in asp-mailbox: keys from the secrets page,
sealed messages, the report and its signature.

usage: test-asp-report.py ASP-MAILBOX
"""

import hashlib
import os
import struct
import unittest

from aspmailbox import Mailbox, main
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SNP_INIT, DF_FLUSH, GCTX_CREATE, ACTIVATE = 0x81, 0x84, 0x93, 0x91
START, UPDATE, FINISH, REQUEST, GET_ID = 0xa0, 0xa1, 0xa2, 0x94, 0x0c
INVALID_ADDRESS, BAD_MEASUREMENT, INVALID_PARAM = 0x09, 0x0b, 0x16
INVALID_PAGE_STATE, INVALID_KEY = 0x1a, 0x27
NORMAL, SECRETS = 1, 5
FIRMWARE, PRE_GUEST = 1, 5

RAM = 0x80000000
CHIP_ID, IN, OUT, GCTX, PAGE, SECRETS_PAGE = (
    RAM + at for at in (0x1000, 0x3000, 0x4000, 0x1c000, 0x20000, 0x21000))
ASID, GPA = 7, 0xffc00000       # those of asp-snp-harness.h
POLICY = 0x30000

HEADER, REPORT_SIZE = 0x60, 0x4a0


class Guest:
    """A guest that runs, on a platform of its own."""

    def __init__(self, finish=0):
        self.platform = p = Mailbox()
        self.host_data, self.page = os.urandom(32), os.urandom(4096)
        p.command(SNP_INIT)
        p.ask('page', f'{GCTX:x}', FIRMWARE)
        p.command(GCTX_CREATE, struct.pack('<Q', GCTX))
        p.command(START, struct.pack('<QQQII16x', GCTX, POLICY, 0, 0, 0))
        p.command(DF_FLUSH)
        p.command(ACTIVATE, struct.pack('<QI', GCTX, ASID))
        p.write(PAGE, self.page)
        for addr, kind in ((PAGE, NORMAL), (SECRETS_PAGE, SECRETS)):
            p.ask('page', f'{addr:x}', PRE_GUEST)
            p.command(UPDATE, struct.pack('<QIIQ8x', GCTX, kind << 1, 0,
                                          addr))
        p.command(FINISH, struct.pack('<QQQQ', GCTX, 0, 0, finish)
                  + self.host_data)
        secrets = bytes.fromhex(p.ask('guest-read', f'{GCTX:x}',
                                      f'{SECRETS_PAGE:x}', '1000')[0])
        self.keys = [secrets[at:at + 32] for at in range(0x20, 0xa0, 32)]
        p.ask('page', f'{OUT:x}', FIRMWARE)

    def seal(self, payload, number=1, key=0, **wrong):
        """A message to the firmware."""
        header = struct.pack(
            '<BBHBBHIB35x', wrong.get('algo', 1), wrong.get('version', 1),
            wrong.get('size', HEADER), wrong.get('kind', 5),
            wrong.get('msg_version', 1), wrong.get('length', len(payload)),
            wrong.get('reserved', 0), wrong.get('vmpck', key))
        sealed = AESGCM(self.keys[key]).encrypt(
            struct.pack('<Q4x', number), payload, header)
        return (sealed[-16:] + bytes(16) + struct.pack('<Q8x', number)
                + header + sealed[:-16])

    def send(self, message, request=IN, response=OUT):
        """SNP_GUEST_REQUEST; the status."""
        self.platform.write(IN, message + bytes(4096 - len(message)))
        return self.platform.try_command(
            REQUEST, struct.pack('<QQQ', GCTX, request, response))[0]

    def answer(self, number, key=0):
        """What the firmware said; its payload."""
        data = self.platform.read(OUT, 4096)
        assert data[0x20:0x28] == struct.pack('<Q', number)
        assert data[0x30:0x36] == bytes([1, 1, HEADER, 0, 6, 1])
        assert data[0x3c] == key
        size = int.from_bytes(data[0x36:0x38], 'little')
        return AESGCM(self.keys[key]).decrypt(
            struct.pack('<Q4x', number), data[HEADER:HEADER + size]
            + data[:16], data[0x30:HEADER])

    def report(self, data, number=1, vmpl=0, key=0, select=0):
        """Ask for a report; its status and the report."""
        assert self.send(self.seal(
            data + struct.pack('<II24x', vmpl, select), number, key)) == 0
        payload = self.answer(number + 1, key)
        assert len(payload) == 0x20 + REPORT_SIZE
        status, size = struct.unpack_from('<II', payload)
        assert size == (0 if status else REPORT_SIZE)
        return status, payload[0x20:]

    def vcek(self):
        """The key that verifies reports."""
        point = bytes.fromhex(self.platform.ask('vcek')[0])
        return ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP384R1(), b'\4' + point)


def verify(key, report):
    """The signature of a report."""
    r, s = (int.from_bytes(report[at:at + 72], 'little')
            for at in (0x2a0, 0x2e8))
    key.verify(utils.encode_dss_signature(r, s), report[:0x2a0],
               ec.ECDSA(hashes.SHA384()))


def digest(*pages):
    """The launch digest."""
    ld = bytes(48)
    for kind, gpa, data in pages:
        content = hashlib.sha384(data).digest() if data else bytes(48)
        ld = hashlib.sha384(ld + content + struct.pack(
            '<HBBIQ', 0x70, kind, 0, 0, gpa)).digest()
    return ld


class ReportTest(unittest.TestCase):
    """Each test has a guest."""

    def setUp(self):
        self.guest = Guest()

    def tearDown(self):
        self.guest.platform.close()

    def test_report(self):
        """Every field."""
        data = os.urandom(64)
        status, report = self.guest.report(data, vmpl=1)
        self.assertEqual(status, 0)
        p = self.guest.platform
        p.ask('page', f'{CHIP_ID:x}', FIRMWARE)
        p.command(GET_ID, struct.pack('<QI', CHIP_ID, 64))
        tcb = report[0x38:0x40]
        self.assertNotEqual(tcb, bytes(8))
        fields = (
            (0x00, struct.pack('<IIQ', 2, 0, POLICY) + bytes(32)),
            (0x30, struct.pack('<II', 1, 1)), (0x40, b'\1' + bytes(15)),
            (0x50, data),
            (0x90, digest((NORMAL, GPA, self.guest.page),
                          (SECRETS, GPA, b''))),
            (0xc0, self.guest.host_data), (0xe0, bytes(96)),
            (0x160, b'\xff' * 32), (0x180, tcb), (0x188, bytes(24)),
            (0x1a0, p.read(CHIP_ID, 64)), (0x1e0, tcb),
            (0x1e8, bytes([3, 51, 1, 0, 3, 51, 1, 0])), (0x1f0, tcb),
            (0x1f8, bytes(168)), (0x330, bytes(368)))
        for offset, value in fields:
            self.assertEqual(report[offset:offset + len(value)], value,
                             f'at 0x{offset:x}')
        self.assertNotEqual(report[0x140:0x160], bytes(32))
        verify(self.guest.vcek(), report)
        forged = bytearray(report)
        forged[0x90] ^= 1
        with self.assertRaises(InvalidSignature):
            verify(self.guest.vcek(), bytes(forged))

    def test_numbers(self):
        """Messages have numbers of their own for each key."""
        seen = set()
        for number in (1, 3, 5):
            for key in range(4):
                status, report = self.guest.report(bytes(64), number, 3, key)
                self.assertEqual(status, 0)
                seen.add(report[0x140:0x160])
        self.assertEqual(len(seen), 1)          # REPORT_ID
        request = struct.pack('<64xII24x', 0, 0)
        for number in (0, 1, 5, 6, 8, 9):
            self.assertEqual(self.guest.send(self.guest.seal(
                request, number)), INVALID_PARAM)
        self.assertEqual(self.guest.report(bytes(64), 7)[0], 0)

    def test_forged(self):
        """A bit is wrong, or the key; and the number is not used up."""
        request = struct.pack('<64xII24x', 0, 0)
        message = self.guest.seal(request)
        for at in (0, 15, 0x60, 0xbf):
            wrong = bytearray(message)
            wrong[at] ^= 0x40
            self.assertEqual(self.guest.send(bytes(wrong)), BAD_MEASUREMENT)
        self.assertEqual(self.guest.send(self.guest.seal(
            request, key=1, vmpck=0)), BAD_MEASUREMENT)
        self.assertEqual(self.guest.send(message), 0)
        with self.assertRaises(InvalidTag):
            AESGCM(self.guest.keys[1]).decrypt(
                bytes(12), self.guest.platform.read(OUT + HEADER, 64), None)

    def test_header(self):
        """What a header has to say."""
        request = struct.pack('<64xII24x', 0, 0)
        for wrong in (dict(algo=0), dict(version=2), dict(size=0x61),
                      dict(kind=0), dict(kind=6), dict(kind=3),
                      dict(msg_version=2), dict(length=0x5f),
                      dict(length=4001), dict(reserved=1), dict(vmpck=4)):
            self.assertEqual(self.guest.send(self.guest.seal(
                request, **wrong)), INVALID_PARAM, wrong)
        for at in (16, 31, 0x28, 0x2f, 0x3d, 0x5f):
            message = bytearray(self.guest.seal(request))
            message[at] = 1
            self.assertEqual(self.guest.send(bytes(message)), INVALID_PARAM)

    def test_request(self):
        """Who asks for what: the answer says no."""
        number = 1
        for key, vmpl, select, reserved, expected in (
                (0, 4, 0, 0, INVALID_PARAM), (1, 0, 0, 0, INVALID_PARAM),
                (3, 2, 0, 0, INVALID_PARAM), (0, 0, 3, 0, INVALID_PARAM),
                (0, 0, 0, 1, INVALID_PARAM), (0, 0, 2, 0, INVALID_KEY),
                (0, 3, 1, 0, 0)):
            message = self.guest.seal(struct.pack(
                '<64xII23xB', vmpl, select, reserved),
                number if key == 0 else 1, key)
            self.assertEqual(self.guest.send(message), 0)
            payload = self.guest.answer(number + 1 if key == 0 else 2, key)
            self.assertEqual(int.from_bytes(payload[:4], 'little'), expected)
            self.assertEqual(any(payload[4:]), expected == 0)
            number += 2 * (key == 0)

    def test_pages(self):
        """Where messages are."""
        message = self.guest.seal(struct.pack('<64xII24x', 0, 0))
        for request, response, expected in (
                (IN + 8, OUT, INVALID_ADDRESS), (0, OUT, INVALID_ADDRESS),
                (IN, OUT + 8, INVALID_ADDRESS), (IN, 0, INVALID_ADDRESS),
                (IN, IN, INVALID_PAGE_STATE), (IN, OUT, 0)):
            self.assertEqual(self.guest.send(message, request, response),
                             expected)

    def test_vcek_disabled(self):
        """LAUNCH_FINISH with VCEK_DIS: there is no other key."""
        guest = Guest(finish=4)
        self.assertEqual(guest.report(bytes(64))[0], INVALID_KEY)
        guest.platform.close()

    def test_chip(self):
        """The key is the chip's, the report id the guest's."""
        other = Guest()
        self.assertEqual(other.vcek().public_numbers(),
                         self.guest.vcek().public_numbers())
        ids = [guest.report(bytes(64))[1][0x140:0x160]
               for guest in (self.guest, other)]
        self.assertNotEqual(*ids)
        other.platform.close()


if __name__ == '__main__':
    main()
