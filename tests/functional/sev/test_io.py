# SPDX-License-Identifier: GPL-2.0-or-later
"""
An unmodified Debian kernel on OVMF does I/O over devices that see ciphertext
of all that it does not share with them.
"""

import hashlib
import lzma
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

import common
from common import (BOOT_DIR, GUEST_DIR, KERNEL, OVMF, OVMF_WITHOUT_AREAS,
                    Guest, Launch)
from sev_client import initramfs
from sev_client.launch import probe_options, read_platform
from sev_client.vm import Vm

BUSYBOX = BOOT_DIR / 'kernel/busybox'
MODULES = BOOT_DIR / 'kernel/modules'
INIT = common.HERE.parents[1] / 'guest/linux/io.sh'
DRIVER = GUEST_DIR / 'sev-dma'

# What Debian's cloud kernel has not built in, in the order of insmod
NEEDED = ('failover', 'net_failover', 'virtio_net', 'virtio_blk', 'virtio-rng',
          'scsi_common', 'scsi_mod', 'libata', 'libahci', 'ahci', 'crc64',
          'crc64-rocksoft', 'crc-t10dif', 't10-pi', 'sd_mod')

HALF = 2 << 20                          # bytes, as in io.sh
DISKS = ('virtio', 'nvme', 'ahci')
VIRTIO = 'disable-legacy=on,iommu_platform=on'


def module(name):
    """A kernel module's bytes; modules that are built in have none."""
    for file in MODULES.rglob(f'{name}.ko.xz'):
        return lzma.decompress(file.read_bytes())
    for file in MODULES.rglob(f'{name}.ko'):
        return file.read_bytes()
    return None


def archive():
    """An initramfs with busybox, modules and the script."""
    files = {'bin/busybox': BUSYBOX.read_bytes()}
    for number, name in enumerate(NEEDED):
        content = module(name)
        if content:
            files[f'modules/{number:02}-{name}.ko'] = content
    return initramfs.build(INIT.read_bytes(), files)


def sha(data):
    """As sha256sum prints it."""
    return hashlib.sha256(data).hexdigest()


class IoGuest:
    """One boot of the guest, from start to power-off."""

    def __init__(self, cmdline='', more=''):
        self.dir = Path(tempfile.mkdtemp(prefix='sev-io-'))
        self.data = os.urandom(HALF)
        self.entropy = os.urandom(1 << 20)
        for disk in DISKS:
            (self.dir / disk).write_bytes(self.data + bytes(HALF))
        (self.dir / 'tftp').mkdir()
        (self.dir / 'tftp/data').write_bytes(self.data)
        (self.dir / 'entropy').write_bytes(self.entropy)
        (self.dir / 'initramfs').write_bytes(archive())
        self.guest = Guest(
            firmware=str(OVMF), kernel=str(KERNEL),
            initrd=str(self.dir / 'initramfs'),
            cmdline=f'console=ttyS0 panic=-1 no_timer_check {cmdline}',
            more=more)
        self.console = self.hvc0 = self.trace = ''

    def devices(self):
        """QEMU's options for all of them."""
        options = ['-trace', 'sev_diagnose_device',
                   '-D', str(self.dir / 'trace'),
                   '-device', 'ahci,id=ahci',
                   '-netdev', 'user,id=net,restrict=on,'
                              f'tftp={self.dir / "tftp"},'
                              'guestfwd=tcp:10.0.2.100:9-cmd:'
                              f'tee {self.dir / "sent"}',
                   '-device', f'virtio-net-pci,netdev=net,{VIRTIO}',
                   '-object', 'rng-random,id=rng,'
                              f'filename={self.dir / "entropy"}',
                   '-device', f'virtio-rng-pci,rng=rng,{VIRTIO}',
                   '-chardev', f'file,id=hvc0,path={self.dir / "hvc0"}',
                   '-device', f'virtio-serial-pci,{VIRTIO}',
                   '-device', 'virtconsole,chardev=hvc0',
                   '-object', 'iothread,id=io']
        for disk, device in (('virtio', 'virtio-blk-pci,iothread=io,'
                                        f'{VIRTIO}'),
                             ('nvme', 'nvme,serial=1'),
                             ('ahci', 'ide-hd,bus=ahci.0')):
            options += ['-drive', f'if=none,id={disk},format=raw,'
                                  f'file={self.dir / disk}',
                        '-device', f'{device},drive={disk}']
        return options

    def run(self, wait_exit=True):
        """Boot and wait for the end."""
        with Vm(common.QEMU, probe_options('tcg')) as vm:
            platform = read_platform(vm.qmp)
        with Launch(common.QEMU, self.guest, platform, None,
                    self.devices()) as launch:
            launch.resume()
            self.console = launch.wait_console('io: done', common.PATIENCE)
            if wait_exit:
                launch.wait_exit(common.PATIENCE)
        self.hvc0 = (self.dir / 'hvc0').read_text(
            encoding='utf-8', errors='replace')
        self.trace = (self.dir / 'trace').read_text(encoding='utf-8')

    def said(self, what):
        """The words of the line "io: WHAT ...", or None."""
        for line in self.console.splitlines():
            if line.startswith(f'io: {what} '):
                return line.split()[1 + len(what.split()):]
        return None

    def free(self):
        """Remove the scratch folder."""
        shutil.rmtree(self.dir)


