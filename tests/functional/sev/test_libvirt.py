# SPDX-License-Identifier: GPL-2.0-or-later
"""
An unmodified libvirt launches our guests, and virt-qemu-sev-validate verifies
them and injects the secret by way of it.

The daemon is a private one in session mode.  Where the test runs as root, it
becomes "nobody": root has no session daemon, and libvirt asks KVM about SEV
where it can open /dev/kvm.
"""

import base64
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

import common
from common import GUEST_DIR, KERNEL, OVMF, LaunchTest
from sev_client import initramfs

PROGRAMS = ('libvirtd', 'virsh', 'virt-qemu-sev-validate')
MODULES = ('lxml', 'libvirt', 'cryptography')
MISSING = [name for name in PROGRAMS if not shutil.which(name)] + \
    [name for name in MODULES if not importlib.util.find_spec(name)]

URI = 'qemu:///session'
GUID = '736869e5-84f0-4973-92ec-06879ce3da0b'
INIT = GUEST_DIR / 'sev-init'

DOMAIN = '''
<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>{name}</name>
  <memory unit='MiB'>512</memory>
  <vcpu>2</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <loader readonly='yes' type='pflash' stateless='yes'>{firmware}</loader>
    {kernel}
  </os>
  <features><acpi/></features>
  <on_reboot>destroy</on_reboot>
  <devices>
    <emulator>{qemu}</emulator>
    <serial type='file'><source path='{serial}'/></serial>
    <memballoon model='none'/>
  </devices>
  <launchSecurity type='sev' kernelHashes='{hashes}'>
    <policy>0x1</policy>
    <dhCert>{dh_cert}</dhCert>
    <session>{session}</session>
  </launchSecurity>
  <qemu:commandline>
    <qemu:arg value='-device'/>
    <qemu:arg value='isa-debug-exit,iobase=0xf4,iosize=4'/>
  </qemu:commandline>
</domain>
'''


