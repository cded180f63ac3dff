# SPDX-License-Identifier: GPL-2.0-or-later
"""
Who asks which name of the emulator on which host, and what libvirt makes of the
answer.  A double plays the host with KVM and without SEV.
"""

import base64
import os
import re
import subprocess

import common
from common import probe_options, read_platform
from libvirt_daemon import LibvirtTest
from sev_client.qmp import QmpError

DOUBLE = os.environ.get('KVM_DOUBLE', '')
PLAYS_KVM = (f'export LD_PRELOAD={DOUBLE} KVM_DOUBLE_SEV={{}}\n'
             'export ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0"\n')
SUPPORTED, UNSUPPORTED = "<sev supported='yes'>", "<sev supported='no'/>"

MANUAL = common.HERE.parents[2] / 'docs/system/i386/sev-libvirt.rst'
DOMAIN = '''
<domain type='{virttype}'>
  <name>refused</name>
  <memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices><emulator>{emulator}</emulator></devices>
  <launchSecurity type='sev'><policy>1</policy></launchSecurity>
</domain>
'''


def on_kvm_host(test, emulator, name, sev='off'):
    """@emulator on a host with KVM, and with SEV or without."""
    if not os.path.exists(DOUBLE):
        test.skipTest('no double of KVM')
    return common.script(test.path(name), PLAYS_KVM.format(sev)
                         + f'exec {emulator} "$@"')


