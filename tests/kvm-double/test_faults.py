# SPDX-License-Identifier: GPL-2.0-or-later
"""
Every command to the firmware fails, in every way: QEMU says which and why.

A failure at start ends QEMU with status 1, but for what the base takes for
impossible: there it says which and why, and aborts.  A failure of a QMP
command is its error, and leaves the VM as it was.  Nothing hangs or crashes,
and no guest runs that was not launched.
"""

import base64
import errno
import os
import signal
from concurrent.futures import ThreadPoolExecutor

import double
from double import DoubleTest, QmpError

ERRNOS = (errno.EPERM, errno.EIO, errno.EBADF, errno.ENOMEM, errno.EACCES,
          errno.EFAULT, errno.EBUSY, errno.ENODEV, errno.EINVAL, errno.ENOTTY,
          errno.EOPNOTSUPP, errno.ETIMEDOUT)

# SEV API, status codes
STATUSES = {
    0x01: 'INVALID_PLATFORM_STATE', 0x02: 'INVALID_GUEST_STATE',
    0x03: 'INVALID_CONFIG', 0x04: 'INVALID_LENGTH', 0x05: 'ALREADY_OWNED',
    0x06: 'INVALID_CERTIFICATE', 0x07: 'POLICY_FAILURE', 0x08: 'INACTIVE',
    0x09: 'INVALID_ADDRESS', 0x0a: 'BAD_SIGNATURE', 0x0b: 'BAD_MEASUREMENT',
    0x0c: 'ASID_OWNED', 0x0d: 'INVALID_ASID', 0x0e: 'WBINVD_REQUIRED',
    0x0f: 'DFFLUSH_REQUIRED', 0x10: 'INVALID_GUEST', 0x11: 'INVALID_COMMAND',
    0x12: 'ACTIVE', 0x13: 'HWERROR_PLATFORM', 0x14: 'HWERROR_UNSAFE',
    0x15: 'UNSUPPORTED', 0x16: 'INVALID_PARAM', 0x17: 'RESOURCE_LIMIT',
    0x18: 'SECURE_DATA_INVALID', 0x19: 'INVALID_PAGE_SIZE',
    0x1a: 'INVALID_PAGE_STATE', 0x1b: 'INVALID_MDATA_ENTRY',
    0x1c: 'INVALID_PAGE_OWNER', 0x1d: 'AEAD_OFLOW', 0x1f: 'RING_BUFFER_EXIT',
    0x20: 'RMP_INIT_REQUIRED', 0x21: 'BAD_SVN', 0x22: 'BAD_VERSION',
    0x23: 'SHUTDOWN_REQUIRED', 0x24: 'UPDATE_FAILED',
    0x25: 'RESTORE_REQUIRED', 0x26: 'RMP_INIT_FAILED', 0x27: 'INVALID_KEY',
    0x99: '', 0xffff: '',
}

# How the error names the mailbox command behind a call
FIRMWARE_NAMES = {
    'KVM_SEV_INIT': 'INIT', 'KVM_SEV_ES_INIT': 'INIT', 'KVM_SEV_INIT2': 'INIT',
    'KVM_SEV_GET_ATTESTATION_REPORT': 'ATTESTATION',
    'SEV_GET_ID2': 'GET_ID',
}

# Calls that do not reach the firmware, and how the error names them
ERRNO_ONLY = {
    'open': '/dev/sev',
    'KVM_CREATE_VM': 'KVM_CREATE_VM',
    'KVM_CREATE_VCPU': 'kvm_init_vcpu',
    'KVM_MEMORY_ENCRYPT_OP': 'does not offer SEV',
    'KVM_MEMORY_ENCRYPT_REG_REGION': 'KVM_MEMORY_ENCRYPT_REG_REGION',
    'KVM_SET_USER_MEMORY_REGION': 'KVM_SET_USER_MEMORY_REGION',
    'KVM_SET_USER_MEMORY_REGION2': 'KVM_SET_USER_MEMORY_REGION2',
    'KVM_CREATE_GUEST_MEMFD': 'guest_memfd',
    'KVM_SET_MEMORY_ATTRIBUTES': 'failed to set memory (0x',
    'KVM_ENABLE_CAP': 'KVM_CAP_EXIT_HYPERCALL',
    'KVM_GET_CPUID2': 'KVM_GET_CPUID2',
}

# Where the base aborts, with any guest under KVM
ABORTS = ('KVM_SET_USER_MEMORY_REGION', 'KVM_SET_USER_MEMORY_REGION2')

ES, INIT2, HASHES = ',policy=5', ',legacy-vm-type=off', ',kernel-hashes=on'
SNP = 'snp'

