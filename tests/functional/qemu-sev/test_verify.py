#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev export, verify: chains made and judged by other code."""

import base64
import os

import sevformats as sev
from cryptography.exceptions import InvalidSignature
from harness import UNVERIFIED, USAGE, ToolTest, main

# Which links of a chain depend on which certificate
LINKS = ('ARK signed by itself', 'ASK signed by ARK', 'CEK signed by ASK',
         'OCA signed by itself', 'PEK signed by CEK', 'PEK signed by OCA',
         'PDH signed by PEK')
MILAN_ARK = bytes.fromhex('94c38e4177d0479292a7ae671d083fb6')
MILAN_ASK = bytes.fromhex('73478c05cc174bfeb06e718fa75dc3c8')


def flip(data, at):
    """One bit changed."""
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


class Export(ToolTest):
    """What export writes of the built-in platform."""

    def test_files(self):
        told = self.json('export', '--full', '--pdh', 'pdh', '--ca', 'ca',
                         '--folder', 'dir', 'full')
        self.tool('export', 'plain')
        full, plain = self.read('full'), self.read('plain')
        self.assertEqual(len(plain), 8336)
        self.assertEqual(full, plain + self.read('ca'))
        self.assertEqual(self.read('pdh'), plain[:2084])
        names = ('pdh', 'pek', 'oca', 'cek', 'ask', 'ark')
        self.assertEqual(b''.join(self.read(f'dir/{n}.cert') for n in names),
                         full)
        self.assertEqual(self.read('dir/ask_ark.cert'), self.read('ca'))
        self.assertEqual({f['file'] for f in told['files']},
                         {'full', 'pdh', 'ca', 'dir/ask_ark.cert',
                          *(f'dir/{n}.cert' for n in names)})
        for file in told['files']:
            self.assertEqual(file['size'], len(self.read(file['file'])))

    def test_signatures(self):
        """Every link, judged by python3-cryptography."""
        self.tool('export', 'chain', '--ca', 'ca')
        chain, ca = self.read('chain'), self.read('ca')
        pdh, pek, oca, cek = (chain[i:i + 2084]
                              for i in range(0, 8336, 2084))
        self.assertEqual([sev.be(c[8:12]) for c in (pdh, pek, oca, cek)],
                         [sev.PDH, sev.PEK, sev.OCA, sev.CEK])
        self.assertTrue(sev.signed_by(pdh, pek))
        self.assertTrue(sev.signed_by(pek, oca))
        self.assertTrue(sev.signed_by(pek, cek))
        self.assertTrue(sev.signed_by(oca, oca))
        half = len(ca) // 2
        ask, ark = ca[:half], ca[half:]
        body = 64 + 2 * (half - 64) // 3
        sev.amd_verify(ask, cek[:sev.BODY_SIZE], cek[0x41c:])
        sev.amd_verify(ark, ask[:body], ask[body:])
        sev.amd_verify(ark, ark[:body], ark[body:])
        with self.assertRaises(InvalidSignature):
            sev.amd_verify(ark, flip(ask[:body], 5), ask[body:])

    def test_same_each_time(self):
        self.tool('export', '--full', 'one')
        self.tool('export', '--full', 'two')
        self.assertEqual(self.read('one'), self.read('two'))


