# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests that launch SEV guests share."""

import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).absolute().parent
sys.path[1:1] = [str(HERE.parent / 'qemu-sev'),
                 str(HERE.parents[1] / 'kvm-double'),
                 str(HERE.parents[2] / 'scripts')]

# pylint: disable=wrong-import-position,unused-import
from harness import main                                    # noqa: E402,F401
from sev_client.launch import Evidence, Guest, Launch       # noqa: E402
from sev_client.launch import probe_options, read_platform  # noqa: E402
from sev_client.vm import Vm, VmError                       # noqa: E402,F401
from guest_owner import GuestOwner, launch_digest           # noqa: E402,F401

QEMU = os.environ.get('QTEST_QEMU_BINARY', 'qemu-system-x86_64')
QEMU_SEV = os.environ.get('QEMU_SEV', 'qemu-sev')
GUEST_DIR = Path(os.environ.get('SEV_GUEST_DIR', '.'))
BOOT_DIR = Path(os.environ.get('SEV_BOOT_DIR', '.'))

# What make fetches from Debian's packages for tests and demo
OVMF = BOOT_DIR / 'firmware/OVMF.amdsev.fd'
OVMF_WITHOUT_AREAS = BOOT_DIR / 'firmware/OVMF.fd'
KERNEL = BOOT_DIR / 'kernel/vmlinuz'

# Seconds; a busy machine is no failure
PATIENCE = 500


def need(*files):
    """Skip a test whose guest was not fetched."""
    missing = [str(file) for file in files if not file.exists()]
    return unittest.skipIf(missing, f'{", ".join(missing)}: run make guest')


def bare_guest(name, **more):
    """One of the images of tests/guest."""
    return Guest(firmware=str(GUEST_DIR / f'{name}.fd'), memory='64M', cpus=1,
                 **more)


def descriptors(nvram):
    """Firmware descriptors, name and text; @nvram is made, a file to name."""
    Path(nvram).write_bytes(b'\xff' * 4096)
    for file in (HERE.parents[2] / 'tools/qemu-sev').glob('*.json.in'):
        yield file.stem, (file.read_text(encoding='ascii')
                          .replace('@FIRMWARE@', os.path.realpath(OVMF))
                          .replace('@NVRAM@', nvram))


def script(path, text):
    """Make a program that is a shell script."""
    Path(path).write_text(f'#!/bin/sh\n{text}\n', encoding='ascii')
    os.chmod(path, 0o755)
    return path


class LaunchTest(unittest.TestCase):
    """A test with a scratch folder, a guest owner and a platform."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix='sev-test-')
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name)
        self.owner = GuestOwner(self.dir)

    def path(self, name):
        """A file in the scratch folder."""
        return str(self.dir / name)

    def vm(self, options):
        """A running QEMU that ends with the test."""
        vm = Vm(QEMU, options)
        self.addCleanup(vm.stop)
        vm.start()
        return vm

    def platform(self, more=()):
        """What query-sev-capabilities tells of this machine."""
        with Vm(QEMU, [*probe_options('tcg'), *more]) as vm:
            return read_platform(vm.qmp)

    def launch(self, guest, platform=None, session=True, more=()):
        """A paused guest, with a session of the owner's unless told not."""
        platform = platform or self.platform()
        files = None
        if session:
            files = self.owner.make_session(platform.pdh, guest.policy)
        return self.launch_with(guest, platform, files, more)

    def launch_with(self, guest, platform, files, more=()):
        """The same with a session that exists already, or with None."""
        options = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=4', *more]
        launch = Launch(QEMU, guest, platform, files, options)
        self.addCleanup(launch.stop)
        launch.start()
        return launch
