# SPDX-License-Identifier: GPL-2.0-or-later
"""
The double itself: what it refuses, and that a launch with SEV-SNP measures
what an independent computation says.  Here Python takes the place of QEMU.
"""

import base64
import ctypes
import errno
import fcntl
import hashlib
import mmap
import os
import re
import struct
import subprocess
import sys
import tempfile
import traceback
import unittest
from pathlib import Path

import double
from double import DOUBLE, formats

KVMIO = 0xae
PAGE = 4096
PRIVATE = 8

DEFAULT, SEV, SEV_ES, SNP = 0, 2, 3, 4
INIT, ES_INIT, START, DATA, DBG_DECRYPT, DBG_ENCRYPT = 0, 1, 2, 3, 17, 18
MEASURE, FINISH, GUEST_STATUS = 6, 7, 16
INIT2, SNP_START, SNP_UPDATE, SNP_FINISH = 22, 100, 101, 102
NORMAL, VMSA, ZERO, UNMEASURED, SECRETS, CPUID = 1, 2, 3, 4, 5, 6
INVALID_PARAM, POLICY_FAILURE, BAD_SIGNATURE = 0x16, 0x07, 0x0a
BAD_MEASUREMENT, UNSUPPORTED = 0x0b, 0x15

POLICY = 0x30000


def ioc(direction, number, size):
    """An ioctl number of KVM's: direction 1 is written to the kernel."""
    return direction << 30 | size << 16 | KVMIO << 8 | number


CREATE_VM, CHECK_EXTENSION, CREATE_VCPU = (ioc(0, n, 0) for n in (1, 3, 0x41))
SET_REGION2, SET_ATTRIBUTES = ioc(1, 0x49, 160), ioc(1, 0xd2, 32)
CREATE_GUEST_MEMFD, ENCRYPT_OP = ioc(3, 0xd4, 64), ioc(3, 0xba, 8)
GET_ATTR, ENABLE_CAP = ioc(1, 0xe2, 24), ioc(1, 0xa3, 104)
GET_REGS = ioc(2, 0x81, 144)


class Refused(Exception):
    """An ioctl failed: errno and the firmware's status."""


def address(buffer):
    """Where a bytearray is."""
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


class Vm:
    """A VM of the double's."""

    def __init__(self, kind):
        self.kvm = os.open('/dev/kvm', os.O_RDWR)
        self.sev = os.open('/dev/sev', os.O_RDWR)
        self.fd = fcntl.ioctl(self.kvm, CREATE_VM, kind)

    def call(self, request, data):
        """An ioctl of the VM with a structure."""
        try:
            return fcntl.ioctl(self.fd, request, bytes(data))
        except OSError as err:
            raise Refused(err.errno, None) from None

    def number(self, request, value):
        """An ioctl of the VM with a number."""
        return fcntl.ioctl(self.fd, request, value)

    def op(self, command, data=b'', sev=None, pad=0):
        """KVM_MEMORY_ENCRYPT_OP; returns the structure afterwards."""
        buffer = bytearray(data)
        where = address(buffer) if data else 0
        cmd = bytearray(struct.pack('<IIQII', command, pad, where, 0,
                                    self.sev if sev is None else sev))
        try:
            fcntl.ioctl(self.fd, ENCRYPT_OP, cmd)
        except OSError as err:
            raise Refused(err.errno,
                          struct.unpack_from('<I', cmd, 16)[0]) from None
        return bytes(buffer)

    def guest_memory(self, size, **wrong):
        """KVM_CREATE_GUEST_MEMFD."""
        buffer = bytearray(struct.pack('<QQ48x', size, wrong.get('flags', 0)))
        try:
            return fcntl.ioctl(self.fd, CREATE_GUEST_MEMFD, buffer)
        except OSError as err:
            raise Refused(err.errno, None) from None

    def slot(self, gpa, size, memfd, number=0, flags=4, hva=None, offset=0):
        """KVM_SET_USER_MEMORY_REGION2."""
        if hva is None:
            hva = gpa + (1 << 40)
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
    def host(**host):
        """What the double finds: HOST becomes KVM_DOUBLE_HOST."""
        os.environ.update({f'KVM_DOUBLE_{name.upper()}': str(value)
                           for name, value in host.items()})

    def log(self):
        """What the double saw."""
        return (self.dir / 'log').read_text()

    def refused(self, number, call, *args, status=None, **kwargs):
        """The call has to fail with errno NUMBER."""
        with self.assertRaises(Refused) as caught:
            call(*args, **kwargs)
        self.assertEqual(errno.errorcode[caught.exception.args[0]],
                         errno.errorcode[number])
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


def preload():
    """Start again with the double in this process."""
    if os.environ.get('LD_PRELOAD') == DOUBLE:
        return
    env = dict(os.environ, LD_PRELOAD=DOUBLE)
    if subprocess.run([sys.executable, '-c', ''], env=env, check=False,
                      stderr=subprocess.DEVNULL).returncode:
        print('1..0 # SKIP the double does not go into Python (sanitizers)')
        sys.exit(0)
    os.execve(sys.executable, [sys.executable, *sys.argv], env)


if __name__ == '__main__':
    preload()
    double.main()
