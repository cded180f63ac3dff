# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples of the user's manual, run as they stand."""

import base64
import os
import re
import subprocess
import sys
import time

import common
from common import GUEST_DIR, HERE, KERNEL, OVMF, OVMF_WITHOUT_AREAS
from libvirt_daemon import URI, VIRSH, DomainTest
from manual import Reader, examples

DOCS = HERE.parents[2] / 'docs'
SYSTEM = DOCS / 'system/i386'
QAPI = common.BOOT_DIR / 'src/qapi'
DOUBLE = os.environ.get('KVM_DOUBLE', '')


def sev_properties(*names):
    """The properties in these structures of the schema."""
    schema = (QAPI / 'qom.json').read_text(encoding='utf-8')
    for name in names:
        struct = schema.split(f"'struct': '{name}'")[1].split('} }')[0]
        data = struct.split("'data':")[1]
        yield from re.findall(r"'\*?([a-z-]+)': '", data)


@common.need(OVMF, OVMF_WITHOUT_AREAS, KERNEL)
class ManualTest(common.LaunchTest):
    """Pages that need no more than QEMU and qemu-sev."""

    def setUp(self):
        super().setUp()
        programs = self.dir / 'bin'
        programs.mkdir()
        for name, file in (('qemu-system-x86_64', common.QEMU),
                           ('qemu-system-x86_64-sev-emulated', common.QEMU),
                           ('qemu-sev', common.QEMU_SEV),
                           ('python3', sys.executable)):
            os.symlink(file, programs / name)
        for file in OVMF, OVMF_WITHOUT_AREAS, KERNEL:
            os.symlink(os.path.realpath(file), self.dir / file.name)
        self.env = {**os.environ,
                    'PATH': f'{programs}:{os.environ["PATH"]}'}

    def read(self, page):
        """Type in all of a page; how many examples it has."""
        reader = Reader(self, self.path(''), self.env)
        self.addCleanup(reader.close)
        count = 0
        for example in examples(page):
            with self.subTest(page=page.name, line=example.line):
                reader.do(example)
            count += 1
        return count

    def test_overview(self):
        """The quick start, up to the monitor's answer."""
        page = SYSTEM / 'amd-memory-encryption.rst'
        reader = Reader(self, self.path(''), self.env)
        self.addCleanup(reader.close)
        start, show = examples(page)
        reader.do(start)
        end = time.monotonic() + common.PATIENCE
        log = self.dir / 'log'
        while 'Memory Encryption Features active: AMD SEV' not in \
                log.read_text(encoding='utf-8', errors='replace'):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        reader.do(show)

    def test_launch(self):
        """From the certificates to the secret."""
        self.assertGreater(self.read(SYSTEM / 'sev-launch.rst'), 8)

    def test_reference(self):
        """Each property and each command."""
        page = SYSTEM / 'sev-reference.rst'
        self.assertGreater(self.read(page), 15)
        text = '\n'.join(example.text for example in examples(page))
        names = list(sev_properties('SevCommonProperties',
                                    'SevGuestProperties',
                                    'SevEmulatedProperties'))
        self.assertIn('tik', names)
        self.assertIn('kernel-hashes', names)
        for name in names:
            self.assertIn(f'{name}=', text)
        schema = ''.join((QAPI / name).read_text(encoding='utf-8')
                         for name in ('misc-target.json', 'sev-target.json'))
        commands = re.findall(r"'command': '([a-z-]*sev[a-z-]*)'", schema)
        self.assertEqual(len(commands), 6, commands)
        for name in (*commands, 'SEV_STATE_CHANGE'):
            self.assertIn(f'"{name}"', text)

    def test_diagnosis(self):
        """The warnings that are shown are those of guests with bugs."""
        page = (SYSTEM / 'sev-reference.rst').read_text(encoding='utf-8')
        shown = re.findall(r'code-block:: none\n\n(.*?)\n\n', page, re.S)
        for guest, warning in zip(('dma-private', 'views-change'), shown,
                                  strict=True):
            done = subprocess.run(
                [common.QEMU, '-accel', 'tcg', '-cpu', 'max', '-m', '64M',
                 '-nodefaults', '-display', 'none', '-bios',
                 str(GUEST_DIR / f'{guest}.fd'),
                 '-machine', 'q35,memory-encryption=sev0',
                 '-object', 'sev-guest,id=sev0,diagnose=first,'
                 'diagnose-vcpus=on',
                 '-device', 'isa-debug-exit,iobase=0xf4,iosize=4',
                 '-device', 'e1000,id=net0'],
                check=False, text=True, stderr=subprocess.PIPE,
                timeout=common.PATIENCE)
            self.assertRegex(done.stderr,
                             re.sub('0x[0-9a-f]+', '0x[0-9a-f]+',
                                    re.escape(' '.join(warning.split()))))

    def test_snp(self):
        """SEV-SNP, on a double of the kernel's interface."""
        if not os.path.exists(DOUBLE):
            self.skipTest('no double of KVM')
        self.env.update(LD_PRELOAD=DOUBLE, ASAN_OPTIONS=
                        os.environ.get('ASAN_OPTIONS', '') +
                        ':verify_asan_link_order=0:detect_leaks=0')
        page = SYSTEM / 'sev-snp.rst'
        self.make_id_block(page)
        self.assertGreater(self.read(page), 10)
        text = '\n'.join(example.text for example in examples(page))
        for name in sev_properties('SevSnpGuestProperties'):
            self.assertIn(f'{name}=', text)

    def make_id_block(self, page):
        """The files that the owner of the page's guest would make."""
        sys.path.insert(1, str(HERE.parents[1] / 'kvm-double'))
        # pylint: disable=import-outside-toplevel,import-error
        import snp
        import vmsa
        reader = Reader(self, self.path(''), self.env)
        self.addCleanup(reader.close)
        variables = next(example for example in examples(page)
                         if 'SNP_VM=' in example.text)
        reader.do(variables)
        reader.start('qemu-system-x86_64 $SNP_VM '
                     '-object sev-snp-guest,id=sev0')
        ranges = reader.qmp.execute('query-sev-measured-ranges')
        reader.close()
        digest = snp.extend(
            bytes.fromhex(ranges[-1]['launch-digest']), snp.VMSA,
            snp.VMSA_GPA, vmsa.build(with_fpu=True, features=1))
        block = snp.id_block(digest)
        auth = snp.id_auth(block, snp.key(), author=snp.key())
        for name, data in ('id-block', block), ('id-auth', auth):
            (self.dir / f'{name}.b64').write_bytes(base64.b64encode(data))

    def test_troubleshooting(self):
        """Each message is got in the way that the page says."""
        page = SYSTEM / 'sev-troubleshooting.rst'
        self.assertGreater(self.read(page), 8)
        self.check_quoted(page)

    def check_quoted(self, page):
        """What needs hardware is quoted; the words must be in the sources."""
        sources = ''.join(
            file.read_text(encoding='utf-8')
            for file in (QAPI.parent / 'target/i386/sev').rglob('*.[ch]'))
        sources = re.sub(r'"\s+"', '', sources)
        text = ' '.join(page.read_text(encoding='utf-8').split())
        quoted = [words for words in re.findall('``(.*?)``', text)
                  if ' ' in words and words[0] not in '-\'"']
        self.assertEqual(len(quoted), 4, quoted)
        for words in quoted:
            for part in re.split(r" \.\.\. |'[^']*'", words):
                part = re.sub(r' \(0x[0-9a-f]+\)', '', part).strip()
                self.assertTrue(part in sources, part)

    def test_tool(self):
        """The owner's steps in the tool's own page."""
        page = DOCS / 'tools/qemu-sev.rst'
        self.assertGreater(self.read(page), 1)
        text = page.read_text(encoding='utf-8')
        commands = re.findall('^  (.*?)  ', self.help_of(), re.M)
        self.assertIn('secret build', commands)
        for command in commands:
            self.assertIn(f'option:: {command}', text)
            for option in re.findall('^  (?:-., )?(--[a-z0-9-]+)',
                                     self.help_of(*command.split()), re.M):
                self.assertIn(option, text, command)

    @staticmethod
    def help_of(*command):
        """What the tool says of itself."""
        return subprocess.run([common.QEMU_SEV, *command, '--help'],
                              check=True, text=True,
                              stdout=subprocess.PIPE).stdout


