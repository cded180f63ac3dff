# SPDX-License-Identifier: GPL-2.0-or-later
"""sev-launch and sev-owner, the reference client and its counterpart."""

import base64
import json
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import common
from common import GUEST_DIR, HERE, LaunchTest

SCRIPTS = HERE.parents[2] / 'scripts'
GUID = '736869e5-84f0-4973-92ec-06879ce3da0b'
SECRET = b'asked for, and given'
FIRMWARE = str(GUEST_DIR / 'secret.fd')

EXIT_OK, EXIT_ERROR, EXIT_USAGE, EXIT_REFUSED = range(4)


class ClientTest(LaunchTest):
    """Launches that an owner approves or refuses."""

    def setUp(self):
        super().setUp()
        subprocess.run([common.QEMU_SEV, 'export', '--quiet', '--ca',
                        self.path('ca'), self.path('chain')], check=True)
        Path(self.path('secret')).write_bytes(SECRET)

    def owner_command(self, firmware=FIRMWARE, ca=True, more=()):
        """The owner's command line."""
        root = ['--ca', self.path('ca')] if ca else []
        return [sys.executable, str(SCRIPTS / 'sev-owner'), '--folder',
                self.path('keys'), '--qemu-sev', common.QEMU_SEV,
                '--firmware', firmware, '--secret',
                f'{GUID}:{self.path("secret")}', *root, *more]

    def launch_for(self, *owner, more=(), qemu=common.QEMU):
        """sev-launch; exit status and words."""
        done = subprocess.run(
            [sys.executable, str(SCRIPTS / 'sev-launch'), *owner, '--qemu',
             qemu, '--qemu-sev', common.QEMU_SEV,
             '--firmware', FIRMWARE, '--memory', '64M', *more,
             '--', '-device', 'isa-debug-exit,iobase=0xf4,iosize=4'],
            check=False, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, timeout=common.PATIENCE)
        return done.returncode, done.stdout, done.stderr

    def by_command(self, **owner):
        """The owner is a command."""
        command = ' '.join(self.owner_command(**owner))
        return self.launch_for('--owner-command', command)

    def serve(self, **owner):
        """The owner is a service; its address."""
        # pylint: disable=consider-using-with
        server = subprocess.Popen(
            self.owner_command(more=['--listen', '0'], **owner),
            stdout=subprocess.PIPE, text=True)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        return server.stdout.readline().strip()

    def check_secret(self, result):
        """The guest read its secret."""
        status, words, errors = result
        self.assertEqual(status, EXIT_OK, errors)
        self.assertIn(f'data secret {SECRET.hex()}\n', words)

    def check_refused(self, result, reason):
        """The guest did not run."""
        status, words, errors = result
        self.assertEqual(status, EXIT_REFUSED, errors)
        self.assertIn(reason, errors)
        self.assertEqual(words, '')

    def test_command(self):
        """Verified, injected, run."""
        self.check_secret(self.by_command())

    def test_service(self):
        """The same by HTTP, twice with one service."""
        url = self.serve()
        for _ in range(2):
            self.check_secret(self.launch_for('--owner-url', url))

    def test_other_firmware(self):
        """The host runs something else than the owner expects."""
        other = str(GUEST_DIR / 'cpuid.fd')
        self.check_refused(self.by_command(firmware=other),
                           'measured something else')
        url = self.serve(firmware=other)
        self.check_refused(self.launch_for('--owner-url', url),
                           'measured something else')

    def test_root(self):
        """An owner who was not told to trust an emulated platform."""
        self.check_refused(self.by_command(ca=False),
                           'that of an emulated platform')

    def test_qemu_dies(self):
        """A guest whose QEMU is killed has not ended."""
        qemu = common.script(
            self.path('qemu'),
            f'case "$*" in *debug-exit*) {common.QEMU} "$@"; kill -KILL $$;;\n'
            f'*) exec {common.QEMU} "$@";; esac')
        status, _, errors = self.launch_for(
            '--owner-command', ' '.join(self.owner_command()), qemu=qemu)
        self.assertEqual(status, EXIT_ERROR, errors)
        self.assertIn('QEMU died of signal 9', errors)

    def test_bad_owners(self):
        """Owners that say nonsense, or nothing."""
        for command in ('false', 'echo', 'echo []', 'echo "{}"',
                        'echo \'{"id": 1, "policy": "x", "dh-cert": "", '
                        '"session": ""}\'',
                        'echo \'{"id": 1, "policy": 1, "dh-cert": "", '
                        '"session": ""}\''):
            with self.subTest(command=command):
                status, words, errors = self.launch_for('--owner-command',
                                                        command)
                self.assertEqual((status, words), (EXIT_ERROR, ''), errors)
                self.assertTrue(errors.startswith('error: '), errors)
                self.assertNotIn('Traceback', errors)
        status, _, errors = self.launch_for('--owner-url',
                                            'http://127.0.0.1:1/')
        self.assertEqual(status, EXIT_ERROR, errors)
        self.assertNotIn('Traceback', errors)

    def test_bad_requests(self):
        """The owner is not impressed by a host that says nonsense."""
        chain = base64.b64encode(bytes(100)).decode()
        for request in ('', '[]', '{}', '{"request": "secret"}',
                        '{"request": "secret", "id": "../../x"}',
                        json.dumps({'request': 'session', 'chain': chain}),
                        json.dumps({'request': 'session', 'chain': '%'})):
            with self.subTest(request=request):
                done = subprocess.run(
                    self.owner_command(), input=request, text=True,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    check=False)
                self.assertIn(done.returncode, (EXIT_ERROR, EXIT_REFUSED))
                self.assertEqual(done.stdout, '')
                self.assertNotIn('Traceback', done.stderr)

    def test_reason(self):
        """An owner's reason does not steer the host's terminal."""
        status, _, errors = self.launch_for(
            '--owner-command', r"printf 'no\033[2J\nerror: none\r' >&2; exit 3")
        self.assertEqual(status, EXIT_REFUSED)
        self.assertEqual(errors, 'error: the owner refuses: '
                                 r'no\x1b[2J\nerror: none' '\n')

    def test_keys_stay(self):
        """Nobody else can read the owner's keys."""
        self.check_secret(self.by_command())
        keys = list(Path(self.path('keys')).glob('*/vm_t*k.bin'))
        self.assertEqual(len(keys), 2)
        for file in keys:
            self.assertEqual(os.stat(file).st_mode & 0o077, 0)

    def test_usage(self):
        """Without an owner nothing starts."""
        self.assertEqual(self.launch_for()[0], EXIT_USAGE)


