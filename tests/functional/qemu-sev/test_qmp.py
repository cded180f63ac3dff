#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu-sev --qmp: a real QEMU, and sockets that are none."""

import hashlib
import os
import resource
import signal
import socket
import subprocess
import time

from fakeqmp import FakeQmp
from harness import FAILED, UNVERIFIED, USAGE, ToolTest, main

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
        status = self.json('platform', 'status', '--qmp', 'qmp')
        self.assertEqual(status['guest'], guest)
        self.assertNotIn('state', status)

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


class NoRoom(ToolTest):
    """A platform that has to make keys, and cannot write them down."""

    FLAGS, END = 5396, 11796    # of a state file, see sev-asp-state

    def test_reason(self):
        """QEMU says why, with the name of the file."""
        self.tool('platform', 'init', '--state', 'st')
        state = bytearray(self.read('st'))
        state[self.FLAGS:self.END] = bytes(self.END - self.FLAGS)
        state[self.END:] = hashlib.sha256(state[:self.END]).digest()
        self.write('st', bytes(state))

        def full():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        done = subprocess.run(
            [QEMU, '-accel', 'tcg', '-display', 'none', '-nodefaults', '-S',
             '-machine', 'q35,memory-encryption=sev0', '-object',
             'sev-guest,id=sev0,state-file=st'], cwd=self.dir,
            preexec_fn=full, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b'HWERROR_PLATFORM', done.stderr)
        self.assertIn(b"'st': File too large", done.stderr)
        self.assertEqual(self.read('st'), bytes(state))


class Hostile(ToolTest):
    """A socket that says what the test wants."""

    def check(self, *messages, names=()):
        """The tool must fail in words."""
        with FakeQmp(self.dir, *messages):
            self.refused('export', '--qmp', 'qmp', 'chain', names=names)
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
                      b'{"QMP": {}}\0\n', b'{"return": {}}\n'):
            with self.subTest(first=first[:20]):
                self.check(first)

    def test_no_end(self):
        """A message that never ends is not waited for, nor kept."""
        self.check(b'x' * (2 << 20), names=['does not end'])
        self.check(b'{"QMP": {}}\n', b'{"return": "' + b'x' * (2 << 20),
                   names=['does not end'])

    def slow(self, *messages, names=()):
        """The tool gives up after ten seconds of anything but an answer."""
        start = time.monotonic()
        self.check(*messages, names=names)
        self.assertLess(time.monotonic() - start, 30)

    @staticmethod
    def trickle(client):
        """Each byte alone would be in time."""
        while True:
            client.sendall(b'[')
            time.sleep(0.5)

    @staticmethod
    def gossip(client):
        """Events without an end."""
        while True:
            client.sendall(b'{"event": "X"}\n' * 100)
            time.sleep(0.01)

    def test_no_answer(self):
        self.slow(self.trickle, names=['no answer'])
        self.slow(b'{"QMP": {}}\n', self.gossip, names=['no answer'])

    def test_hangs_up(self):
        """Before the tool has asked: its write must not end it."""
        def hang_up(client):
            client.sendall(b'{"QMP": {}}\n')
            client.shutdown(socket.SHUT_RDWR)
            raise OSError
        self.check(hang_up)

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

    def test_reason(self):
        """Why QEMU refuses is said, as what it is: its words."""
        self.check(b'{"QMP": {}}\n', b'{"return": {}}\n',
                   b'{"error": {"class": "GenericError", "desc": "too hot"}}'
                   b'\n', names=['"too hot"', 'query-sev-capabilities'])


class Addresses(ToolTest):
    """Where a QMP socket may be."""

    DONE = {'return': {}}

    def test_address(self):
        """As QEMU's -qmp has it."""
        for address in ('qmp', './qmp', 'unix:qmp',
                        'unix:qmp,server=on,wait=off'):
            with self.subTest(address=address), \
                    FakeQmp(self.dir, {'QMP': {}}, self.DONE,
                            {'error': {'desc': 'arrived'}}):
                self.refused('export', '--qmp', address, 'x',
                             names=['arrived', address])

    def test_tcp(self):
        for more in ('', ',server=on,wait=off'):
            with FakeQmp(self.dir, {'QMP': {}}, self.DONE,
                         {'error': {'desc': 'arrived'}}, tcp=True) as peer:
                self.refused('export', '--qmp',
                             f'tcp:127.0.0.1:{peer.port}{more}', 'x',
                             names=['arrived', f'tcp:127.0.0.1:{peer.port}'])

    def test_bad_tcp(self):
        for address in ('tcp:', 'tcp:localhost', 'tcp:[::1:1'):
            self.refused('export', '--qmp', address, 'x', status=USAGE,
                         names=[address, 'tcp:HOST:PORT'])
        with socket.socket() as closed:
            closed.bind(('127.0.0.1', 0))
            port = closed.getsockname()[1]
            self.refused('export', '--qmp', f'tcp:127.0.0.1:{port}', 'x',
                         names=[f'tcp:127.0.0.1:{port}', 'refused'])


class Status(ToolTest):
    """QEMU knows its guest; of the platform it knows the version."""

    SEV = {'enabled': True, 'api-major': 1, 'api-minor': 55, 'build-id': 7,
           'state': 'running', 'handle': 3, 'policy': 5, 'sev-type': 'sev'}

    def told(self, *args, reply, status=0):
        """What the tool makes of an answer."""
        with FakeQmp(self.dir, {'QMP': {}}, {'return': {}},
                     {'return': reply}):
            if status:
                return self.refused(*args, '--qmp', 'qmp', status=status)
            return self.json(*args, '--qmp', 'qmp')

    def test_status(self):
        told = self.told('platform', 'status', reply=self.SEV)
        self.assertEqual(set(told),
                         {'api-major', 'api-minor', 'build-id', 'guest'})
        self.assertEqual(told['build-id'], 7)
        guest = told['guest']
        self.assertEqual((guest['type'], guest['state'], guest['handle'],
                          guest['policy']['value']), ('sev', 'running', 3, 5))

    def test_old_qemu(self):
        """Without sev-type."""
        reply = {**self.SEV}
        del reply['sev-type']
        self.assertEqual(self.told('show', 'guest', reply=reply)['type'],
                         'sev')

    def test_snp(self):
        reply = {**self.SEV, 'sev-type': 'sev-snp', 'snp-policy': 0x30000}
        for name in ('handle', 'policy'):
            del reply[name]
        guest = self.told('platform', 'status', reply=reply)['guest']
        self.assertEqual((guest['type'], guest['policy']),
                         ('sev-snp', '0x30000'))
        self.assertNotIn('handle', guest)

    def test_flags(self):
        """They are the platform's: better none than the guest's."""
        self.assertIn('flags', self.told('show', 'flags', reply=self.SEV,
                                         status=FAILED))
        self.assertIn('no SEV guest', self.told(
            'platform', 'status', reply={**self.SEV, 'enabled': False},
            status=FAILED))


if __name__ == '__main__':
    main()
