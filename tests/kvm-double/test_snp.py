# SPDX-License-Identifier: GPL-2.0-or-later
"""
SEV-SNP guests under KVM: the calls in their order, what is measured, CPUID,
private memory, and what is refused.

UPDATE_EXPECTED=1 writes the files of expected calls anew.
"""

import base64
import errno
import hashlib
import os
import re
import struct
import time
from pathlib import Path

import double
import snp
import vmsa
from double import (CPUID, FIRMWARE_SIZE, HASHES, MEMORY, SECRETS, SECTIONS,
                    DoubleTest, QmpError, formats, snp_firmware, snp_metadata)

AP_START = int.from_bytes(formats.RESET_BLOCK[1], 'little')
CPUID_GPA = 0x80e000
HASHES_GPA, HASH_AREA = 0x810000, 0x810c00


def b64(data):
    """For a property."""
    return base64.b64encode(data).decode()


class SnpTest(DoubleTest):
    """A test with a SEV-SNP guest."""

    def digest(self, vcpus=1, table=None):
        """The launch digest, step by step: after each range, and at last."""
        steps = [snp.extend_range(bytes(48), snp.NORMAL,
                                  (1 << 32) - FIRMWARE_SIZE, FIRMWARE_SIZE,
                                  self.firmware)]
        for gpa, size, kind in SECTIONS:
            measured, data = snp.ZERO, None
            if kind == HASHES and table:
                measured = snp.NORMAL
                data = (bytes(HASH_AREA - gpa) + table).ljust(size, b'\0')
            elif kind in (SECRETS, CPUID):
                measured = snp.SECRETS if kind == SECRETS else snp.CPUID
            steps.append(snp.extend_range(steps[-1], measured, gpa, size,
                                          data))
        digest = steps[-1]
        for i in range(vcpus):
            page = vmsa.build(AP_START if i else 0xfffffff0, with_fpu=True,
                              features=1)
            digest = snp.extend(digest, snp.VMSA, snp.VMSA_GPA, page)
        return steps, digest

    def check_digest(self, qemu, vcpus=1, table=None):
        """What QEMU and the firmware have, against our computation."""
        steps, digest = self.digest(vcpus, table)
        ranges = qemu.qmp('query-sev-measured-ranges')
        self.assertEqual([r['launch-digest'] for r in ranges],
                         [step.hex() for step in steps])
        qemu.qmp('cont')
        found = re.findall('launch digest (.*)', qemu.log())
        self.assertEqual(found, [digest.hex()])

    def memory(self, qemu, gpa, size):
        """The shared side of guest memory, which the host can read."""
        path = self.dir / 'memory'
        qemu.qmp('pmemsave', val=gpa, size=size, filename=str(path))
        return path.read_bytes()


