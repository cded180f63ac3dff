# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/build/apart keeps from the tests."""

import os
import subprocess
import unittest
from pathlib import Path

from common import BOOT_DIR, LaunchTest, main

APART = BOOT_DIR.resolve().parent / 'scripts/build/apart'
MINE = {'PATH': os.environ['PATH'], 'HOME': '/home/me', 'LC_ALL': 'tr_TR',
        'TZ': 'Asia/Kathmandu', 'XDG_RUNTIME_DIR': '/run/user/1',
        'OPENSSL_CONF': '/home/me/openssl.cnf'}


@unittest.skipUnless(APART.exists(), 'not a build of make')
class ApartTest(LaunchTest):
    """Each method asks from the inside."""

    def inside(self, command, status=0):
        """What a command of the shell prints."""
        mine = {**MINE, 'TMPDIR': self.path('')}
        done = subprocess.run([APART, 'sh', '-c', command], env=mine,
                              check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, status, done.stdout)
        return done.stdout.split()

    def test_variables(self):
        """None of the user's."""
        got = dict(part.split('=', 1) for part in self.inside('env'))
        for name, value in MINE.items():
            if name != 'PATH':
                self.assertNotEqual(got[name], value, name)
        self.assertNotIn(self.path(''), got.values())

    def test_folders(self):
        """Folders to write to, with short names; they go with the test."""
        folders = self.inside('touch "$HOME/a" "$TMPDIR/b" '
                              '"$XDG_RUNTIME_DIR/c" && '
                              'echo "$HOME" "$TMPDIR" "$XDG_RUNTIME_DIR"')
        self.assertEqual(len(set(folders)), 3)
        for folder in folders:
            self.assertLess(len(folder), 24)
            self.assertFalse(Path(folder).exists())

    def test_status(self):
        """What the test says of itself is passed on."""
        self.inside('exit 77', status=77)
        self.inside('umask 077; exit 3', status=3)

    def test_hidden(self):
        """Neither descriptors of firmware nor KVM, where there is a way."""
        space, = self.inside('readlink /proc/self/ns/mnt')
        if space == os.readlink('/proc/self/ns/mnt'):
            self.skipTest('no namespaces here')
        self.inside('! test -w /dev/kvm && ! test -w /dev/sev')
        self.assertEqual(self.inside(
            'for folder in /etc/libvirt /etc/qemu /usr/share/qemu/firmware; do '
            'test ! -d $folder || ls $folder; done'), [])
        if os.geteuid():
            self.assertEqual(self.inside('grep CapEff /proc/self/status')[1],
                             '0' * 16)


if __name__ == '__main__':
    main()
