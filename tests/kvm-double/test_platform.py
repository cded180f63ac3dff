#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""
/dev/sev as the tools of a platform's owner use it: sevctl's reset, rotate and
provision, and the platform commands of sev-tool, ioctl by ioctl.
"""

import ctypes
import errno
import fcntl
import os
import struct
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from double import DOUBLE, main
from double import formats as sev

# SEV_ISSUE_CMD and its commands, linux/psp-sev.h
ISSUE = 3 << 30 | 16 << 16 | ord('S') << 8
(RESET, STATUS, PEK_GEN, PEK_CSR, PDH_GEN, EXPORT, IMPORT, GET_ID,
 GET_ID2) = range(9)

CERT, CHAIN = 2084, 3 * 2084
UNINIT, INIT = 0, 1
INVALID_LENGTH, INVALID_CERTIFICATE, ALREADY_OWNED = 4, 6, 5


class Refused(Exception):
    """A command failed: errno and the firmware's status."""


class Device:
    """/dev/sev."""

    def __init__(self, flags=os.O_RDWR):
        self.fd = os.open('/dev/sev', flags)

    def issue(self, command, data=None):
        """SEV_ISSUE_CMD; returns the structure, changed in place."""
        buffer = ctypes.create_string_buffer(bytes(data or b''),
                                             len(data or b'x'))
        where = ctypes.addressof(buffer) if data else 0
        arg = bytearray(struct.pack('<IQI', command, where, 0))
        try:
            fcntl.ioctl(self.fd, ISSUE, arg)
        except OSError as err:
            raise Refused(err.errno,
                          struct.unpack('<IQI', arg)[2]) from None
        return buffer.raw

    def state(self):
        """State and owner."""
        data = self.issue(STATUS, bytes(12))
        return data[2], struct.unpack_from('<I', data, 3)[0] & 1

    def certs(self):
        """PDH, PEK, OCA, CEK."""
        pdh, chain = (ctypes.create_string_buffer(n) for n in (CERT, CHAIN))
        self.issue(EXPORT, struct.pack(
            '<QIQI', ctypes.addressof(pdh), CERT, ctypes.addressof(chain),
            CHAIN))
        return [pdh.raw, *(chain.raw[i:i + CERT]
                           for i in range(0, CHAIN, CERT))]

    def csr(self):
        """The request for a signature: the length first, as tools ask."""
        data = bytearray(struct.pack('<QI', 0, 0))
        try:
            self.issue(PEK_CSR, data)
            raise AssertionError('no length was asked for')
        except Refused as err:
            if err.args != (errno.EIO, INVALID_LENGTH):
                raise
        csr = ctypes.create_string_buffer(CERT)
        self.issue(PEK_CSR, struct.pack('<QI', ctypes.addressof(csr), CERT))
        return csr.raw

    def provision(self, pek, oca):
        """PEK_CERT_IMPORT."""
        pek, oca = (ctypes.create_string_buffer(cert, len(cert))
                    for cert in (pek, oca))
        self.issue(IMPORT, struct.pack(
            '<QIQI', ctypes.addressof(pek), len(pek), ctypes.addressof(oca),
            len(oca)))