class SequenceTest(SnpTest):
    """Each method ends with the name of a file of expected calls."""

    def sequence(self, name, *args, vcpus=1, table=None, **kwargs):
        """Launch, run and end."""
        qemu = self.start(*args, **kwargs)
        info = qemu.qmp('query-sev')
        self.assertEqual((info['enabled'], info['state'], info['sev-type']),
                         (True, 'launch-update', 'sev-snp'))
        self.check_digest(qemu, vcpus, table)
        self.assertEqual(qemu.qmp('query-sev')['state'], 'running')
        self.assertIn('SEV_STATE_CHANGE', qemu.events)
        self.assertEqual(qemu.quit(), 0, qemu.words())
        self.assertNotIn('REFUSED', qemu.log())
        self.expect(qemu, name)

    def test_snp(self):
        """One processor."""
        self.sequence('snp', 'snp')

    def test_defaults(self):
        """What the properties are if they are not given."""
        self.sequence('snp', 'snp,policy=0x30000,cbitpos=51,'
                      'reduced-phys-bits=1,kernel-hashes=off,'
                      'author-key-enabled=off,vcek-disabled=off,'
                      f'host-data={b64(bytes(32))},'
                      f'guest-visible-workarounds={b64(bytes(16))},'
                      'sev-device=/dev/sev')

    def test_old_machine(self):
        """Older machine types change nothing."""
        self.sequence('snp', 'snp', machine='pc-q35-9.0')

    def test_snp_4(self):
        """Four processors."""
        self.sequence('snp-4', 'snp', '-smp', '4', vcpus=4)

    def test_hashes(self):
        """Hashes of the kernel."""
        (kernel, initrd, cmdline), args = self.kernel()
        table = formats.kernel_hashes(kernel, initrd, cmdline.encode())
        self.sequence('snp-hashes', 'snp,kernel-hashes=on', *args,
                      table=table)

    def test_hashes_4(self):
        """Hashes and four processors."""
        (kernel, initrd, cmdline), args = self.kernel()
        table = formats.kernel_hashes(kernel, initrd, cmdline.encode())
        self.sequence('snp-hashes-4', 'snp,kernel-hashes=on', '-smp', '4',
                      *args, table=table, vcpus=4)

    def test_kernel_without_hashes(self):
        """They are not measured unasked."""
        _, args = self.kernel()
        self.sequence('snp-kernel', 'snp', *args)

    def test_blobs(self):
        """What the guest and its reports get to know."""
        self.sequence('snp-blobs', 'snp,policy=0xb0000,vcek-disabled=on,'
                      f'host-data={b64(bytes(range(32)))},'
                      f'guest-visible-workarounds={b64(bytes(range(16)))}')

    def test_split_irqchip(self):
        """A part of KVM's irqchip will do."""
        self.sequence('snp', 'snp', machine='q35,kernel-irqchip=split')

    def test_no_smm(self):
        """That there is no SMM may be said."""
        self.sequence('snp', 'snp', machine='q35,smm=off')

    def test_pc(self):
        """The other machine type."""
        self.sequence('snp-pc', 'snp', machine='pc')

    def test_partial(self):
        """KVM takes a few pages at a time."""
        self.sequence('snp-partial', 'snp', host={'update_pages': 7})

    def test_backend_ram(self):
        """Memory backends of each kind have private memory."""
        self.sequence('snp-backend', 'snp', '-object',
                      'memory-backend-ram,id=mem,size=64M',
                      machine='q35,memory-backend=mem')

    def test_backend_memfd(self):
        """A memory file."""
        self.sequence('snp-backend', 'snp', '-object',
                      'memory-backend-memfd,id=mem,size=64M,share=on',
                      machine='q35,memory-backend=mem')

    def test_backend_file(self):
        """A file, whose content does not matter."""
        (self.dir / 'ram').write_bytes(b'\xa5' * (64 << 20))
        self.sequence('snp-backend', 'snp', '-object',
                      'memory-backend-file,id=mem,size=64M,mem-path=ram,'
                      'share=on', machine='q35,memory-backend=mem')

    def test_backend_file_hashes(self):
        """Not even around the hashes."""
        (self.dir / 'ram').write_bytes(b'\xa5' * (64 << 20))
        (kernel, initrd, cmdline), args = self.kernel()
        table = formats.kernel_hashes(kernel, initrd, cmdline.encode())
        qemu = self.start('snp,kernel-hashes=on', '-object',
                          'memory-backend-file,id=mem,size=64M,mem-path=ram,'
                          'share=on', *args, machine='q35,memory-backend=mem')
        self.check_digest(qemu, table=table)

    def test_backend_shm(self):
        """Shared memory."""
        self.sequence('snp-backend', 'snp', '-object',
                      'memory-backend-shm,id=mem,size=64M',
                      machine='q35,memory-backend=mem')

    def test_numa(self):
        """Two nodes: two pieces of private memory."""
        self.sequence('snp-numa', 'snp', '-object',
                      'memory-backend-ram,id=a,size=32M', '-object',
                      'memory-backend-ram,id=b,size=32M', '-numa',
                      'node,memdev=a', '-numa', 'node,memdev=b')

    def test_look_first(self):
        """Somebody looks at registers before they are measured."""
        qemu = self.start('snp', '-smp', '2')
        qemu.qmp('human-monitor-command',
                 **{'command-line': 'info registers -a'})
        self.check_digest(qemu, vcpus=2)
        for _ in range(10):
            self.assertEqual(qemu.qmp('query-status')['status'], 'running')
            time.sleep(0.01)
        self.assertNotIn('REFUSED', qemu.log())

    def test_reset_first(self):
        """A reset before the guest runs changes nothing."""
        qemu = self.start('snp', '-smp', '2')
        qemu.qmp('system_reset')
        while 'RESET' not in qemu.events:
            qemu.qmp('query-status')
        self.check_digest(qemu, vcpus=2)
        self.assertNotIn('REFUSED', qemu.log())

    def test_memory_hotplug(self):
        """Memory that comes is private too."""
        qemu = self.start('snp', '-m', '64,slots=1,maxmem=1G')
        qemu.qmp('object-add', **{'qom-type': 'memory-backend-ram',
                                  'id': 'mem1', 'size': 1 << 27})
        qemu.qmp('device_add', driver='pc-dimm', id='dimm1', memdev='mem1')
        qemu.qmp('cont')
        self.assertEqual(qemu.quit(), 0)
        self.expect(qemu, 'snp-hotplug')


