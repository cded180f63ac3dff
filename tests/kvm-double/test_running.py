# SPDX-License-Identifier: GPL-2.0-or-later
"""
Memory of a guest that runs: what fails when it becomes private or shared, and
when it comes and goes.
"""

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor

import double
from double import DoubleTest, QmpError
from test_faults import ERRNOS, SNP

# While a SEV-SNP guest runs: the call, how the error names it, what the guest
# does, and a memory backend other than the default
AT_RUN = tuple(
    (call, words, line, backend)
    for call, words, kind, backend in (
        ('KVM_SET_MEMORY_ATTRIBUTES', 'failed to set memory (0x', 'shared',
         None),
        ('KVM_SET_MEMORY_ATTRIBUTES', 'failed to set memory (0x', 'private',
         None),
        ('discard', 'guest_memfd_range: Failed to fallocate', 'shared', None),
        ('madvise', 'Failed to discard', 'private', None),
        ('madvise', 'Failed to discard', 'private', 'ram,share=on'),
        ('fallocate', 'Failed to fallocate', 'private', 'memfd,share=on'))
    for line in (f'map-gpa 0x{{gpa:x}} 3 {kind}',
                 f'memory-fault 0x{{gpa:x}} 0x3000 {kind}'))


class RunTest(DoubleTest):
    """
    Memory that cannot become private or shared: the guest does not go on, and
    neither gets an answer nor runs again.
    """

    SHARED, PRIVATE = 0x900000, 0xa00000    # what the guest has of each kind

    def running(self, name, backend):
        """A guest that runs and has shared memory."""
        folder, env = self.apart(name)
        machine, args = 'q35', []
        if backend:
            machine += ',memory-backend=mem'
            args = ['-object', f'memory-backend-{backend},id=mem,size=64M']
        qemu = double.Qemu(folder, self.arguments(SNP, *args,
                                                  machine=machine), env)
        qemu.greet()
        qemu.qmp('cont')
        self.does(qemu, f'map-gpa 0x{self.SHARED:x} 16 shared', 'answer 0x0')
        return qemu

    @staticmethod
    def does(qemu, line, sign):
        """The guest does something; wait for @sign of it in the log."""
        with open(qemu.log_file.with_name('exits'), 'a',
                  encoding='ascii') as exits:
            exits.write(f'{line}\n')
        end = time.monotonic() + double.PATIENCE
        while sign not in qemu.log():
            if time.monotonic() > end or qemu.process.poll() is not None:
                raise TimeoutError(f'{line}: {qemu.log()} {qemu.words()}')
            time.sleep(0.005)

    @staticmethod
    def stops(qemu):
        """The VM's state when it no longer runs."""
        end = time.monotonic() + double.PATIENCE
        while time.monotonic() < end:
            status = qemu.qmp('query-status')
            if not status['running']:
                break
            time.sleep(0.005)
        return status['status']

    def fails(self, number, call, words, line, backend, error):
        """One failure; returns what is wrong, or None."""
        qemu = self.running(number, backend)
        private = line.endswith('private')
        gpa = self.SHARED if private else self.PRIVATE
        kind = 'private' if private else 'shared'
        try:
            qemu.fault(call, 0, 'errno', error)
            self.does(qemu, line.format(gpa=gpa), f'{call}: errno')
            if self.stops(qemu) != 'internal-error':
                return f'{call} {line} {error}: the VM runs'
            qemu.fault()
            try:
                qemu.qmp('cont')
                return f'{call} {line} {error}: the VM runs again'
            except QmpError:
                pass
            missing = [word for word in (
                words, f'0x3000 bytes of guest memory at 0x{gpa:x} cannot '
                f'become {kind}: {os.strerror(error)}')
                       if word not in qemu.words()]
            if missing or qemu.log().count('answer') != 1:
                return (f'{call} {line} {error}: without {missing}: '
                        f'{qemu.words()} {qemu.log()}')
            status = qemu.quit()
            return None if status == 0 else f'{call} {error}: {status}'
        except (EOFError, TimeoutError) as wrong:
            return f'{call} {line} {error}: {wrong}'
        finally:
            qemu.stop()

    def matrix(self, call):
        """Each errno, in each way in which the guest gets there."""
        cases = [(*case, error) for case in AT_RUN if case[0] == call
                 for error in ERRNOS]
        self.assertTrue(cases)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            jobs = [pool.submit(self.fails, number, *case)
                    for number, case in enumerate(cases)]
        wrong = [job.result() for job in jobs if job.result()]
        self.assertEqual(wrong, [], '\n'.join(wrong))

    def test_attributes(self):
        """KVM does not take the new kind."""
        self.matrix('KVM_SET_MEMORY_ATTRIBUTES')

    def test_private_side(self):
        """What was private is not given back."""
        self.matrix('discard')

    def test_shared_side(self):
        """What was shared is not given back: memory, shared memory."""
        self.matrix('madvise')

    def test_shared_file(self):
        """The same with a file."""
        self.matrix('fallocate')

    def test_no_memory(self):
        """What is no memory cannot be private; this is no fault of KVM's."""
        for line, gpa in (('map-gpa 0x80000000 1 private', 0x80000000),
                          ('map-gpa 0x900001 1 shared', 0x900001),
                          ('map-gpa 0x900000 0 shared', 0x900000)):
            with self.subTest(line):
                qemu = self.running(f'{gpa:x}', None)
                self.addCleanup(qemu.stop)
                self.does(qemu, line, f'RANGE gpa 0x{gpa:x} ')
                self.assertEqual(self.stops(qemu), 'internal-error')
                self.assertIn(f'at 0x{gpa:x} cannot become', qemu.words())
                self.assertEqual(qemu.quit(), 0)

    def test_reset(self):
        """The guest cannot be reset, so the VM ends."""
        qemu = self.running('vm', None)
        self.addCleanup(qemu.stop)
        qemu.fault('KVM_SET_MEMORY_ATTRIBUTES', 0, 'errno', errno.ENOMEM)
        self.does(qemu, f'map-gpa 0x{self.PRIVATE:x} 1 shared', 'on demand')
        self.assertEqual(self.stops(qemu), 'internal-error')
        qemu.qmp('system_reset')
        self.assertEqual(qemu.wait(), 0)
        self.assertIn('not resettable', qemu.words())
        self.assertEqual(qemu.log().count('answer'), 1)