class Verify(ToolTest):
    """Chains with roots of 2048 and 4096 bits that the test made."""

    @classmethod
    def setUpClass(cls):
        cls.chains = [sev.Chain(2048), sev.Chain(4096)]
        cls.copied = sev.Chain(4096, MILAN_ARK, MILAN_ASK)

    def verify(self, certs, *args, status=0):
        """Run verify on certificates; returns what it tells."""
        self.write('chain', certs)
        return self.json('verify', '--sev', 'chain', *args, status=status)

    def test_good(self):
        for chain in self.chains:
            self.write('ca', chain.ca)
            told = self.verify(chain.certs, '--ca', 'ca')
            self.assertIs(told['verified'], True)
            self.assertEqual([link['link'] for link in told['links']],
                             list(LINKS))
            self.assertEqual(told['root']['kind'], 'unknown')
            self.assertEqual(told['root']['key-id'], chain.ark.key_id.hex())
            self.assertEqual(told['root']['rsa-bits'], chain.ark.bits)

    def test_base64(self):
        chain = self.chains[0]
        self.write('ca', base64.encodebytes(chain.ca))
        told = self.verify(base64.b64encode(chain.certs), '--ca', 'ca')
        self.assertIs(told['verified'], True)

    def test_folder(self):
        chain = self.chains[0]
        for name in ('pdh', 'pek', 'oca', 'cek'):
            self.write(f'{name}.cert', getattr(chain, name))
        self.refused('verify', '--folder', '.', status=USAGE, names=['--ca'])
        self.write('ask.cert', chain.ask.cert)
        self.refused('verify', '--folder', '.', names=['ark.cert'])
        self.write('ark.cert', chain.ark.cert)
        self.refused('verify', '--folder', '.', status=UNVERIFIED)
        self.write('ca', chain.ca)
        self.tool('verify', '--folder', '.', '--ca', 'ca')
        self.write('ark.cert', self.chains[1].ark.cert)
        self.refused('verify', '--folder', '.', names=['family'])

    def test_root_must_be_named(self):
        for chain in (*self.chains, self.copied):
            told = self.verify(chain.certs + chain.ca, status=UNVERIFIED)
            self.assertEqual(told['root']['kind'], 'unknown')
            told = self.verify(chain.certs + chain.ca, '--allow-emulated',
                               status=UNVERIFIED)
            self.assertIs(told['verified'], False)
        self.write('chain', self.chains[0].certs)
        self.refused('verify', '--sev', 'chain', status=USAGE,
                     names=['--ca'])

    def test_emulated_root(self):
        self.tool('export', '--full', 'full', '--ca', 'ca')
        self.tool('export', 'plain')
        for args in ([], ['--sev', 'full']):
            err = self.refused('verify', *args, status=UNVERIFIED)
            self.assertIn('not AMD', err)
            told = self.json('verify', *args, status=UNVERIFIED)
            self.assertEqual(told['root']['kind'], 'emulated')
            self.assertTrue(all(link['ok'] for link in told['links']))
            self.tool('verify', *args, '--allow-emulated')
            self.tool('verify', *args, '--ca', 'ca')
        self.tool('verify', '--sev', 'plain', '--allow-emulated')

    def test_wrong_root(self):
        """An emulated chain is not AMD's because somebody allows emulation."""
        self.write('ca', self.chains[1].ca)
        self.tool('export', 'chain')
        told = self.json('verify', '--sev', 'chain', '--ca', 'ca',
                         status=UNVERIFIED)
        bad = [link['link'] for link in told['links'] if not link['ok']]
        self.assertEqual(bad, ['CEK signed by ASK'])

    def test_each_signature(self):
        """A changed signature breaks its link and no other."""
        chain = self.chains[0]
        size = 2084
        self.write('ca', chain.ca)
        offsets = {'PDH signed by PEK': 0x41c,
                   'PEK signed by OCA': size + 0x41c,
                   'PEK signed by CEK': size + 0x624,
                   'OCA signed by itself': 2 * size + 0x41c,
                   'CEK signed by ASK': 3 * size + 0x41c}
        for link, at in offsets.items():
            told = self.verify(flip(chain.certs, at), '--ca', 'ca',
                               status=UNVERIFIED)
            bad = [each['link'] for each in told['links'] if not each['ok']]
            self.assertEqual(bad, [link])
        for link, at in (('ASK signed by ARK', 832 - 9),
                         ('ARK signed by itself', 1664 - 9)):
            self.write('ca', flip(chain.ca, at))
            told = self.verify(chain.certs, '--ca', 'ca', status=UNVERIFIED)
            bad = [each['link'] for each in told['links'] if not each['ok']]
            self.assertEqual(bad, [link])

    def test_each_body(self):
        """No byte that counts can change."""
        chain = self.chains[0]
        self.write('ca', chain.ca)
        for cert in range(4):
            for at in (0, 4, 5, 8, 0xc, 0x10, 0x14, 0x5c, 0x300):
                self.verify(flip(chain.certs, cert * 2084 + at), '--ca', 'ca',
                            status=UNVERIFIED)
        for at in (4, 0x24, 0x40, 0x140, 832 + 4, 832 + 0x40, 832 + 0x140):
            self.write('ca', flip(chain.ca, at))
            self.verify(chain.certs, '--ca', 'ca', status=UNVERIFIED)

    def test_swapped(self):
        chain, other = self.chains
        self.write('ca', chain.ca)
        for certs in (chain.oca + chain.pek + chain.pdh + chain.cek,
                      other.pdh + chain.pek + chain.oca + chain.cek,
                      chain.pdh + chain.pek + other.oca + chain.cek,
                      chain.pdh + chain.pek + chain.oca + other.cek,
                      bytes(8336), os.urandom(8336)):
            self.verify(certs, '--ca', 'ca', status=UNVERIFIED)
        for ca in (chain.ark.cert + chain.ask.cert, bytes(1664),
                   os.urandom(3200), chain.ask.cert + other.ark.cert[:832]):
            self.write('ca', ca)
            self.verify(chain.certs, '--ca', 'ca', status=UNVERIFIED)

    def test_unsigned_root(self):
        """Only AMD's own first root may come without its signature."""
        chain = self.chains[0]
        self.write('ca', chain.ask.cert + chain.ark.cert[:576])
        told = self.verify(chain.certs, '--ca', 'ca', status=UNVERIFIED)
        bad = [link['link'] for link in told['links'] if not link['ok']]
        self.assertEqual(bad, ['ARK signed by itself'])

    def test_bad_files(self):
        chain = self.chains[0]
        self.write('good', chain.certs)
        for name, data in (('empty', b''), ('short', chain.certs[:-1]),
                           ('long', chain.certs + b'\0'),
                           ('text', b'no certificate' * 1000),
                           ('huge', bytes(1 << 20))):
            self.write(name, data)
            for args in (['--sev', name, '--allow-emulated'],
                         ['--sev', 'good', '--ca', name]):
                self.refused('verify', *args, names=[name])
        self.refused('verify', '--sev', 'missing', names=['missing'])
        self.refused('verify', '--sev', 'good', '--ca', 'missing',
                     names=['missing'])
        self.refused('verify', '--folder', 'missing', names=['missing'])

    def test_one_source(self):
        for args in (['--sev', 'a', '--folder', 'b'],
                     ['--sev', 'a', '--state', 'b'],
                     ['--folder', 'a', '--qmp', 'b']):
            self.refused('verify', *args, status=USAGE)


if __name__ == '__main__':
    main()