class OvmfTest(SnpTest):
    """OVMF's AmdSev build, with what sev-snp-measure 0.0.13 says of it."""

    IMAGE = Path(os.environ.get('SEV_BOOT_DIR', ''),
                 'firmware/OVMF.amdsev.fd')
    SHA256 = ('3e4fd0b3fe3b2dbe481c3d9e99418a03'
              '4174f26cbe1f55aa212b0f18c12d2d6f')
    DIGEST = ('a3c946257b3cef8f1e25dd03cb84f9f01313ae9135c32acc7e01f4204aa447aa'
              'a196530d5999be0f114462d2546cd02d')

    def test_known(self):
        """Two processors of type EPYC-v4."""
        if not self.IMAGE.is_file():
            self.skipTest('no OVMF')
        image = self.IMAGE.read_bytes()
        if hashlib.sha256(image).hexdigest() != self.SHA256:
            self.skipTest('another version of OVMF')
        qemu = self.start('snp', '-smp', '2', '-bios', str(self.IMAGE))
        qemu.qmp('cont')
        self.assertIn(f'launch digest {self.DIGEST}\n', qemu.log())


class IdTest(SnpTest):
    """An ID block says which launch digest the firmware lets pass."""

    def files(self, digest, author=None, policy=snp.POLICY, auth=None):
        """The properties."""
        block = snp.id_block(digest, policy)
        auth = auth or snp.id_auth(block, snp.key(), author)
        return f'snp,id-block={b64(block)},id-auth={b64(auth)}'

    def ends(self, options, names):
        """The launch must fail when the guest is to run."""
        qemu = self.start(options)
        with self.assertRaises(EOFError):
            qemu.qmp('cont')
        self.assertEqual(qemu.wait(), 1)
        for name in names:
            self.assertIn(name, qemu.words())

    def test_id(self):
        """The right digest."""
        _, digest = self.digest()
        qemu = self.start(self.files(digest))
        self.check_digest(qemu)
        self.assertIn('FINISH id_block 1 auth_key 0', qemu.log())

    def test_author(self):
        """And an author's key."""
        _, digest = self.digest()
        qemu = self.start(self.files(digest, snp.key())
                          + ',author-key-enabled=on')
        self.check_digest(qemu)
        self.assertIn('FINISH id_block 1 auth_key 1', qemu.log())

    def test_wrong_digest(self):
        """Another firmware image, say."""
        _, digest = self.digest(2)
        self.ends(self.files(digest), (
            'SNP_LAUNCH_FINISH', 'BAD_MEASUREMENT (0x0b)', digest.hex()))

    def test_wrong_signature(self):
        """Signed for another block."""
        _, digest = self.digest()
        auth = snp.id_auth(snp.id_block(bytes(48)), snp.key())
        self.ends(self.files(digest, auth=auth), (
            'SNP_LAUNCH_FINISH', 'BAD_SIGNATURE (0x0a)'))

    def test_wrong_author(self):
        """There is no author's key."""
        _, digest = self.digest()
        self.ends(self.files(digest) + ',author-key-enabled=on',
                  ('SNP_LAUNCH_FINISH',))

    def test_other_policy(self):
        """For another policy."""
        self.refused(self.files(bytes(48), policy=0xb0000),
                     names=('id-block', '0xb0000', '0x30000'))

    def test_incomplete(self):
        """One without the other."""
        block, auth = b64(bytes(96)), b64(bytes(4096))
        for options, names in (
                (f',id-block={block}', ('id-block', 'no id-auth')),
                (f',id-auth={auth}', ('id-auth', 'no id-block')),
                (',author-key-enabled=on', ('author-key-enabled', 'id-auth'))):
            with self.subTest(options[:20]):
                self.refused('snp' + options, names=names)

    def test_sizes(self):
        """Each has a size."""
        for name, size in (('id-block', 96), ('id-auth', 4096),
                           ('host-data', 32),
                           ('guest-visible-workarounds', 16)):
            for wrong in (size - 1, size + 1, 1):
                with self.subTest(name=name, size=wrong):
                    self.refused(f'snp,{name}={b64(bytes(wrong))}', names=(
                        name, f'{wrong} bytes', f'{size}'))
            with self.subTest(name=name):
                self.refused(f'snp,{name}=#', names=(name, 'base64'))