# While QEMU starts: what the guest is like, the call, which of its calls
AT_START = (
    ('', 'KVM_CREATE_VM', 1),
    ('', 'open', 1),
    ('', 'KVM_MEMORY_ENCRYPT_OP', 1),
    ('', 'SEV_PLATFORM_STATUS', 1),
    ('', 'KVM_SEV_INIT', 1),
    (ES, 'KVM_SEV_ES_INIT', 1),
    (INIT2, 'KVM_SEV_INIT2', 1),
    (ES + INIT2, 'KVM_SEV_INIT2', 1),
    ('', 'KVM_SEV_LAUNCH_START', 1),
    ('', 'KVM_SET_USER_MEMORY_REGION', 1),
    (ES, 'KVM_SET_USER_MEMORY_REGION', 1),
    ('', 'KVM_MEMORY_ENCRYPT_REG_REGION', 1),
    ('', 'KVM_MEMORY_ENCRYPT_REG_REGION', 3),
    ('', 'KVM_SEV_LAUNCH_UPDATE_DATA', 1),
    (HASHES, 'KVM_SEV_LAUNCH_UPDATE_DATA', 2),
    (ES, 'KVM_CREATE_VCPU', 1),
    (ES, 'KVM_SEV_LAUNCH_UPDATE_VMSA', 1),
    ('', 'KVM_SEV_LAUNCH_MEASURE', 1),
    (ES, 'KVM_SEV_LAUNCH_MEASURE', 2),
    (SNP, 'open', 1),
    (SNP, 'KVM_MEMORY_ENCRYPT_OP', 1),
    (SNP, 'SEV_PLATFORM_STATUS', 1),
    (SNP, 'KVM_SEV_INIT2', 1),
    (SNP, 'KVM_ENABLE_CAP', 1),
    (SNP, 'KVM_SEV_SNP_LAUNCH_START', 1),
    (SNP, 'KVM_SET_USER_MEMORY_REGION2', 1),
    (SNP, 'KVM_CREATE_GUEST_MEMFD', 1),
    (SNP, 'KVM_CREATE_GUEST_MEMFD', 2),
    (SNP, 'KVM_SET_MEMORY_ATTRIBUTES', 1),      # of all RAM
    (SNP, 'KVM_SET_MEMORY_ATTRIBUTES', 3),      # of what is launched
    (SNP, 'KVM_SEV_SNP_LAUNCH_UPDATE', 1),      # the firmware image
    (SNP, 'KVM_SEV_SNP_LAUNCH_UPDATE', 2),      # zeros
    (SNP, 'KVM_SEV_SNP_LAUNCH_UPDATE', 4),      # secrets
    (SNP, 'KVM_SEV_SNP_LAUNCH_UPDATE', 5),      # CPUID
    (SNP + HASHES, 'KVM_SEV_SNP_LAUNCH_UPDATE', 8),
    (SNP, 'KVM_GET_CPUID2', 1),
)


def faults_of(call):
    """All ways in which a call can fail: kind, value, words of the error."""
    if call in ERRNO_ONLY:
        return [('errno', number, (ERRNO_ONLY[call], os.strerror(number)))
                for number in ERRNOS]
    found = [('errno', number,
              (call, os.strerror(number), f'errno {number}'))
             for number in ERRNOS]
    name = FIRMWARE_NAMES.get(call, call.removeprefix('KVM_')
                              .removeprefix('SEV_'))
    for status, word in STATUSES.items():
        found.append(('firmware', status,
                      (name, word, f'(0x{status:02x})')))
    return found


def expected(call, kind, value, words):
    """Length queries expect INVALID_LENGTH, but not without a length."""
    if kind == 'firmware' and value == 4 and call[1] == 1:
        return (call[0],) if call[0] in (
            'KVM_SEV_LAUNCH_MEASURE', 'KVM_SEV_GET_ATTESTATION_REPORT',
            'SEV_PDH_CERT_EXPORT', 'SEV_GET_ID2') else words
    return words


