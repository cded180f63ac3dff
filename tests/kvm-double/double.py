# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of the KVM backend share: QEMU with the double preloaded."""

import base64
import difflib
import json
import os
import random
import resource
import select
import struct
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / 'functional/qemu-sev'))

import sevformats as formats  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from harness import main  # noqa: E402,F401

QEMU = os.environ.get('QTEST_QEMU_BINARY', 'qemu-system-x86_64')
DOUBLE = os.environ.get('KVM_DOUBLE', '')

# How long QEMU may take for an answer, or to end, also with sanitizers
PATIENCE = 120

# Areas of the firmware image: where OVMF's AmdSev build has them
SECRET_BASE, SECRET_SIZE = 0x810000, 0xc00
SECRET_AREA = ('4c2eb361-7d9b-4cc3-8081-127c90d3d294',
               SECRET_BASE.to_bytes(4, 'little')
               + SECRET_SIZE.to_bytes(4, 'little'))
FIRMWARE_SIZE = 64 * 1024

# SEV-SNP metadata of the image: sections (address, size, type) as OVMF has
# them, and how far before the image's end they are
MEMORY, SECRETS, CPUID, SVSM_CAA, HASHES = 1, 2, 3, 4, 0x10
SECTIONS = ((0x800000, 0x9000, MEMORY), (0x80a000, 0x3000, MEMORY),
            (0x80d000, 0x1000, SECRETS), (0x80e000, 0x1000, CPUID),
            (0x80f000, 0x1000, SVSM_CAA), (0x811000, 0x2000, MEMORY),
            (0x810000, 0x1000, HASHES))
METADATA_GUID = 'dc886566-984a-4798-a75e-5585a7bf67cc'
METADATA_OFFSET = 0x400

# What the software platform reports
API, BUILD = (1, 51), 3


def snp_metadata(sections=SECTIONS, version=1, signature=b'ASEV'):
    """What a firmware image wants to be launched with."""
    return struct.pack('<4sIII', signature, 16 + 12 * len(sections), version,
                       len(sections)) + b''.join(
        struct.pack('<III', *section) for section in sections)


def snp_firmware(metadata=None, offset=METADATA_OFFSET, entries=None):
    """A firmware image for all kinds of guests."""
    if entries is None:
        entries = (formats.RESET_BLOCK, SECRET_AREA, formats.HASH_AREA)
    image = bytearray(formats.firmware(FIRMWARE_SIZE, (
        *entries, (METADATA_GUID, offset.to_bytes(4, 'little')))))
    metadata = snp_metadata() if metadata is None else metadata
    image[-METADATA_OFFSET:len(metadata) - METADATA_OFFSET] = metadata
    return bytes(image)


class QmpError(Exception):
    """QEMU refused a command."""