class CpuidTest(SnpTest):
    """The page of CPUID."""

    def leaves(self, qemu):
        """What QEMU submitted; it is still on the shared side."""
        page = self.memory(qemu, CPUID_GPA, 4096)
        count, zero1, zero2 = struct.unpack_from('<IIQ', page)
        self.assertEqual((zero1, zero2), (0, 0))
        self.assertLessEqual(count, 64)
        self.assertFalse(any(page[16 + 48 * count:]))
        entries = [struct.unpack_from('<IIQQIIIIQ', page, 16 + 48 * i)
                   for i in range(count)]
        leaves = {(e[0], e[1]): e[2:] for e in entries}
        self.assertEqual(len(leaves), count, 'a leaf twice')
        return leaves

    def test_page(self):
        """What is in it, and what is not."""
        leaves = self.leaves(self.start('snp'))
        for entry in leaves.values():
            self.assertTrue(any(entry[2:6]), 'an empty leaf')
            self.assertEqual(entry[6], 0)
        # xcr0, xss, eax, ebx, ecx, edx
        sev = leaves[(0x8000001f, 0)]
        self.assertEqual(sev[2] & 0x1a, 0x1a, 'SEV, SEV-ES and SEV-SNP')
        self.assertEqual(sev[3] & 0xfff, 51 | 1 << 6)
        for subleaf in (0, 1):
            self.assertEqual(leaves[(0xd, subleaf)][:2], (1, 0))
            self.assertEqual(leaves[(0xd, subleaf)][3], 0x240)
        self.assertEqual(leaves[(0xd, 2)][:2], (0, 0))
        self.assertFalse(leaves[(1, 0)][4] & 1 << 24, 'TSC deadline')
        self.assertFalse(leaves[(7, 0)][3] & 1 << 1, 'TSC_ADJUST')
        self.assertFalse(leaves[(7, 0)][5] & 0xfc << 24)
        self.assertIn((0x40000000, 0), leaves)
        self.assertEqual(struct.pack('<III', *leaves[(0x40000000, 0)][3:6]),
                         b'KVMKVMKVM\0\0\0')

    def test_masked(self):
        """What no SNP guest may have is taken away even if asked for."""
        qemu = self.start('snp', '-cpu', 'EPYC-v4,tsc-deadline=on,'
                          'spec-ctrl=on,stibp=on,virt-ssbd=on,tsc-adjust=on')
        leaves = self.leaves(qemu)
        self.assertFalse(leaves[(1, 0)][4] & 1 << 24)
        self.assertFalse(leaves[(7, 0)][3] & 1 << 1)
        self.assertFalse(leaves.get((0x80000008, 0), (0,) * 7)[3] & 1 << 25)

    def test_refused(self):
        """The firmware lacks features: the error names them."""
        qemu = self.refused('snp', host={
            'no_cpuid': '7 0 ebx 0x120,1 0 ecx 0x1000'})
        for name in ('SNP_LAUNCH_UPDATE', 'INVALID_PARAM (0x16)',
                     'type 0x3', '0x80e000',
                     'leaf 0x7 subleaf 0x0: EBX', 'leaf 0x1 subleaf 0x0: ECX',
                     '(avx2, bmi2)', '(fma)', '-cpu MODEL,FEATURE=off'):
            self.assertIn(name, qemu.words())
        self.assertEqual(qemu.words().count('subleaf'), 2, qemu.words())

    def test_way_out(self):
        """Without them it works."""
        self.start('snp', '-cpu', 'EPYC-v4,avx2=off,bmi2=off,fma=off', host={
            'no_cpuid': '7 0 ebx 0x120,1 0 ecx 0x1000'})

    def test_get_fails(self):
        """KVM does not say."""
        self.refused('snp', fault=('KVM_GET_CPUID2', 1, 'errno', errno.E2BIG),
                     names=('KVM_GET_CPUID2', 'errno 7'))


