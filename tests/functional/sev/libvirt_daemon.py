# SPDX-License-Identifier: GPL-2.0-or-later
"""
A private libvirt daemon in session mode.

The libvirt is the one that make unpacks, never an installed one.  Where the
test runs as root, the daemon becomes "nobody": root has no session daemon.
Nothing of the machine's own libvirt is read or written.
"""

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import time
from pathlib import Path

import common

PRIVATE = (common.BOOT_DIR / 'libvirt').resolve()
VALIDATE = shutil.which('virt-qemu-sev-validate')
URI = 'qemu:///session'

# Where the machine's packages and its administrator describe firmware
SYSTEM_FIRMWARE = [Path('/usr/share/qemu/firmware'), Path('/etc/qemu/firmware')]


LIBVIRTD, VIRSH = str(PRIVATE / 'libvirtd'), str(PRIVATE / 'virsh')
MISSING = [name for name, path in (('libvirtd', LIBVIRTD), ('virsh', VIRSH),
                                   ('virt-qemu-sev-validate', VALIDATE))
           if not path or not os.path.exists(path)]
MISSING += [name for name in ('lxml', 'libvirt', 'cryptography')
            if not importlib.util.find_spec(name)]

START = '''umask 022
mkdir -p "$XDG_RUNTIME_DIR" "$XDG_CONFIG_HOME/libvirt"
echo 'stdio_handler = "file"' > "$XDG_CONFIG_HOME/libvirt/qemu.conf"
exec "$0" > daemon.log 2>&1
'''

DOMAIN = '''
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{name}</name>
  <memory unit='MiB'>512</memory>
  <vcpu>2</vcpu>
  <os{firmware}
    <type arch='x86_64' machine='q35'>hvm</type>
    {boot}
  </os>
  <features><acpi/></features>
  <on_reboot>destroy</on_reboot>
  <devices>
    <emulator>{qemu}</emulator>
    <serial type='file'><source path='{serial}'/></serial>
    <memballoon model='none'/>
  </devices>
  <launchSecurity type='sev' kernelHashes='{hashes}'>
    <policy>{policy}</policy>
    <dhCert>{dh_cert}</dhCert>
    <session>{session}</session>
  </launchSecurity>
  <qemu:commandline>
    <qemu:arg value='-device'/>
    <qemu:arg value='isa-debug-exit,iobase=0xf4,iosize=4'/>
  </qemu:commandline>
</domain>
'''


def may_hang_in_fork():
    """libvirt probes an emulator with -daemonize, and AddressSanitizer (seen with
    GCC 12) may hang in the child of a process with threads: its allocator's lock
    stays with a thread that the child has not."""
    return b'__asan_init' in Path(common.QEMU).read_bytes()


class LibvirtTest(common.LaunchTest):
    """A test with a daemon; @emulated is the second name of
    the emulator @plain."""

    def setUp(self):
        if MISSING:
            self.skipTest(f'not installed: {", ".join(MISSING)}')
        if may_hang_in_fork():
            self.skipTest('an emulator with AddressSanitizer may not fork')
        super().setUp()
        self.user = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam('nobody')
            self.user = {'user': nobody.pw_uid, 'group': nobody.pw_gid,
                         'extra_groups': []}
            os.chown(self.dir, nobody.pw_uid, nobody.pw_gid)
        self.env = {**os.environ, 'HOME': str(self.dir),
                    'LIBVIRT_AUTOSTART': '0',
                    'LIBVIRT_DRIVER_DIR': str(PRIVATE / 'drivers')}
        for name in ('RUNTIME_DIR', 'CONFIG_HOME', 'CACHE_HOME', 'DATA_HOME'):
            self.env[f'XDG_{name}'] = str(self.dir / name.lower())
        for file in (common.QEMU, sys.executable, LIBVIRTD):
            if self.run_as_user('test', '-x', file)[0]:
                self.skipTest(f'nobody may not run {file}')
        self.plain = self.path('qemu-system-x86_64')
        self.emulated = f'{self.plain}-sev-emulated'
        os.symlink(common.QEMU, self.plain)
        os.symlink(common.QEMU, self.emulated)

    def run_as_user(self, *command):
        """Exit status and words of a command."""
        done = subprocess.run(command, env=self.env, cwd=self.dir, text=True,
                              stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT, **self.user)
        return done.returncode, done.stdout

    def try_virsh(self, *arguments):
        """Run virsh; exit status and words."""
        return self.run_as_user(VIRSH, '-c', URI, *arguments)

    def virsh(self, *arguments):
        """Run virsh, which has to work."""
        status, words = self.try_virsh(*arguments)
        self.assertEqual(status, 0, words)
        return words

    def start_daemon(self):
        """A daemon that ends with the test."""
        # pylint: disable=consider-using-with
        daemon = subprocess.Popen(['sh', '-c', START, LIBVIRTD],
                                  env=self.env, cwd=self.dir, **self.user)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        end = time.monotonic() + 60
        while self.try_virsh('list')[0]:
            log = Path(self.path('daemon.log'))
            if daemon.poll() is not None or time.monotonic() > end:
                self.fail(log.read_text(encoding='utf-8'))
            time.sleep(0.1)


class DomainTest(LibvirtTest):
    """Domains with launchSecurity."""

    def setUp(self):
        super().setUp()
        self.install_descriptor()
        self.start_daemon()

    def install_descriptor(self):
        """The firmware that <os firmware='efi'> finds, and no other: an empty
        file hides the one of this name that the machine has."""
        folder = Path(self.env['XDG_CONFIG_HOME'], 'qemu/firmware')
        folder.mkdir(parents=True)
        for system in SYSTEM_FIRMWARE:
            for file in system.glob('*.json'):
                (folder / file.name).touch()
        for name, text in common.descriptors(self.path('nvram')):
            (folder / name).write_text(text, encoding='ascii')
        for path in (folder, *folder.parents):
            if path == self.dir:
                break
            os.chown(path, self.user.get('user', -1),
                     self.user.get('group', -1))

    def domain(self, name, boot, firmware='>', policy=1, session_policy=1):
        """Write the domain's XML."""
        files = self.owner.make_session(self.platform().pdh, session_policy)
        Path(self.path('domain.xml')).write_text(DOMAIN.format(
            name=name, boot=boot, firmware=firmware, qemu=self.emulated,
            hashes='yes' if '<kernel>' in boot else 'no', policy=policy,
            serial=self.path('serial'),
            dh_cert=Path(files.dh_cert).read_text(encoding='ascii'),
            session=Path(files.session).read_text(encoding='ascii')),
            encoding='utf-8')
        self.addCleanup(self.try_virsh, 'destroy', name)
        return 'create', '--paused', self.path('domain.xml')