class PlatformTest(unittest.TestCase):
    """
    Each test runs in a process that has the double; the parent's own
    unittest only starts it.
    """

    def run_in_child(self, name, **host):
        """Run check_NAME of this script with the double preloaded."""
        with tempfile.TemporaryDirectory(prefix='kvm-double-') as folder:
            env = {**os.environ, 'LD_PRELOAD': DOUBLE,
                   'KVM_DOUBLE_LOG': f'{folder}/log', 'ASAN_OPTIONS':
                   os.environ.get('ASAN_OPTIONS', '') +
                   ':verify_asan_link_order=0:detect_leaks=0',
                   **{f'KVM_DOUBLE_{key}': value
                      for key, value in host.items()}}
            done = subprocess.run([sys.executable, __file__, name], env=env,
                                  stderr=subprocess.PIPE, text=True,
                                  check=False, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            return Path(folder, 'log').read_text(encoding='ascii')

    def test_get_id(self):
        """The deprecated command says what its successor does."""
        self.run_in_child('get_id')

    def test_rotate(self):
        """A new PDH, signed by the PEK that stays."""
        self.run_in_child('rotate')

    def test_reset(self):
        """New OCA, PEK and PDH once the platform is used again."""
        for platform in ('', 'no-es', 'no-snp'):
            log = self.run_in_child('reset', SEV=platform)
            self.assertIn('SEV_FACTORY_RESET', log)

    def test_pek(self):
        """PEK_GEN makes PEK and PDH anew."""
        self.run_in_child('pek')

    def test_provision(self):
        """An owner signs the PEK, and the chain ends with the owner."""
        self.run_in_child('provision')

    def test_read_only(self):
        """Who may only read asks, and changes nothing."""
        self.run_in_child('read_only')


def refused(expected, call, *args):
    """@call has to fail so."""
    try:
        call(*args)
    except Refused as err:
        assert err.args[:len(expected)] == expected, err.args
    else:
        raise AssertionError(f'{call} was not refused')


def check_get_id():
    """GET_ID and GET_ID2."""
    device = Device()
    ids = device.issue(GET_ID, bytes(128))
    assert any(ids[:64]) and not any(ids[64:])
    buffer = ctypes.create_string_buffer(64)
    device.issue(GET_ID2, struct.pack('<QI', ctypes.addressof(buffer), 64))
    assert buffer.raw == ids[:64]


def check_rotate():
    """PDH_GEN."""
    device = Device()
    before = device.certs()
    device.issue(PDH_GEN)
    after = device.certs()
    assert after[0] != before[0] and after[1:] == before[1:]
    assert sev.signed_by(after[0], after[1])


def check_reset():
    """FACTORY_RESET."""
    device = Device()
    before = device.certs()
    device.issue(RESET)
    assert device.state() == (UNINIT, 0)
    after = device.certs()
    assert device.state() == (INIT, 0)
    for old, new in zip(before[:3], after[:3]):
        assert old != new
    assert after[3] == before[3]
    assert sev.signed_by(after[1], after[2])


def check_pek():
    """PEK_GEN."""
    device = Device()
    before = device.certs()
    device.issue(PEK_GEN)
    after = device.certs()
    assert after[0] != before[0] and after[1] != before[1]
    assert sev.signed_by(after[0], after[1])


def check_provision():
    """PEK_CSR and PEK_CERT_IMPORT."""
    device = Device()
    key = sev.new_key()
    oca = sev.cert(sev.OCA, key)
    oca = sev.sign(oca, 0, sev.OCA, key)
    csr = device.csr()
    refused((errno.EIO, INVALID_CERTIFICATE), device.provision, csr[:-1]
            + b'x', bytes(CERT))
    device.provision(sev.sign(csr, 0, sev.OCA, key), oca)
    assert device.state() == (INIT, 1)
    pdh, pek, found, _ = device.certs()
    assert found == oca
    assert sev.signed_by(pek, oca) and sev.signed_by(pdh, pek)
    refused((errno.EIO, ALREADY_OWNED), device.provision,
            sev.sign(csr, 0, sev.OCA, key), oca)
    # the reset gives it back to itself
    device.issue(RESET)
    assert device.certs()[2] != oca
    assert device.state() == (INIT, 0)


def check_read_only():
    """O_RDONLY."""
    device = Device(os.O_RDONLY)
    before = device.certs()
    for command in (RESET, PEK_GEN, PDH_GEN):
        refused((errno.EPERM,), device.issue, command)
    refused((errno.EPERM,), device.issue, PEK_CSR, bytes(12))
    refused((errno.EPERM,), device.issue, IMPORT, bytes(24))
    assert device.issue(GET_ID, bytes(128))
    assert device.certs() == before


if __name__ == '__main__':
    if len(sys.argv) > 1:
        globals()[f'check_{sys.argv[1]}']()
    else:
        main()