class HotplugTest(DoubleTest):
    """Memory that comes and goes."""

    BACKENDS = ('ram', 'memfd', 'shm')

    def add(self, qemu, kind='ram'):
        """A memory backend."""
        args = {'share': True} if kind != 'ram' else {}
        qemu.qmp('object-add', **{'qom-type': f'memory-backend-{kind}',
                                  'id': 'mem1', 'size': 1 << 27}, **args)

    def refuses(self, qemu, call, words):
        """Each errno, for each kind of memory; then there is no more fault."""
        for kind in self.BACKENDS:
            for number in ERRNOS:
                with self.subTest(kind=kind, errno=number):
                    qemu.fault(call, 0, 'errno', number)
                    with self.assertRaises(QmpError) as raised:
                        self.add(qemu, kind)
                    for word in (*words, os.strerror(number)):
                        self.assertIn(word, str(raised.exception))
                    self.assertEqual(qemu.qmp('query-memdev')[1:], [])
            qemu.fault()
            self.add(qemu, kind)
            self.assertTrue(qemu.qmp('query-status')['running'])
            qemu.qmp('object-del', id='mem1')
        self.assertEqual(qemu.quit(), 0)
        self.assertNotIn('REFUSED', qemu.log())

    def test_hotplug(self):
        """Memory that cannot be registered would not be the guest's."""
        for options in ('', ',policy=5'):
            qemu = self.start(options, '-m', '64,slots=1,maxmem=1G')
            qemu.qmp('cont')
            self.refuses(qemu, 'KVM_MEMORY_ENCRYPT_REG_REGION',
                         ('KVM_MEMORY_ENCRYPT_REG_REGION', '0x8000000 bytes',
                          'ulimit -l'))
            # One for each success, none for a failure
            self.assertEqual(qemu.log().count('KVM_MEMORY_ENCRYPT_UNREG_'),
                             len(self.BACKENDS))

    def test_snp_hotplug(self):
        """Nor memory that has no private side."""
        qemu = self.start(SNP, '-m', '64,slots=1,maxmem=1G')
        qemu.qmp('cont')
        self.refuses(qemu, 'KVM_CREATE_GUEST_MEMFD', ('guest_memfd',))

    def test_device(self):
        """Memory of a device has nobody to refuse it: QEMU ends."""
        qemu = self.start('', machine='pc')
        qemu.qmp('cont')
        qemu.fault('KVM_MEMORY_ENCRYPT_REG_REGION', 0, 'errno', errno.ENOMEM)
        with self.assertRaises(EOFError):
            qemu.qmp('device_add', driver='secondary-vga', id='vga')
        self.assertEqual(qemu.wait(), 1)
        for word in ('KVM_MEMORY_ENCRYPT_REG_REGION', 'errno 12', 'ulimit -l'):
            self.assertIn(word, qemu.words())

    def test_unregister(self):
        """Memory that cannot be unregistered goes with a warning."""
        qemu = self.start('', '-m', '64,slots=1,maxmem=1G')
        qemu.qmp('object-add', **{'qom-type': 'memory-backend-ram',
                                  'id': 'mem1', 'size': 1 << 27})
        qemu.qmp('object-del', id='mem1')
        self.assertNotIn('UNREG_REGION', qemu.words())
        for number in ERRNOS:
            qemu.fault()
            qemu.qmp('object-add', **{'qom-type': 'memory-backend-ram',
                                      'id': 'mem1', 'size': 1 << 27})
            qemu.fault('KVM_MEMORY_ENCRYPT_UNREG_REGION', 0, 'errno', number)
            said = len(qemu.words())
            qemu.qmp('object-del', id='mem1')
            self.assertRegex(
                qemu.words()[said:],
                f'warning: KVM_MEMORY_ENCRYPT_UNREG_REGION.*errno {number}')
        self.assertEqual(qemu.quit(), 0)

    # ACPI's memory hotplug of a PC: select a slot; 8 ejects what is in it
    SLOT, EJECT = 'o /w 0xa00 0', 'o /b 0xa14 8'

    def unplug(self, qemu):
        """A DIMM comes and goes; this plays the guest's ACPI driver."""
        self.add(qemu)
        qemu.qmp('device_add', driver='pc-dimm', id='dimm1', memdev='mem1')
        qemu.qmp('device_del', id='dimm1')
        # Until the guest lets go of it, it is there
        with self.assertRaisesRegex(QmpError, 'in use'):
            qemu.qmp('object-del', id='mem1')
        self.assertEqual(len(qemu.qmp('query-memory-devices')), 1)
        self.assertNotIn('DEVICE_DELETED', qemu.events)
        for line in (self.SLOT, self.EJECT):
            qemu.qmp('human-monitor-command', **{'command-line': line})
        self.assertEqual(qemu.qmp('query-memory-devices'), [])
        self.assertIn('DEVICE_DELETED', qemu.events)
        qemu.events.remove('DEVICE_DELETED')
        qemu.qmp('object-del', id='mem1')

    def until(self, qemu, found):
        """Memory is freed when the last who looked at it has gone."""
        end = time.monotonic() + double.PATIENCE
        while not found():
            self.assertLess(time.monotonic(), end, qemu.log())
            time.sleep(0.01)

    def test_unplug(self):
        """A DIMM is unregistered once each time that it goes."""
        call = 'KVM_MEMORY_ENCRYPT_UNREG_REGION'
        for options, machine in (('', 'q35'), (',policy=5', 'q35'),
                                 ('', 'pc')):
            qemu = self.start(options, '-m', '64,slots=1,maxmem=1G',
                              machine=machine)
            qemu.qmp('cont')
            for count in (1, 2):
                self.unplug(qemu)
                self.until(qemu, lambda c=count, q=qemu:
                           q.log().count(call) == c)
            qemu.fault(call, 0, 'errno', errno.ENOMEM)
            self.unplug(qemu)
            self.until(qemu, lambda q=qemu: 'warning' in q.words())
            self.assertIn(f'{call} refused 0x8000000 bytes', qemu.words())
            self.assertTrue(qemu.qmp('query-status')['running'])
            self.assertEqual(qemu.quit(), 0)
            self.assertEqual(qemu.log().count(f'{call} size 0x8000000'), 2)
            self.assertEqual(qemu.log().count(f'{call}: errno 12'), 1)
            self.assertEqual(qemu.log().count(call), 3)
            self.assertNotIn('REFUSED', qemu.log())

    def test_snp_unplug(self):
        """With SEV-SNP it takes its slot along, and comes back private."""
        qemu = self.start(SNP, '-m', '64,slots=1,maxmem=1G')
        qemu.qmp('cont')
        for count in (1, 2):
            self.unplug(qemu)
            for line in ('KVM_SET_USER_MEMORY_REGION2 gpa 0x100000000 deleted',
                         'KVM_SET_MEMORY_ATTRIBUTES gpa 0x100000000 size '
                         '0x8000000 private'):
                self.assertEqual(qemu.log().count(line), count)
        self.assertEqual(qemu.quit(), 0)
        self.assertNotIn('REGION size', qemu.log())
        self.assertNotIn('REFUSED', qemu.log())


if __name__ == '__main__':
    double.main()