@unittest.skipIf(MISSING, f'not installed: {", ".join(MISSING)}')
class LibvirtTest(LaunchTest):
    """Domains of a private libvirt daemon."""

    def setUp(self):
        super().setUp()
        self.user = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam('nobody')
            self.user = {'user': nobody.pw_uid, 'group': nobody.pw_gid,
                         'extra_groups': []}
            os.chown(self.dir, nobody.pw_uid, nobody.pw_gid)
        self.env = {**os.environ, 'HOME': str(self.dir)}
        for name in ('RUNTIME_DIR', 'CONFIG_HOME', 'CACHE_HOME', 'DATA_HOME'):
            self.env[f'XDG_{name}'] = str(self.dir / name.lower())
        for file in (common.QEMU, sys.executable):
            if self.run_as_user('test', '-x', file)[0]:
                self.skipTest(f'nobody may not run {file}')
        self.start_daemon()

    def run_as_user(self, *command):
        """Exit status and words of a command."""
        done = subprocess.run(command, env=self.env, cwd=self.dir, text=True,
                              stdout=subprocess.PIPE, check=False,
                              stderr=subprocess.STDOUT, **self.user)
        return done.returncode, done.stdout

    def virsh(self, *arguments):
        """Run virsh, which has to work."""
        status, words = self.run_as_user('virsh', '-c', URI, *arguments)
        self.assertEqual(status, 0, words)
        return words

    def start_daemon(self):
        """A daemon that ends with the test."""
        script = ('umask 022; mkdir -p "$XDG_RUNTIME_DIR" '
                  '"$XDG_CONFIG_HOME/libvirt"; echo \'stdio_handler = "file"\''
                  ' > "$XDG_CONFIG_HOME/libvirt/qemu.conf"; '
                  'exec libvirtd > daemon.log 2>&1')
        # pylint: disable=consider-using-with
        daemon = subprocess.Popen(['sh', '-c', script], env=self.env,
                                  cwd=self.dir, **self.user)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.terminate)
        end = time.monotonic() + 60
        while self.run_as_user('virsh', '-c', URI, 'version')[0]:
            log = Path(self.path('daemon.log'))
            if daemon.poll() is not None or time.monotonic() > end:
                self.fail(log.read_text(encoding='utf-8'))
            time.sleep(0.1)

    def need_sev(self):
        """libvirt believes what the first accelerator tells it."""
        words = self.virsh('domcapabilities', '--virttype', 'qemu',
                           '--emulatorbin', common.QEMU)
        if "<sev supported='yes'>" not in words:
            self.assertTrue(os.access('/dev/kvm', os.R_OK), words)
            self.skipTest('libvirt asks KVM about SEV, not TCG')
        self.assertIn('<cbitpos>51</cbitpos>', words)

    def create(self, name, firmware, kernel=''):
        """A paused domain."""
        files = self.owner.make_session(self.platform().pdh, 1)
        Path(self.path('domain.xml')).write_text(DOMAIN.format(
            name=name, firmware=os.path.realpath(firmware), kernel=kernel,
            hashes='yes' if kernel else 'no', qemu=common.QEMU,
            serial=self.path('serial'),
            dh_cert=Path(files.dh_cert).read_text(encoding='ascii'),
            session=Path(files.session).read_text(encoding='ascii')),
            encoding='utf-8')
        self.virsh('create', '--paused', self.path('domain.xml'))
        self.addCleanup(self.run_as_user, 'virsh', '-c', URI, 'destroy', name)

    def validate(self, name, secret, *more):
        """virt-qemu-sev-validate through libvirt: status and words."""
        for file, content in (('tik', self.owner.tik),
                              ('tek', self.owner.tek), ('secret', secret)):
            Path(self.path(file)).write_bytes(content)
        return self.run_as_user(
            sys.executable, shutil.which('virt-qemu-sev-validate'),
            '--connect', URI, '--insecure', '--domain', name,
            '--tik', self.path('tik'), '--tek', self.path('tek'),
            '--inject-secret', f'{GUID}:{self.path("secret")}', *more)

    def wait_serial(self, text):
        """What the guest wrote, when it has written @text."""
        end = time.monotonic() + common.PATIENCE
        while True:
            words = Path(self.path('serial')).read_text(encoding='utf-8')
            if text in words:
                return words
            self.assertLess(time.monotonic(), end, words)
            time.sleep(0.1)

    def test_bare(self):
        """Refused for another firmware, then verified and unlocked."""
        self.need_sev()
        self.create('bare', GUEST_DIR / 'secret.fd')
        info = self.virsh('domlaunchsecinfo', 'bare')
        blob = info.split('sev-measurement:')[1].split()[0]
        self.assertEqual(len(base64.b64decode(blob)), 48)
        status, words = self.validate('bare', b'never', '--firmware',
                                      str(GUEST_DIR / 'cpuid.fd'))
        self.assertEqual(status, 1, words)
        status, words = self.validate('bare', b'through libvirt')
        self.assertEqual(status, 0, words)
        words = self.wait_serial('\ndone ')
        self.assertIn(f'data secret {b"through libvirt".hex()}\n', words)

    @common.need(OVMF, KERNEL, INIT)
    def test_linux(self):
        """OVMF and a kernel, with hashes."""
        self.need_sev()
        initrd = Path(self.path('initramfs'))
        initrd.write_bytes(initramfs.build(INIT.read_bytes()))
        self.create('linux', OVMF, f'''
            <kernel>{os.path.realpath(KERNEL)}</kernel>
            <initrd>{initrd}</initrd>
            <cmdline>console=ttyS0 quiet panic=-1 iomem=relaxed</cmdline>''')
        status, words = self.validate('linux', b'through libvirt')
        self.assertEqual(status, 0, words)
        words = self.wait_serial('sev-init: done')
        self.assertIn('Memory Encryption Features active: AMD SEV', words)
        self.assertIn(f'secret {GUID} text through libvirt', words)


if __name__ == '__main__':
    common.main()