class MemoryTest(SnpTest):
    """Private and shared memory while the guest runs."""

    def exits(self, *lines):
        """Start, run, and let the guest do it; returns QEMU."""
        (self.dir / 'exits').write_text('')
        qemu = self.start('snp')
        qemu.qmp('cont')
        start = len(qemu.log())
        (self.dir / 'exits').write_text(''.join(f'{x}\n' for x in lines))
        end = time.monotonic() + double.PATIENCE
        calls = sum(line.startswith(('map-gpa', 'memory-fault'))
                    for line in lines)
        while True:
            log = qemu.log()[start:]
            if (log.count('KVM_HC_MAP_GPA') + log.count('MEMORY_FAULT')
                    >= calls and log.count('answer')
                    == log.count('KVM_HC_MAP_GPA')):
                break
            self.assertLess(time.monotonic(), end, log)
            time.sleep(0.01)
        qemu.qmp('query-status')
        time.sleep(0.1)
        return qemu, qemu.log()[start:].splitlines()

    def test_share(self):
        """The guest shares a page, and the private one is given back."""
        qemu, log = self.exits('map-gpa 0x900000 2 shared')
        self.assertEqual(log, [
            'KVM_HC_MAP_GPA_RANGE gpa 0x900000 pages 0x2 shared',
            'KVM_SET_MEMORY_ATTRIBUTES gpa 0x900000 size 0x2000 shared',
            'discard guest_memfd 0 + 0x900000 size 0x2000',
            '  answer 0x0'])
        self.assertEqual(qemu.qmp('query-status')['status'], 'running')

    def test_private(self):
        """And takes it back: what was shared is gone."""
        qemu, log = self.exits('map-gpa 0x900000 1 shared',
                               'map-gpa 0x900000 1 private')
        self.assertEqual(log[-3:], [
            'KVM_HC_MAP_GPA_RANGE gpa 0x900000 pages 0x1 private',
            'KVM_SET_MEMORY_ATTRIBUTES gpa 0x900000 size 0x1000 private',
            '  answer 0x0'])
        self.assertEqual(self.memory(qemu, 0x900000, 4096), bytes(4096))

    def test_fault(self):
        """The same without a request."""
        _, log = self.exits('memory-fault 0x900000 0x1000 shared')
        self.assertEqual(log, [
            'KVM_EXIT_MEMORY_FAULT gpa 0x900000 size 0x1000 shared',
            'KVM_SET_MEMORY_ATTRIBUTES gpa 0x900000 size 0x1000 shared',
            'discard guest_memfd 0 + 0x900000 size 0x1000'])


