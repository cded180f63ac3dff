#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev session: what it writes, opened by an independent firmware."""

import base64
import os
import stat

import sevformats as sev
from harness import FAILED, USAGE, ToolTest, main

FILES = ('vm_tik.bin', 'vm_tek.bin', 'vm_godh.b64', 'vm_session.b64')


class Session(ToolTest):
    """A session for a PDH whose private key the test knows."""

    def setUp(self):
        super().setUp()
        self.key = sev.new_key()
        self.pdh = sev.cert(sev.PDH, self.key)
        self.write('pdh.cert', self.pdh)

    def check(self, policy, name='vm'):
        """Open the session as firmware does."""
        godh = base64.b64decode(self.read(f'{name}_godh.b64'), validate=True)
        blob = base64.b64decode(self.read(f'{name}_session.b64'),
                                validate=True)
        self.assertEqual((len(godh), len(blob)), (2084, 128))
        tek, tik = sev.open_session(self.key, godh, blob, policy)
        self.assertEqual(self.read(f'{name}_tek.bin'), tek)
        self.assertEqual(self.read(f'{name}_tik.bin'), tik)
        self.assertEqual(godh[8:16], bytes.fromhex('0310000003000000'))
        self.assertEqual(godh[0x414:0x41c], bytes.fromhex('0010000000000000'))
        return tek, tik

    def test_opens(self):
        self.tool('session', '--name', 'vm', 'pdh.cert', '1')
        self.check(1)

    def test_policies(self):
        for text, value in (('0x11000005', 0x11000005), ('0', 0),
                            ('010', 10), ('0x3f', 0x3f),
                            ('4278190080', 0xff000000)):
            self.tool('session', '--force', 'pdh.cert', text)
            self.check(value)

    def test_bad_policies(self):
        for text in ('', 'x', '0x', '-1', '+1', '1 ', '0x100000000',
                     '0x40', '0x8000', '99999999999999999999'):
            with self.subTest(policy=text):
                self.refused('session', '--', 'pdh.cert', text, status=USAGE,
                             names=['policy'])
        self.assertFalse((self.dir / 'vm_tik.bin').exists())

    def test_fresh(self):
        keys = set()
        for _ in range(4):
            self.tool('session', '--force', 'pdh.cert', '1')
            keys.update(self.check(1))
        self.assertEqual(len(keys), 8)

    def test_modes(self):
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        self.tool('session', 'pdh.cert', '1')
        for name in FILES[:2]:
            mode = stat.S_IMODE((self.dir / name).stat().st_mode)
            self.assertEqual(mode, 0o600, name)

    def test_never_overwrites(self):
        for name in FILES:
            self.write(name, b'precious')
            self.refused('session', 'pdh.cert', '1', names=[name, '--force'])
            self.assertEqual(self.read(name), b'precious')
            present = [f for f in FILES if (self.dir / f).exists()]
            self.assertEqual(present, [name])
            (self.dir / name).unlink()

    def test_force(self):
        for name in FILES:
            self.write(name, b'old')
            (self.dir / name).chmod(0o666)
        self.tool('session', '--force', 'pdh.cert', '1')
        self.check(1)
        mode = stat.S_IMODE((self.dir / 'vm_tik.bin').stat().st_mode)
        self.assertEqual(mode, 0o600)

    def test_json(self):
        told = self.json('session', '--name', 'a"b', 'pdh.cert', '5')
        self.assertEqual(told['policy'], 5)
        self.assertEqual(told['session-file'], 'a"b_session.b64')
        self.check(5, 'a"b')

    def test_chain_as_pdh(self):
        certs = self.pdh + bytes(3 * 2084)
        for tail in (b'', bytes(1664), bytes(3200)):
            self.write('chain', certs + tail)
            self.tool('session', '--force', 'chain', '1')
            self.check(1)

    def test_base64_pdh(self):
        self.write('pdh.b64', base64.encodebytes(self.pdh))
        self.tool('session', 'pdh.b64', '1')
        self.check(1)

    def test_bad_pdh(self):
        off_curve = bytearray(self.pdh)
        off_curve[0x14] ^= 1
        bad = {
            'empty': b'',
            'truncated': self.pdh[:-1],
            'oversized': self.pdh + b'\0',
            'huge': bytes(1 << 20),
            'text': b'this is not base64!' * 110,
            'short-b64': base64.b64encode(self.pdh[:-1]),
            'long-b64': base64.b64encode(self.pdh + b'\0'),
            'zeros': bytes(2084),
            'version': b'\2' + self.pdh[1:],
            'usage': sev.cert(sev.PEK, self.key),
            'curve': self.pdh[:0x10] + b'\1' + self.pdh[0x11:],
            'off-curve': bytes(off_curve),
        }
        for name, data in bad.items():
            with self.subTest(file=name):
                self.write(name, data)
                err = self.refused('session', name, '1', names=[name])
                if len(data) != 2084:
                    self.assertIn('2084', err)
        self.refused('session', 'missing', '1', names=['missing'])
        self.refused('session', '.', '1', status=FAILED)
        self.assertFalse((self.dir / 'vm_tik.bin').exists())


if __name__ == '__main__':
    main()