@common.need(OVMF, KERNEL, BUSYBOX, MODULES)
class IoTest(unittest.TestCase):
    """One boot; each test looks at what went over one device."""

    @classmethod
    def setUpClass(cls):
        cls.io = IoGuest(more=',diagnose=first')
        cls.addClassCleanup(cls.io.free)
        cls.io.run()

    def test_encrypted(self):
        """The kernel knows that it runs in encrypted memory."""
        self.assertIn('SEV', self.io.said('kernel'), self.io.console)

    def test_diagnosis(self):
        """Nobody is told of buffers that are private."""
        self.assertNotIn('private page', self.io.trace)

    def check_disk(self, disk):
        """Both directions, as guest and host see them."""
        image = (self.io.dir / disk).read_bytes()
        self.assertEqual(self.io.said(f'disk {disk}'),
                         ['read', sha(self.io.data),
                          'wrote', sha(image[HALF:]),
                          'back', sha(image[HALF:])], self.io.console)
        self.assertNotEqual(image[HALF:], bytes(HALF))
        self.assertEqual(image[:HALF], self.io.data)

    def test_virtio_block(self):
        """virtio-blk, in a thread of its own"""
        self.check_disk('virtio')

    def test_nvme(self):
        """NVMe, of which nobody says that it is behind an IOMMU"""
        self.check_disk('nvme')

    def test_ahci(self):
        """AHCI"""
        self.check_disk('ahci')

    def test_virtio_net(self):
        """virtio-net: a file by TFTP, another by TCP and back"""
        sent = (self.io.dir / 'sent').read_bytes()
        self.assertEqual(len(sent), HALF)
        self.assertEqual(self.io.said('net'),
                         ['read', sha(self.io.data), 'wrote', sha(sent),
                          'back', sha(sent)], self.io.console)

    def test_virtio_rng(self):
        """virtio-rng: bytes that the host gave"""
        [got] = self.io.said('rng')
        self.assertEqual(len(got), 64)
        self.assertIn(bytes.fromhex(got), self.io.entropy)

    def test_virtio_console(self):
        """virtio-console: the report once more"""
        lines = [line for line in self.io.console.splitlines()
                 if line.startswith('io: ') and line != 'io: done']
        self.assertEqual(len(lines), len(DISKS) + 3, self.io.console)
        self.assertEqual(self.io.hvc0.splitlines(), lines)