class RefusedTest(SnpTest):
    """What QEMU refuses, and with which words."""

    def image(self, **kwargs):
        """Another firmware image."""
        (self.dir / 'other').write_bytes(snp_firmware(**kwargs))
        return ('-bios', 'other')

    def test_tcg(self):
        """There is no emulated platform with SEV-SNP yet."""
        self.refused('snp', accel='tcg', names=(
            'sev-snp-guest', 'emulated', 'sev-guest', '-accel kvm'))

    def test_old_kernel(self):
        """A kernel without SEV-SNP."""
        self.refused('snp', host={'vm_types': 0xd},
                     names=('SEV-SNP', '6.11', 'sev-guest'))

    def test_no_snp(self):
        """A host without."""
        self.refused('snp', host={'sev': 'no-snp'},
                     names=('SEV-SNP', 'EPYC', 'sev-guest'))

    def test_pflash(self):
        """Flash memory cannot be private."""
        (self.dir / 'flash').write_bytes(self.firmware)
        self.refused('snp', '-drive',
                     'if=pflash,format=raw,readonly=on,file=flash',
                     '-bios', '', names=('pflash', '-bios'))
        self.refused('snp', '-blockdev', 'driver=file,filename=flash,'
                     'node-name=flash0,read-only=on', '-bios', '',
                     machine='q35,pflash0=flash0', names=('pflash', '-bios'))

    def test_smm(self):
        """Nor is there a way into SMM."""
        self.refused('snp', machine='q35,smm=on',
                     names=('System Management Mode', 'smm=off'))

    def test_no_irqchip(self):
        """KVM's irqchip is needed."""
        self.refused('snp', machine='q35,kernel-irqchip=off',
                     names=('irqchip', 'kernel-irqchip=off'))

    def test_bad_policy(self):
        """Policies that cannot be."""
        for policy, names in ((0, ('policy 0x0', 'bit 17', '0x20000')),
                              (0x30001 | 2 << 8, ('SEV API 2.1', '1.51')),
                              (1 << 40 | 0x30000, (
                                  'KVM_SEV_SNP_LAUNCH_START', 'unknown bits'))):
            with self.subTest(policy=policy):
                self.refused(f'snp,policy={policy}', names=names)

    def test_cbitpos(self):
        """The C-bit is where the host has it."""
        self.refused('snp,cbitpos=47', names=('cbitpos=47', '51'))

    def test_no_metadata(self):
        """Firmware that was not built for SEV-SNP."""
        (self.dir / 'plain').write_bytes(formats.firmware(
            FIRMWARE_SIZE, (formats.RESET_BLOCK,)))
        self.refused('snp', '-bios', 'plain', names=('metadata', 'ovmf'))

    def test_bad_metadata(self):
        """Firmware whose metadata are no good."""
        sections = ((0x800001, 0x1000, MEMORY), (0x800000, 0xfff, MEMORY),
                    (0x800000, 0, MEMORY), (0xfffff000, 0x2000, MEMORY))
        for words, kwargs in [
                ('not in it', {'offset': FIRMWARE_SIZE + 1}),
                ('not in it', {'offset': 15}),
                ('not in it', {'offset': (1 << 32) - 1}),
                ('signature', {'metadata': snp_metadata(signature=b'ASEX')}),
                ('signature', {'offset': 16}),
                ('version 2', {'metadata': snp_metadata(version=2)}),
                ('sections in', {'metadata': struct.pack(
                    '<4sIII', b'ASEV', 16, 1, 1)}),
                ('sections in', {'metadata': struct.pack(
                    '<4sIII', b'ASEV', 15, 1, 0)}),
                ('sections in', {'metadata': struct.pack(
                    '<4sIII', b'ASEV', 0x401, 1, 0)}),
                ('sections in', {'metadata': struct.pack(
                    '<4sIII', b'ASEV', 0x400, 1, 0xffffffff)}),
        ] + [('whole pages', {'metadata': snp_metadata((section,))})
             for section in sections]:
            with self.subTest(kwargs=kwargs):
                self.refused('snp', *self.image(**kwargs),
                             names=('metadata', words))

    def test_bad_section(self):
        """A section that cannot be."""
        for section, words in (
                ((0x800000, 0x1000, 9), 'not known'),
                ((0x70000000, 0x1000, MEMORY), 'not all in guest RAM'),
                ((0x3fff000, 0x2000, MEMORY), 'not all in guest RAM'),
                ((0xffff0000, 0x1000, MEMORY), 'KVM_SEV_SNP_LAUNCH_UPDATE'),
                ((0x80e000, 0x2000, CPUID), '0x2000 bytes instead of 0x1000')):
            with self.subTest(section=section):
                self.refused('snp', *self.image(
                    metadata=snp_metadata((section,))), names=(
                        'section of type', f'{section[0]:x}', words))

    def test_overlap(self):
        """A page is launched once."""
        self.refused('snp', *self.image(metadata=snp_metadata(
            (SECTIONS[0], SECTIONS[0]))), names=(
                'KVM_SEV_SNP_LAUNCH_UPDATE', 'type 0x1'))

    def test_hashes_no_section(self):
        """Firmware that has no pages for hashes."""
        _, args = self.kernel()
        self.refused('snp,kernel-hashes=on', *args, *self.image(
            metadata=snp_metadata(SECTIONS[:-1])),
            names=('kernel-hashes=on', 'section'))

    def test_hashes_elsewhere(self):
        """Firmware that has them elsewhere."""
        _, args = self.kernel()
        for gpa in (HASHES_GPA - 0x1000, HASHES_GPA + 0x1000):
            with self.subTest(gpa=gpa):
                self.refused('snp,kernel-hashes=on', *args, *self.image(
                    metadata=snp_metadata(((gpa, 0x1000, HASHES),))),
                    names=('kernel hash area', '0x810c00'))

    def test_hashes_no_area(self):
        """Firmware that has no table for them."""
        _, args = self.kernel()
        self.refused('snp,kernel-hashes=on', *args, *self.image(
            entries=(formats.RESET_BLOCK,)),
            names=('kernel-hashes=on', 'kernel hash area'))

    def test_hashes_no_kernel(self):
        """Hashes of nothing are none."""
        qemu = self.start('snp,kernel-hashes=on')
        self.assertIn("warning: kernel-hashes=on of 'sev0' has no effect "
                      'without -kernel', qemu.words())
        qemu.qmp('cont')
        self.assertEqual(qemu.quit(), 0)
        self.expect(qemu, 'snp')

    def test_hashes_multiboot(self):
        """A kernel that is no bzImage would run unmeasured."""
        header = struct.pack('<III', 0x1badb002, 0x10000, -0x1baeb002 % 2**32)
        (self.dir / 'multiboot').write_bytes(header + struct.pack(
            '<IIIII', 0x100000, 0x100000, 0, 0, 0x100020) + bytes(4096))
        self.refused('snp,kernel-hashes=on', '-kernel', 'multiboot',
                     names=('kernel-hashes=on', 'bzImage', 'multiboot'))

    def test_migration_agent(self):
        """A policy that KVM does not pass on."""
        self.refused('snp,policy=0x70000',
                     names=('KVM_SEV_SNP_LAUNCH_START', 'this policy',
                            'migration agent'))

    def test_no_reset_block(self):
        """Firmware that does not say where processors start."""
        self.refused('snp', *self.image(entries=()), names=('reset block',))

    def test_commands(self):
        """Commands for SEV and SEV-ES."""
        qemu = self.start('snp')
        for command, arguments in (
                ('query-sev-launch-measure', {}),
                ('query-sev-attestation-report', {'mnonce': b64(bytes(16))}),
                ('sev-inject-launch-secret',
                 {'packet-header': b64(bytes(52)),
                  'secret': b64(bytes(16)), 'gpa': 0x900000})):
            for run in (False, True):
                with self.subTest(command=command, run=run):
                    with self.assertRaisesRegex(QmpError, 'sev-snp-guest'):
                        qemu.qmp(command, **arguments)
                    if run:
                        qemu.qmp('cont')
                        qemu.qmp('stop')

    def test_query(self):
        """What query-sev and HMP show."""
        qemu = self.start('snp,policy=0xb0000')
        info = qemu.qmp('query-sev')
        self.assertEqual(info, {
            'enabled': True, 'api-major': double.API[0],
            'api-minor': double.API[1], 'build-id': double.BUILD,
            'state': 'launch-update', 'sev-type': 'sev-snp',
            'snp-policy': 0xb0000})
        text = qemu.qmp('human-monitor-command',
                        **{'command-line': 'info sev'})
        for words in ('sev-snp', '0xb0000', 'debugging allowed', 'SMT allowed',
                      'debug: on', 'SMT allowed: on', 'secrets', 'cpuid'):
            self.assertIn(words, text)

    def test_migration(self):
        """It can be neither migrated nor saved."""
        qemu = self.start('snp')
        with self.assertRaisesRegex(QmpError, 'sev0'):
            qemu.qmp('migrate', uri='exec:cat')

    def test_incoming(self):
        """Nor does it come from elsewhere."""
        self.refused('snp', '-incoming', 'defer', names=('-incoming',))

    def test_reset(self):
        """Nor reset once it ran."""
        qemu = self.start('snp')
        qemu.qmp('cont')
        try:
            qemu.qmp('system_reset')
            while True:
                qemu.qmp('query-status')
                time.sleep(0.01)
        except (EOFError, BrokenPipeError):
            pass
        qemu.wait()
        self.assertIn('not resettable', qemu.words())

    def test_cpu_hotplug(self):
        """Nor has it other processors than it was launched with."""
        qemu = self.start('snp', '-smp', '1,maxcpus=2')
        with self.assertRaisesRegex(QmpError, 'SEV'):
            qemu.qmp('device_add', driver='EPYC-v4-x86_64-cpu', id='cpu1',
                     **{'socket-id': 1, 'core-id': 0, 'thread-id': 0})

    def test_properties_fixed(self):
        """Nor can its properties be changed."""
        qemu = self.start('snp')
        for name, value in (('policy', 0x30000), ('vcek-disabled', True),
                            ('host-data', '')):
            with self.subTest(name=name):
                with self.assertRaisesRegex(QmpError, 'fixed'):
                    qemu.qmp('qom-set', path='/objects/sev0', property=name,
                             value=value)

    def test_sev_term(self):
        """The guest asks to be ended."""
        (self.dir / 'exits').write_text('')
        qemu = self.start('snp')
        qemu.qmp('cont')
        (self.dir / 'exits').write_text('sev-term 0\n')
        end = time.monotonic() + double.PATIENCE
        while qemu.qmp('query-status')['status'] == 'running':
            self.assertLess(time.monotonic(), end)
            time.sleep(0.01)


if __name__ == '__main__':
    double.main()
