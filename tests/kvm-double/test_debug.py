# SPDX-License-Identifier: GPL-2.0-or-later
"""
What debuggers and dumps see of a SEV guest's memory under KVM: ciphertext, or
plaintext by KVM_SEV_DBG_DECRYPT and KVM_SEV_DBG_ENCRYPT, if the guest's policy
allows it and somebody asked for it.
"""

import errno
import os
import re
import socket
import struct

import double
from double import FIRMWARE_SIZE, DoubleTest, QmpError
from test_faults import faults_of

OPEN, CLOSED = ',policy=0', ',policy=1'
ON = ',debug-access=on'
FIRMWARE = (1 << 32) - FIRMWARE_SIZE
C_BIT = 1 << 51
PRESENT, WRITABLE = 1, 2

# Page tables in guest memory: four levels, and two pages that they map
TABLES = (0x100000, 0x101000, 0x102000, 0x103000)
PRIVATE, SHARED = 0x200000, 0x201000

# Where: a private page, a shared one, the private one as if it were shared
VA_PRIVATE, VA_SHARED, VA_WRONG = 0x400000, 0x401000, 0x402000

# Registers as the gdbstub numbers them
CR0, CR3, CR4, EFER = 0x1b, 0x1d, 0x1e, 0x20


class Gdb:
    """A debugger that is connected to QEMU's gdbstub."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(double.PATIENCE)
        self.socket.connect(str(path))
        self.buffer = b''

    def ask(self, packet):
        """The answer to a packet."""
        data = packet.encode()
        self.socket.sendall(b'$%s#%02x' % (data, sum(data) & 0xff))
        while not (found := re.search(rb'\$([^#]*)#..', self.buffer)):
            self.buffer += self.socket.recv(65536)
        self.buffer = self.buffer[found.end():]
        self.socket.sendall(b'+')
        return found[1].decode()

    def read(self, address, size):
        """Memory."""
        return b''.join(bytes.fromhex(self.ask(
            f'm{address + i:x},{min(size - i, 1024):x}'))
            for i in range(0, size, 1024))

    def write(self, address, data):
        """Memory; returns whether it went well."""
        return all(self.ask(f'M{address + i:x},{len(part):x}:{part.hex()}')
                   == 'OK' for i, part in (
                       (i, data[i:i + 1024])
                       for i in range(0, len(data), 1024)))

    def set(self, register, value):
        """A register of the first processor."""
        assert self.ask(f'P{register:x}={struct.pack("<Q", value).hex()}') \
            == 'OK'


class DebugTest(DoubleTest):
    """A guest that somebody looks at."""

    def monitor(self, qemu, line):
        """A command of the human monitor."""
        return qemu.qmp('human-monitor-command', **{'command-line': line})

    def words(self, qemu, command, address, count=2):
        """Memory as the human monitor's command shows it."""
        text = self.monitor(qemu, f'{command} /{count}gx {address:#x}')
        return b''.join(int(word, 16).to_bytes(8, 'little')
                        for word in re.findall(r'0x([0-9a-f]{16})\b', text))

    def saved(self, qemu, command, address, size):
        """Memory as memsave or pmemsave writes it to a file."""
        path = self.dir / 'saved'
        qemu.qmp(command, val=address, size=size, filename=str(path))
        return path.read_bytes()

    def access(self, qemu, value):
        """Allow it, or not."""
        qemu.qmp('qom-set', path='/objects/sev0', property='debug-access',
                 value=value)

    def debugged(self, options, *args, **kwargs):
        """A guest and a debugger."""
        path = self.dir / 'gdb'
        qemu = self.start(options, '-gdb',
                          f'unix:path={path},server=on,wait=off', *args,
                          **kwargs)
        gdb = Gdb(path)
        self.addCleanup(gdb.socket.close)
        return qemu, gdb


