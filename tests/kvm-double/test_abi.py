# SPDX-License-Identifier: GPL-2.0-or-later
"""
The double itself: what it refuses, and that a launch with SEV-SNP measures
what an independent computation says.  Here Python takes the place of QEMU.
"""

import ctypes
import errno
import hashlib
import mmap
import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
import unittest
from pathlib import Path

import double
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from double import DOUBLE, formats

KVMIO = 0xae
PAGE = 4096
PRIVATE = 8

DEFAULT, SEV, SEV_ES, SNP = 0, 2, 3, 4
INIT, ES_INIT, START, DATA, DBG_DECRYPT, DBG_ENCRYPT = 0, 1, 2, 3, 17, 18
LAUNCH_SECRET, MEASURE, FINISH, GUEST_STATUS = 5, 6, 7, 16
INIT2, SNP_START, SNP_UPDATE, SNP_FINISH = 22, 100, 101, 102
NORMAL, VMSA, ZERO, UNMEASURED, SECRETS, CPUID = 1, 2, 3, 4, 5, 6
INVALID_PARAM, POLICY_FAILURE, BAD_SIGNATURE = 0x16, 0x07, 0x0a
BAD_MEASUREMENT, UNSUPPORTED = 0x0b, 0x15
INVALID_LENGTH, INVALID_ADDRESS = 0x04, 0x09

POLICY = 0x30000


def ioc(direction, number, size):
    """An ioctl number of KVM's: direction 1 is written to the kernel."""
    return direction << 30 | size << 16 | KVMIO << 8 | number


CREATE_VM, CHECK_EXTENSION, CREATE_VCPU = (ioc(0, n, 0) for n in (1, 3, 0x41))
SET_REGION2, SET_ATTRIBUTES = ioc(1, 0x49, 160), ioc(1, 0xd2, 32)
CREATE_GUEST_MEMFD, ENCRYPT_OP = ioc(3, 0xd4, 64), ioc(3, 0xba, 8)
GET_ATTR, ENABLE_CAP = ioc(1, 0xe2, 24), ioc(1, 0xa3, 104)
GET_REGS, RUN = ioc(2, 0x81, 144), ioc(0, 0x80, 0)


class Refused(Exception):
    """An ioctl failed: errno and the firmware's status."""


def address(buffer):
    """Where a bytearray is."""
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


def ioctl(fd, request, value):
    """What fcntl.ioctl() does, but structures are aligned as C has them, and
    EINTR is an error."""
    libc = ctypes.CDLL(None, use_errno=True)
    if isinstance(value, int):
        memory = ctypes.c_long(value)
    else:
        memory = ctypes.create_string_buffer(bytes(value), len(value))
    result = libc.ioctl(fd, ctypes.c_ulong(request), memory)
    if isinstance(value, bytearray):
        value[:] = memory.raw
    if result < 0:
        raise OSError(ctypes.get_errno(), 'ioctl')
    return result


