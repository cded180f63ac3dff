#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev --qmp: a real QEMU, and sockets that are none."""

import os
import socket
import subprocess
import threading
import time

from harness import UNVERIFIED, USAGE, ToolTest, main

QEMU = os.environ.get('QTEST_QEMU_BINARY', 'qemu-system-x86_64')


class Real(ToolTest):
    """A QEMU with a paused SEV guest."""

    def start(self, extra=''):
        """Start it and wait for its socket."""
        # pylint: disable=consider-using-with
        child = subprocess.Popen(
            [QEMU, '-accel', 'tcg', '-display', 'none', '-nodefaults', '-S',
             '-machine', 'q35,memory-encryption=sev0', '-object',
             f'sev-guest,id=sev0,policy=3{extra}', '-qmp',
             'unix:qmp,server=on,wait=off'], cwd=self.dir)
        self.addCleanup(child.wait)
        self.addCleanup(child.terminate)
        for _ in range(600):
            if (self.dir / 'qmp').exists() or child.poll() is not None:
                return
            time.sleep(0.1)

    def test_builtin(self):
        self.start()
        self.tool('export', '--full', '--qmp', 'qmp', 'theirs')
        self.tool('export', '--full', 'ours')
        self.assertEqual(self.read('theirs'), self.read('ours'))
        self.refused('verify', '--qmp', 'qmp', status=UNVERIFIED)
        self.tool('verify', '--qmp', 'qmp', '--allow-emulated')
        self.assertEqual(self.json('show', 'identifier', '--qmp', 'qmp'),
                         self.json('show', 'identifier'))
        self.assertEqual(self.json('show', 'version', '--qmp', 'qmp'),
                         self.json('show', 'version'))
        guest = self.json('show', 'guest', '--qmp', 'qmp')
        self.assertEqual(guest['policy']['value'], 3)
        self.assertEqual(guest['state'], 'launch-secret')

    def test_state_file(self):
        self.tool('platform', 'init', '--state', 'st')
        self.start(',state-file=st')
        # without the state file its root is not known
        _, err = self.tool('export', '--qmp', 'qmp', 'chain')
        self.assertIn('not signed by the ASK', err)
        self.refused('export', '--full', '--qmp', 'qmp', 'chain',
                     names=['root'])
        self.tool('verify', '--qmp', 'qmp', '--state', 'st',
                  '--allow-emulated')


class Hostile(ToolTest):
    """A socket that says what the test wants."""

    def serve(self, *messages):
        """Answer one client, a message for each line that it sends."""
        server = socket.socket(socket.AF_UNIX)
        server.bind(str(self.dir / 'qmp'))
        server.listen()

        def run():
            client, _ = server.accept()
            with client, client.makefile('rb') as lines:
                try:
                    for message in messages:
                        client.sendall(message)
                        lines.readline()
                except OSError:
                    pass
            server.close()
        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def check(self, *messages):
        """The tool must fail in words."""
        thread = self.serve(*messages)
        try:
            self.refused('export', '--qmp', 'qmp', 'chain')
        finally:
            thread.join()
            (self.dir / 'qmp').unlink()
        self.assertFalse((self.dir / 'chain').exists())

    def test_no_socket(self):
        self.refused('export', '--qmp', 'missing', 'x', names=['missing'])
        self.write('file', b'')
        self.refused('export', '--qmp', 'file', 'x', names=['file'])
        self.refused('export', '--qmp', 'x' * 200, 'x', status=USAGE,
                     names=['107'])

    def test_no_qmp(self):
        for first in (b'', b'\n', b'hello\n', b'[]\n', b'1\n',
                      b'{"QMP":\n', b'[' * 5000 + b'\n', b'\0\n',
                      b'x' * (2 << 20)):
            with self.subTest(first=first[:20]):
                self.check(first)

    def test_bad_replies(self):
        greeting = b'{"QMP": {}}\n'
        done = b'{"event": "X"}\n{"return": {}}\n'
        for reply in (b'', b'{}\n', b'{"return": []}\n', b'{"error": 1}\n',
                      b'{"error": {"desc": 1}}\n'):
            with self.subTest(reply=reply):
                self.check(greeting, done, reply)

    def test_bad_capabilities(self):
        for members in (b'', b'"pdh": 1', b'"pdh": "!"', b'"pdh": "AAAA"',
                        b'"pdh": "AAAA", "cert-chain": "AAAA"',
                        b'"pdh": "AAAA", "cert-chain": "AAAA", '
                        b'"cpu0-id": "AAAA"',
                        b'"pdh": "' + b'A' * 4000 + b'"'):
            with self.subTest(members=members[:40]):
                self.check(b'{"QMP": {}}\n', b'{"return": {}}\n',
                           b'{"return": {' + members + b'}}\n')


if __name__ == '__main__':
    main()
