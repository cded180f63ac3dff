# SPDX-License-Identifier: GPL-2.0-or-later
"""
The KVM backend's calls in their order, compared with expected/NAME.txt.

UPDATE_EXPECTED=1 writes the files anew.
"""

import base64
import subprocess
import tempfile
from pathlib import Path

import double
from double import SECRET_BASE, DoubleTest, QmpError

NONCE = base64.b64encode(bytes(range(16))).decode()


class SequenceTest(DoubleTest):
    """Each method ends with the name of a file of expected calls."""

    def sequence(self, name, *args, **kwargs):
        """Launch, run and end."""
        qemu = self.start(*args, **kwargs)
        self.assertEqual(qemu.qmp('query-sev')['state'], 'launch-secret')
        qemu.qmp('cont')
        self.assertEqual(qemu.qmp('query-sev')['state'], 'running')
        self.assertEqual(qemu.quit(), 0, qemu.words())
        self.expect(qemu, name)

    def test_sev(self):
        """The older interface is the default."""
        self.sequence('sev')

    def test_sev_legacy_on(self):
        """And can be asked for."""
        self.sequence('sev', ',legacy-vm-type=on')

    def test_sev_old_machine(self):
        """And is what older machine types have."""
        self.sequence('sev', machine='pc-q35-9.0')

    def test_sev_given_bits(self):
        """What management layers give is what the host has."""
        self.sequence('sev', ',cbitpos=51,reduced-phys-bits=1')

    def test_sev_memory_encryption(self):
        """The older name of the machine property."""
        qemu = double.Qemu(self.dir, [
            arg.replace('confidential-guest-support', 'memory-encryption')
            for arg in self.arguments('')], self.env())
        self.addCleanup(qemu.stop)
        self.assertTrue(qemu.greet(), qemu.words())
        qemu.qmp('cont')
        qemu.quit()
        self.expect(qemu, 'sev')

    def test_sev_vm_type(self):
        """The newer interface."""
        self.sequence('sev-vm-type', ',legacy-vm-type=off')

    def test_sev_hashes(self):
        """Hashes of the kernel are the second thing to be measured."""
        _, args = self.kernel()
        self.sequence('sev-hashes', ',kernel-hashes=on', *args)

    def test_sev_kernel_without_hashes(self):
        """They are not measured unasked."""
        _, args = self.kernel()
        self.sequence('sev-kernel', '', *args)

    def test_sev_session(self):
        """A guest owner's session."""
        _, options = self.owner(1)
        self.sequence('sev-session', options)

    def test_sev_es(self):
        """Registers are measured after all memory."""
        self.sequence('sev-es', ',policy=5')

    def test_sev_es_4(self):
        """Four processors."""
        self.sequence('sev-es-4', ',policy=5', '-smp', '4')

    def test_sev_es_4_vm_type(self):
        """The newer interface measures the state of the FPU too."""
        self.sequence('sev-es-4-vm-type', ',policy=5,legacy-vm-type=off',
                      '-smp', '4')

    def test_sev_es_hashes(self):
        """Memory, hashes, registers."""
        _, args = self.kernel()
        self.sequence('sev-es-hashes', ',policy=5,kernel-hashes=on', *args)

    def test_vm_type_hashes(self):
        """Hashes with the newer interface."""
        _, args = self.kernel()
        for name, policy in ('sev', 1), ('sev-es', 5):
            self.sequence(f'{name}-vm-type-hashes', f',policy={policy}'
                          ',kernel-hashes=on,legacy-vm-type=off', *args)

    def test_sev_es_late(self):
        """The platform tells of SEV-ES when it has a guest."""
        self.sequence('sev-es', ',policy=5', host={'init': 'late'})

    def test_sev_es_4_hashes(self):
        """All of that, of four processors."""
        _, args = self.kernel()
        self.sequence('sev-es-4-hashes', ',policy=5,kernel-hashes=on',
                      '-smp', '4', *args)

    def test_split_irqchip(self):
        """SEV-ES needs an irqchip of KVM's; a part of it will do."""
        self.sequence('sev-es', ',policy=5', machine='q35,kernel-irqchip=split')

    def test_secret(self):
        """A secret at the address that the firmware gives."""
        owner, options = self.owner(1)
        qemu = self.start(options)
        blob = base64.b64decode(qemu.qmp('query-sev-launch-measure')['data'])
        header, payload = owner.packet(blob[:32], bytes(64))
        qemu.qmp('sev-inject-launch-secret', **{
            'packet-header': header, 'secret': payload})
        qemu.qmp('sev-inject-launch-secret', **{
            'packet-header': header, 'secret': payload,
            'gpa': SECRET_BASE + 64})
        qemu.qmp('cont')
        qemu.quit()
        self.expect(qemu, 'secret')

    def test_report(self):
        """An attestation report before and after the launch ends."""
        qemu = self.start()
        qemu.qmp('query-sev-attestation-report', mnonce=NONCE)
        qemu.qmp('cont')
        qemu.qmp('query-sev-attestation-report', mnonce=NONCE)
        qemu.quit()
        self.expect(qemu, 'report')

    def test_capabilities(self):
        """Management layers ask a QEMU without guest."""
        qemu = self.start(None, machine='none')
        answer = qemu.qmp('query-sev-capabilities')
        self.assertEqual((answer['cbitpos'], answer['reduced-phys-bits']),
                         (51, 1))
        qemu.quit()
        self.expect(qemu, 'capabilities')

    def test_reset(self):
        """A SEV guest can be reset, and is not launched anew."""
        qemu = self.start()
        qemu.qmp('cont')
        qemu.qmp('system_reset')
        while 'RESET' not in qemu.events:
            qemu.qmp('query-status')
        qemu.qmp('query-status')
        self.assertEqual(qemu.quit(), 0, qemu.words())
        self.expect(qemu, 'sev')

    def test_es_reset(self):
        """Nobody can reset encrypted registers: the VM ends."""
        qemu = self.start(',policy=5')
        qemu.qmp('cont')
        qemu.qmp('system_reset')
        self.assertEqual(qemu.wait(), 0)
        self.assertIn('not resettable', qemu.words())

    def test_es_cpu_hotplug(self):
        """No more processors once registers are measured."""
        qemu = self.start(',policy=5', '-smp', '1,maxcpus=2')
        slot = next(slot for slot in qemu.qmp('query-hotpluggable-cpus')
                    if 'qom-path' not in slot)
        with self.assertRaisesRegex(QmpError, 'hotplug.*SEV-ES.*-smp'):
            qemu.qmp('device_add', driver=slot['type'], id='cpu1',
                     **slot['props'])
        qemu.qmp('cont')
        qemu.quit()
        self.expect(qemu, 'sev-es')

    def test_memory_hotplug(self):
        """Memory that comes and goes."""
        qemu = self.start('', '-m', '64,slots=2,maxmem=1G')
        backend = {'qom-type': 'memory-backend-ram', 'id': 'mem1',
                   'size': 1 << 27}
        qemu.qmp('object-add', **backend)
        qemu.qmp('device_add', driver='pc-dimm', id='dimm1', memdev='mem1')
        backend['id'] = 'mem2'
        qemu.qmp('object-add', **backend)
        qemu.qmp('object-del', id='mem2')
        qemu.quit()
        self.expect(qemu, 'memory-hotplug')

    def backend(self, options):
        """RAM of another kind is registered like any."""
        backend = f'{options},id=ram,size=64M'
        self.sequence('sev', '', '-object', backend,
                      machine='q35,memory-backend=ram')

    def test_backend_ram(self):
        """Anonymous memory, shared."""
        self.backend('memory-backend-ram,share=on')

    def test_backend_memfd(self):
        """A memory file."""
        self.backend('memory-backend-memfd,share=on')

    def test_backend_shm(self):
        """Shared memory."""
        self.backend('memory-backend-shm')

    def test_backend_file(self):
        """A file in memory that has no name."""
        self.backend('memory-backend-file,mem-path=/dev/shm,share=on')

    def test_backend_file_kept(self):
        """A file that outlives the guest is nothing to encrypt."""
        with tempfile.NamedTemporaryFile(dir='/dev/shm') as file:
            backend = ('-object', 'memory-backend-file,id=ram,size=64M,'
                       f'mem-path={file.name},share=on')
            for use in (('-machine', 'memory-backend=ram'),
                        ('-numa', 'node,memdev=ram')):
                file.write(b'\x55' * (64 << 20))
                file.flush()
                self.refused('', *backend, *use, names=(
                    "memory 'ram'", 'SEV guest \'sev0\'', file.name,
                    'memory-backend-memfd'))
                file.seek(0)
                self.assertEqual(file.read(), b'\x55' * (64 << 20))
                file.seek(0)

    def test_backend_file_plugged(self):
        """Nor may it be plugged in."""
        with tempfile.NamedTemporaryFile(dir='/dev/shm') as file:
            qemu = self.start('', '-m', '64,slots=1,maxmem=1G', '-object',
                              'memory-backend-file,id=dimm,size=64M,'
                              f'mem-path={file.name},share=on')
            with self.assertRaisesRegex(QmpError, f"written to.*{file.name}"):
                qemu.qmp('device_add', driver='pc-dimm', memdev='dimm')
            qemu.qmp('cont')
            self.assertEqual(qemu.quit(), 0)

    def test_backend_file_on_disk(self):
        """The kernel does not pin what it would have to write to a disk."""
        here = Path(__file__).parent
        if subprocess.check_output(['stat', '-fc', '%T', here]) == b'tmpfs\n':
            self.skipTest('this is no disk')
        self.refused('', '-object', 'memory-backend-file,id=ram,size=64M,'
                     f'mem-path={here},share=on',
                     machine='q35,memory-backend=ram',
                     names=('KVM_MEMORY_ENCRYPT_REG_REGION', 'tmpfs'))

    def test_backend_read_only(self):
        """Nor what nobody writes to, which is not the guest's to encrypt."""
        (self.dir / 'rom').write_bytes(bytes(1 << 20))
        qemu = self.start('', '-object', 'memory-backend-file,id=rom,size=1M,'
                          'mem-path=rom,readonly=on')
        qemu.qmp('cont')
        self.assertEqual(qemu.quit(), 0)
        self.expect(qemu, 'sev')

    def test_backend_file_private(self):
        """A file that is not written to."""
        self.backend(f'memory-backend-file,mem-path={self.dir}/ram')

    def test_flash(self):
        """A launch never writes to the file that the firmware is from."""
        (self.dir / 'flash').write_bytes(self.firmware)
        drive = 'if=pflash,format=raw,file=flash'
        self.refused('', '-bios', '', '-drive', drive, names=(
            "'sev0'", "'pflash0'", 'readonly=on'))
        for kept in (',readonly=on', ',snapshot=on'):
            qemu = self.start('', '-bios', '', '-drive', drive + kept)
            self.assertEqual(qemu.quit(), 0)
        self.assertEqual((self.dir / 'flash').read_bytes(), self.firmware)

    def test_boot_files(self):
        """Hashes do not cover all that the firmware would boot."""
        _, args = self.kernel()
        (self.dir / 'any').write_bytes(bytes(4096))
        for option, what in (
                (('-shim', 'any'), '-shim any'), (('-dtb', 'any'), '-dtb any'),
                (('-fw_cfg', 'name=etc/boot/shim,file=any'),
                 'the fw_cfg file etc/boot/shim')):
            for kind in ('', 'snp'):
                self.refused(f'{kind},kernel-hashes=on', *args, *option, names=(
                    f"kernel-hashes=on of 'sev0' does not cover {what}",
                    'leave'))
            qemu = self.start('', *args, *option)
            self.assertEqual(qemu.quit(), 0)

    def test_seabios(self):
        """A firmware that does not know SEV is launched with a warning."""
        (self.dir / 'other').write_bytes(bytes(64 << 10))
        qemu = self.start('', '-bios', 'other')
        self.assertEqual(qemu.quit(), 0)
        self.assertRegex(qemu.words(), "warning: the firmware of SEV guest "
                         "'sev0' has no table for SEV.*use OVMF")
        qemu = self.start()
        self.assertEqual(qemu.quit(), 0)
        self.assertNotIn('warning', qemu.words())

    def test_backend_numa(self):
        """Several blocks."""
        qemu = self.start('', '-m', '128', *(
            arg for i in range(2) for arg in (
                '-object', f'memory-backend-ram,id=n{i},size=64M',
                '-numa', f'node,memdev=n{i}')))
        qemu.qmp('cont')
        qemu.quit()
        self.expect(qemu, 'numa')