class NamesTest(common.LaunchTest):
    """
    The emulator's own name, and the one that stands for emulation; what each
    answers.
    """

    def setUp(self):
        super().setUp()
        self.plain = self.path('qemu-system-x86_64')
        self.emulated = f'{self.plain}-sev-emulated'
        os.symlink(common.QEMU, self.plain)
        os.symlink(common.QEMU, self.emulated)

    def probe(self, emulator):
        """query-sev-capabilities as libvirt asks it."""
        with common.Vm(emulator, ['-S', '-no-user-config', '-machine',
                                  'none,accel=kvm:tcg']) as vm:
            return vm.qmp.execute('query-kvm'), read_platform(vm.qmp)

    def test_probe(self):
        """The same without libvirt."""
        for sev in 'off', 'on':
            plain = on_kvm_host(self, self.plain, f'plain-{sev}', sev)
            emulated = on_kvm_host(self, self.emulated, f'emulated-{sev}', sev)
            kvm, platform = self.probe(emulated)
            self.assertEqual(kvm, {'enabled': False, 'present': False})
            self.assertEqual(platform, self.platform())
            if sev == 'off':
                with self.assertRaisesRegex(QmpError, '-accel tcg'):
                    self.probe(plain)
            else:
                kvm, _ = self.probe(plain)
                self.assertEqual(kvm, {'enabled': True, 'present': True})

    def test_kvm_guest_without_sev(self):
        """A KVM guest is refused with the way out; nothing falls back."""
        plain = on_kvm_host(self, self.plain, 'plain')
        done = subprocess.run(
            [plain, '-accel', 'kvm', '-machine',
             'q35,memory-encryption=sev0', '-object', 'sev-guest,id=sev0',
             '-S', '-display', 'none', '-nodefaults'], check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn('AMD EPYC', done.stderr)
        self.assertIn('-accel tcg emulates SEV on any host', done.stderr)

    def test_no_kvm_under_second_name(self):
        """KVM cannot be had by force either."""
        with self.assertRaisesRegex(common.VmError,
                                    'invalid accelerator kvm'):
            self.vm_of(self.emulated)

    def vm_of(self, emulator):
        """Ask for KVM."""
        with common.Vm(emulator, probe_options('kvm')):
            self.fail('it started')


class OptInTest(LibvirtTest):
    """What libvirt makes of the two names."""

    def setUp(self):
        super().setUp()
        folder = self.dir / 'path'
        folder.mkdir()
        self.env['PATH'] = f'{folder}:{self.env["PATH"]}'

    def capabilities(self, emulator, virttype):
        """What libvirt says: exit status and words."""
        return self.try_virsh('domcapabilities', '--virttype', virttype,
                              '--machine', 'q35', '--emulatorbin', emulator)

    def refusal(self, emulator, virttype):
        """What libvirt says to a domain that it does not start."""
        xml = self.dir / 'domain.xml'
        xml.write_text(DOMAIN.format(emulator=emulator, virttype=virttype),
                       encoding='ascii')
        status, words = self.try_virsh('create', str(xml))
        self.assertNotEqual(status, 0, words)
        manual = ' '.join(MANUAL.read_text(encoding='utf-8').split())
        for line in words.splitlines():
            reason = re.sub(r"'[^']*/[^']*'", "'...'",
                            line.split(': ')[-1].strip())
            if f'``{reason}``' in manual:
                return
        if not self.virsh('--version').startswith(('9.0.', '11.3.')):
            self.skipTest(f'words of a libvirt that nobody tried: {words}')
        self.fail(f'the manual does not tell what to do about\n{words}')

    def test_refusals(self):
        """What libvirt refuses is explained in the manual."""
        plain = on_kvm_host(self, self.plain, 'kvm-plain')
        emulated = on_kvm_host(self, self.emulated, 'kvm-emulated')
        self.start_daemon()
        self.refusal(plain, 'qemu')
        self.refusal(emulated, 'kvm')

    def need_no_kvm(self):
        """The daemon's user must not have a KVM of its own."""
        if self.run_as_user('test', '-w', '/dev/kvm')[0] == 0:
            self.skipTest('this host has a KVM')

    def test_kvm_without_sev(self):
        """Neither KVM guests nor emulated ones have it unless asked for."""
        plain = on_kvm_host(self, self.plain, 'kvm-plain')
        self.start_daemon()
        status, words = self.capabilities(plain, 'qemu')
        self.assertEqual(status, 0, words)
        self.assertIn(UNSUPPORTED, words)
        # The daemon itself may have no KVM to ask about CPUs
        status, words = self.capabilities(plain, 'kvm')
        self.assertIn('/dev/kvm' if status else UNSUPPORTED, words)

    def test_opt_in(self):
        """The second name has it, and has no KVM guests."""
        emulated = on_kvm_host(self, self.emulated, 'kvm-emulated')
        self.start_daemon()
        status, words = self.capabilities(emulated, 'qemu')
        self.assertEqual(status, 0, words)
        self.assertIn(SUPPORTED, words)
        self.assertIn('<cbitpos>51</cbitpos>', words)
        self.assertIn('<reducedPhysBits>1</reducedPhysBits>', words)
        status, words = self.capabilities(emulated, 'kvm')
        self.assertNotEqual(status, 0, words)
        self.assertNotIn(SUPPORTED, words)

    def test_no_kvm(self):
        """Without KVM both names have it, for emulated guests only."""
        self.need_no_kvm()
        self.start_daemon()
        for emulator in self.plain, self.emulated:
            status, words = self.capabilities(emulator, 'qemu')
            self.assertEqual(status, 0, words)
            self.assertIn(SUPPORTED, words)
            self.assertNotEqual(self.capabilities(emulator, 'kvm')[0], 0)

    def node(self):
        """nodesevinfo, of the emulator in the folder "path"."""
        self.start_daemon()
        if self.try_virsh('help', 'nodesevinfo')[0]:
            self.skipTest('this virsh has no nodesevinfo')
        return self.try_virsh('nodesevinfo')

    def test_node_with_kvm(self):
        """A node with KVM and without SEV has no SEV."""
        on_kvm_host(self, self.plain, 'path/qemu-system-x86_64')
        status, words = self.node()
        self.assertNotEqual(status, 0, words)

    def test_node_opted_in(self):
        """The manual's script in the emulator's place opts the node in."""
        on_kvm_host(self, self.emulated,
                    'path/qemu-system-x86_64-sev-emulated')
        page = MANUAL.read_text(encoding='utf-8')
        text = re.search(r'#!/bin/sh\n +(exec .*)\n', page)[1]
        common.script(self.path('path/qemu-system-x86_64'), text)
        status, words = self.node()
        self.assertEqual(status, 0, words)
        pdh = base64.b64encode(self.platform().pdh).decode()
        self.assertIn(pdh, words)


if __name__ == '__main__':
    common.main()