class Vm:
    """A VM of the double's."""

    def __init__(self, kind):
        self.kvm = os.open('/dev/kvm', os.O_RDWR)
        self.sev = os.open('/dev/sev', os.O_RDWR)
        self.fd = ioctl(self.kvm, CREATE_VM, kind)

    def call(self, request, data):
        """An ioctl of the VM with a structure."""
        try:
            return ioctl(self.fd, request, bytes(data))
        except OSError as err:
            raise Refused(err.errno, None) from None

    def number(self, request, value):
        """An ioctl of the VM with a number."""
        return ioctl(self.fd, request, value)

    def op(self, command, data=b'', sev=None, pad=0):
        """KVM_MEMORY_ENCRYPT_OP; returns the structure, changed in place."""
        buffer = data if isinstance(data, bytearray) else bytearray(data)
        where = address(buffer) if data else 0
        cmd = bytearray(struct.pack('<IIQII', command, pad, where, 0,
                                    self.sev if sev is None else sev))
        try:
            ioctl(self.fd, ENCRYPT_OP, cmd)
        except OSError as err:
            raise Refused(err.errno,
                          struct.unpack_from('<I', cmd, 16)[0]) from None
        return bytes(buffer)

    def guest_memory(self, size, **wrong):
        """KVM_CREATE_GUEST_MEMFD."""
        buffer = bytearray(struct.pack('<QQ48x', size, wrong.get('flags', 0)))
        try:
            return ioctl(self.fd, CREATE_GUEST_MEMFD, buffer)
        except OSError as err:
            raise Refused(err.errno, None) from None

    def slot(self, gpa, size, memfd, number=0, flags=4, hva=None, offset=0):
        """KVM_SET_USER_MEMORY_REGION2."""
        if hva is None:
            hva = (gpa + (1 << 40)) % (1 << 64)
        self.call(SET_REGION2, struct.pack(
            '<IIQQQQII112x', number, flags, gpa, size, hva, offset, memfd, 0))

    def attributes(self, gpa, size, value=PRIVATE, flags=0):
        """KVM_SET_MEMORY_ATTRIBUTES."""
        self.call(SET_ATTRIBUTES, struct.pack('<QQQQ', gpa, size, value,
                                              flags))

    def init2(self, features=0, flags=0, ghcb=0, pad=0):
        """KVM_SEV_INIT2."""
        self.op(INIT2, struct.pack('<QIHH32x', features, flags, ghcb, pad))

    def start(self, policy=POLICY, flags=0, pad=0):
        """KVM_SEV_SNP_LAUNCH_START."""
        self.op(SNP_START, struct.pack('<Q16xH6xQ24x', policy, flags, pad))

    def update(self, gpa, data, kind=NORMAL, **wrong):
        """KVM_SEV_SNP_LAUNCH_UPDATE; returns gfn, address offset, length."""
        memory = mmap.mmap(-1, max(len(data), PAGE))
        memory[:len(data)] = data
        view = ctypes.c_char.from_buffer(memory)
        where = wrong.get('uaddr', 0 if kind == ZERO else
                          ctypes.addressof(view))
        try:
            out = self.op(SNP_UPDATE, struct.pack(
                '<QQQBBHI32x', wrong.get('gfn', gpa // PAGE), where,
                wrong.get('size', len(data)), kind, wrong.get('pad', 0),
                wrong.get('flags', 0), 0))
        finally:
            self.page = bytes(memory)
            del view
        gfn, uaddr, left = struct.unpack_from('<QQQ', out)
        return gfn, uaddr - where, left

    def finish(self, block=b'', auth=b'', author=0, **more):
        """KVM_SEV_SNP_LAUNCH_FINISH."""
        block, auth = bytearray(block), bytearray(auth)
        self.op(SNP_FINISH, struct.pack(
            '<QQBBB32s3xH4x32x', address(block) if block else 0,
            address(auth) if auth else 0, more.get('block_en', bool(block)),
            author, more.get('vcek', 0), more.get('host_data', b''),
            more.get('flags', 0)))


def page_info(digest, contents, kind, gpa):
    """The launch digest after one page."""
    return hashlib.sha384(digest + contents + struct.pack(
        '<HBBIQ', 0x70, kind, 0, 0, gpa)).digest()


def digest_of(pages):
    """The launch digest of (type, address, data)."""
    digest = bytes(48)
    for kind, gpa, data in pages:
        contents = (hashlib.sha384(data).digest() if kind in (NORMAL, VMSA)
                    else bytes(48))
        digest = page_info(digest, contents, kind, gpa)
    return digest


def id_block(digest, policy=POLICY):
    """What a guest owner signs."""
    return digest + bytes(32) + struct.pack('<IIQ', 1, 0, policy)


def numbers(*values):
    """Numbers as keys and signatures have them."""
    return b''.join(value.to_bytes(72, 'little') for value in values)


def id_auth(key, block, author=None):
    """Keys and signatures that go with a block."""
    def public(key):
        point = key.public_key().public_numbers()
        return struct.pack('<I', 2) + numbers(point.x, point.y) + bytes(880)

    def sign(key, data):
        return numbers(*utils.decode_dss_signature(key.sign(
            data, ec.ECDSA(hashes.SHA384())))) + bytes(368)

    auth = (struct.pack('<II56x', 1, 1) + sign(key, block) + public(key)
            + bytes(60))
    if author:
        auth += sign(author, public(key)) + public(author)
    return auth + bytes(PAGE - len(auth))


class AbiTest(unittest.TestCase):
    """Each test is a process of its own, for the double has one VM."""

    HOST = {}                   # the environment of the double

    def child(self, pipe):
        """Carry out the test, and say what is wrong."""
        with tempfile.TemporaryDirectory(prefix='kvm-double-') as folder:
            self.dir = Path(folder)
            self.host(log=self.dir / 'log', fault=self.dir / 'fault',
                      **self.HOST)
            try:
                self.debug()
            except unittest.SkipTest:
                raise
            except BaseException:       # pylint: disable=broad-except
                os.write(pipe, traceback.format_exc().encode())
                return 1
        return 0

    def run(self, result=None):
        """Start a process for the test."""
        result.startTest(self)
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            os._exit(self.child(theirs))
        os.close(theirs)
        with os.fdopen(ours, 'rb') as pipe:
            text = pipe.read().decode()
        if os.waitpid(pid, 0)[1]:
            result.addFailure(self, (AssertionError,
                                     AssertionError(f'\n{text}'), None))
        else:
            result.addSuccess(self)
        result.stopTest(self)
        return result

    @staticmethod
    def in_child(call, *args):
        """A part of a test that needs a VM of its own."""
        pid = os.fork()
        if pid == 0:
            try:
                call(*args)
            except BaseException:       # pylint: disable=broad-except
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            raise AssertionError(f'{args[1:]}')

    @staticmethod
    def host(**host):
        """What the double finds: HOST becomes KVM_DOUBLE_HOST."""
        os.environ.update({f'KVM_DOUBLE_{name.upper()}': str(value)
                           for name, value in host.items()})

    def log(self):
        """What the double saw."""
        return (self.dir / 'log').read_text()

    def refused(self, error, call, *args, status=None, **kwargs):
        """The call has to fail with errno ERROR."""
        with self.assertRaises(Refused) as caught:
            call(*args, **kwargs)
        self.assertEqual(errno.errorcode[caught.exception.args[0]],
                         errno.errorcode[error])
        if status is not None:
            self.assertEqual(caught.exception.args[1], status)

    def ready(self, size=16 * PAGE, policy=POLICY):
        """A VM with SEV-SNP that can take pages."""
        vm = Vm(SNP)
        vm.init2()
        vm.start(policy)
        vm.slot(0, size, vm.guest_memory(size))
        vm.attributes(0, size)
        return vm

    def logged_digest(self):
        """What the double says that the firmware measured."""
        return re.findall('launch digest (.*)', self.log())[-1]


class LaunchTest(AbiTest):
    """What a kernel lets QEMU do."""

    def test_digest(self):
        """Pages of all types."""
        vm = self.ready()
        data = os.urandom(3 * PAGE)
        self.assertEqual(vm.update(0x2000, data), (5, 3 * PAGE, 0))
        self.assertEqual(vm.update(0, bytes(2 * PAGE), ZERO), (2, 0, 0))
        vm.update(0x6000, data[:PAGE], UNMEASURED)
        vm.update(0x7000, bytes(PAGE), SECRETS)
        vm.update(0x8000, bytes(PAGE), CPUID)
        vm.finish()
        self.assertEqual(self.logged_digest(), digest_of(
            [(NORMAL, 0x2000 + at, data[at:at + PAGE])
             for at in range(0, 3 * PAGE, PAGE)]
            + [(ZERO, 0, b''), (ZERO, 0x1000, b''), (UNMEASURED, 0x6000, b''),
               (SECRETS, 0x7000, b''), (CPUID, 0x8000, b'')]).hex())

    def test_types(self):
        """What the type of VM decides."""
        for kind, memfd, readonly in ((DEFAULT, 0, 1), (SEV, 0, 1),
                                      (SEV_ES, 0, 0), (SNP, 1, 0)):
            vm = Vm(kind)
            self.assertEqual(vm.number(CHECK_EXTENSION, 234), memfd)
            self.assertEqual(vm.number(CHECK_EXTENSION, 233),
                             PRIVATE * memfd)
            self.assertEqual(vm.number(CHECK_EXTENSION, 81), readonly)
            if not memfd:
                self.refused(errno.EINVAL, vm.guest_memory, PAGE)
                self.refused(errno.EINVAL, vm.attributes, 0, PAGE)
        self.assertEqual(ioctl(vm.kvm, CHECK_EXTENSION, 235), 0x1d)
        self.assertEqual(ioctl(vm.kvm, CHECK_EXTENSION, 201), 1 << 12)

    def test_sev(self):
        """The older commands, on a VM of the newer types."""
        vm = Vm(SEV)
        vm.init2()
        self.assertEqual(self.sev_launch(vm), 1)

    def sev_launch(self, vm):
        """LAUNCH_START without a session; returns the handle."""
        out = vm.op(START, struct.pack('<IIQIIQII', 0, 0, 0, 0, 0, 0, 0, 0))
        return struct.unpack_from('<I', out)[0]

    def test_identity(self):
        """ID block and author key, made here and verified by the firmware."""
        vm = self.ready()
        data = os.urandom(PAGE)
        vm.update(0, data)
        block = id_block(digest_of([(NORMAL, 0, data)]))
        key, author = formats.new_key(), formats.new_key()
        vm.finish(block, id_auth(key, block, author), author=1,
                  host_data=bytes(range(32)))
        self.assertIn('id_block 1 auth_key 1 vcek_disabled 0 host_data '
                      + bytes(range(32)).hex(), self.log())

    def test_identity_wrong(self):
        """Another digest, policy or signature."""
        key = formats.new_key()
        for change, status in ((dict(digest=bytes(48)), BAD_MEASUREMENT),
                               (dict(policy=POLICY | 1 << 19),
                                POLICY_FAILURE)):
            block = id_block(**{'digest': digest_of([(ZERO, 0, b'')]),
                                **change})
            self.in_child(self.wrong_identity, block, id_auth(key, block),
                          status)
        block = id_block(digest_of([(ZERO, 0, b'')]))
        auth = bytearray(id_auth(key, block))
        auth[0x50] ^= 1
        self.in_child(self.wrong_identity, block, auth, BAD_SIGNATURE)

    def wrong_identity(self, block, auth, status):
        """The launch must not end."""
        vm = self.ready()
        vm.update(0, bytes(PAGE), ZERO)
        self.refused(errno.EIO, vm.finish, block, auth, status=status)

    def test_cpuid(self):
        """The firmware corrects a page, and takes it corrected."""
        self.host(no_cpuid='7 0 ebx 0x20,1 0 ecx 4')
        vm = self.ready()
        page = (struct.pack('<IIQ', 2, 0, 0)
                + struct.pack('<IIQQIIIIQ', 7, 0, 0, 0, 0, 0x21, 0, 0, 0)
                + struct.pack('<IIQQIIIIQ', 1, 0, 0, 0, 0, 0, 7, 0, 0))
        page += bytes(PAGE - len(page))
        self.refused(errno.EIO, vm.update, 0x1000, page, CPUID,
                     status=INVALID_PARAM)
        self.assertEqual(vm.page[0x10 + 0x1c], 1)
        self.assertEqual(vm.page[0x40 + 0x20], 3)
        vm.update(0x1000, vm.page, CPUID)
        vm.finish()
        self.assertEqual(self.logged_digest(),
                         digest_of([(CPUID, 0x1000, b'')]).hex())

    def test_progress(self):
        """A few pages at a time."""
        self.host(update_pages=2)
        vm = self.ready()
        self.assertEqual(vm.update(0, bytes(5 * PAGE)),
                         (2, 2 * PAGE, 3 * PAGE))
        self.assertEqual(vm.update(0x2000, bytes(PAGE)), (3, PAGE, 0))
        # The second page of these is the guest's already
        vm.update(0x5000, bytes(PAGE))
        self.assertEqual(vm.update(0x4000, bytes(3 * PAGE)),
                         (5, PAGE, 2 * PAGE))
        self.refused(errno.EIO, vm.update, 0x5000, bytes(PAGE), status=0)

    def test_again(self):
        """EAGAIN on demand, and then not."""
        (self.dir / 'fault').write_text('KVM_SEV_SNP_LAUNCH_UPDATE 1 errno 11')
        vm = self.ready()
        self.refused(errno.EAGAIN, vm.update, 0, bytes(PAGE))
        vm.update(0, bytes(PAGE))

    def test_faults(self):
        """Every new call, on demand."""
        calls = {
            'KVM_CREATE_GUEST_MEMFD': lambda vm: vm.guest_memory(PAGE),
            'KVM_SET_USER_MEMORY_REGION2': lambda vm: vm.slot(
                0, PAGE, vm.guest_memory(PAGE)),
            'KVM_SET_MEMORY_ATTRIBUTES': lambda vm: vm.attributes(0, PAGE),
            'KVM_ENABLE_CAP': lambda vm: vm.call(
                ENABLE_CAP, struct.pack('<II96x', 201, 0)),
            'KVM_SEV_INIT2': Vm.init2,
            'KVM_SEV_SNP_LAUNCH_START': Vm.start,
            'KVM_SEV_SNP_LAUNCH_FINISH': Vm.finish,
        }
        vm = Vm(SNP)
        for name, call in calls.items():
            (self.dir / 'fault').write_text(f'{name} 0 errno 12')
            self.refused(errno.ENOMEM, call, vm)
        for name in ('INIT2', 'SNP_LAUNCH_START', 'SNP_LAUNCH_FINISH'):
            name = f'KVM_SEV_{name}'
            (self.dir / 'fault').write_text(f'{name} 0 firmware 0x17')
            self.refused(errno.EIO, calls[name], vm, status=0x17)

    def test_discard(self):
        """A hole gives pages back to the host, and they can come again."""
        vm = Vm(SNP)
        vm.init2()
        vm.start()
        memfd = vm.guest_memory(4 * PAGE)
        vm.slot(0, 4 * PAGE, memfd)
        vm.attributes(0, 4 * PAGE)
        vm.update(0x1000, bytes(PAGE))
        self.refused(errno.EIO, vm.update, 0x1000, bytes(PAGE))
        libc = ctypes.CDLL(None, use_errno=True)
        hole = [memfd, 3, ctypes.c_long(PAGE), ctypes.c_long(PAGE)]
        self.assertEqual(libc.fallocate(*hole[:3], ctypes.c_long(1)), -1)
        (self.dir / 'fault').write_text('discard 2 errno 5')
        self.assertEqual(libc.fallocate(*hole), -1)
        self.assertEqual(ctypes.get_errno(), errno.EIO)
        self.assertEqual(libc.fallocate(*hole), 0)
        vm.update(0x1000, bytes(PAGE))
        self.assertIn('discard guest_memfd 0 + 0x1000 size 0x1000',
                      self.log())


class RefusalTest(AbiTest):
    """What a kernel does not let QEMU do."""

    def test_init2(self):
        """KVM_SEV_INIT2."""
        for kind in (SEV, SEV_ES, SNP):
            vm = Vm(kind)
            self.refused(errno.EINVAL, vm.init2, features=1)
            self.refused(errno.EINVAL, vm.init2, flags=1)
            self.refused(errno.EINVAL, vm.init2, ghcb=3)
            self.refused(errno.EINVAL, vm.init2, pad=1)
            for command in (INIT, ES_INIT):
                self.refused(errno.EINVAL, vm.op, command)
        self.refused(errno.EINVAL, Vm(DEFAULT).init2)
        self.refused(errno.EINVAL, Vm(SEV).init2, ghcb=1)
        for kind, error in ((SNP, errno.EPERM), (SEV_ES, errno.EINVAL)):
            self.in_child(self.init2_twice, kind, error)

    def init2_twice(self, kind, error):
        """Once is enough."""
        vm = Vm(kind)
        vm.init2(ghcb=2)
        self.refused(error, vm.init2)

    def test_init2_features(self):
        """Those that the host has, for guests with encrypted registers."""
        self.host(vmsa_features=0x20)
        self.assertEqual(self.features(), 0x20)
        self.refused(errno.EINVAL, Vm(SEV).init2, features=0x20)
        self.refused(errno.EINVAL, Vm(SNP).init2, features=0x21)
        Vm(SNP).init2(features=0x20)

    def features(self):
        """What the kernel tells about them."""
        value = bytearray(8)
        ioctl(Vm(SNP).kvm, GET_ATTR, struct.pack(
            '<IIQQ', 0, 1, 0, address(value)))
        return int.from_bytes(value, 'little')

    def test_init2_late(self):
        """After the first vCPU."""
        vm = Vm(SNP)
        vm.number(CREATE_VCPU, 0)
        self.refused(errno.EINVAL, vm.init2)

    def test_order(self):
        """Commands that are for other VMs or come too early."""
        vm = Vm(SNP)
        for command in (SNP_START, SNP_UPDATE, SNP_FINISH):
            self.refused(errno.ENOTTY, vm.op, command, bytes(128))
        vm.init2()
        for command in range(SNP_START):
            self.refused(errno.EPERM, vm.op, command, bytes(128))
        self.refused(errno.EINVAL, vm.update, 0, bytes(PAGE))
        self.refused(errno.EINVAL, vm.finish)
        vm.start()
        self.refused(errno.EINVAL, vm.start)

    def test_order_sev(self):
        """The same for a VM without SEV-SNP."""
        vm = Vm(SEV)
        for command in (START, GUEST_STATUS, DBG_DECRYPT, 8, 12):
            self.refused(errno.ENOTTY, vm.op, command, bytes(128))
        vm.init2()
        for command, error in ((SNP_START, errno.ENOTTY),
                               (SNP_UPDATE, errno.EINVAL),
                               (SNP_FINISH, errno.ENOTTY)):
            self.refused(error, vm.op, command, bytes(128))

    def test_command(self):
        """struct kvm_sev_cmd itself."""
        vm = Vm(SNP)
        self.refused(errno.EBADF, vm.op, INIT2, bytes(64), sev=vm.kvm)
        self.refused(errno.EINVAL, vm.op, INIT2, bytes(64), pad=1)
        self.refused(errno.EINVAL, vm.op, 23, bytes(64))
        self.refused(errno.EINVAL, vm.op, 103, bytes(64))
        self.refused(errno.EFAULT, vm.op, INIT2)

    def test_start(self):
        """KVM_SEV_SNP_LAUNCH_START."""
        vm = Vm(SNP)
        vm.init2()
        self.refused(errno.EINVAL, vm.start, flags=1)
        self.refused(errno.EINVAL, vm.start, pad=1)
        self.refused(errno.EINVAL, vm.start, policy=0x10000)
        self.refused(errno.EINVAL, vm.start, policy=POLICY | 1 << 40)
        self.refused(errno.EIO, vm.start, policy=0x20000,
                     status=POLICY_FAILURE)
        vm.start()

    def sev_start(self, vm, **fields):
        """KVM_SEV_LAUNCH_START."""
        names = ('handle', 'policy', 'dh', 'dh_len', 'pad0', 'session',
                 'session_len', 'pad1')
        vm.op(START, struct.pack('<IIQIIQII', *(fields.get(name, 0)
                                                for name in names)))

    def test_sev_start(self):
        """KVM_SEV_LAUNCH_START: a blob has an address and a length."""
        vm = Vm(SEV)
        vm.init2()
        blob = bytearray(PAGE)
        where = address(blob)
        dh, session = dict(dh=where, dh_len=2084), dict(session=where,
                                                        session_len=128)
        for wrong, words in (
                (dict(pad0=1), 'padding'), (dict(pad1=1), 'padding'),
                (dict(dh=where), 'length'), (dict(dh_len=2084), 'length'),
                (dict(session=where), 'length'),
                (dict(session_len=128), 'length'),
                ({**dh, 'session': where}, 'length'),
                ({**session, 'dh': where}, 'length'),
                ({**dh, 'dh_len': 16385}, 'length'),
                ({**session, 'session_len': 16385}, 'length')):
            with self.subTest(**wrong):
                self.refused(errno.EINVAL, self.sev_start, vm, **wrong)
                self.assertRegex(self.log(), f'REFUSED: .*{words}.*\n$')
        # What is complete reaches the firmware, which does not like zeros
        with self.assertRaises(Refused) as caught:
            self.sev_start(vm, **dh, **session)
        self.assertEqual(caught.exception.args[0], errno.EIO)
        self.assertNotEqual(caught.exception.args[1], 0)
        self.sev_start(vm)
        self.refused(errno.EINVAL, self.sev_start, vm)

    def test_update(self):
        """KVM_SEV_SNP_LAUNCH_UPDATE."""
        vm = self.ready(8 * PAGE)
        page = bytes(PAGE)
        for kind in (0, VMSA, 7):
            self.refused(errno.EINVAL, vm.update, 0, page, kind)
        for wrong in (dict(flags=1), dict(pad=1), dict(size=100),
                      dict(uaddr=0), dict(uaddr=12345), dict(gfn=8),
                      dict(gfn=1 << 60)):
            self.refused(errno.EINVAL, vm.update, 0, page, **wrong)
        self.refused(errno.EINVAL, vm.update, 0, page, ZERO, uaddr=PAGE)
        self.refused(errno.EIO, vm.update, 0, page, size=0, status=0)
        self.refused(errno.EIO, vm.update, 0, page, uaddr=PAGE, status=0)
        vm.attributes(0x3000, PAGE, 0)
        self.refused(errno.EIO, vm.update, 0x3000, page, status=0)
        vm.update(0x2000, page)
        # The slot ends before the range does
        self.assertEqual(vm.update(0x6000, 4 * page), (8, 2 * PAGE, 2 * PAGE))
        vm.finish()
        self.assertEqual(self.logged_digest(), digest_of(
            (NORMAL, gpa, page) for gpa in (0x2000, 0x6000, 0x7000)).hex())

    def test_finish(self):
        """KVM_SEV_SNP_LAUNCH_FINISH."""
        vm = self.ready()
        self.refused(errno.EINVAL, vm.finish, flags=1)
        self.refused(errno.EINVAL, vm.finish, author=1)
        self.refused(errno.EINVAL, vm.finish, vcek=2)
        self.refused(errno.EINVAL, vm.finish, block_en=1)

    def test_finish_twice(self):
        """Registers are encrypted once, and unreadable then."""
        vm = self.ready()
        vcpu = vm.number(CREATE_VCPU, 0)
        ioctl(vcpu, GET_REGS, bytearray(144))
        vm.finish(vcek=1)
        with self.assertRaises(OSError):
            ioctl(vcpu, GET_REGS, bytearray(144))
        self.refused(errno.EINVAL, vm.finish)

    def test_memory(self):
        """KVM_CREATE_GUEST_MEMFD and KVM_SET_USER_MEMORY_REGION2."""
        vm = Vm(SNP)
        self.refused(errno.EINVAL, vm.guest_memory, 0)
        self.refused(errno.EINVAL, vm.guest_memory, 100)
        self.refused(errno.EINVAL, vm.guest_memory, PAGE, flags=1)
        memfd = vm.guest_memory(4 * PAGE)
        for wrong in (dict(gpa=1), dict(size=100), dict(hva=100),
                      dict(offset=100), dict(offset=PAGE), dict(memfd=vm.kvm),
                      dict(memfd=-1 & 0xffffffff), dict(flags=5),
                      dict(flags=6), dict(flags=8), dict(number=1 << 16),
                      dict(number=32764), dict(gpa=-PAGE & (1 << 64) - 1)):
            self.refused(errno.EINVAL, vm.slot, **{
                'gpa': 0, 'size': 4 * PAGE, 'memfd': memfd, **wrong})
        vm.slot(0x10000, 4 * PAGE, memfd, 1)
        self.refused(errno.EINVAL, vm.slot, 0x10000, 4 * PAGE, memfd, 1)
        self.refused(errno.EEXIST, vm.slot, 0x13000, PAGE, 0, 2, flags=0)
        self.refused(errno.EINVAL, vm.slot, 0, 0, 0, 2, flags=0)
        vm.slot(0x14000, PAGE, 0, 2, flags=2)
        self.refused(errno.EINVAL, vm.slot, 0x14000, PAGE, 0, 2, flags=0)
        self.refused(errno.EINVAL, vm.slot, 0x20000, PAGE, memfd, 3,
                     offset=3 * PAGE)           # the first slot has it
        vm.slot(0, 0, 0, 1, flags=0)
        vm.slot(0x13000, PAGE, memfd, 3)

    def test_attributes(self):
        """KVM_SET_MEMORY_ATTRIBUTES."""
        vm = self.ready(8 * PAGE)
        for wrong in (dict(gpa=1), dict(size=100), dict(size=0),
                      dict(value=1), dict(flags=1),
                      dict(gpa=-PAGE & (1 << 64) - 1, size=2 * PAGE)):
            self.refused(errno.EINVAL, vm.attributes,
                         **{'gpa': 0, 'size': PAGE, **wrong})
        # Cut a hole, and close it from both sides
        vm.attributes(0x2000, 3 * PAGE, 0)
        for gpa in (0x2000, 0x4000):
            self.refused(errno.EIO, vm.update, gpa, bytes(PAGE))
        vm.update(0x1000, bytes(PAGE))
        vm.attributes(0x4000, 2 * PAGE)
        vm.attributes(0x2000, PAGE)
        for gpa in (0x2000, 0x4000, 0x5000):
            vm.update(gpa, bytes(PAGE))
        self.refused(errno.EIO, vm.update, 0x3000, bytes(PAGE))

    def test_hypercalls(self):
        """KVM_CAP_EXIT_HYPERCALL."""
        vm = Vm(SNP)
        for wrong in ((201, 0, 1), (201, 1, 1 << 12), (201, 0, 1 << 40)):
            self.refused(errno.EINVAL, vm.call, ENABLE_CAP,
                         struct.pack('<IIQ88x', *wrong))
        vm.call(ENABLE_CAP, struct.pack('<IIQ88x', 201, 0, 1 << 12))

    def test_no_snp(self):
        """A host that has SEV-ES at most."""
        self.host(sev='no-snp')
        with self.assertRaises(OSError):
            Vm(SNP)
        Vm(SEV_ES).init2()


class ExitTest(AbiTest):
    """Exits on demand."""

    def vcpu(self, enable=True, finish=True):
        """A vCPU, and its structure shared with the kernel."""
        vm = self.ready()
        if enable:
            vm.call(ENABLE_CAP, struct.pack('<IIQ88x', 201, 0, 1 << 12))
        fd = vm.number(CREATE_VCPU, 0)
        if finish:
            vm.finish()
        return fd, mmap.mmap(fd, PAGE)

    def exits(self, *lines):
        """What the guest is going to do."""
        self.host(exits=self.dir / 'exits')
        (self.dir / 'exits').write_text(''.join(
            f'{line}\n' for line in lines) + 'map-gpa 0 1')

    def test_map_gpa(self):
        """A hypercall, and its answer."""
        self.exits('map-gpa 0x2000 3 shared', 'map-gpa 0x5000 1 private')
        fd, run = self.vcpu()
        ioctl(fd, RUN, 0)
        self.assertEqual(struct.unpack_from('<I', run, 8)[0], 3)
        self.assertEqual(struct.unpack_from('<QQQQ', run, 32),
                         (12, 0x2000, 3, 0))
        run[88:96] = struct.pack('<Q', 22)
        ioctl(fd, RUN, 0)
        self.assertEqual(struct.unpack_from('<QQQQ', run, 32),
                         (12, 0x5000, 1, 1 << 4))
        run[1] = 1                              # immediate_exit
        with self.assertRaises(InterruptedError):
            ioctl(fd, RUN, 0)
        self.assertEqual(re.findall('answer (.*)', self.log()),
                         ['0x16', '0x0'])

    def test_memory_fault(self):
        """An access to memory of the other kind."""
        self.exits('memory-fault 0x2000 0x1000 private')
        fd, run = self.vcpu()
        with self.assertRaises(OSError) as caught:
            ioctl(fd, RUN, 0)
        self.assertEqual(caught.exception.errno, errno.EFAULT)
        self.assertEqual(struct.unpack_from('<I', run, 8)[0], 39)
        self.assertEqual(struct.unpack_from('<QQQ', run, 32),
                         (PRIVATE, 0x2000, 0x1000))

    def test_term(self):
        """The guest gives up."""
        self.exits('sev-term 0x12')
        fd, run = self.vcpu()
        ioctl(fd, RUN, 0)
        self.assertEqual(struct.unpack_from('<I', run, 8)[0], 24)
        self.assertEqual(struct.unpack_from('<IIQ', run, 32), (6, 1, 0x12))

    def test_unfinished(self):
        """No guest runs whose launch is not finished."""
        fd, _ = self.vcpu(finish=False)
        with self.assertRaises(OSError) as caught:
            ioctl(fd, RUN, 0)
        self.assertEqual(caught.exception.errno, errno.EINVAL)
        self.assertIn('REFUSED: the guest runs before', self.log())

    def test_not_enabled(self):
        """Without the capability there is no exit."""
        self.exits('map-gpa 0x2000 3 shared')
        fd, run = self.vcpu(enable=False)
        timer = threading.Timer(1, lambda: run.__setitem__(1, 1))
        timer.start()
        with self.assertRaises(InterruptedError):
            ioctl(fd, RUN, 0)
        self.assertIn('REFUSED: KVM_CAP_EXIT_HYPERCALL', self.log())


class DebugTest(AbiTest):
    """KVM_SEV_DBG_DECRYPT and ENCRYPT, and what is refused."""

    def guest(self, policy=0):
        """A guest with memory that was measured."""
        vm = Vm(SEV)
        vm.init2()
        vm.op(START, struct.pack('<IIQIIQII', 0, policy, 0, 0, 0, 0, 0, 0))
        self.memory = mmap.mmap(-1, 2 * PAGE)
        self.data = os.urandom(2 * PAGE)
        self.memory[:] = self.data
        self.where = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        vm.op(DATA, struct.pack('<QII', self.where, 2 * PAGE, 0))
        self.assertNotEqual(self.memory[:16], self.data[:16])
        return vm

    def test_dbg(self):
        """Any range, to the same place in pages."""
        vm = self.guest()
        buffer = mmap.mmap(-1, 2 * PAGE)
        out = address(buffer)
        for at, size in ((0, 16), (0, 2 * PAGE), (5, 3), (15, 2),
                         (PAGE - 7, 40)):
            vm.op(DBG_DECRYPT, struct.pack('<QQII', self.where + at, out + at,
                                           size, 0))
            self.assertEqual(buffer[at:at + size], self.data[at:at + size])
            buffer[at:at + size] = new = os.urandom(size)
            vm.op(DBG_ENCRYPT, struct.pack('<QQII', out + at, self.where + at,
                                           size, 0))
            self.data = self.data[:at] + new + self.data[at + size:]
        vm.op(DBG_DECRYPT, struct.pack('<QQII', self.where, out, 2 * PAGE, 0))
        self.assertEqual(buffer[:], self.data)

    def test_refused(self):
        """Ranges, padding, the policy."""
        vm = self.guest()
        pages = mmap.mmap(-1, 2 * PAGE)
        out = address(pages)
        for args in ((self.where, 0, 16, 0), ((1 << 64) - 8, out, 16, 0),
                     (self.where, (1 << 64) - 8, 16, 0),
                     (self.where, out, 16, 1), (self.where, out, 0, 0),
                     (self.where, out + PAGE - 8, 16, 0),
                     (self.where + 16, out, PAGE, 0)):
            self.refused(errno.EINVAL, vm.op, DBG_DECRYPT,
                         struct.pack('<QQII', *args))
        self.refused(errno.EIO, vm.op, DBG_DECRYPT, struct.pack(
            '<QQII', PAGE, out, 16, 0), status=9)

    def test_policy(self):
        """NODBG."""
        vm = self.guest(policy=1)
        page = mmap.mmap(-1, PAGE)
        self.refused(errno.EIO, vm.op, DBG_DECRYPT, struct.pack(
            '<QQII', self.where, address(page), 16, 0), status=POLICY_FAILURE)

    def test_update_data(self):
        """KVM_SEV_LAUNCH_UPDATE_DATA: the firmware looks at alignment."""
        vm = self.guest()
        for args, error, status in (
                ((self.where, 0, 0), errno.EINVAL, None),
                ((self.where, 16, 1), errno.EINVAL, None),
                (((1 << 64) - 16, 32, 0), errno.EINVAL, None),
                ((self.where + 1, 16, 0), errno.EIO, INVALID_ADDRESS),
                ((self.where, 17, 0), errno.EIO, INVALID_LENGTH)):
            self.refused(error, vm.op, DATA, struct.pack('<QII', *args),
                         **({'status': status} if status else {}))

    def test_length(self):
        """A buffer that is too short: only length 0 asks for the length."""
        vm = self.guest()
        out = bytearray(64)
        for length, error, after in ((8, errno.EIO, 8), (0, errno.EIO, 48)):
            command = bytearray(struct.pack('<QII', address(out), length, 0))
            self.refused(error, vm.op, MEASURE, command,
                         status=INVALID_LENGTH)
            self.assertEqual(struct.unpack('<QII', command)[1], after)

    def test_secret(self):
        """KVM_SEV_LAUNCH_SECRET."""
        vm = self.guest()
        header, data = address(bytearray(52)), address(bytearray(32))
        good = [header, 52, 0, self.where, 32, 0, data, 32, 0]
        for field, value in ((0, 0), (1, 0), (1, 0x4001), (2, 1), (3, -1),
                             (4, 0), (5, 1), (6, 0), (7, 0), (7, 0x4001),
                             (8, 1)):
            bad = list(good)
            bad[field] = value % (1 << 64)
            self.refused(errno.EINVAL, vm.op, LAUNCH_SECRET,
                         struct.pack('<QIIQIIQII', *bad))

    def test_migration(self):
        """The software firmware has none."""
        vm = self.guest()
        page = mmap.mmap(-1, PAGE)
        blob, memory = (address(page), 64, 0), (self.where, PAGE, 0)
        # Command, lengths that may be 0 to ask for the length, structure
        for command, asks, good in (
                (8, {12}, (0, 0, *4 * blob)),
                (9, {1, 7}, (*blob, *memory, *blob)),
                (12, set(), (0, 0, *2 * blob)),
                (13, set(), (*blob, *memory, *blob))):
            head = len(good) % 3
            form = '<' + head * 'I' + len(good) // 3 * 'QII'
            self.refused(errno.EIO, vm.op, command, struct.pack(form, *good),
                         status=UNSUPPORTED)
            for field in range(head, len(good)):
                bad = list(good)
                bad[field] = 0 if bad[field] else 1
                self.refused(errno.EIO if field in asks else errno.EINVAL,
                             vm.op, command, struct.pack(form, *bad))
        for command in (11, 15, 21):
            self.refused(errno.EIO, vm.op, command, status=UNSUPPORTED)
            self.refused(errno.EINVAL, vm.op, command, bytes(16))
        for command in (8, 9, 12, 13):
            self.refused(errno.EFAULT, vm.op, command)
        for command in (10, 14):            # no kernel has them
            self.refused(errno.EINVAL, vm.op, command, bytes(128))


def preload():
    """Start again with the double in this process."""
    if not DOUBLE:
        sys.exit('set KVM_DOUBLE to the double')
    if os.environ.get('LD_PRELOAD') == DOUBLE:
        return
    env = dict(os.environ, LD_PRELOAD=DOUBLE)
    # A preloaded library comes before the runtime, and may
    env['ASAN_OPTIONS'] = (env.get('ASAN_OPTIONS', '')
                           + ':verify_asan_link_order=0:detect_leaks=0')
    if subprocess.run([sys.executable, '-c', ''], env=env, check=False,
                      stderr=subprocess.DEVNULL).returncode:
        print('1..0 # SKIP the double does not go into Python (sanitizers)')
        sys.exit(0)
    os.execve(sys.executable, [sys.executable, *sys.argv], env)


if __name__ == '__main__':
    preload()
    double.main()
