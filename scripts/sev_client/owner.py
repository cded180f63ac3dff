# SPDX-License-Identifier: GPL-2.0-or-later
"""
A guest owner who trusts nobody but the platform's certificates, and works
with the command qemu-sev.  The keys stay in the owner's folder.
"""

import os
import subprocess
from dataclasses import dataclass

EXIT_REFUSED = 3
TIMEOUT = 300           # for one run of the command


class OwnerError(Exception):
    """The owner could not do something; str() is the command's message."""


class Refused(Exception):
    """The owner does not trust what it was shown."""


@dataclass
class Session:
    """The two files that go to the host."""
    dh_cert: str
    session: str


@dataclass
class Packet:
    """A secret that only one launch can open; base64."""
    header: str
    payload: str
    gpa: int = None


@dataclass
class Expected:
    """What the owner wants to run."""
    firmware: str
    kernel: str = None
    initrd: str = None
    cmdline: str = None


class Owner:
    """@folder is the owner's own, @tool the command qemu-sev."""

    def __init__(self, tool, folder):
        self._tool = tool
        self._folder = folder

    def path(self, name):
        """A file of the owner's."""
        return os.path.join(self._folder, name)

    def _write(self, name, content):
        with open(self.path(name), 'wb') as file:
            file.write(content)
        return self.path(name)

    def _read(self, name):
        with open(self.path(name), encoding='ascii') as file:
            return file.read().strip()

    def _run(self, *arguments, secret=b''):
        try:
            done = subprocess.run([self._tool, *arguments], input=secret,
                                  cwd=self._folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False,
                                  timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            raise OwnerError(f'{self._tool} does not end') from None
        done.stdout = done.stdout.decode(errors='replace')
        done.stderr = done.stderr.decode(errors='replace')
        if done.returncode == EXIT_REFUSED:
            raise Refused(done.stderr.strip())
        if done.returncode:
            raise OwnerError(done.stderr.strip())
        return done.stdout.rstrip()

    def export_emulated_root(self):
        """The root of the built-in emulated platform, as a file."""
        self._run('export', '--ca', self.path('emulated-ca.cert'),
                  self.path('emulated-chain.cert'))
        return self.path('emulated-ca.cert')

    def verify_platform(self, chain, root):
        """
        Check the @chain of a platform, a file, up to the @root that this
        owner trusts: a file with ASK and ARK, or None for AMD's own.
        """
        arguments = ['verify', '--sev', chain]
        if root:
            arguments += ['--ca', root]
        return self._run(*arguments)

    def make_session(self, pdh, policy):
        """New transport keys for one launch on the platform with this PDH."""
        name = self._write('pdh.cert', pdh)
        self._run('session', '--force', '--name', self.path('vm'), name,
                  str(policy))
        return Session(self.path('vm_godh.b64'), self.path('vm_session.b64'))

    def _measurement(self, evidence):
        """As a file: the command takes text that names one for its name."""
        return self._write('measurement', evidence.blob.encode())

    def verify_measurement(self, evidence, expected):
        """Was exactly this measured, by the platform that has the keys?"""
        arguments = [
            'measurement', 'verify', '--tik', self.path('vm_tik.bin'),
            '--launch-measure-blob', self._measurement(evidence),
            '--api-major', str(evidence.api_major),
            '--api-minor', str(evidence.api_minor),
            '--build-id', str(evidence.build_id),
            '--policy', str(evidence.policy),
            '--firmware', expected.firmware]
        for option, value in (('--kernel', expected.kernel),
                              ('--initrd', expected.initrd),
                              ('--cmdline', expected.cmdline)):
            if value is not None:
                arguments += [option, value]
        return self._run(*arguments)

    def make_packet(self, evidence, guid, secret):
        """Encrypt @secret, bytes, for the launch that was verified."""
        self._run('secret', 'build', '--base64',
                  '--tik', self.path('vm_tik.bin'),
                  '--tek', self.path('vm_tek.bin'),
                  '--launch-measure-blob', self._measurement(evidence),
                  '--secret', f'{guid}:/dev/stdin', self.path('header.b64'),
                  self.path('payload.b64'), secret=secret)
        return Packet(self._read('header.b64'), self._read('payload.b64'))
