#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev: the command line, its errors and its output."""

import os
import pty
import subprocess

from harness import FAILED, TOOL, USAGE, ToolTest, main

COMMANDS = ('export', 'verify', 'show', 'session', 'measurement build',
            'measurement verify', 'secret build', 'vmsa build',
            'platform init', 'platform reset', 'platform rotate',
            'platform status')


class Cli(ToolTest):
    """What a user types and gets."""

    def test_help(self):
        out, _ = self.tool('--help')
        for command in COMMANDS:
            self.assertIn(f'  {command} ', out)
            text, _ = self.tool(*command.split(), '--help')
            self.assertIn(f'qemu-sev {command} ', text)
            self.assertIn('--json', text)

    def test_group_help(self):
        out, _ = self.tool('measurement', '--help')
        self.assertIn('measurement build', out)
        self.assertNotIn('secret build', out)

    def test_version(self):
        out, _ = self.tool('--version')
        self.assertRegex(out, r'^qemu-sev \d+\.\d+\.\d+')

    def test_wrong_command(self):
        self.refused(status=USAGE)
        self.refused('measurement', status=USAGE)
        self.refused('frobnicate', status=USAGE, names=['frobnicate'])
        self.refused('measurement', 'guess', status=USAGE,
                     names=['measurement guess'])
        self.refused('export-all', status=USAGE, names=['export-all'])

    def test_wrong_options(self):
        for command in COMMANDS:
            self.refused(*command.split(), '--frobnicate', status=USAGE,
                         names=['--frobnicate', '--help'])

    def test_wrong_count(self):
        self.refused('session', 'a', status=USAGE)
        self.refused('session', 'a', '1', '2', status=USAGE)
        self.refused('show', status=USAGE)
        self.refused('verify', 'a', status=USAGE)
        self.refused('secret', 'build', 'a', status=USAGE)
        self.refused('export', status=USAGE, names=['--pdh'])
        self.refused('export', '--full', status=USAGE, names=['FILE'])
        self.refused('platform', 'init', status=USAGE, names=['--state'])
        self.refused('platform', 'reset', status=USAGE, names=['--state'])

    def test_output_lost(self):
        with open('/dev/full', 'wb') as full:
            self.tool('platform', 'status', status=FAILED, stdout=full)
        self.refused('export', '/dev/full', names=['/dev/full'])
        self.refused('export', 'no/such/folder', names=['no/such/folder'])

    def test_quiet(self):
        out, err = self.tool('-q', 'verify', '--allow-emulated')
        self.assertEqual(out + err, '')
        out, err = self.tool('export', '--quiet', 'chain')
        self.assertEqual(out + err, '')

    def on_terminal(self, env):
        """What qemu-sev verify prints on a terminal."""
        ours, its = pty.openpty()
        with subprocess.Popen([TOOL, 'verify', '--allow-emulated'],
                              stdout=its, stderr=its,
                              env={**os.environ, **env}) as child:
            os.close(its)
            text = b''
            try:
                while part := os.read(ours, 4096):
                    text += part
            except OSError:     # how a terminal says that all have left
                pass
            self.assertEqual(child.wait(), 0)
        os.close(ours)
        return text

    def test_colour(self):
        os.environ.pop('NO_COLOR', None)
        out, _ = self.tool('verify', '--allow-emulated')
        self.assertNotIn('\033', out)
        self.assertIn(b'\033[32m', self.on_terminal({}))
        self.assertNotIn(b'\033', self.on_terminal({'NO_COLOR': '1'}))


if __name__ == '__main__':
    main()
