#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev platform: identities in state files."""

import os
import resource
import stat
import subprocess

from harness import FAILED, TOOL, UNVERIFIED, ToolTest, main


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

    def test_not_written(self):
        """Why a state file could not be changed, not just that it failed."""
        self.tool('platform', 'init', '--state', 'st')
        before = self.read('st')

        def full():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        for command in ('rotate', 'reset'):
            _, err = self.tool('platform', command, '--state', 'st',
                               status=FAILED, preexec_fn=full)
            self.assertIn('HWERROR_PLATFORM', err)
            self.assertIn("'st': File too large", err)
        self.assertEqual(self.read('st'), before)
        self.assertEqual([path.name for path in self.dir.iterdir()], ['st'])

    def test_read_only(self):
        """The same on a file system that cannot be written to."""
        self.tool('platform', 'init', '--state', 'st')
        script = ('mount --bind . . && mount -o remount,bind,ro . || exit 77; '
                  'cd . && "$0" platform rotate --state "$1"')
        unshare = ['unshare', '-m'] if os.geteuid() == 0 else \
            ['unshare', '-r', '-m']
        done = subprocess.run([*unshare, 'sh', '-c', script, TOOL,
                               str(self.dir / 'st')], cwd=self.dir,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)
        if b'unshare' in done.stderr or done.returncode == 77:
            self.skipTest('no mount namespace to be had')
        self.assertEqual(done.returncode, FAILED)
        self.assertIn(b'Read-only file system', done.stderr)

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