class Qemu:
    """A QEMU process with the double in it, and its QMP on stdio."""

    def __init__(self, folder, args, env):
        self.log_file = folder / 'log'
        self.fault_file = folder / 'fault'
        self.stderr_file = folder / 'stderr'
        self.log_file.unlink(missing_ok=True)
        with open(self.stderr_file, 'wb') as stderr:
            self.process = subprocess.Popen(
                [QEMU, *args, '-qmp', 'stdio'], env=env, cwd=folder,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr)
        self.buffer = b''
        self.events = []

    def line(self):
        """The next message; None at the end."""
        end = time.monotonic() + PATIENCE
        while b'\n' not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        end - time.monotonic())
            if not ready:
                raise TimeoutError(f'QEMU hangs; {self.words()}')
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return None
            self.buffer += data
        text, self.buffer = self.buffer.split(b'\n', 1)
        return json.loads(text)

    def greet(self):
        """Wait for a QEMU that started; False if it ended instead."""
        try:
            if self.line() is None:
                return False
            self.qmp('qmp_capabilities')
        except (EOFError, BrokenPipeError):
            return False
        return True

    def qmp(self, command, **arguments):
        """Carry out a command."""
        request = {'execute': command, 'arguments': arguments}
        self.process.stdin.write(json.dumps(request).encode() + b'\n')
        self.process.stdin.flush()
        while True:
            reply = self.line()
            if reply is None:
                raise EOFError(f'QEMU ended; {self.words()}')
            if 'event' in reply:
                self.events.append(reply['event'])
            elif 'error' in reply:
                raise QmpError(reply['error']['desc'])
            else:
                return reply['return']

    def wait(self):
        """Wait for the end; returns the exit status."""
        try:
            out, _ = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise TimeoutError(f'QEMU does not end; {self.words()}') from None
        self.buffer += out
        return self.process.returncode

    def quit(self):
        """End it in peace."""
        self.qmp('quit')
        return self.wait()

    def stop(self):
        """End it in any way."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def words(self):
        """What it said on stderr."""
        return self.stderr_file.read_text(errors='replace')

    def log(self):
        """What the double saw."""
        return (self.log_file.read_text() if self.log_file.exists() else '')

    def fault(self, *fault):
        """What the double shall do from now on; nothing: no fault."""
        scratch = self.fault_file.with_suffix('.new')
        scratch.write_text(' '.join(map(str, fault)) + '\n')
        scratch.rename(self.fault_file)


class Owner:
    """A guest owner: a session with the platform, keys of its own."""

    def __init__(self, pdh, policy):
        self.tek, self.tik = os.urandom(16), os.urandom(16)
        key = formats.new_key()
        shared = key.exchange(ec.ECDH(), formats.public_numbers(pdh))
        nonce, iv = os.urandom(16), os.urandom(16)
        master = formats.kdf(shared, b'sev-master-secret', nonce)
        wrapped = formats.ctr(formats.kdf(master, b'sev-kek'), iv,
                              self.tek + self.tik)
        self.godh = formats.cert(formats.PDH, key, api=(0, 0))
        self.session = (nonce + wrapped + iv
                        + formats.mac(formats.kdf(master, b'sev-kik'), wrapped)
                        + formats.mac(self.tik, formats.le(policy, 4)))

    def packet(self, measure, data):
        """Header and payload of a secret, base64."""
        iv = os.urandom(16)
        payload = formats.ctr(self.tek, iv, data)
        size = formats.le(len(data), 4)
        tag = formats.mac(self.tik, b'\1', bytes(4), iv, size, size, payload,
                          measure)
        return (base64.b64encode(bytes(4) + iv + tag).decode(),
                base64.b64encode(payload).decode())


class DoubleTest(unittest.TestCase):
    """A test that starts QEMU on a host of the double's."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix='kvm-double-')
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name)
        self.firmware = snp_firmware()
        (self.dir / 'firmware').write_bytes(self.firmware)
        # The base aborts where KVM refuses what it never expects to fail
        limits = resource.getrlimit(resource.RLIMIT_CORE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_CORE, limits)
        resource.setrlimit(resource.RLIMIT_CORE, (0, limits[1]))

    def env(self, **host):
        """The environment of QEMU: HOST becomes KVM_DOUBLE_HOST."""
        env = dict(os.environ, LD_PRELOAD=DOUBLE,
                   KVM_DOUBLE_LOG=str(self.dir / 'log'),
                   KVM_DOUBLE_FAULT=str(self.dir / 'fault'),
                   KVM_DOUBLE_EXITS=str(self.dir / 'exits'))
        # A preloaded library comes before the runtime, and may
        env['ASAN_OPTIONS'] = (env.get('ASAN_OPTIONS', '')
                               + ':verify_asan_link_order=0:detect_leaks=0')
        env.update({f'KVM_DOUBLE_{name.upper()}': str(value)
                    for name, value in host.items()})
        return env

    def apart(self, name, fault='', more=()):
        """
        A folder and an environment for a QEMU that is one of many at a time;
        @more: files of the double that it has besides log, fault and exits.
        """
        folder = self.dir / str(name)
        folder.mkdir()
        for image in ('firmware', 'kernel', 'initrd'):
            (folder / image).symlink_to(self.dir / image)
        (folder / 'fault').write_text(f'{fault}\n')
        return folder, dict(self.env(), **{
            f'KVM_DOUBLE_{file.upper()}': str(folder / file)
            for file in ('log', 'fault', 'exits', *more)})

    def arguments(self, sev, *args, machine='q35', accel='kvm'):
        """
        A small VM; @sev: what follows "-object sev-guest,id=sev0", or "snp" and
        what follows "-object sev-snp-guest,id=sev0"; None: a plain guest.
        """
        guard = [] if machine == 'none' else ['-cpu', 'EPYC-v4']
        if sev is not None:
            kind = 'sev-snp-guest' if sev.startswith('snp') else 'sev-guest'
            guard += ['-object', f'{kind},id=sev0{sev.removeprefix("snp")}']
            machine += ',confidential-guest-support=sev0'
        if '-bios' not in args and not machine.startswith('none'):
            guard += ['-bios', 'firmware']
        return ['-nodefaults', '-display', 'none', '-S', '-m', '64',
                '-accel', accel, '-machine', machine, *guard, *args]

    def launch(self, sev='', *args, host=None, fault=None, **kwargs):
        """Start QEMU, which may succeed or not."""
        fault_file = self.dir / 'fault'
        fault_file.write_text(' '.join(map(str, fault or ())) + '\n')
        qemu = Qemu(self.dir, self.arguments(sev, *args, **kwargs),
                    self.env(**(host or {})))
        self.addCleanup(qemu.stop)
        return qemu

    def start(self, *args, **kwargs):
        """Start QEMU, which must succeed."""
        qemu = self.launch(*args, **kwargs)
        self.assertTrue(qemu.greet(), qemu.words())
        return qemu

    def refused(self, *args, names=(), **kwargs):
        """QEMU must end with an error that has all of @names."""
        qemu = self.launch(*args, **kwargs)
        self.assertFalse(qemu.greet(), 'QEMU started')
        self.assertEqual(qemu.wait(), 1, qemu.words())
        for name in names:
            self.assertIn(name, qemu.words())
        return qemu

    def expect(self, qemu, name):
        """Compare what the double saw with expected/NAME.txt."""
        path = HERE / 'expected' / f'{name}.txt'
        if os.environ.get('UPDATE_EXPECTED'):
            path.write_text(qemu.log())
        diff = ''.join(difflib.unified_diff(
            path.read_text().splitlines(True), qemu.log().splitlines(True),
            f'expected/{name}.txt', 'what QEMU did'))
        self.assertEqual(diff, '', f'\n{diff}')

    def owner(self, policy):
        """A guest owner with its files, and the options that name them."""
        qemu = self.start(None, machine='none')
        pdh = base64.b64decode(qemu.qmp('query-sev-capabilities')['pdh'])
        qemu.quit()
        owner = Owner(pdh, policy)
        for name in ('godh', 'session'):
            (self.dir / name).write_bytes(
                base64.b64encode(getattr(owner, name)))
        return owner, (f',policy={policy},dh-cert-file=godh'
                       ',session-file=session')

    def kernel(self):
        """A kernel image, an initrd and a command line: what is hashed."""
        some = random.Random(1)
        setup = bytearray(some.randbytes(4 * 512))
        setup[0x1f1] = 3                        # sectors of setup but one
        setup[0x1fe:0x200] = b'\x55\xaa'
        setup[0x202:0x206] = b'HdrS'
        setup[0x206:0x208] = (0x20c).to_bytes(2, 'little')
        setup[0x211] = 1                        # loaded high
        setup[0x22c:0x230] = (0x7fffffff).to_bytes(4, 'little')
        setup[0x236:0x238] = bytes(2)
        parts = (bytes(setup) + some.randbytes(3000), some.randbytes(2000),
                 'quiet ro')
        (self.dir / 'kernel').write_bytes(parts[0])
        (self.dir / 'initrd').write_bytes(parts[1])
        return parts, ['-kernel', 'kernel', '-initrd', 'initrd',
                       '-append', parts[2]]