class StartTest(DoubleTest):
    """Failures before the guest runs."""

    def ends(self, number, options, args, call, fault, at_cont=False):
        """One QEMU, one failure; returns what is wrong, or None."""
        kind, value, words = fault
        folder, env = self.apart(number,
                                 f'{call[0]} {call[1]} {kind} {value}')
        qemu = double.Qemu(folder, self.arguments(options, *args), env)
        try:
            started = qemu.greet()
            if started and at_cont:
                qemu.process.stdin.write(b'{"execute":"cont"}\n')
                qemu.process.stdin.flush()
            elif started:
                return f'{call} {kind} {value}: QEMU started'
            status = qemu.wait()
        except TimeoutError as error:
            return f'{call} {kind} {value}: {error}'
        finally:
            qemu.stop()
        missing = [word for word in expected(call, kind, value, words)
                   if word not in qemu.words()]
        end = -signal.SIGABRT if call[0] in ABORTS else 1
        if status == end and not missing:
            return None
        return (f'{call} {kind} {value}: status {status}, without '
                f'{missing}: {qemu.words()}')

    def matrix(self, cases, at_cont=False):
        """All @cases, a few at a time."""
        _, kernel = self.kernel()
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(self.ends, number, options,
                                kernel if HASHES in options else [],
                                call, fault, at_cont)
                    for number, (options, call, fault) in enumerate(cases)]
        wrong = [job.result() for job in jobs if job.result()]
        self.assertEqual(wrong, [], '\n'.join(wrong))

    def test_finish(self):
        """LAUNCH_FINISH fails when the guest is to run."""
        self.matrix([(options, ('KVM_SEV_LAUNCH_FINISH', 1), fault)
                     for options in ('', ES)
                     for fault in faults_of('KVM_SEV_LAUNCH_FINISH')],
                    at_cont=True)

    def test_snp_finish(self):
        """The same with SEV-SNP."""
        self.matrix([(SNP, ('KVM_SEV_SNP_LAUNCH_FINISH', 1), fault)
                     for fault in faults_of('KVM_SEV_SNP_LAUNCH_FINISH')],
                    at_cont=True)

    def test_busy(self):
        """A kernel that is too busy at first is asked again."""
        qemu = self.start(SNP, fault=('KVM_SEV_SNP_LAUNCH_UPDATE', 1, 'errno',
                                      errno.EAGAIN))
        qemu.qmp('cont')
        self.assertEqual(qemu.qmp('query-sev')['state'], 'running')

    def test_too_busy(self):
        """But not for ever."""
        self.refused(SNP, fault=('KVM_SEV_SNP_LAUNCH_UPDATE', 0, 'errno',
                                 errno.EAGAIN),
                     names=('KVM_SEV_SNP_LAUNCH_UPDATE', 'too busy'))

    def test_standstill(self):
        """A kernel that takes nothing, and says that all is well."""
        self.refused(SNP, host={'update_pages': 0},
                     names=('KVM_SEV_SNP_LAUNCH_UPDATE', 'none of'))


def add_start_tests():
    """A test of its own for each line of the table."""
    for options, call, nth in AT_START:
        def test(self, options=options, call=call, nth=nth):
            self.matrix([(options, (call, nth), fault)
                         for fault in faults_of(call)])
        test.__doc__ = f'{call} number {nth} fails, guest "{options}".'
        name = ''.join(c if c.isalnum() else '_'
                       for c in f'test_{call}_{nth}{options}')
        setattr(StartTest, name, test)


add_start_tests()


class QmpTest(DoubleTest):
    """Failures of QMP commands."""

    def matrix(self, qemu, call, nth, command, **arguments):
        """Each failure of the @nth call that @command makes."""
        count = self.counts.get(call, 0)
        state = qemu.qmp('query-sev')
        for kind, value, words in faults_of(call):
            with self.subTest(call=call, nth=nth, kind=kind, value=value):
                qemu.fault(call, count + nth, kind, value)
                with self.assertRaises(QmpError) as raised:
                    qemu.qmp(command, **arguments)
                for word in expected((call, nth), kind, value, words):
                    self.assertIn(word, str(raised.exception))
                self.assertEqual(qemu.qmp('query-sev'), state)
            # A length query without an answer is the last call
            count += nth
        qemu.fault()
        qemu.qmp(command, **arguments)
        self.counts[call] = count + self.pairs.get(call, 1)

    # Calls that a command makes twice, for the length and for the data
    pairs = {'KVM_SEV_GET_ATTESTATION_REPORT': 2, 'SEV_PDH_CERT_EXPORT': 2,
             'SEV_GET_ID2': 2}

    def setUp(self):
        super().setUp()
        self.counts = {}

    def report(self, qemu):
        """Both calls for an attestation report."""
        for nth in (1, 2):
            self.matrix(qemu, 'KVM_SEV_GET_ATTESTATION_REPORT', nth,
                        'query-sev-attestation-report',
                        mnonce=base64.b64encode(bytes(16)).decode())

    def test_report(self):
        """Attestation reports, before and after the guest runs."""
        qemu = self.start(ES)
        self.report(qemu)
        qemu.qmp('cont')
        self.report(qemu)
        self.assertEqual(qemu.quit(), 0)

    def test_guest_status(self):
        """A failure while the state is asked for to explain a failure."""
        qemu = self.start()
        qemu.fault('KVM_SEV_GET_ATTESTATION_REPORT', 0, 'firmware', 2)
        with self.assertRaisesRegex(QmpError, 'state 2.*INVALID_GUEST_STATE'):
            qemu.qmp('query-sev-attestation-report',
                     mnonce=base64.b64encode(bytes(16)).decode())
        self.assertTrue(qemu.log().endswith('KVM_SEV_GUEST_STATUS\n'))

    def test_secret(self):
        """A secret that is right can be injected after all failures."""
        owner, options = self.owner(1)
        qemu = self.start(options)
        blob = base64.b64decode(qemu.qmp('query-sev-launch-measure')['data'])
        header, payload = owner.packet(blob[:32], bytes(64))
        self.matrix(qemu, 'KVM_SEV_LAUNCH_SECRET', 1,
                    'sev-inject-launch-secret',
                    **{'packet-header': header, 'secret': payload})
        qemu.qmp('cont')

    def test_scattered_secret(self):
        """The kernel wants all of a secret in one piece of its memory."""
        owner, options = self.owner(1)
        qemu = self.start(options, host={'memory': 'scattered'})
        blob = base64.b64decode(qemu.qmp('query-sev-launch-measure')['data'])
        header, payload = owner.packet(blob[:32], bytes(64))
        packet = {'packet-header': header, 'secret': payload}
        page = 0x900000
        with self.assertRaisesRegex(QmpError, 'SECRET.*within one page'):
            qemu.qmp('sev-inject-launch-secret', gpa=page - 16, **packet)
        qemu.qmp('sev-inject-launch-secret', gpa=page - 64, **packet)
        qemu.qmp('cont')


