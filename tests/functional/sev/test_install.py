# SPDX-License-Identifier: GPL-2.0-or-later
"""
What "make install" and "make deb" make, installed to a scratch folder and run
from there.
"""

import json
import subprocess
import sys
import unittest

import common
from common import BOOT_DIR, GUEST_DIR, HERE, KERNEL, LaunchTest

TOP = BOOT_DIR.resolve().parent
SCRIPTS = TOP / 'scripts/build'
DEMO = HERE.parents[2] / 'scripts/sev-demo'
NAME = 'qemu-system-x86_64'
EMULATED = f'{NAME}-sev-emulated'

DESCRIPTORS = '90-qemu-sev-ovmf.json', '91-qemu-sev-ovmf-nvram.json'

# What the package may put where Debian's packages put theirs
SHARED = {f'usr/bin/{EMULATED}', 'usr/bin/qemu-sev',
          *(f'usr/share/qemu/firmware/{name}' for name in DESCRIPTORS),
          'usr/share/man/man1/qemu-sev.1.gz'}
OWN = ('usr/lib/qemu-sev/', 'usr/share/doc/qemu-sev/')


def run(*command, **more):
    """A command that has to work; what it printed."""
    return subprocess.run(list(map(str, command)), check=True, text=True,
                          stdout=subprocess.PIPE, **more).stdout


@unittest.skipUnless((SCRIPTS / 'install').exists() and
                     common.QEMU == str(BOOT_DIR.resolve() / 'qemu' / NAME),
                     'not the build that make installs')
@common.need(common.OVMF, KERNEL, GUEST_DIR / 'sev-init')
class InstallTest(LaunchTest):
    """Installed programs find each other and their files."""

    def check_programs(self, programs, share):
        """They run, by each of their names."""
        self.assertIn('QEMU emulator version 10.0.',
                      run(programs / EMULATED, '--version'))
        self.assertIn('qemu-sev 10.0.',
                      run(programs / 'qemu-sev', '--version'))
        with common.Vm(str(programs / EMULATED),
                       ['-S', '-machine', 'none,accel=kvm:tcg']) as vm:
            self.assertFalse(vm.qmp.execute('query-kvm')['present'])
            self.assertEqual(
                common.read_platform(vm.qmp), self.platform())
        self.assertTrue((share / 'OVMF.amdsev.fd').stat().st_size)

    def demo(self, programs, share):
        """The demo, with nothing of the build but the guest's program."""
        words = run(sys.executable, DEMO,
                    '--qemu', programs / EMULATED,
                    '--qemu-sev', programs / 'qemu-sev',
                    '--firmware', share / 'OVMF.amdsev.fd',
                    '--kernel', KERNEL, '--init', GUEST_DIR / 'sev-init',
                    '--timeout', common.PATIENCE)
        self.assertIn('guest: reads its secret', words)

    def check_descriptors(self, root, system, share):
        """Where firmware is searched, for the folder @system: they name files
        in the folder @share, which will be below @root."""
        for name in DESCRIPTORS:
            file = root / system / 'share/qemu/firmware' / name
            mapping = json.loads(file.read_text(encoding='ascii'))['mapping']
            named = [part['filename'] for key, part in mapping.items()
                     if key in ('executable', 'nvram-template')]
            self.assertEqual(named[0], f'{share}/OVMF.amdsev.fd')
            for image in named:
                self.assertEqual((root / image[1:]).stat().st_size % 4096, 0)

    def test_install(self):
        """DESTDIR and PREFIX."""
        dest = self.dir / 'dest'
        run(SCRIPTS / 'install', dest, '/opt/sev')
        root = dest / 'opt/sev'
        self.check_programs(root / 'bin', root / 'share/qemu')
        self.check_descriptors(dest, 'opt/sev', '/opt/sev/share/qemu')
        if (BOOT_DIR / 'docs/index.html').exists():
            self.assertTrue((root / 'share/man/man1/qemu-sev.1').exists())
            self.assertTrue((root / 'share/doc/qemu-sev/html/system/i386/'
                             'amd-memory-encryption.html').exists())

    def test_deb(self):
        """The package has no name of Debian's, and works unpacked."""
        run(SCRIPTS / 'deb', self.dir)
        deb, = self.dir.glob('*.deb')
        depends = run('dpkg-deb', '-f', deb, 'Depends')
        for package in 'libc6', 'libglib2.0-0', 'libgcrypt20', 'seabios':
            self.assertIn(package, depends)
        root = self.dir / 'root'
        run('dpkg-deb', '-x', deb, root)
        for path in root.rglob('*'):
            name = str(path.relative_to(root))
            if path.is_dir() and not path.is_symlink():
                continue
            self.assertTrue(name in SHARED or name.startswith(OWN), name)
        share = root / 'usr/lib/qemu-sev/share/qemu'
        self.check_programs(root / 'usr/bin', share)
        self.check_descriptors(root, 'usr', '/usr/lib/qemu-sev/share/qemu')
        self.demo(root / 'usr/bin', share)
        self.check_owners(root)

    def check_owners(self, root):
        """No file of it is a file of the packages that it depends on; "make
        check-bare" installs it beside all of Debian's QEMU."""
        theirs = run('dpkg-query', '-L', 'ipxe-qemu', 'qemu-system-data',
                     'seabios').splitlines()
        files = {'/' + str(path.relative_to(root))
                 for path in root.rglob('*')
                 if path.is_symlink() or not path.is_dir()}
        self.assertEqual(files & set(theirs), set())


if __name__ == '__main__':
    common.main()