class MonitorTest(DebugTest):
    """The monitor, with the registers as they are after reset."""

    def test_calls(self):
        """What KVM is asked."""
        qemu = self.start(OPEN + ON)
        self.assertEqual(self.words(qemu, 'x', FIRMWARE), self.firmware[:16])
        self.assertEqual(qemu.quit(), 0)
        self.expect(qemu, 'debug')

    def test_on_and_off(self):
        """The choice can be made and taken back; xp shows what DRAM has."""
        qemu = self.start(OPEN)
        plain = self.firmware[:16]
        raw = self.words(qemu, 'xp', FIRMWARE)
        self.assertNotEqual(raw, plain)
        for value in (False, True, False, True):
            self.access(qemu, value)
            self.assertEqual(self.words(qemu, 'x', FIRMWARE),
                             plain if value else raw)
            self.assertEqual(self.words(qemu, 'xp', FIRMWARE), raw)
        qemu.qmp('cont')
        self.assertEqual(self.words(qemu, 'x', FIRMWARE), plain)

    def test_memsave(self):
        """All of the firmware, and odd parts of it."""
        qemu = self.start(OPEN + ON + ',legacy-vm-type=off')
        for start, size in ((0, FIRMWARE_SIZE), (1, 1), (15, 2), (4090, 77)):
            self.assertEqual(
                self.saved(qemu, 'memsave', FIRMWARE + start, size),
                self.firmware[start:start + size])
        self.assertNotEqual(
            self.saved(qemu, 'pmemsave', FIRMWARE, FIRMWARE_SIZE),
            self.firmware)

    def test_es(self):
        """Memory of a SEV-ES guest, whose registers nobody has."""
        qemu = self.start(',policy=4' + ON, '-smp', '2')
        qemu.qmp('cont')
        self.assertEqual(self.words(qemu, 'x', FIRMWARE), self.firmware[:16])

    def test_devices(self):
        """What is not memory is as it was."""
        qemu = self.start(OPEN + ON)
        for address in (0xfee00030, 0xfec00000, 0xb0000000):
            self.assertEqual(self.words(qemu, 'x', address, 1),
                             self.words(qemu, 'xp', address, 1))

    def test_refused(self):
        """The policy forbids it, at start and later."""
        self.refused(CLOSED + ON, names=('debug-access', 'NODBG', '0x1'))
        qemu = self.start(CLOSED)
        with self.assertRaisesRegex(QmpError, 'NODBG'):
            self.access(qemu, True)
        self.assertNotEqual(self.words(qemu, 'x', FIRMWARE),
                            self.firmware[:16])
        self.assertNotIn('DBG_DECRYPT', qemu.log())

    def test_reset(self):
        """The guest outlives a reset: so does what it was launched from."""
        qemu = self.start(OPEN + ON)
        qemu.qmp('cont')
        qemu.qmp('system_reset')
        while 'RESET' not in qemu.events:
            qemu.qmp('query-status')
        self.assertEqual(
            self.saved(qemu, 'memsave', FIRMWARE, FIRMWARE_SIZE),
            self.firmware)

    def test_hotplugged_cpu(self):
        """A processor that came later."""
        qemu = self.start(OPEN + ON, '-smp', '1,maxcpus=2')
        slot = next(slot for slot in qemu.qmp('query-hotpluggable-cpus')
                    if 'qom-path' not in slot)
        qemu.qmp('device_add', driver=slot['type'], id='cpu1', **slot['props'])
        answer = qemu.qmp('human-monitor-command', **{
            'command-line': f'x /1gx {FIRMWARE:#x}', 'cpu-index': 1})
        self.assertIn(f'{struct.unpack("<Q", self.firmware[:8])[0]:#018x}',
                      answer)


class GdbTest(DebugTest):
    """A debugger, with page tables that it makes."""

    def paging(self, gdb, content):
        """Four levels; before that all memory is private."""
        flags = PRESENT | WRITABLE
        entries = [(table, 0, following | C_BIT | flags)
                   for table, following in zip(TABLES, TABLES[1:])]
        entries[2] = (TABLES[2], 2, TABLES[3] | C_BIT | flags)
        entries += [(TABLES[3], 0, PRIVATE | C_BIT | flags),
                    (TABLES[3], 1, SHARED | flags),
                    (TABLES[3], 2, PRIVATE | flags)]
        for table in TABLES:
            self.assertTrue(gdb.write(table, bytes(4096)))
        for table, index, entry in entries:
            self.assertTrue(gdb.write(table + 8 * index,
                                      struct.pack('<Q', entry)))
        self.assertTrue(gdb.write(PRIVATE, content))
        gdb.set(EFER, 0x100)
        gdb.set(CR4, 0x20)
        gdb.set(CR3, TABLES[0])
        gdb.set(CR0, 0x80000011)

    def test_paging(self):
        """The C-bit of the page tables, which are private, decides."""
        qemu, gdb = self.debugged(OPEN + ON)
        content = os.urandom(4096)
        self.paging(gdb, content)
        raw = self.saved(qemu, 'pmemsave', PRIVATE, 4096)
        self.assertNotIn(content[:16], raw)
        self.assertEqual(gdb.read(VA_PRIVATE, 4096), content)
        self.assertEqual(gdb.read(VA_WRONG, 4096), raw)
        self.assertEqual(self.saved(qemu, 'memsave', VA_PRIVATE, 4096),
                         content)
        self.assertTrue(gdb.write(VA_SHARED, content))
        self.assertEqual(self.saved(qemu, 'pmemsave', SHARED, 4096), content)
        self.assertEqual(gdb.read(VA_SHARED, 4096), content)
        self.assertEqual(gdb.ask('m403000,8'), 'E14')
        self.assertIn(f'{VA_PRIVATE:016x}: {PRIVATE:016x} ',
                      self.monitor(qemu, 'info tlb'))
        self.access(qemu, False)
        self.assertEqual(gdb.ask(f'm{VA_PRIVATE:x},8'), 'E14',
                         'a walk through ciphertext')

    def test_write(self):
        """Only the block that is written changes."""
        qemu, gdb = self.debugged(OPEN + ON)
        content = bytearray(os.urandom(4096))
        self.assertTrue(gdb.write(PRIVATE, bytes(content)))
        before = self.saved(qemu, 'pmemsave', PRIVATE, 4096)
        self.assertTrue(gdb.write(PRIVATE + 37, b'\x0a\x0b\x0c'))
        content[37:40] = b'\x0a\x0b\x0c'
        self.assertEqual(gdb.read(PRIVATE, 4096), content)
        after = self.saved(qemu, 'pmemsave', PRIVATE, 4096)
        self.assertEqual([i for i in range(0, 4096, 16)
                          if before[i:i + 16] != after[i:i + 16]], [32])

    def test_breakpoint(self):
        """An instruction in private memory, firmware in ROM included."""
        _, gdb = self.debugged(OPEN + ON)
        self.assertTrue(gdb.write(PRIVATE, b'\x90' * 16))
        for address, byte in ((PRIVATE + 5, 0x90),
                              (FIRMWARE + 0x100, self.firmware[0x100])):
            self.assertEqual(gdb.ask(f'Z0,{address:x},1'), 'OK')
            self.assertEqual(gdb.read(address, 1), b'\xcc')
            self.assertEqual(gdb.ask(f'z0,{address:x},1'), 'OK')
            self.assertEqual(gdb.read(address, 1), bytes([byte]))


    def test_breakpoint_before_snp(self):
        """The kernel does not measure registers of a debugged vCPU."""
        qemu, gdb = self.debugged('snp')
        self.assertEqual(gdb.ask('Z1,1000,1'), 'OK')
        with self.assertRaises((EOFError, BrokenPipeError)):
            gdb.socket.sendall(b'$c#63')
            qemu.qmp('query-status')
            qemu.qmp('query-sev')
            qemu.qmp('query-status')
        self.assertEqual(qemu.wait(), 1)
        for word in ('KVM_SEV_SNP_LAUNCH_FINISH', 'debugger', 'breakpoints'):
            self.assertIn(word, qemu.words())


