#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev: all files of a command or none, and never half of one."""

import base64
import os
import resource
import shutil
import signal
import stat
import subprocess

import sevformats as sev
from harness import FAILED, OK, TOOL, USAGE, ToolTest, main

LUKS = '736869e5-84f0-4973-92ec-06879ce3da0b'
OTHER = '43ced044-42ec-487a-88b7-261bda359f24'
SESSION = ('vm_tik.bin', 'vm_tek.bin', 'vm_godh.b64', 'vm_session.b64')


def small_files(size):
    """Let a child write no file of more bytes, as on a disk that is full."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


class OutputTest(ToolTest):
    """A folder in which each file is counted."""

    def setUp(self):
        super().setUp()
        self.write('pdh.cert', sev.cert(sev.PDH, sev.new_key()))
        for name, size in (('tik', 16), ('tek', 16), ('blob', 48), ('s', 900)):
            self.write(name, os.urandom(size))

    def files(self):
        """What is in the folder: name, content and mode of each file."""
        return {str(path.relative_to(self.dir)):
                (stat.S_IMODE(path.lstat().st_mode),
                 path.read_bytes() if path.is_file() else None)
                for path in sorted(self.dir.rglob('*'))}

    def fails(self, *args, status=FAILED, names=(), **kwargs):
        """The tool fails, and nothing in the folder is another than before."""
        before = self.files()
        _, err = self.tool(*args, status=status, **kwargs)
        for name in names:
            self.assertIn(name, err)
        self.assertEqual(self.files(), before)

    def commands(self):
        """Each command that writes, and the files that it makes."""
        secret = ('secret', 'build', '--tik', 'tik', '--tek', 'tek', '-m',
                  'blob', '--secret', f'{LUKS}:s')
        return [
            (('session', '--force', 'pdh.cert', '1'), SESSION),
            ((*secret, 'h', 'p'), ('h', 'p')),
            ((*secret, '--base64', 'h', 'p'), ('h', 'p')),
            (('export', '--full', '--pdh', 'c.pdh', '--ca', 'c.ca',
              '--folder', 'c', 'c.chain'),
             ('c.pdh', 'c.ca', 'c/pdh.cert', 'c/ask_ark.cert', 'c.chain')),
            (('vmsa', 'build', '--family', '23', '--model', '1',
              '--stepping', '2', 'v'), ('v',)),
            (('measurement', 'build', '--api-major', '1', '--api-minor', '51',
              '--build-id', '3', '--policy', '1', '--tik', 'tik',
              '--launch-digest', '00' * 32, '-m', 'blob', '-o', 'm'), ('m',)),
        ]


class Full(OutputTest):
    """Disks that are full, now and then."""

    def test_no_room(self):
        """Wherever the room ends, nothing new is there."""
        for args, made in self.commands():
            sizes = self.sizes(args, made)
            for limit in sorted({0, *(size - 1 for size in sizes)}):
                with self.subTest(args=args, limit=limit):
                    self.fails(*args, preexec_fn=small_files(limit),
                               names=['File too large'])
            self.tool(*args, preexec_fn=small_files(max(sizes)))
            self.remove(made)

    def test_no_room_to_replace(self):
        """Nor is any old file lost, or of other permissions."""
        for args, made in self.commands():
            limit = max(self.sizes(args, made)) - 1
            (self.dir / 'c').mkdir(exist_ok=True)
            for name in made:
                self.write(name, b'old')
                (self.dir / name).chmod(0o640)
            with self.subTest(args=args):
                self.fails(*args, preexec_fn=small_files(limit),
                           names=['File too large'])
            self.tool(*args)
            self.assertNotIn(b'old', [self.read(name) for name in made])
            self.remove(made)

    def sizes(self, args, made):
        """Of the files that a command makes."""
        self.tool(*args)
        sizes = [len(self.read(name)) for name in made]
        self.remove(made)
        return sizes

    def remove(self, made):
        """Tidy up after a command."""
        for name in made:
            (self.dir / name).unlink(missing_ok=True)
        shutil.rmtree(self.dir / 'c', ignore_errors=True)

    def test_full_disk(self):
        """A file system of eight pages, of which some are taken."""
        script = '''
            mount -t tmpfs -o size=32k none disk && cd disk || exit 77
            head -c 20000 /dev/zero > filler
            printf old > vm_tek.bin
            "$0" session --force ../pdh.cert 1 && exit 1
            [ "$(ls)" = "filler
vm_tek.bin" ] && [ "$(cat vm_tek.bin)" = old ] || exit 2
            rm filler
            "$0" session --force ../pdh.cert 1 || exit 3
            [ "$(ls | wc -l)" = 4 ] && [ "$(wc -c < vm_tek.bin)" = 16 ]
        '''
        (self.dir / 'disk').mkdir()
        unshare = ['unshare', '-m'] if os.geteuid() == 0 else \
            ['unshare', '-r', '-m']
        done = subprocess.run([*unshare, 'sh', '-c', script, TOOL],
                              cwd=self.dir, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, check=False)
        if b'unshare' in done.stderr or done.returncode == 77:
            self.skipTest('no mount namespace to be had')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_devices(self):
        """A device that is full takes all other files with it."""
        self.fails('export', '--pdh', 'x', '/dev/full', names=['/dev/full'])
        self.fails('export', '--pdh', '/dev/full', '--folder', 'a/b/c',
                   names=['/dev/full'])
        self.tool('export', '--pdh', '/dev/null', '--ca', '/dev/null',
                  '/dev/null')

    def test_pipe(self):
        """What goes to a pipe is what would be in the file."""
        self.tool('export', 'chain')
        done = subprocess.run([TOOL, 'export', '--quiet', '/dev/stdout'],
                              stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout, self.read('chain'))


class Places(OutputTest):
    """Where files cannot be."""

    def test_no_place(self):
        self.write('file', b'x')
        (self.dir / 'folder').mkdir()
        for bad in ('file/x', 'no/such', 'folder', 'new/', '.', ''):
            with self.subTest(path=bad):
                self.fails('export', '--pdh', 'x', bad,
                           names=[bad or 'cannot write'])
                self.fails('export', '--pdh', bad, 'x')
        self.fails('export', '--pdh', 'x', '--folder', 'file',
                   names=['file'])
        self.fails('export', '--pdh', 'file/x', '--folder', 'new/folder')

    def test_link(self):
        """A link stays one; what it leads to is new."""
        self.write('there', b'old')
        (self.dir / 'link').symlink_to('there')
        self.tool('export', '--pdh', 'link')
        self.assertTrue((self.dir / 'link').is_symlink())
        self.assertEqual(len(self.read('there')), 2084)
        (self.dir / 'nowhere').symlink_to('no/such')
        self.fails('export', '--pdh', 'nowhere', 'x', names=['nowhere'])

    def test_permissions(self):
        """Of files for others to read, a new one has those of the old."""
        self.write('chain', b'old')
        (self.dir / 'chain').chmod(0o604)
        self.tool('export', 'chain')
        self.assertEqual(self.files()['chain'][0], 0o604)
        self.write('vm_tik.bin', b'old')
        (self.dir / 'vm_tik.bin').chmod(0o666)
        self.tool('session', '--force', 'pdh.cert', '1')
        self.assertEqual(self.files()['vm_tik.bin'][0], 0o600)


class Names(OutputTest):
    """Files that would be written over each other."""

    def test_same_name(self):
        os.link(self.dir / self.write('one', b'x'), self.dir / 'two')
        (self.dir / 'dir').mkdir()
        (self.dir / 'alias').symlink_to('dir')
        for a, b in (('x', 'x'), ('x', './x'), ('dir/x', 'alias/x'),
                     ('x', str(self.dir / 'x')), ('one', 'two')):
            with self.subTest(names=(a, b)):
                self.fails('export', '--pdh', a, b, status=USAGE, names=[a, b])
                self.fails('export', '--ca', a, '--pdh', b, status=USAGE)
                self.fails('secret', 'build', '--tik', 'tik', '--tek', 'tek',
                           '-m', 'blob', '-s', f'{LUKS}:s', a, b,
                           status=USAGE)
        self.fails('export', '--folder', 'dir', 'dir/pek.cert', status=USAGE)

    def test_input(self):
        """What a command reads is not written to."""
        secret = ('secret', 'build', '--tik', 'tik', '--tek', 'tek', '-m',
                  'blob', '-s', f'{LUKS}:s')
        for name in ('tik', 'tek', 'blob', 's'):
            self.fails(*secret, name, 'p', status=USAGE, names=[name])
            self.fails(*secret, 'h', name, status=USAGE, names=[name])
        self.tool('platform', 'init', '--state', 'st')
        self.fails('export', '--state', 'st', 'st', status=USAGE,
                   names=['st'])
        self.write('x_godh.b64', base64.b64encode(self.read('pdh.cert')))
        self.fails('session', '--force', '--name', 'x', 'x_godh.b64', '1',
                   status=USAGE, names=['x_godh.b64'])

    def test_same_guid(self):
        """A guest would find one of them."""
        secret = ('secret', 'build', '--tik', 'tik', '--tek', 'tek', '-m',
                  'blob', '-s', f'{LUKS}:s', '-s')
        for again in (f'{LUKS}:s', 'luks-key:s', f'{LUKS.upper()}:blob'):
            self.fails(*secret, again, 'h', 'p', status=USAGE, names=[LUKS])
        self.fails(*secret, f'{OTHER}:s', '-s', f'{OTHER}:s', 'h', 'p',
                   status=USAGE, names=[OTHER])
        self.tool(*secret, f'{OTHER}:s', 'h', 'p', status=OK)


if __name__ == '__main__':
    main()