class RefusalTest(DoubleTest):
    """What cannot work says so, and how it can."""

    def test_no_sev(self):
        """A host without SEV."""
        self.refused('', host={'sev': 'off'},
                     names=('does not offer SEV', 'tcg'))

    def test_no_sev_capabilities(self):
        """A host without SEV tells management layers."""
        qemu = self.start(None, machine='none', host={'sev': 'off'})
        with self.assertRaisesRegex(QmpError, 'does not offer SEV.*tcg'):
            qemu.qmp('query-sev-capabilities')

    def test_no_device(self):
        """KVM has SEV, but the device is missing."""
        self.refused('', fault=('open', 1, 'errno', 2),
                     names=('/dev/sev', 'No such file', 'tcg'))

    def test_no_access(self):
        """The device is not for everybody."""
        self.refused('', fault=('open', 1, 'errno', 13),
                     names=('/dev/sev', 'Permission denied'))

    def test_other_device(self):
        """A file that is no SEV device."""
        self.refused(',sev-device=/dev/null',
                     names=('SEV_PLATFORM_STATUS', 'Inappropriate ioctl',
                            'sev-device names no SEV device'))

    def test_no_fallback(self):
        """A guest that KVM was to protect is not emulated instead."""
        for change in ({'host': {'sev': 'off'}},
                       {'fault': ('KVM_SEV_LAUNCH_START', 1, 'firmware', 7)},
                       {'fault': ('KVM_CREATE_VM', 1, 'errno', 12)}):
            self.refused('', '-accel', 'tcg', **change,
                         names=("'sev0' was to run under KVM",
                                '-accel tcg only'))

    def test_tcg_first(self):
        """Who asks for TCG first gets what it emulates."""
        qemu = self.start('', '-accel', 'kvm', accel='tcg')
        self.assertEqual(qemu.log(), '')
        self.assertEqual(qemu.qmp('query-sev')['state'], 'launch-secret')

    def test_policy_in_words(self):
        """What a policy that the firmware refuses asks for."""
        self.refused(',policy=3', names=('POLICY_FAILURE', 'policy of',
                                         '0x3', 'no debugging', 'no key'),
                     fault=('KVM_SEV_LAUNCH_START', 1, 'firmware', 7))

    def test_pause_on_reset(self):
        """Under KVM a reset is no new launch that could be looked at."""
        self.refused(',pause-on-reset=on', names=('pause-on-reset=on', 'sev0'))
        self.start(',pause-on-reset=off')

    def test_session_lines(self):
        """Files with the line ends of another system."""
        _, options = self.owner(1)
        for name in ('godh', 'session'):
            text = (self.dir / name).read_bytes()
            (self.dir / name).write_bytes(b'\r\n'.join(
                text[at:at + 64] for at in range(0, len(text), 64)) + b' \r\n')
        self.start(options)

    def test_missing_device(self):
        """A device that is not there."""
        self.refused(',sev-device=/nowhere', names=('/nowhere',))

    def test_no_es(self):
        """A host whose firmware does not run SEV-ES."""
        self.refused(',policy=5', host={'sev': 'no-es'},
                     names=('policy 0x5', 'SEV-ES', 'policy 0x1'))

    def test_no_es_late(self):
        """Such a host, if KVM has no SEV-ES."""
        self.refused(',policy=5', host={'sev': 'no-es', 'init': 'late'},
                     names=('KVM_SEV_ES_INIT', 'SEV-ES', 'kvm_amd'))

    def test_cbitpos(self):
        """The C-bit is where the host has it."""
        self.refused(',cbitpos=47', names=('cbitpos=47', '51'))

    def test_cbitpos_of_host(self):
        """First EPYCs have it elsewhere."""
        qemu = self.start(',cbitpos=47', host={'cbitpos': 47})
        self.assertEqual(qemu.qmp('query-sev-capabilities')['cbitpos'], 47)

    def test_reduced_phys_bits(self):
        """1 to 63."""
        self.refused(',reduced-phys-bits=64', names=('reduced-phys-bits=64',))

    def test_old_kernel(self):
        """A kernel without the newer interface."""
        self.refused(',legacy-vm-type=off', host={'vm_types': 0},
                     names=('legacy-vm-type=off', '6.10', 'SEV'))

    def test_old_kernel_legacy(self):
        """It still has the older one."""
        qemu = self.start(host={'vm_types': 0})
        self.assertIn('KVM_SEV_INIT\n', qemu.log())

    def test_es_no_irqchip(self):
        """SEV-ES without KVM's irqchip."""
        self.refused(',policy=5', machine='q35,kernel-irqchip=off',
                     names=('irqchip', 'kernel-irqchip=off'))

    def test_es_smm(self):
        """There is no way into SMM with encrypted registers."""
        self.refused(',policy=5', machine='q35,smm=on',
                     names=('System Management Mode',))

    def test_es_no_reset_block(self):
        """Firmware that was not built for SEV-ES."""
        (self.dir / 'plain').write_bytes(bytes(65536))
        self.refused(',policy=5', '-bios', 'plain', names=('reset block',))

    def test_es_reset_block_zero(self):
        """Firmware that gives no address."""
        block = (double.formats.RESET_BLOCK[0], bytes(4))
        (self.dir / 'zero').write_bytes(double.formats.firmware(65536,
                                                                [block]))
        self.refused(',policy=5', '-bios', 'zero', names=('reset block',))

    def test_state_file(self):
        """The identity of real hardware is not in a file."""
        self.refused(',state-file=identity', names=('state-file', 'tcg'))

    def test_emulated(self):
        """sev-emulated is not for KVM."""
        args = [arg.replace('sev-guest', 'sev-emulated')
                for arg in self.arguments('')]
        qemu = double.Qemu(self.dir, args, self.env())
        self.addCleanup(qemu.stop)
        self.assertFalse(qemu.greet())
        self.assertEqual(qemu.wait(), 1)
        self.assertIn('-accel tcg', qemu.words())

    def test_newer_api(self):
        """A policy for firmware to come."""
        self.refused(',policy=0xff020001', names=('SEV API 2.255', '1.51'))

    def test_bad_secret(self):
        """A packet that somebody changed leaves the VM as it was."""
        owner, options = self.owner(1)
        qemu = self.start(options)
        blob = base64.b64decode(qemu.qmp('query-sev-launch-measure')['data'])
        header, payload = owner.packet(blob[:32], bytes(64))
        wrong = base64.b64encode(bytes(64)).decode()
        with self.assertRaisesRegex(QmpError, 'LAUNCH_SECRET.*'
                                    r'BAD_MEASUREMENT \(0x0b\)'):
            qemu.qmp('sev-inject-launch-secret', **{
                'packet-header': header, 'secret': wrong})
        qemu.qmp('sev-inject-launch-secret', **{
            'packet-header': header, 'secret': payload})

    def test_other_session(self):
        """A session made for another policy."""
        _, options = self.owner(1)
        self.refused(options.replace('policy=1', 'policy=3'),
                     names=('LAUNCH_START', 'BAD_MEASUREMENT (0x0b)',
                            'policy 0x3'))

    def test_session_blamed(self):
        """The session is not to blame when KVM refuses the VM."""
        _, options = self.owner(1)
        qemu = self.refused(options, fault=('KVM_SEV_INIT', 1, 'errno', 25),
                            names=('KVM_SEV_INIT', 'kvm_amd'))
        self.assertNotIn('session', qemu.words())

    def test_handle(self):
        """No such guest to share a key with."""
        self.refused(',handle=7', names=('INVALID_GUEST (0x10)', 'handle=7'))


if __name__ == '__main__':
    double.main()
