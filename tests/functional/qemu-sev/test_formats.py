#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev show: each format, against what the test put into it."""

import base64
import os
import struct

import sevformats as sev
from harness import FAILED, USAGE, ToolTest, main

SIZES = (48, 52, 128, 176, 208, 832, 1600, 1664, 2084, 3200, 4096, 6252, 8336,
         10000, 11536)


class Show(ToolTest):
    """Everything that show describes."""

    def show(self, data):
        """Describe it as it is, in base64 and hex; all must agree."""
        self.write('file', data)
        told = self.json('show', 'file')
        for text in (base64.encodebytes(data), data.hex().encode(),
                     data.hex(' ', 16).upper().encode() + b'\n'):
            if len(text) not in SIZES:
                self.write('file', text)
                self.assertEqual(self.json('show', 'file'), told)
        self.write('file', data)
        self.tool('show', 'file')
        return told

    def test_certificates(self):
        chain = sev.Chain(2048)
        for name, algo in (('pdh', 'ECDH'), ('pek', 'ECDSA'),
                           ('oca', 'ECDSA'), ('cek', 'ECDSA')):
            data = getattr(chain, name)
            told = self.show(data)
            self.assertEqual(told['type'], 'sev-certificate')
            self.assertEqual(told['usage'], name.upper())
            self.assertIn(algo, told['algorithm'])
            self.assertEqual(told['api'], '1.51')
            self.assertEqual(int(told['x'], 16), sev.be(data[0x14:0x5c]))
            self.assertEqual(int(told['y'], 16), sev.be(data[0x5c:0xa4]))
            self.assertIs(told['well-formed'], True)
        signers = [s['signer'] for s in self.show(chain.pek)['signatures']]
        self.assertEqual(signers, ['OCA', 'CEK'])

        told = self.show(chain.certs)
        self.assertEqual(told['type'], 'chain')
        self.assertEqual(told['pdh']['usage'], 'PDH')
        told = self.show(chain.certs + chain.ca)
        self.assertEqual(told['ark']['key-id'], chain.ark.key_id.hex())
        told = self.show(chain.certs[2084:])
        self.assertEqual(told['type'], 'exported-chain')
        self.assertEqual(told['cek']['usage'], 'CEK')
        told = self.show(chain.ca)
        self.assertEqual(told['ask']['signer-id'], chain.ark.key_id.hex())
        self.assertIs(told['emulated'], False)
        told = self.show(chain.ark.cert)
        self.assertEqual((told['usage'], told['rsa-bits']), ('ARK', 2048))

    def test_defective_certificate(self):
        data = sev.cert(sev.PDH, sev.new_key())
        told = self.show(data[:0x20] + b'\xff' + data[0x21:])
        self.assertIs(told['well-formed'], False)
        self.assertIn('defect', told)

    def test_blobs(self):
        data = os.urandom(128)
        told = self.show(data)
        self.assertEqual(told['nonce'], data[:16].hex())
        self.assertEqual(told['wrapped-keys'], data[16:48].hex())
        self.assertEqual(told['wrap-iv'], data[48:64].hex())
        self.assertEqual(told['wrap-mac'], data[64:96].hex())
        self.assertEqual(told['policy-mac'], data[96:].hex())
        data = os.urandom(48)
        told = self.show(data)
        self.assertEqual(told['measure'] + told['nonce'], data.hex())
        data = struct.pack('<I', 1) + os.urandom(48)
        told = self.show(data)
        self.assertEqual(told['flags'], 1)
        self.assertEqual(told['iv'] + told['mac'], data[4:].hex())

    def test_report(self):
        body = os.urandom(48)
        tail = struct.pack('<IIII', 0x11000005, sev.PEK, 2, 0) + bytes(144)
        told = self.show(body + tail)
        self.assertEqual(told['nonce'] + told['launch-digest'], body.hex())
        self.assertEqual(told['signer'], 'PEK')
        policy = told['policy']
        self.assertEqual(policy['value'], 0x11000005)
        self.assertEqual(policy['lowest-api'], '0.17')
        flags = {name for name, value in policy.items() if value is True}
        self.assertEqual(flags, {'no-debug', 'es'})

    def test_kernel_hashes(self):
        table = sev.kernel_hashes(b'k', b'i', b'c')
        told = self.show(table)
        self.assertEqual(told['cmdline'], table[36:68].hex())
        self.assertEqual(told['initrd'], table[86:118].hex())
        self.assertEqual(told['kernel'], table[136:168].hex())

    def test_cpu(self):
        self.tool('vmsa', 'build', 'v', '--family', '23', '--model', '1',
                  '--stepping', '2')
        told = self.json('show', 'v')
        self.assertEqual((told['cs-base'], told['rip'],
                          told['cpu-signature']),
                         ('0xffff0000', '0xfff0', '0x800f12'))

    def test_garbage(self):
        """Any content of a known size is described or refused in words."""
        for size in SIZES:
            for data in (bytes(size), b'\xff' * size, os.urandom(size),
                         b'\1' + bytes(size - 1)):
                self.write('file', data)
                try:
                    self.json('show', 'file')
                except AssertionError:
                    self.refused('show', 'file', names=['file'])

    def test_payload(self):
        """
        The payload of a secret is whole cipher blocks; if it has the size of
        something else, that is told with a grain of salt.
        """
        for size in (64, 80, 96, 1008, 16 * 1024):
            data = os.urandom(size)
            self.assertEqual(self.show(data), {'file': 'file',
                                               'type': 'unknown',
                                               'size': size})
            out, _ = self.tool('show', 'file')
            self.assertIn('payload of a secret', out)
        for size in (48, 128, 4096):
            told = self.show(os.urandom(size))
            self.assertIs(told['by-size-alone'], True)
            out, _ = self.tool('show', 'file')
            self.assertIn('payload of a secret', out)
        # these say what they are
        for size in (176, 208):
            self.assertEqual(self.show(os.urandom(size))['type'], 'unknown')
        self.assertNotIn('by-size-alone',
                         self.show(sev.kernel_hashes(b'k', b'i', b'c')))

    def test_true_sizes(self):
        """An error gives the size of the file, however long it is."""
        (self.dir / 'big').touch()
        os.truncate(self.dir / 'big', 123456789)
        self.write('s', b'x')
        self.refused('show', 'big', names=['123456789'])
        self.refused('session', 'big', '1', names=['123456789', '2084'])
        for option in ('--tik', '--tek', '--tk', '-m'):
            self.refused('secret', 'build', '--tik', 's', '--tek', 's', '-m',
                         'A' * 64, '-s', 'luks-key:s', option, 'big', 'h',
                         'p', names=[], status=USAGE
                         if option == '--tk' else FAILED)
        self.refused('secret', 'build', '--tk', 'big', '-m', 'A' * 64, '-s',
                     'luks-key:s', 'h', 'p', names=['123456789', '32'])
        self.refused('platform', 'status', '--state', 'big',
                     names=['123456789'])
        # a device has none
        self.refused('show', '/dev/zero', names=['at least'])

    def test_other_sizes(self):
        for data in (b'', b'x', bytes(16), bytes(2085), bytes(100_000),
                     b'not base64 at all', b'AAAA', b'A' * 63):
            self.write('file', data)
            self.refused('show', 'file', names=['file', '2084'])
        self.refused('show', 'missing', names=['missing'])
        self.refused('show', '.')


if __name__ == '__main__':
    main()