class DumpTest(DebugTest):
    """dump-guest-memory."""

    def dump(self, qemu, **options):
        """The file; @options: begin and length of a part."""
        path = self.dir / 'dump'
        qemu.qmp('dump-guest-memory', paging=False, protocol=f'file:{path}',
                 **options)
        data = path.read_bytes()
        path.unlink()
        return data

    def test_dump(self):
        """Ciphertext, or all memory as if it were private."""
        qemu = self.start(OPEN)
        self.assertNotIn(self.firmware[:64], self.dump(qemu))
        self.access(qemu, True)
        self.assertIn(self.firmware[-4096:], self.dump(qemu))
        self.assertNotIn('ciphertext', qemu.words())

    def test_part(self):
        """One that begins in the midst of a page, and of a block."""
        qemu, gdb = self.debugged(OPEN + ON)
        content = os.urandom(3 * 4096)
        self.assertTrue(gdb.write(PRIVATE, content))
        data = self.dump(qemu, begin=PRIVATE + 5, length=2 * 4096)
        self.assertIn(content[5:5 + 2 * 4096], data)

    def test_forbidden(self):
        """Ciphertext."""
        qemu = self.start(CLOSED)
        self.assertNotIn(self.firmware[-64:], self.dump(qemu))

    def test_failure(self):
        """One warning, and ciphertext where it cannot be decrypted."""
        qemu = self.start(OPEN + ON)
        qemu.fault('KVM_SEV_DBG_DECRYPT', 0, 'errno', errno.EIO)
        self.assertNotIn(self.firmware[-64:], self.dump(qemu))
        self.assertEqual(qemu.words().count('warning'), 1, qemu.words())
        for word in ('sev0', 'ciphertext', 'KVM_SEV_DBG_DECRYPT'):
            self.assertIn(word, qemu.words())


class FaultTest(DebugTest):
    """The commands fail in every way: the debugger hears of it."""

    def matrix(self, qemu, call, attempt):
        """@attempt: returns whether it went well, and what it answered."""
        for kind, value, words in faults_of(call):
            with self.subTest(call=call, kind=kind, value=value):
                said = len(qemu.words())
                qemu.fault(call, 0, kind, value)
                well, answer = attempt()
                self.assertFalse(well)
                for word in words:
                    self.assertIn(word, answer + qemu.words()[said:])
        qemu.fault()
        self.assertTrue(attempt()[0])

    def test_decrypt(self):
        """Looking."""
        qemu = self.start(OPEN + ON)
        first = f'{struct.unpack("<Q", self.firmware[:8])[0]:#018x}'

        def look():
            text = self.monitor(qemu, f'x /1gx {FIRMWARE:#x}')
            return first in text, text

        self.matrix(qemu, 'KVM_SEV_DBG_DECRYPT', look)

    def test_encrypt(self):
        """Changing; then it is as it was."""
        qemu, gdb = self.debugged(OPEN + ON)
        self.matrix(qemu, 'KVM_SEV_DBG_ENCRYPT',
                    lambda: (gdb.write(PRIVATE, b'new'), ''))
        self.assertEqual(gdb.read(PRIVATE, 3), b'new')


if __name__ == '__main__':
    double.main()
