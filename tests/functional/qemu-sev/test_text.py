#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev: text of others never steers a terminal or makes up a line."""

import json
import os
import re

import sevformats as sev
from fakeqmp import GREETING, FakeQmp
from harness import FAILED, OK, USAGE, ToolTest, main

# What a terminal acts on, and what starts a line or turns text around
EVIL = ('\x1b[2J\x1b[1;1H', '\x1b]0;owned\x07', '\x9b31m', '\r', '\nok',
        '\x7f', '\b\b\b', '\u202e', '\u2066', '\u2028ok', '\u2029', '\x85ok',
        '\x0b', '\x0c', '\u200f', '\ue000', '\ufeff')
UGLY = re.compile('[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e'
                  '\u2066-\u2069\ue000\ufeff]')


class Text(ToolTest):
    """Each way for foreign text into what the tool prints."""

    def clean(self, *args, status=OK, lines=None, **kwargs):
        """Run the tool; neither output has anything but lines of text."""
        out, err = self.tool(*args, status=status, **kwargs)
        for text in (out, err):
            self.assertIsNone(UGLY.search(text), repr(text))
        for text in err.splitlines():
            self.assertTrue(text.startswith('qemu-sev'), repr(err))
        if lines is not None:
            self.assertEqual(len(out.splitlines()), lines, out)
        return out + err

    def test_file_names(self):
        """In reports, warnings and errors."""
        self.write('pdh', sev.cert(sev.PDH, sev.new_key()))
        plain, _ = self.tool('export', 'plain')
        for evil in (*EVIL, b'\xff\xfe'):
            name = evil if isinstance(evil, bytes) else evil.encode()
            name = b'a' + name.replace(b'/', b'') + b'z'
            with self.subTest(name=name):
                said = self.clean('export', name,
                                  lines=len(plain.splitlines()))
                self.assertIn(r'a\x', said)
                self.clean('show', name)
                self.clean('session', '--force', '--name', name, 'pdh', '1',
                           lines=5)
                self.clean('show', name + b'?', status=FAILED)
                self.clean('export', '--state', name, 'x', status=FAILED)
                self.clean('export', '--qmp', name, 'x', status=FAILED)
                self.clean('verify', '--folder', name, status=FAILED)
                self.clean(name, status=USAGE)
                self.clean('show', '--' + os.fsdecode(name), status=USAGE)

    def test_numbers(self):
        """In what should be numbers, GUIDs or base64."""
        for evil in EVIL:
            with self.subTest(text=evil):
                self.clean('session', 'pdh', evil, status=USAGE)
                self.clean('secret', 'build', '--tik', 'a', '--tek', 'b',
                           '-m', 'A' * 64, '-s', f'{evil}:s', 'h', 'p',
                           status=USAGE)
                self.clean('measurement', 'build', '-m', evil, status=FAILED)

    def test_plain_text(self):
        """Words of other languages are no attack, where they can be shown."""
        for name in ('Schlüssel', '鍵', 'ключ', 'naïve e\u0301'):
            out, _ = self.tool('export', name,
                               env={**os.environ, 'LC_ALL': 'C.UTF-8'})
            self.assertIn(name, out)
            out, _ = self.tool('export', name,
                               env={**os.environ, 'LC_ALL': 'C'})
            self.assertTrue(out.isascii())

    def test_json(self):
        """JSON has its own escapes, and keeps the text."""
        for evil in EVIL:
            name = f'a{evil}z'.replace('/', '')
            out, _ = self.tool('export', '--json', name)
            self.assertIsNone(UGLY.search(out), repr(out))
            self.assertEqual(json.loads(out)['files'][0]['file'], name)

    def test_qmp_error(self):
        """The reason for which QEMU refuses, which may be anything."""
        for evil in (*EVIL, 'x' * 100_000):
            reply = {'error': {'class': 'GenericError', 'desc':
                               f'x{evil}verified: yes\nmeasurement ok'}}
            for args in (('platform', 'status'), ('export', 'x'),
                         ('verify', '--allow-emulated'), ('show', 'guest')):
                with self.subTest(text=evil[:20], args=args), \
                        FakeQmp(self.dir, GREETING, {'return': {}}, reply):
                    said = self.clean(*args, '--qmp', 'qmp', status=FAILED,
                                      lines=0)
                    self.assertEqual(len(said.splitlines()), 1)
                    self.assertLess(len(said), 1000)

    def test_qmp_members(self):
        """A state that QEMU does not have is not repeated."""
        for evil in EVIL:
            reply = {'return': {
                'enabled': True, 'api-major': 1, 'api-minor': 55,
                'build-id': 1, 'handle': 1, 'policy': 1, 'sev-type':
                f'sev{evil}', 'state': f'running{evil}\nowner: self'}}
            for args in (('platform', 'status'), ('show', 'guest')):
                with self.subTest(text=evil, args=args), \
                        FakeQmp(self.dir, GREETING, {'return': {}}, reply):
                    said = self.clean(*args, '--qmp', 'qmp')
                    self.assertIn('unknown', said)
                    self.assertNotIn('owner', said)

    def test_qmp_numbers(self):
        """Nor is a number that does not fit cut to one that does."""
        good = {'enabled': True, 'api-major': 1, 'api-minor': 55,
                'build-id': 1, 'handle': 1, 'policy': 1, 'state': 'running'}
        for name, value in (('api-major', 257), ('api-minor', -1),
                            ('build-id', 'x'), ('policy', 1 << 32),
                            ('handle', None), ('handle', 1.5)):
            reply = {'return': {**good, name: value}}
            with self.subTest(member=name), \
                    FakeQmp(self.dir, GREETING, {'return': {}}, reply):
                said = self.clean('platform', 'status', '--qmp', 'qmp',
                                  status=FAILED)
                self.assertIn(name, said)


if __name__ == '__main__':
    main()
