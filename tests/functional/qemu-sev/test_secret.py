#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev secret build: packets opened by an independent firmware."""

import base64
import os

import sevformats as sev
from harness import USAGE, ToolTest, main

LUKS = '736869e5-84f0-4973-92ec-06879ce3da0b'
OTHER = '43ced044-42ec-487a-88b7-261bda359f24'
LIMIT = 16 * 1024


class Secret(ToolTest):
    """Secrets for a launch with known keys."""

    def setUp(self):
        super().setUp()
        self.tik, self.tek = os.urandom(16), os.urandom(16)
        self.blob = os.urandom(48)
        self.write('tik', self.tik)
        self.write('tek', self.tek)

    def args(self, *secrets):
        """The options of secret build, up to its two files."""
        args = ['secret', 'build', '--tik', 'tik', '--tek', 'tek',
                '--launch-measure-blob', base64.b64encode(self.blob).decode()]
        for secret in secrets:
            args += ['--secret', secret]
        return args

    def open(self, header=None, payload=None):
        """What the guest's firmware finds."""
        return sev.secrets_of(sev.open_secret(
            self.tek, self.tik, self.blob[:32], header or self.read('h'),
            payload or self.read('p')))

    def test_one(self):
        self.write('s', b'my-disk-passphrase')
        self.tool(*self.args(f'{LUKS}:s'), 'h', 'p')
        self.assertEqual(len(self.read('h')), 52)
        self.assertEqual(len(self.read('p')), 64)
        self.assertEqual(self.open(),
                         ({LUKS: b'my-disk-passphrase'}, bytes(6)))

    def test_pair_of_keys(self):
        """TEK and TIK in one file, as sev-tool writes it."""
        self.write('s', b'two in one')
        self.write('tk', self.tek + self.tik)
        args = self.args('luks-key:s')
        del args[2:6]
        self.tool(*args, '--tk', 'tk', 'h', 'p')
        self.assertEqual(self.open()[0], {LUKS: b'two in one'})
        self.refused(*args, '--tik', 'tk', '--tek', 'tk', 'h', 'p',
                     names=['--tk'])
        for more in (['--tik', 'tik'], ['--tek', 'tek']):
            self.refused(*args, '--tk', 'tk', *more, 'h', 'p', status=USAGE,
                         names=['--tk'])

    def test_sizes(self):
        for size in (1, 7, 8, 23, 24, 25, 39, 40, 41, 5000, LIMIT - 40):
            secret = os.urandom(size)
            self.write('s', secret)
            self.tool(*self.args(f'{LUKS}:s'), 'h', 'p')
            found, padding = self.open()
            self.assertEqual(found, {LUKS: secret})
            self.assertEqual(len(padding), -(40 + size) % 16)

    def test_several(self):
        self.write('a', b'A' * 20)
        self.write('b:c', b'B' * 3)
        self.tool(*self.args('luks-key:a', f'{OTHER.upper()}:b:c'), 'h', 'p')
        self.assertEqual(self.open()[0], {LUKS: b'A' * 20, OTHER: b'B' * 3})

    def test_fresh_iv(self):
        self.write('s', b'the same')
        headers = set()
        for _ in range(4):
            self.tool(*self.args('luks-key:s'), 'h', 'p')
            self.open()
            headers.add(self.read('h'))
        self.assertEqual(len(headers), 4)

    def test_base64(self):
        self.write('s', b'in base64')
        told = self.json(*self.args('luks-key:s'), '--base64', 'h', 'p')
        header = base64.b64decode(self.read('h'), validate=True)
        payload = base64.b64decode(self.read('p'), validate=True)
        self.assertEqual(self.open(header, payload)[0], {LUKS: b'in base64'})
        self.assertEqual(told['packet-header'], self.read('h').decode())
        self.assertEqual(told['secret'], self.read('p').decode())

    def test_pipe(self):
        """A secret need not be in a file system: <(command) of a shell."""
        ours, its = os.pipe()
        os.write(its, b'from a pipe')
        os.close(its)
        self.tool(*self.args(f'luks-key:/dev/fd/{ours}'), 'h', 'p',
                  pass_fds=[ours])
        os.close(ours)
        self.assertEqual(self.open()[0], {LUKS: b'from a pipe'})

    def test_bound_to_launch(self):
        self.write('s', b'only for one launch')
        self.tool(*self.args('luks-key:s'), 'h', 'p')
        self.blob = os.urandom(48)
        with self.assertRaises(AssertionError):
            self.open()

    def test_limit(self):
        self.write('s', bytes(LIMIT - 39))
        self.refused(*self.args('luks-key:s'), 'h', 'p', names=[LIMIT])
        self.write('s', bytes(LIMIT + 1))
        self.refused(*self.args('luks-key:s'), 'h', 'p', names=['s', LIMIT])
        self.write('s', bytes(LIMIT // 2))
        self.refused(*self.args('luks-key:s', f'{OTHER}:s'), 'h', 'p',
                     names=[LIMIT])
        self.refused(*self.args('luks-key:/dev/zero'), 'h', 'p',
                     names=['/dev/zero', LIMIT])
        self.assertFalse((self.dir / 'h').exists())

    def test_bad_guids(self):
        self.write('s', b'x')
        for text in ('', ':', ':s', 's', 'luks-key', 'luks-key:', 'luks:s',
                     f'{LUKS}', f'{LUKS}:', f'{LUKS[:-1]}:s', f'{LUKS}0:s',
                     f'{{{LUKS}}}:s', f'{LUKS.replace("-", "")}:s',
                     f'{LUKS[:-1]}g:s', f' {LUKS}:s'):
            with self.subTest(secret=text):
                self.refused(*self.args(text), 'h', 'p', status=USAGE,
                             names=['--secret', 'GUID'])

    def test_bad_files(self):
        self.write('s', b'x')
        self.write('empty', b'')
        self.write('b64', base64.b64encode(self.tik))
        for name in ('empty', 'missing', 'b64', '.'):
            for option in ('--tik', '--tek'):
                self.refused(*self.args('luks-key:s'), option, name, 'h', 'p',
                             names=[name])
        for name in ('empty', 'missing', '.'):
            self.refused(*self.args(f'luks-key:{name}'), 'h', 'p',
                         names=[name])
        self.refused(*self.args('luks-key:s'), '-m', 'AAAA', 'h', 'p',
                     names=['--launch-measure-blob', 48])

    def test_usage(self):
        self.write('s', b'x')
        args = self.args('luks-key:s')
        for missing in ('--tik', '--tek', '--launch-measure-blob',
                        '--secret'):
            less = list(args)
            del less[less.index(missing):less.index(missing) + 2]
            self.refused(*less, 'h', 'p', status=USAGE, names=[missing])


if __name__ == '__main__':
    main()