class CapabilitiesTest(DoubleTest):
    """Failures of query-sev-capabilities, without and with a guest."""

    CALLS = (('KVM_MEMORY_ENCRYPT_OP', 1), ('open', 1),
             ('SEV_PLATFORM_STATUS', 1), ('SEV_PDH_CERT_EXPORT', 1),
             ('SEV_PDH_CERT_EXPORT', 2), ('SEV_GET_ID2', 1),
             ('SEV_GET_ID2', 2))

    def fails(self, qemu, call, nth, count):
        """All failures of one call; @count: calls of it before."""
        for kind, value, words in faults_of(call):
            with self.subTest(call=call, nth=nth, kind=kind, value=value):
                qemu.fault(call, count + nth, kind, value)
                with self.assertRaises(QmpError) as raised:
                    qemu.qmp('query-sev-capabilities')
                for word in expected((call, nth), kind, value, words):
                    self.assertIn(word, str(raised.exception))
            count += nth
        qemu.fault()
        qemu.qmp('query-sev-capabilities')

    def test_no_guest(self):
        """A QEMU that management layers ask."""
        for call, nth in self.CALLS:
            qemu = self.start(None, machine='none')
            self.fails(qemu, call, nth, 0)
            self.assertEqual(qemu.quit(), 0)

    def test_guest(self):
        """A QEMU with a guest has the device open."""
        for call, nth in self.CALLS[2:]:
            qemu = self.start()
            count = 1 if call == 'SEV_PLATFORM_STATUS' else 0
            self.fails(qemu, call, nth, count)
            qemu.qmp('cont')
            self.assertEqual(qemu.quit(), 0)


class LengthTest(DoubleTest):
    """Firmware of the future has longer answers: they are refused."""

    def test_measure(self):
        """LAUNCH_MEASURE."""
        self.refused('', fault=('KVM_SEV_LAUNCH_MEASURE', 1, 'length', 64),
                     names=('KVM_SEV_LAUNCH_MEASURE', '64 bytes', '48'))

    def test_report(self):
        """GET_ATTESTATION_REPORT."""
        qemu = self.start()
        qemu.fault('KVM_SEV_GET_ATTESTATION_REPORT', 0, 'length', 4096)
        with self.assertRaisesRegex(QmpError, 'ATTESTATION.*4096 bytes.*208'):
            qemu.qmp('query-sev-attestation-report',
                     mnonce=base64.b64encode(bytes(16)).decode())

    def test_certs(self):
        """PDH_CERT_EXPORT and GET_ID2."""
        for call, words in (('SEV_PDH_CERT_EXPORT', 'PDH.*5000 bytes.*2084'),
                            ('SEV_GET_ID2', 'chip id.*5000 bytes')):
            qemu = self.start(None, machine='none')
            qemu.fault(call, 0, 'length', 5000)
            with self.assertRaisesRegex(QmpError, words):
                qemu.qmp('query-sev-capabilities')


if __name__ == '__main__':
    double.main()