@common.need(OVMF, KERNEL)
class LibvirtManualTest(DomainTest):
    """The page on libvirt, with a daemon at hand."""

    page = SYSTEM / 'sev-libvirt.rst'

    def test_page(self):
        """Its domain, with our emulator and our files; its commands."""
        self.write_domain()
        for name, key in (('vm_tik.bin', self.owner.tik),
                          ('vm_tek.bin', self.owner.tek)):
            (self.dir / name).write_bytes(key)
        for file in OVMF, KERNEL:
            os.symlink(os.path.realpath(file), self.dir / file.name)
        self.read()

    def test_first_proposal(self):
        """Its words, rewritten as the table says."""
        rows = dict(re.findall(r'\* - ``(<.*>)``\n +- (?:``(<.*>)``)?',
                               self.page.read_text(encoding='utf-8')))
        self.assertEqual(len(rows), 5, rows)
        first = '<cbitpos>47</cbitpos>', \
            '<reduced-phys-bits>5</reduced-phys-bits>'
        self.write_domain(''.join(rows[word] or word for word in first))
        self.virsh('create', '--paused', self.path('domain.xml'))
        self.assertIn('C-bit: 47, reduced physical bits: 5',
                      self.virsh('qemu-monitor-command', 'sev', '--hmp',
                                 'info sev'))

    def write_domain(self, more=''):
        """The page's domain, with @more in its launchSecurity."""
        text = self.page.read_text(encoding='utf-8')
        files = self.owner.make_session(self.platform().pdh, 1)
        xml = re.search(r'<domain.*?</domain>', text, re.S)[0]
        for old, new in (
                ('/var/lib/libvirt/images/vmlinuz', os.path.realpath(KERNEL)),
                ('/usr/bin/qemu-system-x86_64-sev-emulated', self.emulated),
                ('<dhCert>...', f'<dhCert>{self.text(files.dh_cert)}'),
                ('<session>...', f'<session>{self.text(files.session)}'),
                ('</launchSecurity>', f'{more}</launchSecurity>')):
            self.assertIn(old, xml)
            xml = xml.replace(old, new)
        (self.dir / 'domain.xml').write_text(xml, encoding='utf-8')
        self.addCleanup(self.try_virsh, 'destroy', 'sev')

    @staticmethod
    def text(file):
        """A file's text."""
        with open(file, encoding='ascii') as content:
            return content.read()

    def read(self):
        """virsh without its options, as in the page."""
        programs = self.dir / 'bin'
        programs.mkdir()
        os.symlink(common.QEMU_SEV, programs / 'qemu-sev')
        common.script(programs / 'virsh',
                      f'exec {VIRSH} -c {URI} "$@"')
        env = {**self.env, 'URI': URI, 'EMULATOR': self.emulated,
               'PATH': f'{programs}:{self.env["PATH"]}'}
        reader = Reader(self, self.path(''), env, self.user)
        for example in examples(self.page):
            with self.subTest(line=example.line):
                reader.do(example)


if __name__ == '__main__':
    common.main()
