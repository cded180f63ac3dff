# SPDX-License-Identifier: GPL-2.0-or-later
"""sev-launch and sev-owner, the reference client and its counterpart."""

import base64
import json
import os
import subprocess
import sys
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


if __name__ == '__main__':
    common.main()