class ServiceTest(LaunchTest):
    """Clients of sev-owner --listen that are no sev-launch."""

    def setUp(self):
        super().setUp()
        subprocess.run([common.QEMU_SEV, 'export', '--quiet', '--ca',
                        self.path('ca'), self.path('chain')], check=True)
        Path(self.path('secret')).write_bytes(SECRET)
        self.chain = base64.b64encode(
            Path(self.path('chain')).read_bytes()).decode()

    def serve(self, *more):
        """Start the service; its port."""
        # pylint: disable=consider-using-with
        self.server = subprocess.Popen(
            [sys.executable, str(SCRIPTS / 'sev-owner'), '--folder',
             self.path('keys'), '--qemu-sev', common.QEMU_SEV, '--firmware',
             FIRMWARE, '--secret', f'{GUID}:{self.path("secret")}', '--ca',
             self.path('ca'), '--listen', '0', *more],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end)
        self.port = int(self.server.stdout.readline().split(':')[-1]
                        .rstrip('/\n'))

    def end(self):
        """End the service, which has not complained of anything."""
        self.server.terminate()
        _, errors = self.server.communicate(timeout=common.PATIENCE)
        self.assertEqual((self.server.returncode, errors), (0, ''))

    def connect(self):
        """A connection of a client."""
        client = socket.create_connection(('127.0.0.1', self.port),
                                          timeout=common.PATIENCE)
        self.addCleanup(client.close)
        return client

    @staticmethod
    def answer(client):
        """Status and body of all that comes."""
        text = b''
        try:
            while part := client.recv(4096):
                text += part
        except ConnectionError:         # it did not read to our end
            pass
        if not text:
            return None, b''
        head, _, body = text.partition(b'\r\n\r\n')
        return int(head.split()[1]), body

    def post(self, body, head=None):
        """One request; @head instead of the length."""
        client = self.connect()
        head = head or f'Content-Length: {len(body)}\r\n'
        client.sendall(f'POST / HTTP/1.1\r\n{head}\r\n'.encode())
        try:
            client.sendall(body)
        except ConnectionError:
            pass
        return self.answer(client)

    def session(self, chain=None):
        """Ask for a session."""
        return self.post(json.dumps({
            'request': 'session', 'chain': chain or self.chain}).encode())

    def folders(self):
        """How many launches have one."""
        return len(list(Path(self.path('keys')).glob('*')))

    def test_bad_bodies(self):
        """Each is refused with a reason, and the service goes on."""
        self.serve()
        many = b'x' * (2 << 20)
        deep = b'[' * 100_000
        for head, body, status in (
                (None, b'', 400), (None, b'{', 400), (None, deep, 400),
                (None, b'\xff\xfe', 400), (None, b'7', 400),
                (None, b'"request"', 400), (None, many, 413),
                (None, b'{"request": []}', 400),
                (None, b'{"request": "secret", "id": 5}', 400),
                (None, b'{"request": "session", "chain": {}}', 400),
                (None, b'{"request": "session", "chain": "\\ud800"}', 400),
                ('Content-Length: -1\r\n', b'{}', 400),
                ('Content-Length: x\r\n', b'{}', 400),
                ('Content-Length: +2\r\n', b'{}', 400),
                (f'Content-Length: {"9" * 5000}\r\n', b'{}', 413),
                ('Content-Length: 2\r\nContent-Length: 3\r\n', b'{}', 411),
                ('Transfer-Encoding: chunked\r\n', b'2\r\n{}\r\n0\r\n\r\n',
                 411),
                ('X: y\r\n', b'{}', 411)):
            with self.subTest(head=head and head[:30], body=body[:30]):
                found, reason = self.post(body, head)
                # the kernel may drop an answer to who is still sending
                self.assertIn(found, (status, None) if body is many
                              else (status,))
                self.assertTrue(reason or found is None)
        self.assertEqual(self.session()[0], 200)

    def test_cut_off(self):
        """A client that stops in the midst of its body."""
        self.serve()
        client = self.connect()
        client.sendall(b'POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\n{')
        client.shutdown(socket.SHUT_WR)
        self.assertEqual(self.answer(client)[0], 400)

    def test_silent_clients(self):
        """Clients that say nothing, or little, keep nobody waiting."""
        self.serve('--request-seconds', '3')
        silent = [self.connect() for _ in range(10)]
        silent[0].sendall(b'POST / HT')
        silent[1].sendall(b'POST / HTTP/1.1\r\nContent-Length: 50\r\n\r\n{')
        start = time.monotonic()
        self.assertEqual(self.session()[0], 200)
        for _ in range(60):             # the end of its time, or a bit later
            try:
                silent[2].sendall(b'X')
            except ConnectionError:
                break
            time.sleep(0.5)
        else:
            self.fail('a byte now and then holds the connection for ever')
        for client in silent:
            self.answer(client)         # ends
        self.assertLess(time.monotonic() - start, 60)

    def test_many_clients(self):
        """More than there is room for: some are told so, none is kept."""
        self.serve('--request-seconds', '5')
        clients = [self.connect() for _ in range(100)]
        statuses = [self.answer(client)[0] for client in clients]
        self.assertIn(503, statuses)
        self.assertEqual(self.session()[0], 200)

    def test_at_once(self):
        """Launches that ask at the same time do not mix."""
        self.serve()
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: self.session(), range(8)))
        self.assertEqual({status for status, _ in answers}, {200})
        ids = {json.loads(body)['id'] for _, body in answers}
        sessions = {json.loads(body)['session'] for _, body in answers}
        self.assertEqual((len(ids), len(sessions), self.folders()),
                         (8, 8, 8))

    def test_no_folders(self):
        """Requests that are refused leave nothing behind."""
        self.serve()
        self.session(base64.b64encode(bytes(20000)).decode())
        self.session(base64.b64encode(bytes(8336 + 3200)).decode())
        self.session('AAAA')
        for launch in ('b3fd2b5c-0001-4a5b-9c3d-5ea5ed000001', '../../x',
                       'B3FD2B5C00014A5B9C3D5EA5ED000001'):
            self.post(json.dumps({
                'request': 'secret', 'id': launch, 'policy': 1,
                'api-major': 1, 'api-minor': 51, 'build-id': 3,
                'measurement': 'A' * 64}).encode())
        self.assertEqual(self.folders(), 0)

    def test_forgotten(self):
        """A launch that never asks for its secret is forgotten in time."""
        self.serve('--wait-hours', '0.001', '--wait-most', '2')
        self.assertEqual(self.session()[0], 200)
        self.assertEqual(self.session()[0], 200)
        status, reason = self.session()
        self.assertEqual((status, self.folders()), (400, 2))
        self.assertIn(b'too many', reason)
        time.sleep(5)
        self.assertEqual(self.session()[0], 200)
        self.assertEqual(self.folders(), 1)

    def test_measurement_is_no_name(self):
        """What a host sends is text, also if a file has that name."""
        self.serve()
        launch = json.loads(self.session()[1])['id']
        for name in (self.path('secret'), '/dev/zero', 'vm_tik.bin', '-m'):
            status, reason = self.post(json.dumps({
                'request': 'secret', 'id': launch, 'policy': 1,
                'api-major': 1, 'api-minor': 51, 'build-id': 3,
                'measurement': name}).encode())
            self.assertEqual(status, 400)
            self.assertIn(b'measurement', reason)
            self.assertNotIn(name.encode(), reason)


if __name__ == '__main__':
    common.main()