@common.need(OVMF, KERNEL, BUSYBOX, MODULES)
class PrivateBuffersTest(unittest.TestCase):
    """The same without the kernel's copies of buffers to shared memory."""

    @classmethod
    def setUpClass(cls):
        cls.io = IoGuest('swiotlb=noforce patience=3')
        cls.addClassCleanup(cls.io.free)
        # The drivers that still wait for their devices keep it from going off
        cls.io.run(wait_exit=False)

    def test_encrypted(self):
        """It came as far as that."""
        self.assertIn('SEV', self.io.said('kernel'), self.io.console)

    def test_disks(self):
        """Nothing was read, and nothing written where the host can read it."""
        for disk in DISKS:
            with self.subTest(disk=disk):
                self.assertNotIn(sha(self.io.data),
                                 self.io.said(f'disk {disk}') or [])
                image = (self.io.dir / disk).read_bytes()
                self.assertEqual(image[:HALF], self.io.data)
                wrote = (self.io.said(f'disk {disk}') or [0] * 4)[3]
                self.assertNotEqual(sha(image[HALF:]), wrote)

    def test_visible(self):
        """The kernel complains."""
        self.assertIn('ata1.00: failed to IDENTIFY', self.io.console)

    def test_net(self):
        """Neither direction"""
        self.assertIsNone(self.io.said('net'))
        self.assertFalse((self.io.dir / 'sent').exists() and
                         (self.io.dir / 'sent').read_bytes())

    def test_entropy(self):
        """Not what the host gave"""
        [got] = self.io.said('rng') or ['00' * 32]
        self.assertNotIn(bytes.fromhex(got), self.io.entropy)

    def test_console(self):
        """Nothing that one could read"""
        self.assertNotIn('io:', self.io.hvc0)


@common.need(OVMF, OVMF_WITHOUT_AREAS, KERNEL, DRIVER)
class PrivateDriverTest(unittest.TestCase):
    """
    A driver in user space, whose memory is private, lets a device copy a page:
    what the kernel's own drivers are kept from.
    """

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix='sev-io-')
        self.addCleanup(scratch.cleanup)
        self.dir = Path(scratch.name)
        self.initrd = self.dir / 'initramfs'
        self.initrd.write_bytes(initramfs.build(DRIVER.read_bytes()))
        self.options = ['-no-shutdown', '-device',
                        'edu,id=card,dma_mask=0xffffffffffffffff',
                        '-trace', 'sev_diagnose_device',
                        '-D', str(self.dir / 'trace')]

    def outcome(self, vm):
        """Where the buffers were, and whether the copy is like the page"""
        console = vm.wait_console('sev-dma: done', common.PATIENCE)
        found = re.search(r'sev-dma: source (0x\w+) target (0x\w+) (\w+)',
                          console)
        self.assertTrue(found, console)
        return found.groups()

    def test_encrypted(self):
        """The copy is garbage, and QEMU says of which buffers."""
        guest = Guest(firmware=str(OVMF), kernel=str(KERNEL),
                      initrd=str(self.initrd), cmdline='console=ttyS0',
                      more=',diagnose=first')
        with Vm(common.QEMU, probe_options('tcg')) as vm:
            platform = read_platform(vm.qmp)
        with Launch(common.QEMU, guest, platform, None, self.options) as vm:
            vm.resume()
            source, target, result = self.outcome(vm)
            log = vm.log()
            counters = vm.qmp.execute('query-sev')['memory']
        trace = (self.dir / 'trace').read_text(encoding='utf-8')
        self.assertEqual(result, 'different')
        self.assertIn(f"gpa {source} read by device 'card'", trace)
        self.assertIn(f"gpa {target} written by device 'card'", trace)
        self.assertIn(f"device 'card' reads the page at {source}", log)
        self.assertIn(f"device 'card' writes to the page at {target}", log)
        self.assertGreater(counters['device-reads'], 0)
        self.assertGreater(counters['device-writes'], 0)

    def test_plain(self):
        """In a plain guest the same driver works."""
        with Vm(common.QEMU, ['-accel', 'tcg', '-cpu', 'max', '-m', '512M',
                              '-machine', 'q35', '-bios',
                              str(OVMF_WITHOUT_AREAS), '-kernel', str(KERNEL),
                              '-initrd', str(self.initrd),
                              '-append', 'console=ttyS0',
                              *self.options]) as vm:
            self.assertEqual(self.outcome(vm)[2], 'same')


if __name__ == '__main__':
    common.main()
