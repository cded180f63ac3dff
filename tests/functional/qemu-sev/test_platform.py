#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev platform: identities in state files."""

import stat

from harness import UNVERIFIED, ToolTest, main


class Platform(ToolTest):
    """One state file through its life."""

    def certs(self, *args):
        """PDH, PEK, OCA, CEK and the root of a platform."""
        self.tool('export', '--full', 'full', *args)
        full = self.read('full')
        return [full[i:i + 2084] for i in range(0, 8336, 2084)] + [full[8336:]]

    def test_life(self):
        self.tool('platform', 'init', '--state', 'st')
        mode = stat.S_IMODE((self.dir / 'st').stat().st_mode)
        self.assertEqual(mode, 0o600)
        first = self.certs('--state', 'st')
        self.assertEqual(first, self.certs('--state', 'st'))
        builtin = self.certs()
        self.assertFalse(set(first) & set(builtin))

        self.refused('verify', '--state', 'st', status=UNVERIFIED)
        self.tool('verify', '--state', 'st', '--allow-emulated')

        self.tool('platform', 'rotate', '--state', 'st')
        rotated = self.certs('--state', 'st')
        self.assertNotEqual(rotated[0], first[0])
        self.assertEqual(rotated[1:], first[1:])

        self.tool('platform', 'reset', '--state', 'st')
        reset = self.certs('--state', 'st')
        for new, old in zip(reset[:3], rotated[:3]):
            self.assertNotEqual(new, old)
        self.assertEqual(reset[3:], rotated[3:])
        self.tool('verify', '--state', 'st', '--allow-emulated')

        before = self.read('st')
        self.refused('platform', 'init', '--state', 'st', names=['st'])
        self.assertEqual(self.read('st'), before)
        self.damage(before)

    def damage(self, good):
        """No damaged state file is taken."""
        for name, data in (('empty', b''), ('short', good[:-1]),
                           ('long', good + b'\0'), ('zeros', bytes(len(good))),
                           ('huge', bytes(1 << 20))):
            self.write(name, data)
            self.refused('platform', 'status', '--state', name, names=[name])
        for at in range(0, len(good), 997):
            bad = bytearray(good)
            bad[at] ^= 0x10
            self.write('bad', bytes(bad))
            self.refused('export', '--state', 'bad', 'x', names=['bad'])
            self.assertEqual(self.read('bad'), bytes(bad))

    def test_missing(self):
        self.refused('platform', 'reset', '--state', 'no', names=['no'])
        self.refused('platform', 'rotate', '--state', 'no', names=['no'])
        self.refused('platform', 'status', '--state', 'no', names=['no'])
        self.refused('export', '--state', 'no', 'x', names=['no'])
        self.refused('platform', 'init', '--state', 'no/such', names=['no'])

    def test_status(self):
        told = self.json('platform', 'status')
        self.assertEqual((told['state'], told['owner'], told['es'],
                          told['guests']), ('init', 'self', False, 0))
        version = self.json('show', 'version')
        for name, value in version.items():
            self.assertEqual(told[name], value)
        self.tool('export', '--pdh', 'pdh')
        pdh = self.read('pdh')
        self.assertEqual((told['api-major'], told['api-minor']),
                         (pdh[4], pdh[5]))

    def test_identifier(self):
        told = self.json('show', 'identifier')['identifier']
        self.assertEqual(len(bytes.fromhex(told)), 64)
        self.assertEqual(self.json('show', 'identifier')['identifier'], told)


if __name__ == '__main__':
    main()
